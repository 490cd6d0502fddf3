/**
 * Simulated clusters on a platform that decides who has an address: what the daemon shows of it.
 * Each checker is shown that it can fail.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CloudWatch } from "#sim/cloud-watch";
import { SimulatedMachine } from "#sim/machine";
import { Platform, type PlatformAnswer } from "#sim/platform";
import { type RunResult, runScenario } from "#sim/run";
import type { PlatformSpec, Scenario, ScenarioFault } from "#sim/scenario";
import { fromSeconds } from "#units/time";
import type { InstanceConfig } from "#vrrp/router/config";
import { instance, SECOND, scenario, shipped } from "./small-scenario.ts";

const PLATFORM: PlatformSpec = {
  claimLatency: 0,
  askMin: 20_000,
  askMax: 100_000,
  perInterface: { burst: 50, perSecond: 20 },
  perAddress: { burst: 20, perSecond: 10 },
  barred: [],
};
/** Announces again by the clock, so often. */
const refreshing = (id: number, seconds: number): InstanceConfig =>
  instance(id, { announce: { ...instance(id).router.announce, refresh: fromSeconds(seconds) } });
const cloud = (
  faults: readonly ScenarioFault[],
  more: Partial<Scenario> = {},
  refresh = 5,
): Scenario =>
  scenario([refreshing(0, refresh), refreshing(1, refresh)], {
    platform: PLATFORM,
    faults,
    stormMicros: 90 * SECOND,
    settleMicros: 90 * SECOND,
    ...more,
  });
const apart = (kind: "partition" | "vrrp-cut", seconds = 60): ScenarioFault => ({
  kind,
  at: 20.3 * SECOND,
  machines: [1],
  micros: seconds * SECOND,
});

const count = (result: RunResult, what: string): number =>
  result.trace.filter(({ text }) => text.includes(what)).length;
const run = (one: Scenario): RunResult => {
  const result = runScenario(one, { trace: true });
  assert.deepEqual(result.violations, []);
  return result;
};

function mustNotice(t: TestContext, one: Scenario, check: string, breaks: () => void): void {
  run(one);
  breaks();
  const found = runScenario(one).violations.map((violation) => violation.check);
  assert.deepEqual(found, [check]);
  t.mock.restoreAll();
}

test("left alone the platform has one owner's word: asked rarely, and nothing announced again", () => {
  const result = run(cloud([]));
  assert.equal(count(result, "platform moves"), 1);
  assert.equal(count(result, 'reports {"kind":"agrees"'), 1);
  assert.equal(result.agreement.again, 0);
});

for (const kind of ["partition", "vrrp-cut"] as const) {
  test(`${kind}: both owners report the other while the platform moves the address between them`, () => {
    const result = run(cloud([apart(kind)]));
    for (const id of [0, 1])
      assert.ok(count(result, `machine ${id} V1 10.0.0.100 reports {"kind":"disputed"`) > 0);
    // Where each hears the other's ARP, that has put the answers in doubt before the first move.
    assert.ok(kind === "vrrp-cut" || result.agreement.moves > 0);
    assert.ok(result.agreement.longest <= 6.5 * SECOND + 200_000, `${result.agreement.longest}`);
  });
}

test("claims that are lost are made again", () => {
  const lost: ScenarioFault = { kind: "claims-lost", at: 0, micros: 8 * SECOND, share: 1 };
  const result = run(cloud([lost]));
  assert.ok(result.agreement.again > 0);
  assert.equal(count(result, 'reports {"kind":"disagrees"'), 1);
});

test("a node outside the drift range is MASTER without the platform, and says so", () => {
  const barred = { ...PLATFORM, barred: [0, 1] };
  const result = run(cloud([], { platform: barred }));
  assert.ok(count(result, "not-in-range") > 0);
  assert.equal(count(result, 'reports {"kind":"disagrees"'), 1);
});

test("a platform that answers late, old things or nothing changes no owner", () => {
  const faults: readonly ScenarioFault[] = [
    { kind: "platform-slow", at: 10 * SECOND, micros: 10 * SECOND, latency: 2 * SECOND },
    { kind: "platform-fails", at: 25 * SECOND, micros: 10 * SECOND, share: 1 },
    { kind: "platform-stale", at: 40 * SECOND, micros: 10 * SECOND, age: 30 * SECOND },
  ];
  const changes = (result: RunResult): unknown => result.reasons;
  assert.deepEqual(changes(run(cloud(faults))), changes(run(cloud([]))));
});

test("move-not-reported: a platform without a date of the last move", (t) => {
  // Back before the next question each time: the answer alone shows nothing.
  const one = cloud([apart("partition")], {}, 1);
  mustNotice(t, one, "move-not-reported", () => {
    const ask = shipped(Platform.prototype, "ask");
    t.mock.method(Platform.prototype, "ask", function (this: Platform, node, address, answer) {
      const mine = this.instanceIdOf(node);
      const claimed = (rows: PlatformAnswer): PlatformAnswer =>
        rows?.map((row) => ({ ...row, InstanceId: mine, FlushedTime: "" }));
      ask.call(this, node, address, (rows) => answer(claimed(rows)));
    } satisfies Platform["ask"]);
  });
});

test("agrees-against-a-sign: a daemon that does not look at what the engine reports", (t) => {
  mustNotice(t, cloud([apart("vrrp-cut")]), "agrees-against-a-sign", () => {
    const receive = shipped(CloudWatch.prototype, "receive");
    t.mock.method(CloudWatch.prototype, "receive", function (this: CloudWatch, message) {
      if (message.type !== "report") receive.call(this, message);
    } satisfies CloudWatch["receive"]);
  });
});

test("platform-differs: what the answers call for is not announced", (t) => {
  const lost: ScenarioFault = { kind: "claims-lost", at: 0, micros: 8 * SECOND, share: 1 };
  mustNotice(t, cloud([lost], {}, 0), "platform-differs", () => {
    const send = shipped(SimulatedMachine.prototype, "send");
    t.mock.method(SimulatedMachine.prototype, "send", function (this: SimulatedMachine, message) {
      if (message.type !== "announce") send.call(this, message);
    } satisfies SimulatedMachine["send"]);
  });
});
