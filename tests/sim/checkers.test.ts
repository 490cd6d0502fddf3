/**
 * Can the checkers fail? Each is shown an engine that is wrong in one way, and the same scenario
 * with the engine as it ships.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { announceBound } from "#sim/announce-budget";
import { SimulatedKernel } from "#sim/kernel";
import { runScenario } from "#sim/run";
import type { Scenario, ScenarioFault } from "#sim/scenario";
import { type IpAddress, ipv4 } from "#units/address";
import { fromSeconds, instant, micros } from "#units/time";
import { priority } from "#units/vrrp";
import { Announcements } from "#vrrp/engine/announcements";
import { Effects } from "#vrrp/engine/effects";
import { Engine } from "#vrrp/engine/engine";
import type { InstanceConfig } from "#vrrp/router/config";
import { instance, rival, SECOND, scenario, shipped, virtualAddress } from "./small-scenario.ts";

/** Names of the checks that complained. */
const complaints = (one: Scenario): readonly string[] => [
  ...new Set(runScenario(one).violations.map(({ check }) => check)),
];

/** `break` makes the engine wrong for the rest of the test. */
function mustNotice(t: TestContext, one: Scenario, check: string, breaks: () => void): void {
  assert.deepEqual(complaints(one), [], "the engine as it ships");
  breaks();
  const found = complaints(one);
  assert.ok(found.includes(check), `${check} expected, found: ${found.join(" ") || "nothing"}`);
  t.mock.restoreAll();
}

type Configure = Extract<Parameters<Engine["onSupervisor"]>[0], { type: "configure" }>;

/** An engine that hears another configuration than it was given. */
function mishear(t: TestContext, change: (message: Configure, times: number) => Configure): void {
  const onSupervisor = shipped(Engine.prototype, "onSupervisor");
  let times = 0;
  t.mock.method(Engine.prototype, "onSupervisor", function (this: Engine, message, now) {
    if (message.type === "configure") times += 1;
    onSupervisor.call(this, message.type === "configure" ? change(message, times) : message, now);
  } satisfies Engine["onSupervisor"]);
}

/** An engine that forgets to announce now and then. */
function dropRequests(
  t: TestContext,
  drops: (repeat: number, address: IpAddress) => boolean,
): void {
  const request = shipped(Announcements.prototype, "request");
  t.mock.method(Announcements.prototype, "request", function (this: Announcements, ...args) {
    const [, owned, , repeat] = args;
    if (!drops(repeat, owned.virtual.address)) request.apply(this, args);
  } satisfies Announcements["request"]);
}

const each = (message: Configure, change: (one: InstanceConfig) => InstanceConfig): Configure => ({
  ...message,
  instances: message.instances.map(change),
});

const virtuals = (count: number): InstanceConfig["addresses"] =>
  Array.from({ length: count }, (_, n) => ({ address: virtualAddress(n), prefix: 24, scope: 0 }));

const budget = { burst: 2, perSecond: 4, gap: micros(0) };
const crowded = (id: number): InstanceConfig =>
  instance(id, {}, { addresses: virtuals(10), pacing: budget });
const reload = (at: number, machine: number, one: InstanceConfig): ScenarioFault => ({
  kind: "reload",
  at: at * SECOND,
  machine,
  instances: [one],
});

test("announces-too-much: an engine without the configured budget", (t) => {
  const one = scenario([crowded(0), crowded(1)], { arpLimit: { perSecond: 4, burst: 2 } });
  mustNotice(t, one, "announces-too-much", () =>
    mishear(t, (message) =>
      each(message, (config) => ({
        ...config,
        pacing: { burst: 0, perSecond: 0, gap: micros(0) },
      })),
    ),
  );
});

test("announces-too-much: an engine without the configured gap", (t) => {
  const pacing = { burst: 0, perSecond: 0, gap: micros(20_000) };
  const spaced = (id: number): InstanceConfig => ({ ...crowded(id), pacing });
  mustNotice(t, scenario([spaced(0), spaced(1)]), "announces-too-much", () =>
    mishear(t, (message) =>
      each(message, (config) => ({ ...config, pacing: { ...pacing, gap: micros(19_000) } })),
    ),
  );
});

