/** Events of what the engine says: both languages, severities, and addresses that can be read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { messageEvent, reloadAskedEvent, reloadEvent, reportEvent } from "#daemon/event-texts";
import { ipv4 } from "#units/address";
import type { Priority } from "#units/vrrp";
import type { FromEngine } from "#vrrp/engine/engine-link";

type About = Parameters<typeof messageEvent>[0];

const transition = (to: "MASTER" | "FAULT", kind: "not-started" | "stopped"): About =>
  ({
    type: "transition",
    instance: "VI_1",
    from: "BACKUP",
    to,
    reason: { kind },
    priority: 100,
    at: 0,
  }) as unknown as Extract<FromEngine, { type: "transition" }>;

test("a change of state says from where, to where and why", () => {
  const event = messageEvent(transition("MASTER", "stopped"));
  assert.equal(event.severity, "info");
  assert.equal(event.text.en, "BACKUP → MASTER: stopped");
  assert.equal(event.text["zh-CN"], "BACKUP → MASTER：已停止");
  assert.equal(messageEvent(transition("FAULT", "stopped")).severity, "error");
});

test("announcements say what for; a late engine says how late, and why if that is known", () => {
  const announced = messageEvent({ type: "announced", instance: "VI_1", why: "weaker-master" });
  assert.deepEqual(announced.data, { cause: "weaker-master" });
  assert.match(announced.text.en, /again: a weaker master was heard/);
  const late = messageEvent({ type: "late", micros: 250_000, cause: "steal" });
  assert.equal(late.kind, "stall");
  assert.equal(late.text.en, "the engine woke 250 ms late: the hypervisor ran other machines");
  assert.equal(
    messageEvent({ type: "late", micros: 250_000, cause: undefined }).text["zh-CN"],
    "引擎晚了 250 毫秒才运行",
  );
});

test("addresses of a report are text, priorities stay numbers", () => {
  const from = ipv4(0x0a000002);
  const [theirs, ours] = [50, 100] as Priority[];
  const event = reportEvent(
    "VI_1",
    { kind: "weaker-master", from, theirs: theirs as Priority, ours: ours as Priority },
    "warning",
  );
  assert.deepEqual(event.data, {
    report: "weaker-master",
    from: "10.0.0.2",
    theirs: 50,
    ours: 100,
  });
  const stall = reportEvent("VI_1", { kind: "stalled-as-backup", micros: 5 }, "warning");
  assert.deepEqual([stall.kind, stall.data], ["stall", { microseconds: 5 }]);
});

test("a refused reload keeps some of the findings, and how many more there were", () => {
  const event = reloadEvent(Array.from({ length: 25 }, (_, nth) => `finding ${nth}`));
  assert.equal(event.severity, "error");
  assert.deepEqual([event.data.findings?.length, event.data.more], [10, 15]);
});

test("a reload says who asked for it, and how it ended", () => {
  const by = { via: "socket", uid: 0, user: "root" } as const;
  const done = reloadAskedEvent(by, "done");
  assert.equal(done.text.en, "reload by root (socket): done");
  assert.deepEqual(done.data, { action: "reload", by, outcome: "done" });
  assert.equal(reloadAskedEvent(by, "refused").severity, "warning");
});
