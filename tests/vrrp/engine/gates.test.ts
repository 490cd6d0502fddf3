/**
 * What the engine does for a gate: the fence in the kernel, one request for all members of a sync
 * group, and answers that reach those alone who wait for them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { printIp } from "#units/address";
import { instant, micros } from "#units/time";
import type { GateRequest } from "#vrrp/engine/engine-link";
import { fenceOf } from "#vrrp/engine/fences";
import { type GateEffect, Gates } from "#vrrp/engine/gates";
import { Instance } from "#vrrp/engine/instance";
import { Instances } from "#vrrp/engine/instances";
import { Interfaces } from "#vrrp/engine/interfaces";
import { OK, type Outcome, type World } from "#vrrp/engine/world";
import { becomeMaster } from "#vrrp/router/become-master";
import type { GateConfig, InstanceConfig } from "#vrrp/router/config";
import type { RouterEvent } from "#vrrp/router/event";
import type { GateState } from "#vrrp/router/state";
import { instance } from "../../support/bench.ts";
import { FakeWorld, ip } from "../../support/fake-world.ts";

const GATE: GateConfig = {
  promoteTimeout: micros(10_000_000),
  demoteTimeout: micros(5_000_000),
  onRefusal: "backup",
  hold: micros(30_000_000),
  probe: "arp",
  comparesData: false,
  needsEligible: false,
  drain: micros(0),
  resetConnections: false,
};
const STATE: GateState = {
  run: 0,
  running: undefined,
  isPromoted: false,
  fence: "closed",
  eligible: "unknown",
  heldUntil: undefined,
  refused: 0,
};
const NOW = instant(7_000_000);

const gated = (name: string, id: number, more: Partial<InstanceConfig> = {}): InstanceConfig => ({
  ...instance({ vrid: id, router: { name, gate: GATE }, addresses: [`192.0.2.${99 + id}`] }),
  fence: [
    { protocol: "tcp", port: 3306 },
    { protocol: "udp", port: 53 },
  ],
  ...more,
});

interface Asked {
  readonly kind: GateRequest["kind"];
  readonly run: number;
  readonly unit: string;
  readonly instance: string;
}

class Setting {
  readonly world = new FakeWorld();
  readonly all: readonly Instance[];
  readonly gates: Gates;
  readonly applied: string[] = [];
  readonly #instances = new Instances();

  constructor(...configs: readonly InstanceConfig[]) {
    this.world.addFence();
    this.all = configs.map((config, order) => new Instance(config, false, order));
    for (const one of this.all) one.state = { ...one.state, gate: STATE };
    this.#instances.replace(this.all);
    const interfaces = new Interfaces();
    this.gates = new Gates({ world: this.world, interfaces, instances: this.#instances });
  }

  /** What follows at once. */
  perform(place: number, effect: GateEffect): readonly RouterEvent[] {
    const outcomes: RouterEvent[] = [];
    this.gates.perform(this.at(place), effect, NOW, outcomes);
    return outcomes;
  }

  promote(place: number, run: number): readonly RouterEvent[] {
    const micros_ = GATE.promoteTimeout;
    const reason = "master-down" as const;
    return this.perform(place, { kind: "promote", run, reason, peer: undefined, micros: micros_ });
  }

  demote(place: number, run: number, isPlanned = true): readonly RouterEvent[] {
    const { demoteTimeout } = GATE;
    const peer = ip("192.0.2.2");
    const reason = isPlanned ? "switch" : "fault";
    const work = { run, reason, isPlanned, peer, micros: demoteTimeout } as const;
    return this.perform(place, { kind: "demote", ...work });
  }

  /** It is master, and was promoted. */
  serves(place: number): void {
    const { config, state } = this.at(place);
    const { gate: _, ...router } = config.router;
    const { phase } = becomeMaster(
      router,
      state,
      { kind: "address-owner" },
      "advert-first",
      NOW,
    ).state;
    this.at(place).state = { ...state, phase, gate: { ...STATE, isPromoted: true } };
  }

  at(place: number): Instance {
    return this.all[place] as Instance;
  }

  asked(): readonly Asked[] {
    return this.world.takeEmitted().flatMap((one) => {
      if (one.type !== "gate") return [];
      const { kind, ...request } = one.request;
      const run = "run" in request ? request.run : 0;
      return [{ kind, run, unit: one.unit, instance: one.instance }];
    });
  }

  readonly stepper = {
    apply: (one: Instance, event: RouterEvent): void => {
      const { kind, ...rest } = event;
      const text = `${one.config.router.name} ${kind} ${JSON.stringify(rest)}`;
      this.applied.push(text);
    },
  };

  answer(unit: string, run: number, outcome: "done" | "refused"): readonly string[] {
    this.gates.answered(this.stepper, { type: "gateAnswer", unit, run, outcome }, NOW);
    return this.applied.splice(0);
  }
}