test("not-announced-in-time: one address of ten is forgotten", (t) => {
  const one = scenario([crowded(0), crowded(1)], { arpLimit: { perSecond: 4, burst: 2 } });
  mustNotice(t, one, "not-announced-in-time", () =>
    dropRequests(t, (_, address) => address === virtualAddress(7)),
  );
});

test("not-announced-in-time: an address that a reload brings is forgotten", (t) => {
  const more = (id: number): InstanceConfig => instance(id, {}, { addresses: virtuals(2) });
  const faults = [reload(30, 0, more(0)), reload(30, 1, more(1))];
  const one = scenario([instance(0), instance(1)], { faults, stormMicros: 40 * SECOND });
  mustNotice(t, one, "not-announced-in-time", () =>
    dropRequests(t, (_, address) => address === virtualAddress(1)),
  );
});

test("announces-without-right: a router that hands over goes on announcing", (t) => {
  const stop: ScenarioFault = { kind: "stop", at: 3 * SECOND, machine: 1, micros: 10 * SECOND };
  // Priority 0 is lost on the way, so that the hand-over takes its time.
  const cut: ScenarioFault = {
    kind: "partition",
    at: 2.9 * SECOND,
    machines: [1],
    micros: 3 * SECOND,
  };
  const one = scenario([crowded(0), crowded(1)], {
    faults: [cut, stop],
    arpLimit: { perSecond: 4, burst: 6 },
  });
  mustNotice(t, one, "announces-without-right", () => {
    t.mock.method(Announcements.prototype, "cancel", () => {});
  });
});

test("client-unreachable: the winner of a healed partition does not announce", (t) => {
  const cut: ScenarioFault = {
    kind: "partition",
    at: 10 * SECOND,
    machines: [0],
    micros: 5 * SECOND,
  };
  const one = scenario([instance(0), instance(1)], { faults: [cut] });
  mustNotice(t, one, "client-unreachable", () => dropRequests(t, (repeat) => repeat === 1));
});

test("a healed partition: the blackhole window is counted, and short", () => {
  const cut: ScenarioFault = {
    kind: "partition",
    at: 10 * SECOND,
    machines: [0],
    micros: 5 * SECOND,
  };
  const { blackhole, violations } = runScenario(
    scenario([instance(0), instance(1)], { faults: [cut] }),
  );
  assert.deepEqual(violations, []);
  assert.ok(blackhole.checked > 0);
  assert.ok(blackhole.micros > 0);
  assert.ok(blackhole.checkedLongest <= 20_000, `${blackhole.checkedLongest} us`);
});

const tracked = (id: number): InstanceConfig =>
  instance(id, { trackers: [{ kind: "script", name: "check", weight: 0, reverse: false }] });
const failing = (machine: number, at: number, seconds: number): ScenarioFault => {
  const result = { kind: "script", name: "check", result: "down" } as const;
  const afterwards = { ...result, result: "up" } as const;
  return {
    kind: "tracker",
    at: at * SECOND,
    machine,
    micros: seconds * SECOND,
    result,
    afterwards,
  };
};

test("no-alarm: nobody owns the address, and nobody says so", (t) => {
  const one = scenario([tracked(0), tracked(1)], {
    faults: [failing(0, 5, 12), failing(1, 5, 12)],
  });
  const perform = shipped(Effects.prototype, "perform");
  mustNotice(t, one, "no-alarm", () => {
    t.mock.method(Effects.prototype, "perform", function (this: Effects, ...args) {
      const [, effect] = args;
      if (effect.kind !== "report" || effect.report.kind !== "no-owner") perform.apply(this, args);
    } satisfies Effects["perform"]);
  });
});

test("false-alarm: the other machine owns the address all the time", (t) => {
  const one = scenario([tracked(0), tracked(1)], { faults: [failing(0, 5, 12)] });
  const onTime = shipped(Engine.prototype, "onTime");
  mustNotice(t, one, "false-alarm", () => {
    // Four seconds, whoever is heard meanwhile.
    t.mock.method(Engine.prototype, "onTime", function (this: Engine, now) {
      onTime.call(this, now);
      for (const { state, config } of this.instances) {
        if (state.phase.kind === "fault" && now - state.since > 4 * SECOND)
          this.emit({
            type: "report",
            instance: config.router.name,
            report: { kind: "no-owner", noMasterMicros: now - state.since },
          });
      }
    } satisfies Engine["onTime"]);
  });
});

