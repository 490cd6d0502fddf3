/** Each kind of finding from a conversation of two routers: what is expected, and what is not. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { readConfiguration } from "#keepalived/read";
import { planForCapture } from "#shadow/capture-plan";
import type { Finding } from "#shadow/finding";
import { GAP_MAX, Shadow } from "#shadow/shadow";
import { ipv4 } from "#units/address";
import type { Instant } from "#units/time";
import type { WorldEvent } from "#vrrp/engine/world";
import { readImports } from "../support/imports.ts";
import {
  A,
  B,
  brief,
  configText,
  findIn,
  macOf,
  type NodeSpec,
  packetOf,
  regular,
  type Said,
  VIP,
} from "../support/shadow-timeline.ts";

const NOPREEMPT = ["nopreempt"];
const pair = (lines: readonly string[] = [], a = 100, b = 100): readonly NodeSpec[] => [
  { own: A, priority: a, lines },
  { own: B, priority: b, lines },
];
/** Skew time of priority 100 with version 2. */
const SKEW = 156 / 256;
const DETECTION = 3 + SKEW;
const zero = (from: Said["from"], at: number): Said => ({ at, from, priority: 0 });
const only = (findings: readonly Finding[], kind: Finding["what"]["kind"]): Finding => {
  const found = findings.filter(({ what }) => what.kind === kind);
  assert.equal(found.length, 1, brief(findings).join("\n"));
  assert.ok(found[0]);
  return found[0];
};

test("a quiet day: nothing is found", () => {
  assert.deepEqual(brief(findIn(pair(), regular(A, 100, 0, 600), 600.5)), []);
});

test("a master that is gone: its backup takes over when Baton would", () => {
  const found = findIn(
    pair(),
    [...regular(A, 100, 0, 10), ...regular(B, 100, 10 + DETECTION, 20)],
    19.6,
  );
  assert.deepEqual(brief(found).toSorted(), [
    "- no-owner same",
    "a stopped-advertising same",
    "b took-over same",
  ]);
  const { what, packets } = only(found, "took-over");
  assert.ok(what.kind === "took-over" && Math.abs(what.micros) < 10);
  assert.equal(what.reason.kind, "master-down");
  assert.deepEqual(packets, [12]);
});

test("a gate is not asked: keepalived does not, and nobody here may", () => {
  const gate = ["gate {", 'demote "/bin/true"', "fence tcp 80", "}"];
  const found = findIn(
    pair(gate),
    [...regular(A, 100, 0, 10), ...regular(B, 100, 10 + DETECTION, 20)],
    19.6,
  );
  assert.deepEqual(brief(found).toSorted(), [
    "- no-owner same",
    "a stopped-advertising same",
    "b took-over same",
  ]);
});

test("a planned stop: the only peer waits the skew time, and Baton would not", () => {
  const found = findIn(
    pair(),
    [...regular(A, 100, 0, 10), zero(A, 10.5), ...regular(B, 100, 10.5 + SKEW, 20.2)],
    20.3,
  );
  assert.deepEqual(brief(found), [
    "a released same",
    "b took-over-later expected the-only-peer",
    "- no-owner expected planned-stop",
  ]);
  const { what, packets } = only(found, "no-owner");
  assert.ok(what.kind === "no-owner" && what.micros === Math.round(SKEW * 1_000_000));
  // Those of priority 0 and of the successor.
  assert.deepEqual(packets, [12, 13]);
});

test("priority 0 that is ignored is unexplained", () => {
  const found = findIn(
    pair(),
    [...regular(A, 100, 0, 10), zero(A, 10.5), ...regular(B, 100, 10 + DETECTION, 20.7)],
    20.8,
  );
  assert.equal(only(found, "priority-0-ignored").verdict, "unexplained");
});

test("later and earlier than its timers say is unexplained, with the time", () => {
  const late = findIn(
    pair(),
    [...regular(A, 100, 0, 10), ...regular(B, 100, 10 + DETECTION + 1, 20)],
    20.1,
  );
  const { what, verdict } = only(late, "took-over-later");
  assert.equal(verdict, "unexplained");
  assert.ok(what.kind === "took-over-later" && Math.abs(what.micros - 1_000_000) < 10);
  const early = findIn(
    pair(),
    [...regular(A, 100, 0, 10), ...regular(B, 100, 10 + DETECTION - 1, 20)],
    20.1,
  );
  const earlier = only(early, "took-over-earlier");
  assert.equal(earlier.verdict, "unexplained");
  assert.ok(earlier.what.kind === "took-over-earlier");
  assert.ok(Math.abs((earlier.what.micros ?? 0) - 1_000_000) < 10);
});

