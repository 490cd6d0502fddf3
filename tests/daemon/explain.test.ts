/** The story of an instance: what hold_down adds to it, in both languages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceStatus, Status } from "#contract/status";
import { micros } from "#units/time";
import { explain } from "../../apps/daemon/explain.ts";

const INSTANCE: InstanceStatus = {
  name: "VI_1",
  state: "BACKUP",
  phase: "backup",
  since: "2026-01-01T00:00:00.000Z",
  forSeconds: 90,
  why: { en: "x", "zh-CN": "x", reason: { kind: "fault-cleared", masterDown: micros(3_600_000) } },
  interface: "eth0",
  vrid: 51,
  version: 2,
  source: "172.16.0.16",
  linkUp: true,
  basePriority: 100,
  effectivePriority: 100,
  advertIntervalSeconds: 1,
  trackers: [],
  peers: [],
  addresses: [],
  lease: { guarantee: "nftables", seconds: 3, takeOverSeconds: 3.6 },
  counters: {},
  havips: [],
  history: [],
  notify: { last: undefined, queued: 0 },
};

function text(holdDown: InstanceStatus["holdDown"], language: "en" | "zh-CN"): string {
  const one = holdDown === undefined ? INSTANCE : { ...INSTANCE, holdDown };
  const status = { engineAnswers: true, instances: [one], groups: [] } as unknown as Status;
  const answer = explain(status, undefined, language);
  assert.ok(answer.ok && "text" in answer);
  return answer.text;
}

test("hold_down is told with its numbers while losses are remembered, and else not at all", () => {
  assert.doesNotMatch(text(undefined, "en"), /hold_down/);
  assert.match(text({ losses: 1, seconds: 0, leftSeconds: undefined }, "en"), /1 times.*third/);
  const held = { losses: 4, seconds: 10, leftSeconds: 7.25 };
  assert.match(text(held, "en"), /4 times.*for 10 s, 7\.25 s more from now/);
  assert.match(text(held, "zh-CN"), /连续 4 次.*10 秒.*还剩 7\.25 秒/);
  assert.match(text({ losses: 3, seconds: 5, leftSeconds: undefined }, "zh-CN"), /5 秒内不抢占/);
});