for (const [what, after] of [
  ["priority", (id: number) => instance(id, { priority: priority(90) })],
  ["interval", (id: number) => instance(id, { advertInterval: 25 as never })],
  ["an address more", (id: number) => instance(id, {}, { addresses: virtuals(3) })],
] as const) {
  test(`not-as-configured: a reload that is not heard (${what})`, (t) => {
    const faults = [reload(10, 0, after(0)), reload(10, 1, after(1))];
    mustNotice(t, scenario([instance(0), instance(1)], { faults }), "not-as-configured", () => {
      const onSupervisor = shipped(Engine.prototype, "onSupervisor");
      const known = new WeakSet<Engine>();
      t.mock.method(Engine.prototype, "onSupervisor", function (this: Engine, message, now) {
        if (message.type === "configure" && known.has(this)) return;
        known.add(this);
        onSupervisor.call(this, message, now);
      } satisfies Engine["onSupervisor"]);
    });
  });
}

test("not-as-configured: an address that a reload takes away stays", (t) => {
  const both = (id: number): InstanceConfig => instance(id, {}, { addresses: virtuals(2) });
  const faults = [reload(10, 0, instance(0)), reload(10, 1, instance(1))];
  mustNotice(t, scenario([both(0), both(1)], { faults }), "not-as-configured", () =>
    mishear(t, (message) =>
      each(message, (config) => ({ ...config, excludedAddresses: virtuals(2).slice(1) })),
    ),
  );
});

test("not-as-configured: an instance that a reload removes stays", (t) => {
  const faults: readonly ScenarioFault[] = [0, 1].map((machine) => ({
    kind: "reload",
    at: 10 * SECOND,
    machine,
    instances: [],
  }));
  let first: Configure["instances"] = [];
  mustNotice(t, scenario([instance(0)], { faults: faults.slice(0, 1) }), "not-as-configured", () =>
    mishear(t, (message) => {
      if (message.instances.length > 0) first = message.instances;
      return { ...message, instances: first };
    }),
  );
});

test("reload-disturbs: a reload without a change announces", (t) => {
  const faults = [reload(10, 0, instance(0)), reload(10, 1, instance(1))];
  const onSupervisor = shipped(Engine.prototype, "onSupervisor");
  mustNotice(t, scenario([instance(0), instance(1)], { faults }), "reload-disturbs", () => {
    t.mock.method(Engine.prototype, "onSupervisor", function (this: Engine, message, now) {
      onSupervisor.call(this, message, now);
      if (message.type === "configure")
        onSupervisor.call(this, { type: "announce", instance: "V1" }, now);
    } satisfies Engine["onSupervisor"]);
  });
});

test("not-refreshed: garp_master_refresh is not done", (t) => {
  const { announce } = instance(0).router;
  const refreshing = (id: number): InstanceConfig =>
    instance(id, { announce: { ...announce, refresh: fromSeconds(2), refreshRepeat: 2 } });
  mustNotice(t, scenario([refreshing(0), refreshing(1)]), "not-refreshed", () =>
    dropRequests(t, (repeat) => repeat === 2),
  );
});

test("claims-too-often: two owners that hear only each other's ARP, and announce without end", (t) => {
  const cut: ScenarioFault = {
    kind: "vrrp-cut",
    at: 5 * SECOND,
    machines: [0],
    micros: 40 * SECOND,
  };
  const one = scenario([instance(0), instance(1)], { faults: [cut], stormMicros: 50 * SECOND });
  const onTime = shipped(Engine.prototype, "onTime");
  mustNotice(t, one, "claims-too-often", () => {
    t.mock.method(Engine.prototype, "onTime", function (this: Engine, now) {
      onTime.call(this, now);
      this.onSupervisor({ type: "announce", instance: "V1" }, now);
    } satisfies Engine["onTime"]);
  });
});

test("master-does-not-answer: a kernel that drops what comes for an address of its own", (t) => {
  const answers = shipped(SimulatedKernel.prototype, "answers");
  mustNotice(t, scenario([instance(0), instance(1)]), "master-does-not-answer", () => {
    t.mock.method(SimulatedKernel.prototype, "answers", function (this: SimulatedKernel, address) {
      return address !== virtualAddress(0) && answers.call(this, address);
    } satisfies SimulatedKernel["answers"]);
  });
});

