import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CheckConfig,
  type CheckEffect,
  type CheckEvent,
  type CheckState,
  checkDeadline,
  rescheduleCheck,
  startCheck,
  stepCheck,
} from "#daemon/check-schedule";
import { fromMillis, fromSeconds, type Instant, instant } from "#units/time";

const config: CheckConfig = {
  interval: fromSeconds(5),
  timeout: fromSeconds(5),
  rise: 1,
  fall: 1,
  initFail: false,
};

/** A virtual clock around the machine: `at` seconds, what it did, as text. */
class Bench {
  readonly config: CheckConfig;
  state: CheckState;
  now: Instant = instant(0);

  constructor(changes: Partial<CheckConfig> = {}) {
    this.config = { ...config, ...changes };
    this.state = startCheck(this.config, this.now);
  }

  /** Lets time pass, stopping at every deadline. */
  until(seconds: number): string[] {
    const done: string[] = [];
    const end = Math.round(seconds * 1_000_000);
    for (;;) {
      const due = checkDeadline(this.state);
      if (due === undefined || due > end) break;
      this.now = due;
      done.push(...this.feed({ kind: "timeReached" }));
    }
    this.now = instant(end);
    return done;
  }

  feed(event: CheckEvent): string[] {
    const { state, effects } = stepCheck(this.config, this.state, event, this.now);
    this.state = state;
    const at = this.now / 1_000_000;
    return effects.map((effect: CheckEffect) =>
      effect.kind === "result" ? `${at} ${effect.result}` : `${at} ${effect.kind}`,
    );
  }
}

const ok = { kind: "finished", ok: true } as const;
const failed = { kind: "finished", ok: false } as const;

test("the period runs from start to start, however long a run takes", () => {
  const bench = new Bench();
  assert.deepEqual(bench.until(0), ["0 start"]);
  bench.until(3);
  assert.deepEqual(bench.feed(ok), ["3 up"]);
  assert.deepEqual(bench.until(9.9), ["5 start"]);
  assert.deepEqual(bench.feed(ok), []);
  assert.deepEqual(bench.until(10), ["10 start"]);
});

test("the first result counts at once in both directions, later ones need rise and fall", () => {
  const bench = new Bench({ rise: 3, fall: 2 });
  bench.until(0);
  assert.deepEqual(bench.feed(failed), ["0 down"]);
  const seen: string[] = [];
  for (const event of [ok, ok, failed, ok, ok, ok, failed, failed]) {
    bench.until(bench.state.nextAt / 1_000_000);
    seen.push(...bench.feed(event));
  }
  assert.deepEqual(seen, ["30 up", "40 down"]);
  assert.equal(bench.state.consecutive, 2);
});

test("a run that hangs is terminated at its timeout, counts as failure then, and is killed 2 s later", () => {
  const bench = new Bench({ timeout: fromSeconds(1) });
  assert.deepEqual(bench.until(3), ["0 start", "1 terminate", "1 down", "3 kill"]);
  // Not gone yet: nothing more happens to it, and beats pass it by.
  assert.deepEqual(bench.until(12), []);
  assert.equal(bench.state.skipped, 2);
  assert.deepEqual(bench.feed(ok), ["12 start"], "its end is no second result");
  assert.equal(bench.state.result, "down");
});

test("after a doubt the run begins at once, counts from there, and so do the beats", () => {
  const bench = new Bench({ timeout: fromSeconds(1), fall: 2 });
  bench.until(0);
  bench.feed(ok);
  bench.until(2.3);
  const doubted = { kind: "doubted", since: instant(2_000_000) } as const;
  assert.deepEqual(bench.feed(doubted), ["2.3 start"]);
  assert.deepEqual(bench.feed(doubted), [], "one at a time");
  assert.deepEqual(bench.until(3), ["3 terminate"]);
  assert.deepEqual(bench.feed(failed), []);
  assert.deepEqual(bench.until(8), ["7 start", "8 terminate", "8 down"]);
});

test("a run that timed out between two beats is followed by the next beat", () => {
  const bench = new Bench({ timeout: fromSeconds(1) });
  bench.until(1);
  assert.deepEqual(bench.feed(failed), []);
  assert.deepEqual(bench.until(5), ["5 start"]);
});

test("what cannot be ended, not even by SIGKILL, fails at every beat", () => {
  const bench = new Bench({ timeout: fromSeconds(1), fall: 4 });
  assert.deepEqual(bench.until(0), ["0 start"]);
  assert.deepEqual(bench.feed(ok), ["0 up"]);
  assert.deepEqual(bench.until(20), ["5 start", "6 terminate", "8 kill", "20 down"]);
  assert.equal(bench.state.consecutive, 4);
});

test("a timeout longer than the interval skips beats instead of starting a second copy", () => {
  const bench = new Bench({ interval: fromSeconds(1), timeout: fromSeconds(10) });
  assert.deepEqual(bench.until(4.5), ["0 start"]);
  assert.deepEqual(bench.feed(ok), ["4.5 up"]);
  assert.equal(bench.state.skipped, 4);
  assert.deepEqual(bench.until(5), ["5 start"]);
});

