/**
 * Whatever happens in whatever order: a router never throws, never contradicts itself, and sends
 * nothing it is not entitled to. The ledger below is made from the effects alone, which are all
 * that the world sees, and is compared with the state.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Ipv4, readIpv4 } from "#units/address";
import { centis, type Instant, instant, micros } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import { advertiseAgain } from "#vrrp/router/advertise-again";
import type { RouterConfig } from "#vrrp/router/config";
import type { RouterEffect, RouterEvent } from "#vrrp/router/event";
import { deadline, initialState, step } from "#vrrp/router/router";
import type { RouterState } from "#vrrp/router/state";
import { publicState, type Step } from "#vrrp/router/step";
import { headStart } from "#vrrp/router/timing";
import { printEffect } from "../../support/print-core.ts";
import { CONFIG, SOURCE } from "../../support/vector.ts";

const address = (text: string): Ipv4 => readIpv4(text) as Ipv4;
const OURS = address(SOURCE);
const VIP = address("192.0.2.100");
const others = fc.constantFrom(
  ...["192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3"].map(address),
);
const prio = fc.constantFrom(...[0, 1, 50, 99, 100, 101, 150, 254, 255].map(priority));

const config: fc.Arbitrary<RouterConfig> = fc
  .record({
    version: fc.constantFrom(2 as const, 3 as const),
    priority: fc.constantFrom(...[1, 100, 150, 254, 255].map(priority)),
    seconds: fc.constantFrom(1, 2),
    cents: fc.constantFrom(1, 10, 100, 300),
    preempt: fc.boolean(),
    preemptDelay: fc.constantFrom(0, 3_000_000).map(micros),
    startupDelay: fc.constantFrom(0, 5_000_000).map(micros),
    downTimerAdverts: fc.constantFrom(1, 2, 3, 5),
    peerCount: fc.constantFrom(0, 1, 2),
    lowerPrioNoAdvert: fc.boolean(),
    higherPrioSendAdvert: fc.boolean(),
    handover: fc.constantFrom("make-before-break" as const, "break-before-make" as const),
    delay: fc.constantFrom(0, 1_000_000).map(micros),
    refresh: fc.constantFrom(0, 700_000).map(micros),
    lowerPrioRepeat: fc.constantFrom(0, 5),
    trackPrimary: fc.boolean(),
    weights: fc.array(fc.constantFrom(0, -20, 30, 253, -253), { maxLength: 3 }),
    reverse: fc.boolean(),
  })
  .map(({ seconds, cents, delay, refresh, lowerPrioRepeat, weights, reverse, ...rest }) => ({
    ...CONFIG,
    ...rest,
    vrid: vrid(1),
    advertInterval: centis(rest.version === 2 ? seconds * 100 : cents),
    announce: { ...CONFIG.announce, delay, refresh, lowerPrioRepeat },
    trackers: weights.map((weight, index) => ({
      kind: "script" as const,
      name: `check${index}`,
      weight,
      reverse,
    })),
  }));

const event: fc.Arbitrary<RouterEvent> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("advertReceived" as const),
      priority: prio,
      interval: fc.constantFrom(1, 10, 100, 300).map(centis),
      from: others,
    }),
  },
  { weight: 6, arbitrary: fc.constant({ kind: "timeReached" as const }) },
  fc.record({ kind: fc.constant("linkChanged" as const), up: fc.boolean() }),
  fc.record({
    kind: fc.constant("sourceChanged" as const),
    source: fc.constantFrom(undefined, OURS, OURS),
  }),
  fc.record({
    kind: fc.constant("trackerChanged" as const),
    index: fc.nat(3),
    result: fc.constantFrom("up" as const, "down" as const, 0, 5, -300),
  }),
  fc.constant({ kind: "foreignAnnouncement" as const, address: VIP }),
  fc.constant({ kind: "addressRestored" as const, address: VIP }),
  fc.constant({
    kind: "faultRaised" as const,
    cause: { kind: "address-rejected" as const, address: VIP, error: "EPERM" },
  }),
  fc.constant({ kind: "faultLifted" as const, cause: "address-rejected" as const }),
  fc.constant({
    kind: "groupTurned" as const,
    to: "master" as const,
    group: "G",
    member: "VI_2",
  }),
  fc.constant({
    kind: "groupTurned" as const,
    to: "backup" as const,
    group: "G",
    member: "VI_2",
  }),
  { weight: 2, arbitrary: fc.constant({ kind: "switchAsked" as const }) },
  fc.constant({ kind: "switchAsked" as const, to: address("192.0.2.2") }),
  fc.constant({ kind: "switchBack" as const }),
  fc.record({
    kind: fc.constant("maintenanceChanged" as const),
    mode: fc.constantFrom(undefined, undefined, "on" as const, "last-resort" as const),
  }),
);

/** What comes next: something, after some time; or time passing up to the router's own deadline. */
const happening = fc.oneof(
  { weight: 3, arbitrary: fc.record({ wait: fc.constant("deadline" as const), event }) },
  {
    weight: 3,
    arbitrary: fc.record({ wait: fc.integer({ min: 0, max: 400_000 }), event }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ wait: fc.integer({ min: 0, max: 20_000_000 }), event }),
  },
);

