/** An engine with a gate from end to end: what it does in which order, and what it asks for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { centis, micros } from "#units/time";
import type { ToEngine } from "#vrrp/engine/engine-link";
import type { GateConfig, InstanceConfig } from "#vrrp/router/config";
import { ARP_FRAME_LENGTH, arpReply, arpRequest, emitArp } from "#vrrp/wire/arp";
import { Bench, instance } from "../../support/bench.ts";
import { ETH0, FakeWorld, ip, mac } from "../../support/fake-world.ts";

const GATE: GateConfig = {
  promoteTimeout: micros(10_000_000),
  demoteTimeout: micros(5_000_000),
  onRefusal: "backup",
  hold: micros(30_000_000),
  probe: "arp",
  comparesData: false,
  needsEligible: true,
  drain: micros(0),
  resetConnections: false,
};
const CONFIG: InstanceConfig = {
  ...instance({ router: { gate: GATE } }),
  fence: [{ protocol: "tcp", port: 3306 }],
};
const VIP = ip("192.0.2.100");
const PORT = "192.0.2.100 tcp 3306";

function backup(): Bench {
  const world = new FakeWorld();
  world.addFence();
  const bench = new Bench(undefined, undefined, world);
  bench.configure([CONFIG]);
  bench.supervisor({ type: "eligible", unit: "VI_1", eligible: true });
  return bench;
}

const phase = (bench: Bench): string | undefined => bench.engine.instances[0]?.state.phase.kind;

/** The last request of this kind; its number. */
function asked(bench: Bench, kind: string): number {
  const found = bench.emitted("gate").findLast(({ request }) => request.kind === kind);
  assert.ok(found !== undefined, `no ${kind} was asked for`);
  return "run" in found.request ? found.request.run : 0;
}

const answer = (run: number, outcome: "done" | "refused"): ToEngine => ({
  type: "gateAnswer",
  unit: "VI_1",
  run,
  outcome,
});

test("a start closes the fence; nobody answers: promoted, fence open, then the address", () => {
  const bench = backup();
  assert.deepEqual([...bench.world.closed], [PORT]);
  bench.until(4);
  assert.equal(phase(bench), "promoting");
  assert.equal(bench.world.has("192.0.2.100"), false);
  const calls = bench.world.take();
  assert.equal(calls.filter((line) => line.startsWith("arp")).length, 2, calls.join("\n"));
  bench.supervisor(answer(asked(bench, "promote"), "done"));
  assert.equal(phase(bench), "master");
  assert.equal(bench.world.has("192.0.2.100"), true);
  assert.equal(bench.world.closed.size, 0);
  const then = bench.world.take();
  const opened = then.indexOf("fence open");
  const added = then.findIndex((line) => line.includes("192.0.2.100"));
  assert.ok(opened !== -1 && opened < added, then.join("\n"));
});

test("somebody answers ARP: BACKUP, and no promotion is asked for", () => {
  const bench = backup();
  bench.until(3.62);
  const frame = new Uint8Array(ARP_FRAME_LENGTH);
  const question = arpRequest(ETH0.mac, ip("192.0.2.1"), VIP);
  emitArp(frame, arpReply(mac("02:00:00:00:00:02"), VIP, question));
  bench.event({ kind: "neighbour", interfaceIndex: 2, bytes: frame });
  bench.until(4);
  assert.equal(phase(bench), "backup");
  assert.deepEqual(bench.emitted("gate"), []);
});

test("a refusal: priority 0, a demotion, no address; a later answer changes nothing", () => {
  const bench = backup();
  bench.until(4);
  const run = asked(bench, "promote");
  bench.supervisor(answer(run, "refused"));
  assert.equal(phase(bench), "backup");
  const demotion = asked(bench, "demote");
  bench.supervisor(answer(run, "done"));
  assert.equal(phase(bench), "backup");
  assert.equal(bench.world.has("192.0.2.100"), false);
  assert.deepEqual([...bench.world.closed], [PORT]);
  bench.supervisor(answer(demotion, "done"));
});