const runOf = (asked: readonly Asked[]): number => asked[0]?.run ?? 0;

test("a promotion is asked of the supervisor, and its answer carries the router's own number", () => {
  const one = new Setting(gated("A", 1));
  assert.deepEqual(one.promote(0, 4), []);
  const asked = one.asked();
  assert.deepEqual(
    asked.map(({ kind, unit, instance: name }) => [kind, unit, name]),
    [["promote", "A", "A"]],
  );
  assert.deepEqual(one.answer("A", runOf(asked) + 1, "done"), []);
  assert.deepEqual(one.answer("A", runOf(asked), "done"), [
    'A gateAnswered {"run":4,"outcome":"done"}',
  ]);
  assert.deepEqual(one.answer("A", runOf(asked), "done"), [], "an answer comes once");
});

test("a later engine's numbers are higher than those of an earlier one", () => {
  const earlier = new Setting(gated("A", 1));
  for (const run of [1, 2, 3]) earlier.promote(0, run);
  const last = earlier.asked().at(-1)?.run ?? 0;
  const later = new Gates({
    world: earlier.world,
    interfaces: new Interfaces(),
    instances: new Instances(),
  });
  const at = instant(NOW + 100_000);
  const effect = { kind: "promote", run: 1, reason: "released", peer: undefined } as const;
  later.perform(earlier.at(0), { ...effect, micros: GATE.promoteTimeout }, at, []);
  assert.ok(runOf(earlier.asked()) > last);
});

test("a sync group asks once, and all members that wait get the answer", () => {
  const both = new Setting(gated("A", 1, { group: "G" }), gated("B", 2, { group: "G" }));
  both.promote(0, 1);
  both.promote(1, 5);
  const asked = both.asked();
  assert.equal(asked.length, 1);
  assert.equal(asked[0]?.unit, "G");
  assert.deepEqual(both.answer("G", runOf(asked), "refused"), [
    'A gateAnswered {"run":1,"outcome":"refused"}',
    'B gateAnswered {"run":5,"outcome":"refused"}',
  ]);
});

test("a promotion is ended once no member waits for it, and not sooner", () => {
  const both = new Setting(gated("A", 1, { group: "G" }), gated("B", 2, { group: "G" }));
  both.promote(0, 1);
  both.promote(1, 5);
  const run = runOf(both.asked());
  both.perform(0, { kind: "cancelGate", run: 1 });
  assert.deepEqual(both.asked(), []);
  both.perform(1, { kind: "cancelGate", run: 4 });
  assert.deepEqual(both.asked(), [], "another number is no matter");
  both.perform(1, { kind: "cancelGate", run: 5 });
  assert.deepEqual(
    both.asked().map((one) => [one.kind, one.run]),
    [["cancel", run]],
  );
  assert.deepEqual(both.answer("G", run, "done"), []);
});

test("a demotion replaces a promotion that runs: its answer changes nothing any more", () => {
  const one = new Setting(gated("A", 1));
  one.promote(0, 1);
  const first = runOf(one.asked());
  one.demote(0, 2, false);
  const second = runOf(one.asked());
  assert.ok(second > first);
  assert.deepEqual(one.answer("A", first, "done"), []);
  assert.deepEqual(one.answer("A", second, "done"), ['A gateAnswered {"run":2,"outcome":"done"}']);
});

test("who joins a group that is promoted is promoted, and who leaves it demotes nothing", () => {
  const both = new Setting(gated("A", 1, { group: "G" }), gated("B", 2, { group: "G" }));
  both.promote(0, 1);
  both.answer("G", runOf(both.asked()), "done");
  both.serves(0);
  assert.deepEqual(both.promote(1, 1), [{ kind: "gateAnswered", run: 1, outcome: "done" }]);
  assert.equal(both.demote(1, 2).length, 0, "a planned move demotes them all");
  assert.equal(both.asked().length, 1);
  both.at(1).leaving = 2;
  assert.equal(both.demote(1, 3).length, 0, "which the others have begun: it is waited for");
});

test("one that leaves a group that stays promoted demotes nothing", () => {
  const both = new Setting(gated("A", 1, { group: "G" }), gated("B", 2, { group: "G" }));
  both.promote(0, 1);
  both.answer("G", runOf(both.asked()), "done");
  both.serves(0);
  both.at(1).leaving = 2;
  assert.deepEqual(both.demote(1, 3), [{ kind: "gateAnswered", run: 3, outcome: "done" }]);
  assert.deepEqual(both.asked(), []);
});

