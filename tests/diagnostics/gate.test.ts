/** What a gate does, as sentences: every kind in both languages, with its numbers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { faultSentence, reasonSentence, reportSentence } from "#diagnostics/render/reasons";
import { type Ipv4, readIpv4 } from "#units/address";
import { fromMillis, fromSeconds } from "#units/time";
import type { DataComparison, HeldBack, Report } from "#vrrp/router/event";
import type { DemoteReason, GateEnd, PromoteReason, Reason } from "#vrrp/router/reason";

const peer = readIpv4("10.0.0.2") as Ipv4;
const ENDS: readonly GateEnd[] = ["refused", "late"];
const PROMOTE: readonly PromoteReason[] = [
  "master-down",
  "released",
  "taken-back",
  "group",
  "operator",
];
const DEMOTE: readonly DemoteReason[] = [
  "switch",
  "stop",
  "maintenance",
  "fault",
  "stalled",
  "rival",
  "group",
  "refused",
  "engine-died",
  "rejoin",
];
const RESULTS: readonly DataComparison[] = ["ours", "theirs", "equal", "diverged", "unknown"];
const HELD: readonly HeldBack[] = ["not-eligible", "not-known", "refused", "demoting"];
const took = fromMillis(1234);

const reports: readonly Report[] = [
  ...PROMOTE.map((reason) => ({ kind: "promotion-begun", reason, run: 1 }) as const),
  { kind: "promoted", run: 1, took },
  ...ENDS.flatMap((outcome) =>
    (["backup", "fault", "serve"] as const).map(
      (follows) =>
        ({
          kind: "promotion-failed",
          run: 1,
          outcome,
          took,
          follows,
          hold: fromSeconds(30),
        }) as const,
    ),
  ),
  ...DEMOTE.flatMap((reason) =>
    [true, false].map(
      (isPlanned) => ({ kind: "demotion-begun", reason, isPlanned, run: 2 }) as const,
    ),
  ),
  { kind: "demoted", isPlanned: true, run: 2, took },
  ...ENDS.map(
    (outcome) => ({ kind: "demotion-failed", isPlanned: false, run: 2, outcome, took }) as const,
  ),
  { kind: "takeover-refused", how: "arp", noAdvertFor: took },
  { kind: "takeover-refused", how: "service", noAdvertFor: took },
  ...RESULTS.flatMap((result) =>
    [true, false].map((isOpen) => ({ kind: "data-compared", from: peer, result, isOpen }) as const),
  ),
  ...HELD.map((heldBack) => ({ kind: "no-owner", noMasterMicros: 1_000_000, heldBack }) as const),
];

test("every report of a gate is a sentence of its own, in both languages", () => {
  for (const language of ["en", "zh-CN"] as const) {
    const sentences = reports.map((one) => reportSentence(one, language));
    for (const one of sentences) assert.doesNotMatch(one, /undefined|NaN/);
    assert.equal(new Set(sentences).size, sentences.length, language);
    for (const [index, one] of reports.entries())
      if ("took" in one) assert.match(sentences[index] ?? "", /1\.23 s/);
  }
});

test("so are its reasons and faults", () => {
  const reasons: readonly Reason[] = [
    ...ENDS.map((outcome) => ({ kind: "promotion-refused", outcome, after: took }) as const),
    { kind: "data-behind", from: peer },
    { kind: "data-unknown", from: peer },
  ];
  for (const language of ["en", "zh-CN"] as const) {
    const sentences = [
      ...reasons.map((one) => reasonSentence(one, language)),
      ...ENDS.map((outcome) => faultSentence({ kind: "promotion-refused", outcome }, language)),
      faultSentence({ kind: "fence-refused", error: "nf_tables: ENOBUFS" }, language),
    ];
    assert.equal(new Set(sentences).size, sentences.length, language);
    for (const one of sentences) assert.doesNotMatch(one, /undefined|NaN/);
  }
});