const life = fc.record({
  config,
  linkUp: fc.boolean(),
  start: fc.constantFrom("startup" as const, "startupAfterRelease" as const),
  happenings: fc.array(happening, { maxLength: 60 }),
  stops: fc.boolean(),
});

interface Ledger {
  shown: string;
  owns: boolean;
}

function check(
  settings: RouterConfig,
  ledger: Ledger,
  before: RouterState,
  result: Step,
  now: Instant,
): void {
  const { state, effects } = result;
  const text = effects.map(printEffect).join(" | ");
  for (const [index, effect] of effects.entries()) {
    checkEffect(settings, ledger, effect, effects.slice(index + 1), text, before, now);
  }
  const { kind } = state.phase;
  const keeps = settings.handover === "make-before-break";
  assert.equal(ledger.shown, publicState(state.phase), `shown by transitions: ${text}`);
  assert.equal(
    ledger.owns,
    kind === "master" || kind === "handover" || (kind === "switching" && keeps),
    `addresses by effects: ${text}`,
  );
  assert.ok(state.since <= now);
  assert.ok(state.effectivePriority >= 1);
  const isLast = state.maintenance === "last-resort";
  assert.equal(state.effectivePriority === 255, settings.priority === 255 && !isLast);
  if (isLast) assert.equal(state.effectivePriority, 1);
  if (state.maintenance === "on") assert.notEqual(kind, "master");
  if (kind === "master") {
    assert.ok(state.linkUp || !settings.trackPrimary);
    assert.notEqual(state.source, undefined);
    assert.deepEqual(state.raised, []);
    const interval = settings.advertInterval * 10_000;
    // The last one may have had a head start.
    assert.ok(state.phase.advertAt <= now + interval + headStart(settings.advertInterval));
    assert.ok(
      state.phase.advertAt < state.phase.ownershipSafeUntil,
      "the next word is due while it is ours",
    );
  }
}

function checkEffect(
  settings: RouterConfig,
  ledger: Ledger,
  effect: RouterEffect,
  rest: readonly RouterEffect[],
  text: string,
  before: RouterState,
  now: Instant,
): void {
  const turnsMaster = rest.some((one) => one.kind === "transition" && one.to === "MASTER");
  switch (effect.kind) {
    case "transition":
      assert.equal(effect.from, ledger.shown, text);
      assert.notEqual(effect.from, effect.to, text);
      if (effect.to === "MASTER") assert.ok(ledger.owns, `master without the address: ${text}`);
      ledger.shown = effect.to;
      return;
    case "addAddresses":
      assert.ok(turnsMaster || before.phase.kind === "switching", text);
      ledger.owns = true;
      return;
    case "refreshAddresses":
      assert.ok(ledger.owns && ledger.shown === "MASTER", text);
      assert.equal(rest[0]?.kind, "sendAdvert", "the word follows the lease");
      return;
    case "holdAddresses":
      assert.ok(ledger.owns && settings.handover === "make-before-break", text);
      return;
    case "removeAddresses":
      ledger.owns = false;
      return;
    case "sendAdvert":
      if (effect.priority === 0) {
        // Make before break keeps the address; everybody else lets go of it before saying so.
        const holds = rest.some(
          (one) =>
            (one.kind === "transition" && one.to === "STOP") ||
            (one.kind === "report" && one.report.kind === "switch-begun"),
        );
        assert.equal(ledger.owns, holds && settings.handover === "make-before-break", text);
        return;
      }
      assert.equal(effect.to, undefined);
      assert.ok(ledger.shown === "MASTER" || turnsMaster, `an advertisement of no master: ${text}`);
      // The ownership window it had before this step, if it was master then.
      if (before.phase.kind === "master" && ledger.shown === "MASTER")
        assert.ok(now < before.phase.ownershipSafeUntil, `after a stall: ${text}`);
      return;
    case "announce":
      assert.ok(ledger.owns, `announces what it does not have: ${text}`);
      assert.ok(effect.repeat > 0);
      return;
    case "cancelAnnouncements":
      return;
    case "priorityChanged":
      assert.notEqual(effect.from, effect.to);
      return;
    case "report":
      return;
    case "promote":
    case "demote":
    case "cancelGate":
    case "closeFence":
    case "openFence":
    case "probe":
    case "compare":
    case "drain":
    case "resetConnections":
      assert.fail(`without a gate: ${text}`);
  }
}

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const one of Object.values(value)) deepFreeze(one);
}

