/** A reload as the pure core sees it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RouterConfig } from "#core/config";
import { reconfigure } from "#core/reconfigure";
import { deadline, initialState, step } from "#core/router";
import type { RouterState } from "#core/state";
import { readIpv4 } from "#units/address";
import { centis, instant, micros } from "#units/time";
import { CONFIG, SOURCE } from "../support/vector.ts";

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

test("a backup keeps its timer; in version 2 it wakes up by its new interval, in version 3 by the learned one", () => {
  for (const [version, expected] of [
    [2, 500],
    [3, 100],
  ] as const) {
    const before = { ...CONFIG, version };
    const state = start(before);
    const config = { ...before, advertInterval: centis(500) };
    const { phase } = reconfigure(before, config, state, [], NOW);
    assert.ok(phase.kind === "backup");
    assert.equal(phase.masterInterval, expected);
    assert.equal(phase.masterDownAt, 3_609_375);
  }
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
