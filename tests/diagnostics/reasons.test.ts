/** The core's reasons as sentences: the numbers that decided are in them, in both languages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { duration } from "#diagnostics/numbers";
import {
  dropSentence,
  faultSentence,
  reasonSentence,
  reportSentence,
} from "#diagnostics/render/reasons";
import { type Ipv4, type Mac, readIpv4 } from "#units/address";
import { centis, fromMillis, fromSeconds, micros } from "#units/time";
import { priority } from "#units/vrrp";
import type { Report } from "#vrrp/router/event";
import type { FaultCause, Reason } from "#vrrp/router/reason";

const peer = readIpv4("10.0.0.2") as Ipv4;
const own = readIpv4("10.0.0.1") as Ipv4;

const causes: readonly FaultCause[] = [
  { kind: "link-down" },
  { kind: "no-source-address" },
  { kind: "interface-missing" },
  { kind: "no-peer" },
  { kind: "cannot-listen", error: "socket: EPERM" },
  { kind: "source-missing", address: own },
  { kind: "tracker", tracker: "script", name: "chk" },
  { kind: "address-rejected", address: own, error: "EPERM" },
  { kind: "lease-refused", error: "nf_tables: ENOBUFS" },
  { kind: "address-fight", address: own, removals: 7, within: fromSeconds(10) },
  { kind: "group", group: "G", member: "VI_2" },
];

const reasons: readonly (readonly [Reason, RegExp])[] = [
  [{ kind: "not-started" }, /./],
  [{ kind: "started", masterDown: fromMillis(3609) }, /3\.61 s/],
  [{ kind: "waiting-for-first-result", tracker: "chk" }, /`chk`/],
  [{ kind: "address-owner" }, /255/],
  [
    {
      kind: "master-down",
      noAdvertFor: fromMillis(3609),
      lastHeard: { from: peer, priority: priority(150) },
      downTimerAdverts: 3,
      interval: centis(100),
      skew: fromMillis(609),
    },
    /10\.0\.0\.2.*150.*3\.61 s.*3 × 1 s.*609 ms/,
  ],
  [
    {
      kind: "master-down",
      noAdvertFor: fromSeconds(4),
      lastHeard: undefined,
      downTimerAdverts: 3,
      interval: centis(100),
      skew: fromSeconds(1),
    },
    /4 s/,
  ],
  [
    {
      kind: "preempts",
      over: { from: peer, priority: priority(90) },
      ours: priority(100),
      delay: fromSeconds(2),
      held: micros(0),
    },
    /10\.0\.0\.2.*90.*100.*preempt_delay.*2 s/,
  ],
  [
    {
      kind: "preempts",
      over: { from: peer, priority: priority(90) },
      ours: priority(100),
      delay: fromSeconds(2),
      held: fromSeconds(5),
    },
    /10\.0\.0\.2.*90.*100.*5 s/,
  ],
  [
    {
      kind: "preempts",
      over: { from: peer, priority: priority(90) },
      ours: priority(100),
      delay: micros(0),
      held: micros(0),
    },
    /10\.0\.0\.2.*90.*100(?!.*preempt_delay)/,
  ],
  [{ kind: "master-released", from: peer, immediate: true }, /10\.0\.0\.2/],
  [{ kind: "master-released", from: undefined, immediate: false }, /./],
  [
    { kind: "higher-priority", from: peer, theirs: priority(200), ours: priority(100) },
    /10\.0\.0\.2.*200.*100/,
  ],
  [
    { kind: "higher-address", from: peer, ours: own, priority: priority(100) },
    /10\.0\.0\.2.*100.*10\.0\.0\.1/,
  ],
  [
    { kind: "unconfirmed-yields", from: peer, theirs: priority(90), ours: priority(100) },
    /10\.0\.0\.2.*90.*100/,
  ],
  [{ kind: "master-was-alive", from: peer, after: fromMillis(250) }, /250 ms|10\.0\.0\.2/],
  [{ kind: "stalled", stalled: fromSeconds(9), allowed: fromSeconds(3) }, /9 s.*3 s/],
  [{ kind: "link-back-in-time", away: fromMillis(40), allowed: fromSeconds(3) }, /40 ms.*3 s/],
  [{ kind: "fault", causes }, /chk/],
  [{ kind: "fault-cleared", masterDown: fromSeconds(3.6) }, /3\.6 s/],
  [{ kind: "stopping", address: "kept" }, /successor|接替者/],
  [{ kind: "stopping", address: "removed" }, /break_before_make/],
  [{ kind: "stopping", address: "none" }, /did not own|并未持有/],
  [{ kind: "successor-heard", from: peer, after: fromMillis(12) }, /12 ms|10\.0\.0\.2/],
  [{ kind: "no-successor", waited: fromSeconds(1.6) }, /1\.6 s/],
  [{ kind: "stopped" }, /./],
  [{ kind: "group", group: "G", member: "VI_2" }, /VI_2|G/],
];

test("every reason is printed with its numbers, without a full stop", () => {
  for (const [reason, pattern] of reasons) {
    for (const language of ["en", "zh-CN"] as const) {
      const sentence = reasonSentence(reason, language);
      assert.match(sentence, pattern);
      assert.doesNotMatch(sentence, /undefined|NaN|\[object|[.。]$/);
      if (language === "zh-CN") assert.match(sentence, /\p{Script=Han}/u);
    }
  }
});

test("fault causes and reports too", () => {
  const reports: readonly Report[] = [
    { kind: "weaker-master", from: peer, theirs: priority(90), ours: priority(100) },
    { kind: "own-address-heard", from: own },
    { kind: "grace", from: peer, theirs: priority(90), micros: 2_000_000 },
    {
      kind: "held-down",
      from: peer,
      theirs: priority(90),
      ours: priority(100),
      losses: 3,
      micros: fromSeconds(5),
    },
    { kind: "peer-unresolved", to: peer, micros: fromSeconds(5) },
    { kind: "claims-not-heard", address: own, interface: "eth1", error: "socket: EPERM" },
    { kind: "address-claimed", address: own, mac: 0x02_00_00_00_00_99 as Mac },
    { kind: "claims-ended", address: own, mac: undefined, count: 7, micros: fromSeconds(5) },
    { kind: "handed-over", reason: { kind: "stopped" } },
    { kind: "stalled-as-backup", micros: 1_500_000 },
    { kind: "no-owner", noMasterMicros: 60_000_000 },
    ...(["link-down", "interface-missing", "cannot-listen", "source-missing"] as const).map(
      (cannotHear) => ({ kind: "no-owner", noMasterMicros: 60_000_000, cannotHear }) as const,
    ),
    {
      kind: "foreign-address",
      address: own,
      interface: "eth1",
      index: 3,
      prefix: 24,
      isOwner: true,
    },
    {
      kind: "foreign-address",
      address: own,
      interface: "eth1",
      index: 3,
      prefix: 24,
      isOwner: false,
    },
  ];
  for (const language of ["en", "zh-CN"] as const) {
    for (const cause of causes)
      assert.doesNotMatch(faultSentence(cause, language), /undefined|NaN/);
    for (const report of reports)
      assert.doesNotMatch(reportSentence(report, language), /undefined|NaN/);
  }
});

test("drops: known kinds as sentences, unknown ones with their numbers", () => {
  assert.match(dropSentence({ kind: "ttl-not-255", ttl: 64 }, "en"), /TTL is 64/);
  assert.match(dropSentence({ kind: "not-a-peer", source: peer }, "zh-CN"), /10\.0\.0\.2/);
  assert.match(
    dropSentence({ kind: "interval-mismatch", theirs: 200, ours: 100 }, "en"),
    /2 s.*1 s/,
  );
  assert.equal(dropSentence({ kind: "brand-new", a: 1, b: 2 }, "en"), "brand new (a 1, b 2)");
});

test("durations have three digits or fewer behind the point, and a unit", () => {
  const texts = [0, 400, 12_000, 609_375, 1_000_000, 3_609_375, 250_000_000].map((value) =>
    duration(micros(value)),
  );
  assert.deepEqual(texts, ["0 s", "0.4 ms", "12 ms", "609.4 ms", "1 s", "3.61 s", "250 s"]);
});
