import assert from "node:assert/strict";
import { test } from "node:test";
import { fromMillis, fromSeconds, type Instant, instant } from "#units/time";
import {
  type CheckConfig,
  type CheckEffect,
  type CheckEvent,
  type CheckState,
  checkDeadline,
  rescheduleCheck,
  startCheck,
  stepCheck,
} from "../../apps/daemon/check-schedule.ts";

const config: CheckConfig = {
  interval: fromSeconds(5),
  timeout: fromSeconds(5),
  rise: 1,
  fall: 1,
  initFail: false,
};

/** A virtual clock around the machine: `at` seconds, what it did, in words. */
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
    const end = seconds * 1_000_000;
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
  assert.deepEqual(bench.feed(ok), [], "the end of a run that timed out is no second result");
  assert.equal(bench.state.result, "down");
  assert.deepEqual(bench.until(15), ["15 start"]);
});

test("a timeout longer than the interval skips beats instead of starting a second copy", () => {
  const bench = new Bench({ interval: fromSeconds(1), timeout: fromSeconds(10) });
  assert.deepEqual(bench.until(4.5), ["0 start"]);
  assert.deepEqual(bench.feed(ok), ["4.5 up"]);
  assert.equal(bench.state.skipped, 4);
  assert.deepEqual(bench.until(5), ["5 start"]);
});

test("at the common moment of timeout and next beat, the beat is skipped", () => {
  const bench = new Bench({ interval: fromSeconds(1), timeout: fromSeconds(1) });
  assert.deepEqual(bench.until(1), ["0 start", "1 terminate", "1 down"]);
  assert.deepEqual(bench.feed(failed), []);
  assert.deepEqual(bench.until(2), ["2 start"]);
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