test("any life of a router: no throw, no contradiction, deadlines ahead, nothing after the end", () => {
  const property = fc.property(life, ({ config: settings, linkUp, start, happenings, stops }) => {
    let now = instant(1_000_000_000);
    let state = initialState(settings, linkUp, OURS);
    const ledger: Ledger = { shown: "INIT", owns: false };
    const apply = (one: RouterEvent): void => {
      deepFreeze(state);
      const result = step(settings, state, one, now);
      check(settings, ledger, state, result, now);
      state = result.state;
      if (one.kind === "timeReached") {
        const due = deadline(state);
        assert.ok(due === undefined || due > now, `still due after ${state.phase.kind} was woken`);
      }
    };
    apply({ kind: start });
    for (const { wait, event: one } of happenings) {
      const due = deadline(state);
      if (wait === "deadline") {
        if (due !== undefined && due > now) now = due;
        apply({ kind: "timeReached" });
      } else {
        now = instant(now + wait);
        apply(one);
      }
    }
    if (!stops) return;
    apply({ kind: "stop" });
    for (let i = 0; i < 3 && deadline(state) !== undefined; i++) {
      now = deadline(state) ?? now;
      apply({ kind: "timeReached" });
    }
    assert.equal(state.phase.kind, "stopped");
    assert.equal(ledger.owns, false);
    const end = state;
    apply({ kind: "advertReceived", priority: priority(0), interval: centis(100), from: OURS });
    assert.equal(state.phase, end.phase);
  });
  fc.assert(property, { numRuns: 3000 });
});

test("a regular advertisement without a step is the step, and anything else is left to it", () => {
  let regular = 0;
  const property = fc.property(life, ({ config: settings, linkUp, start, happenings }) => {
    let now = instant(1_000_000_000);
    let state = initialState(settings, linkUp, OURS);
    const apply = (one: RouterEvent): void => {
      if (one.kind === "timeReached") {
        const again = structuredClone(state);
        const stepped = step(settings, structuredClone(state), one, now);
        if (advertiseAgain(settings, again, now)) {
          regular += 1;
          const advert = { kind: "sendAdvert", priority: state.effectivePriority } as const;
          const effects = [{ kind: "refreshAddresses" } as const, advert];
          assert.deepEqual({ state: again, effects }, stepped);
        } else assert.deepEqual(again, state);
      }
      ({ state } = step(settings, state, one, now));
    };
    apply({ kind: start });
    for (const { wait, event: one } of happenings) {
      const due = deadline(state);
      if (wait === "deadline" && due !== undefined && due > now) now = due;
      else if (wait !== "deadline") now = instant(now + wait);
      apply(wait === "deadline" ? { kind: "timeReached" } : one);
    }
  });
  fc.assert(property, { numRuns: 1500 });
  assert.ok(regular > 100, `${regular} regular advertisements`);
});

test("left alone, every healthy router is master within its start-up delay and detection time", () => {
  const property = fc.property(config, (settings) => {
    let state = initialState(settings, true, OURS);
    ({ state } = step(settings, state, { kind: "startup" }, instant(0)));
    for (const index of settings.trackers.keys()) {
      const result = settings.trackers[index]?.reverse === true ? "down" : "up";
      ({ state } = step(settings, state, { kind: "trackerChanged", index, result }, instant(0)));
    }
    let now = 0;
    while (state.phase.kind !== "master") {
      now = deadline(state) ?? Number.NaN;
      assert.ok(now <= 5_000_000 + 6 * settings.advertInterval * 10_000 + 1_000_000, `${now}`);
      ({ state } = step(settings, state, { kind: "timeReached" }, instant(now)));
    }
  });
  fc.assert(property, { numRuns: 500 });
});
