/** A reload as the pure core sees it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readIpv4 } from "#units/address";
import { centis, instant, micros } from "#units/time";
import { priority } from "#units/vrrp";
import type { RouterConfig } from "#vrrp/router/config";
import { reconfigure } from "#vrrp/router/reconfigure";
import { deadline, initialState, step } from "#vrrp/router/router";
import type { RouterState } from "#vrrp/router/state";
import { CONFIG, SOURCE } from "../../support/vector.ts";

const start = (config: RouterConfig): RouterState =>
  step(config, initialState(config, true, readIpv4(SOURCE)), { kind: "startup" }, instant(0)).state;

function master(config: RouterConfig): RouterState {
  let state = start(config);
  while (state.phase.kind !== "master")
    ({ state } = step(config, state, { kind: "timeReached" }, deadline(state) ?? instant(0)));
  return state;
}

const NOW = instant(4_000_000);
const refreshing = (refresh: number): RouterConfig => ({
  ...CONFIG,
  announce: { ...CONFIG.announce, refresh: micros(refresh) },
});

test("a master is due at once, by its new interval from then on, and keeps all else", () => {
  const state = master(CONFIG);
  const faster = { ...CONFIG, advertInterval: centis(20) };
  const changed = reconfigure(CONFIG, faster, state, [], NOW);
  assert.equal(deadline(changed), NOW);
  assert.equal(changed.since, state.since);
  assert.equal(changed.reason, state.reason);
  const { state: sent, effects } = step(faster, changed, { kind: "timeReached" }, NOW);
  assert.deepEqual(
    effects.map(({ kind }) => kind),
    ["refreshAddresses", "sendAdvert"],
  );
  assert.equal(deadline(sent), NOW + 200_000);
});

test("garp_master_refresh: a running one stays, a new one starts now, one that is switched off ends", () => {
  const refreshAt = (before: number, after: number): number | undefined => {
    const state = master(refreshing(before));
    const { phase } = reconfigure(refreshing(before), refreshing(after), state, [], NOW);
    return phase.kind === "master" ? phase.refreshAt : undefined;
  };
  assert.equal(refreshAt(2_000_000, 2_000_000), 5_609_375);
  assert.equal(refreshAt(2_000_000, 3_000_000), 7_000_000);
  assert.equal(refreshAt(0, 3_000_000), 7_000_000);
  assert.equal(refreshAt(2_000_000, 0), undefined);
});

test("a backup waits by its new interval in version 2, by the learned one in version 3", () => {
  for (const [version, expected, masterDownAt] of [
    // The master's next advertisement may come after five seconds.
    [2, 500, 4_000_000 + 15_609_375],
    [3, 100, 3_609_375],
  ] as const) {
    const before = { ...CONFIG, version };
    const state = start(before);
    const config = { ...before, advertInterval: centis(500) };
    const { phase } = reconfigure(before, config, state, [], NOW);
    assert.ok(phase.kind === "backup");
    assert.equal(phase.masterInterval, expected);
    assert.equal(phase.masterDownAt, masterDownAt);
  }
});

test("a longer detection time counts at once, a shorter one from the next advertisement on; priority 0 is not forgotten", () => {
  const backup = start(CONFIG);
  const wait = (downTimerAdverts: number, released = false): number => {
    assert.ok(backup.phase.kind === "backup");
    const state = { ...backup, phase: { ...backup.phase, released } };
    const config = { ...CONFIG, downTimerAdverts };
    const { phase } = reconfigure(CONFIG, config, state, [], instant(1_000_000));
    return phase.kind === "backup" ? phase.masterDownAt : 0;
  };
  assert.equal(wait(3), 3_609_375);
  assert.equal(wait(10), 1_000_000 + 10_609_375);
  assert.equal(wait(2), 3_609_375);
  assert.equal(wait(10, true), 3_609_375);
});

test("a preemption that waits is sooner or later by as much as the delay has changed", () => {
  const before = { ...CONFIG, preemptDelay: micros(300_000_000) };
  const heard = { priority: priority(50), interval: centis(100), from: readIpv4("192.0.2.9") };
  const { from } = heard;
  assert.ok(from !== undefined);
  const event = { kind: "advertReceived", ...heard, from } as const;
  const { state } = step(before, start(before), event, instant(1_000_000));
  for (const [seconds, at] of [
    [300, 301_000_000],
    [10, 11_000_000],
    [0, 1_000_000],
  ] as const) {
    const config = { ...before, preemptDelay: micros(seconds * 1_000_000) };
    const { phase } = reconfigure(before, config, state, [], NOW);
    assert.ok(phase.kind === "backup");
    assert.equal(phase.preemptAt, at);
  }
});

test("who becomes the owner of the address (255) takes it at once", () => {
  const config = { ...CONFIG, priority: priority(255) };
  const changed = reconfigure(CONFIG, config, start(CONFIG), [], instant(1_000_000));
  assert.equal(deadline(changed), 1_000_000);
  const { state } = step(config, changed, { kind: "timeReached" }, instant(1_000_000));
  assert.equal(state.phase.kind, "master");
});

test("the ownership window after a lost link ends when peers may be quicker by the new configuration", () => {
  const flapped = step(CONFIG, master(CONFIG), { kind: "linkChanged", up: false }, NOW).state;
  const ownershipSafeUntil = (config: RouterConfig): number | undefined => {
    const { phase } = reconfigure(CONFIG, config, flapped, [], NOW);
    return phase.kind === "fault" ? phase.ownershipSafeUntil : undefined;
  };
  assert.ok(ownershipSafeUntil(CONFIG) !== undefined);
  assert.ok(ownershipSafeUntil({ ...CONFIG, downTimerAdverts: 5 }) !== undefined);
  assert.equal(ownershipSafeUntil({ ...CONFIG, advertInterval: centis(10) }), undefined);
});

test("results come in the new order, and count at once", () => {
  const check = (name: string) => ({ kind: "script", name, weight: -20, reverse: false }) as const;
  const config = { ...CONFIG, trackers: [check("a"), check("b")] };
  const changed = reconfigure(CONFIG, config, start(CONFIG), ["up", "down"], NOW);
  assert.equal(changed.effectivePriority, 80);
  assert.deepEqual(changed.trackers, ["up", "down"]);
});

test("who is in FAULT, hands over or has ended stays so", () => {
  const down = step(CONFIG, start(CONFIG), { kind: "linkChanged", up: false }, NOW).state;
  const leaving = step(CONFIG, master(CONFIG), { kind: "stop" }, NOW).state;
  const ended = step(CONFIG, start(CONFIG), { kind: "stop" }, NOW).state;
  for (const state of [down, leaving, ended])
    assert.equal(reconfigure(CONFIG, refreshing(1), state, [], NOW).phase, state.phase);
});