test("a difference within the tolerance is none; one beyond is", () => {
  const at = (more: number): readonly string[] =>
    brief(
      findIn(
        pair(),
        [...regular(A, 100, 0, 10), ...regular(B, 100, 10 + DETECTION + more, 20)],
        20.1,
      ),
    ).filter((line) => line.startsWith("b"));
  assert.deepEqual(at(0.09), ["b took-over same"]);
  assert.deepEqual(at(-0.09), ["b took-over same"]);
  assert.deepEqual(at(0.11), ["b took-over-later unexplained"]);
  assert.deepEqual(at(-0.11), ["b took-over-earlier unexplained"]);
});

test("preemption: the stronger takes over when Baton would, the weaker gives up when Baton would", () => {
  const nodes = pair([], 150, 100);
  const [first] = nodes;
  assert.ok(first);
  // The one that preempts has heard nobody until the capture begins.
  const found = findIn(
    nodes,
    [...regular(B, 100, 0, 3), ...regular(A, 150, 3 + 106 / 256, 12)],
    12.2,
  );
  assert.equal(only(found, "took-over").what.kind, "took-over");
  assert.equal(only(found, "gave-up").verdict, "same");
  assert.deepEqual(
    found.filter(({ verdict }) => verdict !== "same"),
    [],
  );
});

test("nopreempt: taking over from a master that advertises is unexplained", () => {
  const found = findIn(
    [{ own: A, priority: 150, lines: NOPREEMPT }],
    [...regular(B, 100, 0, 10), ...regular(A, 150, 6.3, 20)],
    20.1,
  );
  const { verdict, what } = only(found, "preempted");
  assert.equal(verdict, "unexplained");
  assert.ok(what.kind === "preempted" && what.over === B && what.theirs === 100);
});

test("a master that yields to a newer one with nopreempt, and one that does without", () => {
  const conversation = [...regular(A, 100, 0, 40), ...regular(B, 150, 40.3, 60)];
  const found = findIn([{ own: A, priority: 100, lines: NOPREEMPT }], conversation, 60.1);
  const { verdict, section } = only(found, "yielded");
  assert.deepEqual([verdict, section], ["expected", "nopreempt"]);
  const other = findIn([{ own: A, priority: 100 }], conversation, 60.1);
  assert.equal(only(other, "gave-up").verdict, "same");
});

test("a master that does not yield to a stronger one is unexplained, and two own the address", () => {
  const found = findIn(
    [{ own: A, priority: 100 }],
    [...regular(A, 100, 0, 30), ...regular(B, 150, 10.4, 30.4)],
    31,
  );
  assert.ok(brief(found).includes("a did-not-yield unexplained"));
  assert.ok(brief(found).includes("- two-owners unexplained"));
  const goesOn = only(found, "two-owners");
  assert.ok(goesOn.what.kind === "two-owners" && goesOn.what.goesOn);
});

test("a stalled owner that comes back beside its successor", () => {
  const found = findIn(
    [{ own: A, priority: 100, lines: NOPREEMPT }],
    [
      ...regular(A, 100, 0, 10),
      ...regular(B, 100, 10 + DETECTION, 20),
      ...regular(A, 100, 16.2, 30),
    ],
    30.2,
  );
  const { verdict, section, what } = only(found, "returned");
  assert.deepEqual([verdict, section], ["expected", "stalled-owner"]);
  assert.ok(what.kind === "returned" && what.other === B && what.away === 6_200_000);
});

test("a backup that never takes over is unexplained", () => {
  const found = findIn(
    [{ own: B, priority: 100 }],
    [...regular(B, 100, 0, 2), ...regular(A, 150, 2.5, 10)],
    30,
  );
  const { verdict, what } = only(found, "did-not-take-over");
  assert.equal(verdict, "unexplained");
  assert.ok(what.kind === "did-not-take-over" && what.reason.kind === "master-down");
});

test("the dead owner's machine answers ARP; another machine does", () => {
  const moved = [...regular(A, 100, 0, 10), ...regular(B, 100, 10 + DETECTION, 30)];
  const arp = (from: Said["from"], at: number): Said => ({ at, from, priority: 0, arp: true });
  const found = findIn([{ own: B, priority: 100 }], [...moved, arp(A, 20.5), arp(A, 21)], 30.1);
  const { what, section } = only(found, "address-answered");
  assert.ok(what.kind === "address-answered" && what.from === A && what.owner === B);
  assert.equal(section, "dead-owner");
  const foreign = ipv4(0xc0000299);
  const other = findIn([{ own: B, priority: 100 }], [...moved, arp(foreign, 20.5)], 30.1);
  assert.equal(only(other, "address-answered").section, "claims");
  const owners = findIn([{ own: B, priority: 100 }], [...moved, arp(B, 20.5)], 30.1);
  assert.ok(owners.every((one) => one.what.kind !== "address-answered"));
});