test("a member that does not know yet that its unit is demoted promotes nobody (seed 9711)", () => {
  const both = new Setting(gated("A", 1, { group: "G" }), gated("B", 2, { group: "G" }));
  both.promote(0, 1);
  both.answer("G", runOf(both.asked()), "done");
  both.serves(0);
  both.demote(1, 2);
  both.answer("G", runOf(both.asked()), "refused");
  assert.deepEqual(both.promote(1, 3), []);
  assert.equal(both.asked()[0]?.kind, "promote");
});

test("a member opens once its unit is promoted, not while another one's run is under way", () => {
  const both = new Setting(gated("A", 1, { group: "G" }), gated("B", 2, { group: "G" }));
  both.perform(1, { kind: "closeFence" });
  both.promote(0, 1);
  both.at(1).state = { ...both.at(1).state, gate: { ...STATE, fence: "open" } };
  both.perform(1, { kind: "openFence" });
  assert.equal(both.world.closed.size, 2);
  both.answer("G", runOf(both.asked()), "done");
  assert.equal(both.world.closed.size, 0);
});

test("a demotion closes the fences of the whole group first", () => {
  const both = new Setting(gated("A", 1, { group: "G" }), gated("B", 2, { group: "G" }));
  both.at(1).state = { ...both.at(1).state, gate: { ...STATE, fence: "open" } };
  both.demote(0, 1, false);
  assert.deepEqual([...both.world.closed], ["192.0.2.101 tcp 3306", "192.0.2.101 udp 53"]);
});

test("without a supervisor everything is refused, what waits and what comes", () => {
  const one = new Setting(gated("A", 1));
  one.demote(0, 1);
  one.gates.supervisorGone(one.stepper, NOW);
  assert.deepEqual(one.applied.splice(0), ['A gateAnswered {"run":1,"outcome":"refused"}']);
  assert.deepEqual(one.promote(0, 2), [{ kind: "gateAnswered", run: 2, outcome: "refused" }]);
  const outcomes = one.perform(0, { kind: "drain", run: 3, micros: micros(1_000_000) });
  assert.deepEqual(outcomes, [{ kind: "drained", run: 3 }]);
  one.asked();
  one.perform(0, { kind: "resetConnections" });
  assert.deepEqual(one.asked(), []);
});

test("comparisons, drains and questions are answered by their own events", () => {
  const one = new Setting(gated("A", 1));
  const peer = ip("192.0.2.2");
  one.perform(0, { kind: "compare", run: 1, peer, micros: micros(1_000_000) });
  one.perform(0, { kind: "drain", run: 2, micros: micros(1_000_000) });
  one.gates.probeService(one.at(0), 3, NOW, []);
  const [compare, drain, probe] = one.asked();
  const runs = [compare, drain, probe].map((asked) => runOf(asked === undefined ? [] : [asked]));
  const unit = "A";
  const [a = 0, b = 0, c = 0] = runs;
  one.gates.answered(one.stepper, { type: "dataCompared", unit, run: a, result: "ours" }, NOW);
  one.gates.answered(one.stepper, { type: "drained", unit, run: b }, NOW);
  const by = "somebody";
  one.gates.answered(one.stepper, { type: "probeAnswer", instance: "A", run: c, by }, NOW);
  assert.deepEqual(one.applied, [
    'A dataCompared {"run":1,"result":"ours"}',
    'A drained {"run":2}',
    'A probeAnswered {"run":3,"by":"somebody"}',
  ]);
});

test("eligible is for every member, and for those that are configured later", () => {
  const both = new Setting(gated("A", 1, { group: "G" }), gated("B", 2, { group: "G" }));
  both.gates.eligible(both.stepper, "G", true, NOW);
  both.gates.settle(both.stepper, both.at(1), NOW);
  both.gates.eligible(both.stepper, "A", false, NOW);
  both.gates.notify(both.stepper, "G", { kind: "promoteAsked" }, NOW);
  assert.deepEqual(both.applied, [
    'A eligibleChanged {"eligible":true}',
    'B eligibleChanged {"eligible":true}',
    'B eligibleChanged {"eligible":true}',
    "A promoteAsked {}",
    "B promoteAsked {}",
  ]);
});

test("the fence closes every port of every address, and opens them", () => {
  const one = new Setting(gated("A", 1));
  assert.deepEqual(one.perform(0, { kind: "closeFence", only: "new" }), []);
  assert.deepEqual([...one.world.closed], ["192.0.2.100 tcp 3306 new", "192.0.2.100 udp 53 new"]);
  assert.deepEqual(one.perform(0, { kind: "closeFence" }), []);
  assert.deepEqual([...one.world.closed], ["192.0.2.100 tcp 3306", "192.0.2.100 udp 53"]);
  assert.deepEqual(one.perform(0, { kind: "openFence" }), []);
  assert.deepEqual([...one.world.closed], []);
});

