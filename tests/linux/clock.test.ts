import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { now, workBound, worked } from "#linux/clock";
import { micros } from "#units/time";

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

test("a bound of work: what this thread has worked, and a longest time where it has rested", () => {
  const rest = (): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
  const isOver = workBound(micros(20_000), micros(3_600_000_000));
  const before = worked();
  rest();
  assert.ok(worked() - before < 20_000, "resting is no work");
  assert.equal(isOver(), false);
  while (worked() - before < 25_000);
  assert.equal(isOver(), true);
  const isLate = workBound(micros(3_600_000_000), micros(10_000));
  rest();
  assert.equal(isLate(), true);
});