test("refused advertisements are named with their reason, once a minute", () => {
  const odd = regular(A, 100, 0, 50).map((said) => ({ ...said, interval: 2 }));
  const found = findIn(
    [{ own: B, priority: 100 }],
    [...odd, ...regular(B, 100, DETECTION, 50)],
    51,
  );
  const { what } = only(found, "refused");
  assert.ok(what.kind === "refused" && what.why.kind === "interval-mismatch");
  const third = ipv4(0xc0000205);
  const unknown = regular(B, 100, 0, 10).map((said) => ({ ...said, from: third }));
  const refused = findIn([{ own: A, priority: 100 }], unknown, 10);
  assert.deepEqual(brief(refused), ["a refused expected unknown-peers"]);
});

test("a lower priority is taken from what is advertised: its skew time follows", () => {
  const found = findIn(
    [{ own: B, priority: 100, lines: ["track_interface {", "eth1 weight -40", "}"] }],
    [
      ...regular(B, 60, 0, 5),
      zero(B, 5.5),
      ...regular(A, 100, 6, 20),
      ...regular(B, 60, 20 + 3 + 196 / 256, 30),
    ],
    30.1,
  );
  assert.deepEqual(
    brief(found).filter((line) => line.includes("unexplained")),
    [],
  );
  assert.equal(only(found, "took-over").verdict, "same");
});

test("an advertisement that the file cannot have led to, once for each field", () => {
  const spec = { own: B, priority: 100 } as const;
  const wrong = findIn([{ ...spec, priority: 110 }], regular(B, 100, 0, 20), 20.1);
  assert.deepEqual(brief(wrong), ["b not-as-configured unexplained"]);
  const weights = ["track_interface {", "eth1 weight -20", "eth2 weight 10", "}"];
  const mayBe = (priority: number): readonly string[] =>
    brief(findIn([{ ...spec, lines: weights }], regular(B, priority, 0, 20), 20.1));
  for (const priority of [80, 90, 100, 110]) assert.deepEqual(mayBe(priority), []);
  for (const priority of [79, 111])
    assert.deepEqual(mayBe(priority), ["b not-as-configured unexplained"]);
  const slower = regular(B, 100, 0, 20, 2).map((said) => ({ ...said, version: 2 as const }));
  const { what } = only(findIn([spec], slower, 20.1), "not-as-configured");
  assert.ok(what.kind === "not-as-configured" && what.field === "interval");
  assert.deepEqual([what.found, what.least], [2_000_000, 1_000_000]);
});

test("version 3 with a tenth of a second, by multicast", () => {
  const skew = (156 * 0.1) / 256;
  const spec = { priority: 100, interval: 0.1, version: 3, multicast: true } as const;
  const say = (list: readonly Said[]): readonly Said[] =>
    list.map((said) => ({ ...said, interval: 0.1, version: 3, multicast: true }));
  const found = findIn(
    [
      { own: A, ...spec },
      { own: B, ...spec },
    ],
    say([...regular(A, 100, 0, 2, 0.1), ...regular(B, 100, 2.3 + skew, 4, 0.1)]),
    4.1,
  );
  assert.ok(brief(found).includes("b took-over same"));
  assert.ok(found.every(({ verdict }) => verdict === "same"));
});

test("a gap in the capture begins anew, whatever the times are", () => {
  const later = GAP_MAX / 1_000_000 + 100;
  const found = findIn(
    pair(),
    [...regular(A, 100, 0, 10), ...regular(B, 100, later, later + 10), zero(A, 4e9)],
    later,
  );
  assert.deepEqual(
    found.filter(({ verdict }) => verdict !== "same"),
    [],
  );
});

test("time that goes back is not followed, and a flood of conflicts is shown in part", () => {
  const shown: Finding[] = [];
  let repeated = 0;
  const shadow = new Shadow({
    tolerance: undefined,
    nodes: [],
    report: (finding, isRepeated) => {
      if (isRepeated) repeated += 1;
      else shown.push(finding);
    },
  });
  shadow.observe(5_000_000 as Instant, { kind: "arp", bytes: new Uint8Array(60) });
  shadow.observe(1_000_000 as Instant, { kind: "vrrp", bytes: new Uint8Array(0), mac: undefined });
  assert.equal(shown.length + repeated, 0);
});

