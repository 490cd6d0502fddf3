/** Times and durations as the console shows them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { agoText, durationText, localTime } from "#console/base/time-text";

test("durations have two units at most", () => {
  const cases: readonly (readonly [number, string, string])[] = [
    [0, "0 ms", "0 毫秒"],
    [12.4, "12 ms", "12 毫秒"],
    [1_234, "1.2 s", "1.2 秒"],
    [59_000, "59 s", "59 秒"],
    [60_000, "1 min", "1 分"],
    [61_000, "1 min 1 s", "1 分 1 秒"],
    [3_600_000, "1 h", "1 小时"],
    [3_661_000, "1 h 1 min", "1 小时 1 分"],
    [90_061_000, "1 d 1 h", "1 天 1 小时"],
  ];
  for (const [milliseconds, en, zh] of cases) {
    assert.equal(durationText(milliseconds, "en"), en);
    assert.equal(durationText(milliseconds, "zh-CN"), zh);
  }
});

test("ages count whole seconds", () => {
  assert.equal(agoText(400, "en"), "just now");
  assert.equal(agoText(4_400, "en"), "4 s ago");
  assert.equal(agoText(4_400, "zh-CN"), "4 秒前");
  assert.equal(agoText(130_000, "zh-CN"), "2 分 10 秒前");
});

test("local times keep the microseconds that a date of JavaScript loses", () => {
  const at = "2026-11-30T17:26:25.123456Z";
  assert.match(localTime(at, "us"), /^2026-1\d-\d\d \d\d:\d\d:25\.123456$/);
  assert.match(localTime(at, "us", new Date(at)), /^\d\d:\d\d:25\.123456$/);
  assert.match(localTime("2026-11-30T17:26:25Z", "ms"), /:25\.000$/);
  assert.equal(localTime("never", "s"), "never");
});
