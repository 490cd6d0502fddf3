/** Questions between the runs of a check, on a clock of the test's own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CheckOutcome, DatabaseCheck } from "#databases/port/database";
import { Watch } from "#databases/watch";

const TIMEOUT_MS = 800;
const YES: CheckOutcome = { ok: true };
const NO: CheckOutcome = { ok: false, why: { en: "gone", "zh-CN": "已断开" } };

interface Waiting {
  readonly at: number;
  readonly act: () => void;
}

class Bench implements DatabaseCheck {
  readonly watch: Watch;
  /** When questions began. */
  readonly asked: number[] = [];
  /** `WHEN AGE` of each doubt. */
  readonly doubts: string[] = [];
  /** Undefined: no answer, up to the time limit of the question. */
  answer: CheckOutcome | undefined = YES;
  /** How much later than they should timers fire. */
  lateness = 0;
  isClosed = false;
  #now = 0;
  readonly #waiting = new Set<Waiting>();

  constructor() {
    this.watch = new Watch(this, (ageMs) => this.doubts.push(`${this.#now} ${ageMs}`), {
      now: () => this.#now,
      wait: (ms, act) => this.#wait(ms, act),
    });
  }

  #wait(ms: number, act: () => void): () => void {
    const one = { at: this.#now + ms, act };
    this.#waiting.add(one);
    return () => void this.#waiting.delete(one);
  }

  async run(query: string | undefined, timeoutMs: number): Promise<CheckOutcome> {
    assert.equal(query, undefined);
    this.asked.push(this.#now);
    if (this.answer !== undefined) return this.answer;
    const { promise, resolve } = Promise.withResolvers<CheckOutcome>();
    this.#wait(timeoutMs, () => resolve(NO));
    return await promise;
  }

  close(): void {
    this.isClosed = true;
  }

  async until(ms: number): Promise<void> {
    for (;;) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      const [next] = [...this.#waiting].toSorted((a, b) => a.at - b.at);
      if (next === undefined || next.at > ms) break;
      this.#waiting.delete(next);
      this.#now = Math.max(this.#now, next.at) + this.lateness;
      next.act();
    }
    this.#now = Math.max(this.#now, ms);
  }
}

test("a server is asked eight times within the time-out, from the first good run on", async () => {
  const bench = new Bench();
  await bench.until(1_000);
  assert.deepEqual(bench.asked, []);
  bench.watch.keep(TIMEOUT_MS);
  await bench.until(1_350);
  bench.watch.keep(TIMEOUT_MS);
  await bench.until(1_450);
  assert.deepEqual(bench.asked, [1_100, 1_200, 1_300, 1_400]);
  assert.deepEqual(bench.doubts, []);
});

test("no answer for a quarter of the time-out, or a bad one, is a doubt, and the last question", async () => {
  for (const [answer, doubt] of [
    [undefined, "300 200"],
    [NO, "100 0"],
  ] as const) {
    const bench = new Bench();
    bench.answer = answer;
    bench.watch.keep(TIMEOUT_MS);
    await bench.until(10_000);
    assert.deepEqual(bench.doubts, [doubt]);
    assert.deepEqual(bench.asked, [100]);
    bench.answer = YES;
    bench.watch.keep(TIMEOUT_MS);
    await bench.until(10_250);
    assert.deepEqual(bench.asked, [100, 10_100, 10_200]);
  }
});

test("a good run while the last question still hangs: it goes on when that has ended", async () => {
  const bench = new Bench();
  bench.answer = undefined;
  bench.watch.keep(TIMEOUT_MS);
  await bench.until(400);
  bench.answer = YES;
  bench.watch.keep(TIMEOUT_MS);
  await bench.until(1_050);
  // Asked at 100, given up at 900.
  assert.deepEqual(bench.asked, [100, 901, 1_001]);
  assert.equal(bench.doubts.length, 1);
});

test("who did not run itself has no doubt", async () => {
  const bench = new Bench();
  bench.watch.keep(TIMEOUT_MS);
  await bench.until(150);
  bench.answer = undefined;
  bench.lateness = 150;
  await bench.until(1_000);
  assert.deepEqual(bench.doubts, []);
});

test("a server that is down is left alone, and a closed watch asks nothing", async () => {
  const bench = new Bench();
  bench.watch.keep(TIMEOUT_MS);
  await bench.until(150);
  bench.watch.pause();
  await bench.until(1_000);
  assert.deepEqual(bench.asked, [100]);
  bench.watch.keep(TIMEOUT_MS);
  bench.watch.close();
  bench.watch.keep(TIMEOUT_MS);
  await bench.until(2_000);
  assert.deepEqual(bench.asked, [100]);
  assert.ok(bench.isClosed);
});