test("on its own machine: a link flap, after which keepalived waits from the link's return on", () => {
  const { plan } = readConfiguration(
    [{ name: "a.conf", text: configText({ own: A, priority: 150 }) }],
    {},
  );
  const machine = planForCapture(
    plan.instances.map(({ config }) => config),
    plan.groups,
    A,
  );
  const [link] = machine.links;
  const [own] = machine.addresses;
  assert.ok(link && own);
  const found: Finding[] = [];
  const report = (finding: Finding): void => void found.push(finding);
  const shadow = new Shadow({ tolerance: undefined, nodes: [machine], report });
  const at = (seconds: number): Instant => Math.round(seconds * 1_000_000) as Instant;
  const event = (seconds: number, one: WorldEvent): void =>
    shadow.observe(at(seconds), { kind: "world", event: one });
  const advert = (said: Said): void =>
    shadow.observe(at(said.at), { kind: "vrrp", bytes: packetOf(said), mac: macOf(said.from) });
  const virtual = { ...own, address: VIP };
  event(0, { kind: "address", address: virtual });
  shadow.observe(at(0.1), { kind: "daemon", state: "found" });
  for (const said of regular(A, 150, 1, 10)) advert(said);
  event(10.2, { kind: "link", link: { ...link, up: false } });
  event(10.2, { kind: "addressGone", address: virtual });
  event(10.3, { kind: "link", link: { ...link, up: true } });
  // The weaker one takes over, and is preempted a detection time after the link is back.
  advert({ at: 13.6, from: B, priority: 100 });
  const backAt = 10.3 + 3 + 106 / 256;
  advert({ at: backAt, from: A, priority: 150 });
  event(backAt, { kind: "address", address: virtual });
  for (const said of regular(A, 150, backAt + 1, backAt + 5)) advert(said);
  shadow.advance(at(backAt + 5.5));
  assert.deepEqual(
    brief(found).filter((line) => line.startsWith("a")),
    ["a gave-up same", "a did-not-take-over expected link-flap", "a took-over same"],
  );
});

test("on its own machine: an owner with a peer that is off is seen by its address", () => {
  const { plan } = readConfiguration(
    [{ name: "a.conf", text: configText({ own: A, priority: 100 }) }],
    {},
  );
  const machine = planForCapture(
    plan.instances.map(({ config }) => config),
    plan.groups,
    A,
  );
  const [own] = machine.addresses;
  assert.ok(own);
  const found: Finding[] = [];
  const report = (finding: Finding): void => void found.push(finding);
  const shadow = new Shadow({ tolerance: undefined, nodes: [machine], report });
  const since = 1_000_000 as Instant;
  shadow.observe(1_100_000 as Instant, { kind: "daemon", state: "started", since });
  // Its advertisements wait for ARP, and no packet is seen.
  const tookOverAt = 1_000_000 + Math.round(DETECTION * 1_000_000);
  const event = { kind: "address", address: { ...own, address: VIP } } as const;
  shadow.observe(tookOverAt as Instant, { kind: "world", event });
  shadow.advance(60_000_000 as Instant);
  assert.deepEqual(brief(found), ["a took-over same"]);
  shadow.observe(61_000_000 as Instant, { kind: "daemon", state: "ended" });
  assert.deepEqual(brief(found).at(-1), "a stopped-advertising same");
});

test("what listens live can neither send nor set an address: it does not load what could", () => {
  const root = join(import.meta.dirname, "..", "..");
  const files = new Set<string>();
  const waiting = ["src/cli/shadow-live.ts", "src/cli/shadow.ts"];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (files.has(path)) continue;
    files.add(path);
    for (const { specifier, typeOnly } of readImports(readFileSync(join(root, path), "utf8"))) {
      if (typeOnly) continue;
      if (specifier.startsWith("#")) waiting.push(`src/${specifier.slice(1)}.ts`);
      else if (specifier.startsWith(".")) waiting.push(join(dirname(path), specifier));
    }
  }
  assert.ok(files.has("src/shadow/passive-world.ts") && files.has("src/linux/capture-socket.ts"));
  const acting = /linux\/(?:linux-world|vrrp-socket|neighbour-socket|nft-|address-claims|links)/;
  assert.deepEqual(
    [...files].filter((path) => acting.test(path)),
    [],
  );
});