test("wrong-deadline: an engine that would be woken later than its routers need", (t) => {
  const deadline = shipped(Engine.prototype, "deadline");
  mustNotice(t, scenario([instance(0), instance(1)]), "wrong-deadline", () => {
    t.mock.method(Engine.prototype, "deadline", function (this: Engine) {
      const due = deadline.call(this);
      return due === undefined ? undefined : instant(due + 1_000);
    } satisfies Engine["deadline"]);
  });
});

test("several-own: beside keepalived, an engine that does not hear it", (t) => {
  const stronger = instance(1, { priority: priority(150) });
  const one = scenario([instance(0)], { rivals: [rival(1, stronger)] });
  const onWorld = shipped(Engine.prototype, "onWorld");
  mustNotice(t, one, "several-own", () => {
    t.mock.method(Engine.prototype, "onWorld", function (this: Engine, event, now) {
      if (event.kind !== "packet") onWorld.call(this, event, now);
    } satisfies Engine["onWorld"]);
  });
});

test("keepalived beside Baton: who is stopped, killed, hung or cut off comes back, and one owner is left", () => {
  for (const what of ["stop", "kill", "hang", "cut"] as const) {
    for (const [ours, theirs, preempt] of [
      [100, 150, true],
      [150, 100, true],
      [100, 100, false],
      [150, 100, false],
    ] as const) {
      const router = { preempt };
      const faults: readonly ScenarioFault[] = [
        { kind: "rival", at: 10 * SECOND, rival: 0, what, micros: 4 * SECOND },
        { kind: "kill-all", at: 20 * SECOND, machine: 0, micros: 4 * SECOND },
      ];
      const one = scenario([instance(0, { ...router, priority: priority(ours) })], {
        rivals: [rival(1, instance(1, { ...router, priority: priority(theirs) }))],
        faults,
        stormMicros: 30 * SECOND,
      });
      const { violations, reasons } = runScenario(one);
      assert.deepEqual(violations, [], `${what} ${ours} ${theirs} ${preempt}`);
      assert.ok((reasons["started"] ?? 0) >= 2);
    }
  }
});

test("the bound of an announcement follows from budget, addresses and frames", () => {
  assert.equal(announceBound({ burst: 0, perSecond: 0, gap: micros(0) }, 20, 1, 300), 300);
  assert.equal(announceBound({ burst: 5, perSecond: 10, gap: micros(0) }, 20, 1, 0), 2_100_000);
  assert.equal(announceBound({ burst: 5, perSecond: 10, gap: micros(0) }, 20, 2, 0), 4_100_000);
  assert.equal(announceBound({ burst: 5, perSecond: 100, gap: micros(50_000) }, 3, 1, 0), 200_000);
});

/** An operator's messages that an engine never gets. */
function ignore(t: TestContext, type: "maintenance" | "switch", gets: () => void): void {
  const onSupervisor = shipped(Engine.prototype, "onSupervisor");
  t.mock.method(Engine.prototype, "onSupervisor", function (this: Engine, message, now) {
    if (message.type === type) gets();
    else onSupervisor.call(this, message, now);
  } satisfies Engine["onSupervisor"]);
}

const uneven = (faults: readonly ScenarioFault[]): Scenario =>
  scenario(
    [150, 100].map((one, id) => instance(id, { preempt: true, priority: priority(one) })),
    { faults, stormMicros: 30 * SECOND },
  );

test("a node in maintenance that becomes master all the same", (t) => {
  const one = uneven([
    { kind: "maintenance", at: 10 * SECOND, machine: 1, micros: 15 * SECOND, mode: "on" },
    { kind: "stop", at: 12 * SECOND, machine: 0, micros: 10 * SECOND },
  ]);
  mustNotice(t, one, "owns-in-maintenance", () => ignore(t, "maintenance", () => undefined));
});

test("a last resort that takes over beside a healthy node", (t) => {
  const one = uneven([
    { kind: "maintenance", at: 10 * SECOND, machine: 0, micros: 15 * SECOND, mode: "last-resort" },
  ]);
  const withSwitch: Scenario = {
    ...one,
    faults: [{ kind: "switch", at: 5 * SECOND, machine: 0, micros: 8 * SECOND }, ...one.faults],
  };
  mustNotice(t, withSwitch, "last-resort-too-early", () =>
    ignore(t, "maintenance", () => undefined),
  );
});