test("at the common moment of timeout and beat, the next run begins when the late one has ended", () => {
  const bench = new Bench({ interval: fromSeconds(1), timeout: fromSeconds(1), fall: 3 });
  bench.until(0);
  bench.feed(ok);
  assert.deepEqual(bench.until(2), ["1 start", "2 terminate"]);
  bench.until(2.01);
  assert.deepEqual(bench.feed(failed), ["2.01 start"]);
  assert.deepEqual(bench.until(3.01), ["3.01 terminate"]);
  bench.until(3.02);
  assert.deepEqual(bench.feed(failed), ["3.02 start"]);
  assert.deepEqual(bench.until(4.02), ["4.02 terminate", "4.02 down"]);
});

/**
 * Runs a check that is well, hangs from `hangsAt` on, and ends `dies` microseconds after
 * SIGTERM (at once at SIGKILL).
 */
function detectHang(changes: Partial<CheckConfig>, hangsAt: number, dies: number): number {
  const bench = new Bench(changes);
  let endsAt = Number.POSITIVE_INFINITY;
  let hungSince = Number.NaN;
  for (let turns = 0; turns < 10_000; turns += 1) {
    const due = Math.min(checkDeadline(bench.state) ?? endsAt, endsAt);
    bench.now = instant(due);
    const isEnd = due === endsAt;
    if (isEnd) endsAt = Number.POSITIVE_INFINITY;
    for (const effect of bench.feed(isEnd ? failed : { kind: "timeReached" })) {
      const [, what] = effect.split(" ");
      if (what === "terminate") endsAt = due + dies;
      if (what === "kill") endsAt = Math.min(endsAt, due);
      if (what === "down") return due - hungSince;
      if (what !== "start") continue;
      if (due < hangsAt) bench.feed(ok);
      else if (Number.isNaN(hungSince)) hungSince = due;
    }
  }
  throw new Error("a check that hangs is never found");
}

test("a check that hangs is found in time, for every interval, timeout, fall, and way to take SIGTERM", () => {
  let combinations = 0;
  for (const interval of [100, 300, 1_000, 2_000, 5_000, 60_000]) {
    for (const timeout of [100, 299, 300, 301, 1_000, 1_999, 2_000, 2_001, 3_000, 5_000, 9_000]) {
      for (const fall of [1, 2, 3, 4, 10]) {
        // Gone in no time, after 5 ms, after a clean-up, only by SIGKILL.
        for (const dies of [0, 5_000, 700_000, 3_000_000]) {
          const times = { interval: fromMillis(interval), timeout: fromMillis(timeout), fall };
          const found = detectHang(times, 10_000_000, dies);
          // Where every beat falls into a run, the next one waits until the late one has ended.
          const delay = timeout < interval ? 0 : (fall - 1) * Math.min(dies, 2_000_000);
          const bound = (timeout + (fall - 1) * Math.max(interval, timeout)) * 1_000 + delay;
          assert.ok(found <= bound, JSON.stringify({ ...times, dies, found, bound }));
          combinations += 1;
        }
      }
    }
  }
  assert.equal(combinations, 1_320);
});

test("a script that cannot be started fails at every beat", () => {
  const bench = new Bench({ fall: 2 });
  bench.until(0);
  assert.deepEqual(bench.feed({ kind: "notStarted" }), ["0 down"]);
  bench.until(5);
  assert.deepEqual(bench.feed({ kind: "notStarted" }), []);
  assert.equal(bench.state.consecutive, 2);
});

test("init_fail is down before the first result, and the first success lifts it", () => {
  const bench = new Bench({ initFail: true, rise: 3 });
  assert.equal(bench.state.result, "down");
  bench.until(0);
  assert.deepEqual(bench.feed(ok), ["0 up"]);
});

test("after a long pause one run is due, not one for every beat missed", () => {
  const bench = new Bench();
  bench.until(0);
  bench.feed(ok);
  bench.now = instant(1_000_000_000);
  assert.deepEqual(bench.feed({ kind: "timeReached" }), ["1000 start"]);
  assert.equal(bench.state.nextAt, 1_005_000_000);
});

test("a reload to a shorter interval does not wait for the old beat", () => {
  const bench = new Bench({ interval: fromSeconds(60), timeout: fromSeconds(60) });
  bench.until(0);
  bench.feed(ok);
  bench.state = rescheduleCheck(
    { ...bench.config, interval: fromMillis(500) },
    bench.state,
    bench.now,
  );
  assert.equal(bench.state.nextAt, 500_000);
  assert.equal(bench.state.result, "up");
});

test("an excused time-out ends the run without a result, and the next run counts", () => {
  const bench = new Bench({ interval: fromSeconds(1), timeout: fromSeconds(1) });
  bench.until(0);
  bench.now = instant(1_000_000);
  assert.deepEqual(bench.feed({ kind: "timeReached", isExcused: true }), ["1 terminate"]);
  assert.equal(bench.state.result, "unknown");
  bench.now = instant(1_010_000);
  assert.deepEqual(bench.feed(failed), ["1.01 start"], "a beat fell into it");
  assert.deepEqual(bench.feed(ok), ["1.01 up"]);
});

test("an excused run that does not end counts as a failure at the next beat", () => {
  const bench = new Bench({ interval: fromSeconds(1), timeout: fromSeconds(1) });
  bench.until(0);
  bench.now = instant(1_000_000);
  bench.feed({ kind: "timeReached", isExcused: true });
  bench.now = instant(2_000_000);
  assert.deepEqual(bench.feed({ kind: "timeReached" }), ["2 down"]);
});