test("connections are reset within the call; what that leaves, and what it cannot, is the supervisor's", () => {
  const resets = (name: string, id: number): InstanceConfig => {
    const config = gated(name, id);
    return {
      ...config,
      router: { ...config.router, gate: { ...GATE, resetConnections: true } },
    };
  };
  const one = new Setting(resets("A", 1));
  const asked: unknown[] = [];
  let outcome: Outcome = OK;
  const reset: World["resetConnections"] = (addresses, ports) => {
    asked.push([addresses.map(printIp), ports]);
    return outcome;
  };
  one.world.resetConnections = reset;
  one.perform(0, { kind: "resetConnections" });
  assert.deepEqual([asked.at(-1), one.asked()], [[["192.0.2.100"], [3306]], []]);
  outcome = { ok: false, errno: "ETIMEDOUT", call: "SOCK_DESTROY" };
  one.perform(0, { kind: "resetConnections" });
  assert.deepEqual(
    one.asked().map(({ kind }) => kind),
    ["reset"],
  );
  one.world.resetConnections = () => assert.fail("the address stays");
  one.perform(0, { kind: "resetConnections", stays: true });
  assert.deepEqual(
    one.asked().map(({ kind }) => kind),
    ["reset"],
  );
  const { fence: _, ...config } = resets("B", 2);
  const all = new Setting(config);
  all.world.resetConnections = reset;
  all.perform(0, { kind: "resetConnections" });
  assert.deepEqual(asked.at(-1), [["192.0.2.101"], undefined]);
});

test("who resets connections at the end holds back their ends until then", () => {
  const config = gated("A", 1);
  const gate = { ...GATE, resetConnections: true };
  const one = new Setting({ ...config, router: { ...config.router, gate } });
  assert.deepEqual(one.perform(0, { kind: "closeFence", only: "new" }), []);
  assert.deepEqual(one.perform(0, { kind: "closeFence" }), []);
  assert.deepEqual([...one.world.closed], ["192.0.2.100 tcp 3306 held", "192.0.2.100 udp 53 held"]);
  assert.deepEqual(one.perform(0, { kind: "openFence" }), []);
  assert.deepEqual([...one.world.closed], []);
});

test("a fence that the kernel refuses is a fault, and is tried again", () => {
  const one = new Setting(gated("A", 1));
  one.world.fenceRefuses.set("close", "ENOBUFS");
  const refused = { kind: "fence-refused", error: "nf_tables: ENOBUFS" } as const;
  assert.deepEqual(one.perform(0, { kind: "closeFence" }), [
    { kind: "faultRaised", cause: refused },
  ]);
  assert.ok((one.at(0).retryAt ?? 0) > NOW);
  assert.equal(one.gates.closeAgain(one.at(0), NOW), false);
  one.world.fenceRefuses.clear();
  assert.equal(one.gates.closeAgain(one.at(0), NOW), true);
  assert.equal(one.world.closed.size, 2);
});

test("a kernel without a fence refuses it, and a gate without one needs none", () => {
  const one = new Setting(gated("A", 1));
  one.world.fence = undefined;
  const [outcome] = one.perform(0, { kind: "closeFence" });
  assert.equal(outcome?.kind, "faultRaised");
  const { fence: _, ...config } = gated("B", 2);
  const without = new Setting(config);
  without.world.fence = undefined;
  assert.deepEqual(without.perform(0, { kind: "closeFence" }), []);
  assert.deepEqual(without.perform(0, { kind: "openFence" }), []);
});

test("a reload closes the ports that are new, and lets through those that are nobody's", () => {
  const one = new Setting(gated("A", 1));
  one.perform(0, { kind: "closeFence" });
  const before = gated("A", 1).addresses.map(({ address }) => ({
    address,
    protocol: "tcp" as const,
    port: 3306,
  }));
  one.at(0).config = { ...gated("A", 1), fence: [{ protocol: "tcp", port: 5432 }] };
  one.gates.reloaded(one.at(0), before, NOW, []);
  assert.deepEqual([...one.world.closed], ["192.0.2.100 udp 53", "192.0.2.100 tcp 5432"]);
});

test("ports that nobody's gate is about any more are let through, those of another one are not", () => {
  const one = new Setting(gated("A", 1));
  const [kept, other] = fenceOf(one.at(0).config);
  assert.ok(kept !== undefined && other !== undefined);
  const gone = { ...kept, port: 5432 };
  one.world.fence?.close([kept, gone], "all");
  one.gates.release([kept, gone]);
  assert.deepEqual([...one.world.closed], ["192.0.2.100 tcp 3306"]);
  one.world.calls.length = 0;
  one.gates.release([kept, other]);
  assert.deepEqual(one.world.calls, [], "nothing is asked of the kernel");
});
