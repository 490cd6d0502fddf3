/** A daemon that was killed is found by the next one, which has its events. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { recordEarlierEnd } from "#daemon/earlier-end";
import { type EventLog, NO_EVENTS, UNREAD } from "#events/event-log";
import type { EventRecord, NewEvent } from "#events/record";
import { isSelected } from "#events/selection";

const START = Date.parse("2026-11-30T12:00:00Z");
const HOUR = 3_600_000_000;

const event = (id: number, ms: number, what: string): EventRecord => ({
  id,
  at: new Date(START + ms).toISOString(),
  node: "db1",
  kind: "daemon",
  severity: "info",
  text: { en: what, "zh-CN": what },
  data: { what },
});

/** What is said of the daemon before, with these events in the file. */
async function said(kept: readonly EventRecord[], bootMicros = HOUR): Promise<readonly string[]> {
  const recorded: NewEvent[] = [];
  const events: EventLog = {
    ...NO_EVENTS,
    record: (one) => recorded.push(one),
    find: async (selection) =>
      await Promise.resolve({
        events: kept.filter((one) => isSelected(one, selection)),
        next: undefined,
      }),
  };
  await recordEarlierEnd(events, { wall: (START + 60_000) * 1_000, boot: bootMicros });
  return recorded.flatMap(({ text, severity }) => [severity, text.en, text["zh-CN"]]);
}

test("killed: said with the age of the last event; stopped, or nobody before: nothing", async () => {
  const started = event(1, 0, "started");
  const later = { ...event(2, 48_000, "x"), kind: "stall", data: { microseconds: 1 } } as const;
  assert.deepEqual(await said([started, later]), [
    "warning",
    "the daemon before this one did not stop, it ended: killed, or crashed; its last event was 12 s ago",
    "上一个守护进程没有正常停止：被杀死或崩溃；其最后一个事件在 12 s 之前",
  ]);
  assert.deepEqual(await said([started, later, event(3, 50_000, "stopped")]), []);
  assert.deepEqual(await said([]), []);
  assert.deepEqual(await said([event(1, 0, "events-lost")]), [], "no start is known");
  const again = [started, event(2, 1_000, "stopped"), event(3, 2_000, "started")];
  assert.equal((await said(again))[0], "warning");
});

test("the machine was started since: said; a clock that was set back: no age", async () => {
  const [, en = "", zh = ""] = await said([event(1, 0, "started")], 5_000_000);
  assert.match(
    en,
    /killed, or crashed, or with the machine, which has been started since; .* 60 s/,
  );
  assert.match(zh, /随机器一起中断/);
  const [, ahead = ""] = await said([event(1, 120_000, "started")]);
  assert.match(ahead, /killed, or crashed$/);
});

test("events that cannot be read now prove nothing", async () => {
  const events: EventLog = {
    ...NO_EVENTS,
    record: () => assert.fail("nothing is known"),
    find: async () => await Promise.resolve(UNREAD),
  };
  await recordEarlierEnd(events, { wall: START * 1_000, boot: HOUR });
});
