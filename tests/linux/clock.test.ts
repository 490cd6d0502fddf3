import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { now } from "#linux/clock";

test("the clock is the machine's time since boot, in whole microseconds", () => {
  const before = now();
  // Seconds with two decimals, of the same clock.
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1_000_000;
  const after = now();
  assert.ok(Number.isSafeInteger(before));
  assert.ok(uptime > before - 10_001, `${uptime} is not before ${before}`);
  assert.ok(uptime <= after, `${uptime} is not after ${after}`);
});

test("it never goes back, across a second too", () => {
  let last = now();
  const end = last + 1_100_000;
  let steps = 0;
  while (last < end) {
    const next = now();
    assert.ok(next >= last);
    if (next > last) steps++;
    last = next;
    // Not a busy loop: a millisecond of rest.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
  assert.ok(steps > 100);
});
