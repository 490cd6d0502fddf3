/**
 * What speaks against a planned move, as far as an engine can know, and what it says of one that it
 * begins.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { centis } from "#units/time";
import { priority } from "#units/vrrp";
import type { SwitchRefusal } from "#vrrp/engine/engine-link";
import { Bench, instance, PEER } from "../../support/bench.ts";
import { ip } from "../../support/fake-world.ts";

const THIRD = "192.0.2.3";
const group = ip("224.0.0.18");
const multicast = () =>
  instance({ router: { peerCount: 0 }, transport: { kind: "multicast", group } });

function ask(
  bench: Bench,
  more: { to?: string; dryRun?: true; instances?: readonly string[] } = {},
) {
  const { to, instances = ["VI_1"], dryRun } = more;
  bench.world.takeEmitted();
  bench.supervisor({
    type: "switch",
    id: 7,
    instances,
    ...(to !== undefined && { to: ip(to) }),
    ...(dryRun === true && { dryRun }),
  });
  const [answer] = bench.emitted("switchAnswer");
  assert.equal(answer?.id, 7);
  return answer?.refused.map(({ why }) => why) ?? [];
}

const kinds = (refused: readonly SwitchRefusal[]): readonly string[] =>
  refused.map(({ kind }) => kind);

function master(config = instance()): Bench {
  const bench = new Bench();
  bench.configure([config]);
  bench.until(4);
  assert.equal(bench.phase(), "master");
  return bench;
}

test("a backup is no owner, and says whom it hears", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.hear({ priority: 150 });
  const from = { address: ip(PEER), priority: priority(150) };
  assert.deepEqual(ask(bench), [{ kind: "not-owner", state: "BACKUP", master: from }]);
  assert.deepEqual(kinds(ask(bench, { instances: ["VI_9"] })), ["unknown"]);
});

test("one at a time; an operator recalls it, and the address never left", () => {
  const bench = master();
  bench.world.take();
  assert.deepEqual(ask(bench), []);
  assert.equal(bench.phase(), "switching");
  assert.deepEqual(kinds(ask(bench)), ["under-way"]);
  bench.supervisor({ type: "switchBack", instances: ["VI_1"] });
  assert.equal(bench.phase(), "master");
  const [back] = bench.emitted("report").filter((one) => one.report.kind !== "switch-begun");
  assert.deepEqual(back?.report.kind === "switch-taken-back" && back.report.why, "recalled");
  assert.ok(!bench.world.take().some((call) => call.startsWith("remove")));
});

test("a dry run changes nothing", () => {
  const bench = master();
  assert.deepEqual(ask(bench, { dryRun: true }), []);
  assert.equal(bench.phase(), "master");
});

test("peers: none, not this one, and one that does not answer ARP", () => {
  const alone = instance({
    router: { peerCount: 0 },
    transport: { kind: "unicast", peers: [], ttl: 255, checkSource: true },
  });
  assert.deepEqual(kinds(ask(master(alone))), ["no-peers"]);
  const peers = [ip(PEER)];
  assert.deepEqual(ask(master(), { to: THIRD }), [{ kind: "not-a-peer", to: ip(THIRD), peers }]);
  const bench = new Bench();
  bench.world.unresolved.add(PEER);
  bench.configure([instance()]);
  bench.until(6);
  assert.deepEqual(ask(bench), [{ kind: "unanswered", peers }]);
  assert.equal(bench.phase(), "master");
});

test("another master is heard: the conflict is decided first", () => {
  const bench = master(instance({ router: { preempt: false } }));
  bench.until(8);
  bench.hear({ priority: 50 });
  assert.deepEqual(ask(bench), [{ kind: "rival", from: ip(PEER) }]);
});

test("in a group: only who was heard, and was the strongest", () => {
  const bench = master(multicast());
  assert.deepEqual(kinds(ask(bench, { to: PEER })), ["never-heard"]);
  // Weaker masters, which yield when we answer.
  bench.hear({ priority: 50, destination: group });
  bench.hear({ priority: 60, destination: group, source: ip(THIRD) });
  assert.deepEqual(ask(bench, { to: PEER }), [
    { kind: "would-not-win", to: ip(PEER), other: ip(THIRD) },
  ]);
  assert.deepEqual(ask(bench, { to: THIRD }), []);
});

test("one member that is no owner keeps its whole group", () => {
  const bench = new Bench();
  const second = instance({ router: { name: "VI_2" }, vrid: 2, addresses: ["192.0.2.200"] });
  bench.configure([instance(), second]);
  bench.until(2);
  bench.hear({ vrid: 2, priority: 150, addresses: [ip("192.0.2.200")] });
  bench.until(4);
  assert.equal(`${bench.phase("VI_1")} ${bench.phase("VI_2")}`, "master backup");
  assert.deepEqual(kinds(ask(bench, { instances: ["VI_1", "VI_2"] })), ["not-owner"]);
  assert.equal(bench.phase("VI_1"), "master");
});

test("a new engine knows the maintenance and the moves of the one before", () => {
  const bench = new Bench();
  bench.supervisor({
    type: "configure",
    instances: [instance({ priority: 200 })],
    groups: [],
    resume: [],
    trackers: [],
    maintenance: "on",
    switched: [{ instance: "VI_1", to: ip(PEER) }],
  });
  bench.until(30);
  assert.equal(bench.phase(), "backup");
  bench.supervisor({ type: "maintenance", mode: undefined });
  bench.until(40);
  assert.equal(bench.phase(), "master");
});

test("maintenance, and the successor goes again: another is waited for, nothing is taken back", () => {
  const bench = master();
  bench.supervisor({ type: "maintenance", mode: "on" });
  bench.until(4.5);
  bench.hear({ priority: 150 });
  bench.hear({ priority: 0 });
  assert.equal(bench.phase(), "switching");
  bench.until(5);
  assert.equal(bench.phase(), "switching");
  assert.ok(bench.world.has("192.0.2.100"));
  bench.until(7);
  assert.equal(bench.phase(), "backup");
  assert.ok(!bench.world.has("192.0.2.100"));
  assert.deepEqual(bench.transitions().at(-1), "VI_1 MASTER -> BACKUP gave-up");
});

test("instances that move together wait as long as the slowest of them", () => {
  const bench = new Bench();
  const router = { name: "VI_2", advertInterval: centis(200) };
  bench.configure([instance(), instance({ router, vrid: 2, addresses: ["192.0.2.200"] })]);
  bench.until(10);
  assert.deepEqual(ask(bench, { instances: ["VI_1", "VI_2"] }), []);
  const ends = bench.engine.instances.map(({ state: { phase } }) =>
    phase.kind === "switching" ? phase.until : phase.kind,
  );
  assert.equal(ends[0], ends[1]);
});