test("the supervisor is gone: fenced, the demotion is refused at once, and the engine ends", () => {
  const bench = backup();
  bench.until(4);
  bench.supervisor(answer(asked(bench, "promote"), "done"));
  bench.engine.supervisorGone(bench.now);
  bench.drain();
  assert.deepEqual([...bench.world.closed], [PORT]);
  bench.until(20);
  assert.equal(bench.world.has("192.0.2.100"), false);
  assert.equal(bench.engine.finished, true);
});

test("a kernel that refuses the fence: FAULT, and BACKUP again once it takes it", () => {
  const world = new FakeWorld();
  world.addFence();
  world.fenceRefuses.set("close", "ENOBUFS");
  const bench = new Bench(undefined, undefined, world);
  bench.configure([CONFIG]);
  assert.equal(phase(bench), "fault");
  bench.until(4);
  assert.equal(phase(bench), "fault");
  world.fenceRefuses.clear();
  bench.until(10);
  assert.equal(phase(bench), "backup");
  assert.deepEqual([...world.closed], [PORT]);
});

test("a reload takes the gate away from an owner: it stays one, and nothing is fenced", () => {
  const bench = backup();
  bench.until(4);
  bench.supervisor(answer(asked(bench, "promote"), "done"));
  bench.configure([instance()]);
  assert.equal(phase(bench), "master");
  assert.equal(bench.world.closed.size, 0);
  assert.equal(bench.engine.snapshot(bench.now)[0]?.gate, undefined);
});

test("a planned move: not while it is promoted, and in its phases the snapshot shows the gate", () => {
  const bench = backup();
  bench.until(4);
  const ask = (): readonly string[] => {
    bench.supervisor({ type: "switch", id: 1, instances: ["VI_1"], dryRun: true });
    return (
      bench
        .emitted("switchAnswer")
        .at(-1)
        ?.refused.map(({ why }) => why.kind) ?? []
    );
  };
  assert.deepEqual(ask(), ["promoting"]);
  const shown = (): string | undefined => bench.engine.snapshot(bench.now)[0]?.gate?.phase;
  assert.equal(shown(), "promoting");
  bench.supervisor(answer(asked(bench, "promote"), "done"));
  assert.equal(shown(), "open");
  assert.deepEqual(ask(), []);
  bench.supervisor({ type: "switch", id: 2, instances: ["VI_1"] });
  assert.equal(shown(), "demoting");
  assert.deepEqual(ask(), ["under-way"]);
  assert.deepEqual([...bench.world.closed], [PORT]);
  bench.supervisor(answer(asked(bench, "demote"), "refused"));
  bench.supervisor(answer(asked(bench, "promote"), "done"));
  // A successor that was elected meanwhile may answer.
  assert.equal(shown(), "promoting");
  bench.until(bench.now / 1_000_000 + 0.05);
  assert.equal(shown(), "open");
  assert.equal(bench.world.closed.size, 0);
});

const promotions = (bench: Bench): number =>
  bench.emitted("gate").filter(({ request }) => request.kind === "promote").length;

function served(bench: Bench): Bench {
  bench.until(4);
  bench.supervisor(answer(asked(bench, "promote"), "done"));
  bench.until(4.1);
  assert.equal(phase(bench), "master");
  return bench;
}

test("removed and brought back while it is demoted: the new one is not eligible before that is over", () => {
  const bench = served(backup());
  bench.configure([]);
  assert.equal(phase(bench), "demoting");
  bench.configure([CONFIG]);
  bench.supervisor({ type: "eligible", unit: "VI_1", eligible: true });
  bench.until(9);
  const states = (): readonly string[] =>
    bench.engine.instances.map(({ state }) => `${state.phase.kind} ${state.gate?.eligible}`);
  assert.deepEqual(states(), ["backup no", "demoting yes"]);
  bench.supervisor(answer(asked(bench, "demote"), "done"));
  assert.equal(promotions(bench), 1);
  bench.until(13);
  assert.deepEqual(states(), ["promoting yes"]);
  assert.equal(promotions(bench), 2);
});