test("a router that preempts although an operator has moved it away", (t) => {
  const one = uneven([{ kind: "switch", at: 10 * SECOND, machine: 0, micros: 15 * SECOND }]);
  const onSupervisor = shipped(Engine.prototype, "onSupervisor");
  mustNotice(t, one, "preempts-after-switch", () => {
    t.mock.method(Engine.prototype, "onSupervisor", function (this: Engine, message, now) {
      onSupervisor.call(this, message, now);
      // Of its own accord, the moment after.
      if (message.type === "snapshot" || message.type === "tracker")
        onSupervisor.call(this, { type: "switchBack", instances: ["V1"] }, now);
    } satisfies Engine["onSupervisor"]);
    const onTime = shipped(Engine.prototype, "onTime");
    t.mock.method(Engine.prototype, "onTime", function (this: Engine, now, isAllRead) {
      const [first] = this.instances;
      if (first?.state.switched !== undefined)
        onSupervisor.call(this, { type: "switchBack", instances: ["V1"] }, now);
      onTime.call(this, now, isAllRead);
    } satisfies Engine["onTime"]);
  });
});

test("a move that nobody takes costs nothing, and one that lets go first is noticed", (t) => {
  const group = ipv4(0xe0_00_00_12);
  const alone = instance(0, { peerCount: 0 }, { transport: { kind: "multicast", group } });
  const one = scenario([alone], {
    faults: [{ kind: "switch", at: 10 * SECOND, machine: 0, micros: 5 * SECOND }],
    stormMicros: 30 * SECOND,
  });
  const perform = shipped(Effects.prototype, "perform");
  mustNotice(t, one, "taken-back-without-address", () => {
    t.mock.method(Effects.prototype, "perform", function (this: Effects, at, effect, now, out) {
      const lets = effect.kind === "holdAddresses";
      perform.call(this, at, lets ? { kind: "removeAddresses" } : effect, now, out);
    } satisfies Effects["perform"]);
  });
});

test("an address deleted during a planned move, and an engine that leaves it so", (t) => {
  const faults: readonly ScenarioFault[] = [
    { kind: "switch", at: 10 * SECOND, machine: 0, micros: 5 * SECOND },
    // The second wakes the engine once more before the move is taken back.
    ...[0, 1].map((nth) => ({
      kind: "address-deleted" as const,
      at: 10 * SECOND + (nth + 1) * 200_000,
      machine: 0,
      address: virtualAddress(nth),
      times: 1,
      every: SECOND,
    })),
  ];
  const group = ipv4(0xe0_00_00_12);
  const transport = { kind: "multicast", group } as const;
  const alone = instance(0, { peerCount: 0 }, { transport, addresses: virtuals(2) });
  const one = scenario([alone], { faults, stormMicros: 30 * SECOND });
  const onWorld = shipped(Engine.prototype, "onWorld");
  mustNotice(t, one, "master-without-address", () => {
    t.mock.method(Engine.prototype, "onWorld", function (this: Engine, event, now) {
      const isMoving = this.instances[0]?.state.phase.kind === "switching";
      if (event.kind !== "addressGone" || !isMoving) onWorld.call(this, event, now);
    } satisfies Engine["onWorld"]);
  });
});

test("claimed by somebody else during a planned move: clients are reached when it is taken back", (t) => {
  const faults: readonly ScenarioFault[] = [
    { kind: "switch", at: 10 * SECOND, machine: 0, micros: 5 * SECOND },
    {
      kind: "foreign-announcement",
      at: 10 * SECOND + 300_000,
      address: virtualAddress(0),
      times: 2,
    },
  ];
  const group = ipv4(0xe0_00_00_12);
  const alone = instance(0, { peerCount: 0 }, { transport: { kind: "multicast", group } });
  const one = scenario([alone], { faults, stormMicros: 30 * SECOND });
  const perform = shipped(Effects.prototype, "perform");
  mustNotice(t, one, "client-unreachable", () => {
    t.mock.method(Effects.prototype, "perform", function (this: Effects, at, effect, now, out) {
      const isAfterMove =
        effect.kind === "announce" && ["taken-back", "rival-gone"].includes(effect.why);
      if (!isAfterMove) perform.call(this, at, effect, now, out);
    } satisfies Effects["perform"]);
  });
});