test("who is removed before its demotion has ended hears no answer", () => {
  const bench = served(backup());
  bench.configure([]);
  bench.event({ kind: "link", link: { ...ETH0, up: false } });
  bench.wake();
  assert.equal(bench.engine.instances.length, 0);
  bench.supervisor(answer(asked(bench, "demote"), "done"));
  assert.equal(bench.engine.deadline(), undefined);
});

test("a link that is back in time does not bring back what another member has demoted", () => {
  const world = new FakeWorld();
  world.addFence();
  const bench = new Bench(undefined, undefined, world);
  const fast = { name: "VI_2", gate: GATE, advertInterval: centis(50) };
  const other: InstanceConfig = {
    ...instance({ vrid: 2, router: fast, addresses: ["192.0.2.101"] }),
    group: "G",
  };
  bench.configure([{ ...CONFIG, group: "G" }, other], {
    groups: [{ name: "G", members: ["VI_1", "VI_2"] }],
  });
  bench.supervisor({ type: "eligible", unit: "G", eligible: true });
  bench.until(4);
  bench.supervisor({ ...answer(asked(bench, "promote"), "done"), unit: "G" } as ToEngine);
  bench.until(4.1);
  const phases = (): readonly string[] =>
    bench.engine.instances.map(({ state }) => `${state.phase.kind} ${state.gate?.isPromoted}`);
  assert.deepEqual(phases(), ["master true", "master true"]);
  bench.event({ kind: "link", link: { ...ETH0, up: false } });
  assert.deepEqual(phases(), ["fault true", "fault true"]);
  bench.until(6.2);
  assert.deepEqual(phases(), ["fault false", "fault false"]);
  bench.event({ kind: "link", link: ETH0 });
  assert.deepEqual(phases(), ["backup false", "backup false"]);
});

/** VI_1 with a gate and VI_2 with what is given, in a sync group. */
function pair(more: Partial<InstanceConfig["router"]>): Bench {
  const world = new FakeWorld();
  world.addFence();
  const bench = new Bench(undefined, undefined, world);
  const router = { name: "VI_2", ...more };
  const other = instance({ vrid: 2, router, addresses: ["192.0.2.101"] });
  bench.configure(
    [
      { ...CONFIG, group: "G" },
      { ...other, group: "G" },
    ],
    { groups: [{ name: "G", members: ["VI_1", "VI_2"] }] },
  );
  return bench;
}
const phasesOf = (bench: Bench): readonly string[] =>
  bench.engine.instances.map(({ state }) => state.phase.kind);

test("a member that was ready, and is held back since, is not waited with", () => {
  const bench = pair({});
  bench.supervisor({ type: "eligible", unit: "G", eligible: true });
  const heardUntil = (seconds: number): void => {
    for (let at = 0.5; at <= seconds; at += 0.5) {
      bench.until(at);
      bench.hear({ vrid: 2, addresses: [ip("192.0.2.101")] });
    }
  };
  heardUntil(5);
  assert.deepEqual(phasesOf(bench), ["backup", "backup"]);
  bench.supervisor({ type: "eligible", unit: "G", eligible: false });
  bench.until(12);
  assert.deepEqual(phasesOf(bench), ["backup", "backup"]);
  bench.supervisor({ type: "eligible", unit: "G", eligible: true });
  bench.until(16);
  assert.deepEqual(phasesOf(bench), ["promoting", "master"]);
});

test("a person asks for a sync group: who waits for the other members remembers that", () => {
  const bench = pair({ gate: GATE });
  bench.supervisor({ type: "eligible", unit: "G", eligible: false });
  bench.until(9);
  assert.deepEqual(phasesOf(bench), ["backup", "backup"]);
  bench.supervisor({ type: "promoteAsked", unit: "G" });
  bench.until(14);
  assert.deepEqual(phasesOf(bench), ["promoting", "promoting"]);
});
