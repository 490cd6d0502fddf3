/** When checks without a process are run and given up, on a clock of the test's own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bad, type Found, good, type Run } from "#daemon/checks/probe";
import { ServiceChecks } from "#daemon/service-checks";
import { NO_EVENTS } from "#events/event-log";
import type { CheckPlan, CheckTarget } from "#keepalived/plan/run-plan";
import { after, fromMillis, fromSeconds, type Instant, instant } from "#units/time";
import { keepLog } from "../support/daemon-bench.ts";

const TCP: CheckTarget = { kind: "tcp", host: "127.0.0.1", port: 80 };
const MYSQL: CheckTarget = { kind: "mysql", at: { host: "127.0.0.1", port: 3_306 } };
const YES: Found = good({ en: "yes", "zh-CN": "是" });
const NO: Found = bad({ en: "no", "zh-CN": "否" });

const plan = (changes: Partial<CheckPlan> = {}): CheckPlan => ({
  name: "web",
  target: TCP,
  interval: fromSeconds(1),
  timeout: fromMillis(400),
  rise: 1,
  fall: 1,
  initFail: false,
  ...changes,
});

interface Waiting {
  readonly at: Instant;
  readonly act: () => void;
}

/** One check at a time; `answer` undefined: the service hangs. */
class Bench {
  readonly checks: ServiceChecks;
  readonly lines: string[];
  /** `SECONDS RESULT` of each change. */
  readonly reported: string[] = [];
  /** When runs began, seconds. */
  readonly begun: number[] = [];
  /** How many runs were given up. */
  aborted = 0;
  answer: Found | undefined = YES;
  /** How much later than they should timers fire. */
  lateness = fromMillis(0);
  #now = instant(0);
  readonly #waiting = new Set<Waiting>();

  constructor() {
    const { log, lines } = keepLog();
    this.lines = lines;
    this.checks = new ServiceChecks({
      log,
      language: "en",
      events: NO_EVENTS,
      report: (_, result) => this.reported.push(`${this.#now / 1e6} ${result}`),
      askDatabase: async () => await Promise.reject(new Error("not asked")),
      load: async () => await Promise.resolve(async (run: Run) => await this.#run(run)),
      time: {
        now: () => this.#now,
        wait: (milliseconds, act) => {
          const one = { at: after(this.#now, fromMillis(milliseconds)), act };
          this.#waiting.add(one);
          return () => void this.#waiting.delete(one);
        },
      },
    });
  }

  async #run({ signal }: Run): Promise<Found> {
    this.begun.push(this.#now / 1e6);
    const { promise, resolve } = Promise.withResolvers<Found>();
    signal.addEventListener("abort", () => {
      this.aborted += 1;
      resolve(NO);
    });
    if (this.answer !== undefined) resolve(this.answer);
    return await promise;
  }

  /** The database does not answer a question that began so long ago. */
  doubt(milliseconds: number): void {
    this.checks.doubt(MYSQL, milliseconds);
  }

  async until(seconds: number): Promise<void> {
    const end = instant(seconds * 1e6);
    for (;;) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      const [next] = [...this.#waiting].toSorted((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.#waiting.delete(next);
      this.#now = after(instant(Math.max(this.#now, next.at)), this.lateness);
      next.act();
    }
    this.#now = instant(Math.max(this.#now, end));
  }
}

test("a service that hangs has failed after its time-out, and again with each interval", async () => {
  const bench = new Bench();
  bench.checks.configure([plan({ fall: 3 })]);
  await bench.until(0.9);
  assert.deepEqual(bench.reported, ["0 up"]);
  bench.answer = undefined;
  await bench.until(3.39);
  assert.deepEqual(bench.reported, ["0 up"]);
  await bench.until(3.6);
  assert.deepEqual(bench.reported, ["0 up", "3.4 down"]);
  assert.deepEqual(bench.begun, [0, 1, 2, 3]);
  assert.equal(bench.aborted, 3);
  const [status] = bench.checks.status();
  assert.deepEqual(
    [status?.lastExit, status?.lastOutput, status?.check],
    ["timeout", "no answer within 0.4 s", "tcp"],
  );
  bench.answer = YES;
  await bench.until(4.5);
  assert.deepEqual(bench.reported.at(-1), "4 up");
});

test("with a time-out as long as the interval, or longer, one run follows the other", async () => {
  for (const [timeout, downAt] of [
    [1, 3],
    [1.5, 4.5],
  ] as const) {
    const bench = new Bench();
    bench.answer = undefined;
    bench.checks.configure([plan({ timeout: fromSeconds(timeout), initFail: false, fall: 2 })]);
    await bench.until(timeout);
    // The first result counts at once.
    assert.deepEqual(bench.reported, [`${timeout} down`]);
    // The second one began at that moment.
    bench.answer = YES;
    await bench.until(timeout * 2);
    assert.equal(bench.reported.at(-1), `${timeout * 2} up`);
    bench.answer = undefined;
    await bench.until(downAt * 3);
    assert.match(bench.reported.at(-1) ?? "", / down$/);
  }
});

test("a machine that lacks descriptors keeps what it knew, for ten runs", async () => {
  const bench = new Bench();
  bench.checks.configure([plan()]);
  await bench.until(0.5);
  bench.answer = bad({ en: "EMFILE", "zh-CN": "EMFILE" }, "EMFILE");
  await bench.until(10.5);
  assert.deepEqual(bench.reported, ["0 up"]);
  assert.deepEqual(bench.lines, [
    "info: VRRP_Script(web) succeeded",
    "warning: check web cannot be looked at (EMFILE); its last value stays",
  ]);
  await bench.until(11.5);
  assert.deepEqual(bench.reported, ["0 up", "11 down"]);
});

test("a database is not down because the process that asks it says nothing, for ten runs", async () => {
  const bench = new Bench();
  bench.checks.configure([plan({ target: MYSQL })]);
  await bench.until(0.5);
  bench.answer = { kind: "unknown", text: { en: "ended", "zh-CN": "已结束" } };
  await bench.until(5.5);
  bench.answer = undefined;
  await bench.until(10.9);
  assert.deepEqual(bench.reported, ["0 up"]);
  await bench.until(11.5);
  assert.deepEqual(bench.reported, ["0 up", "11.4 down"]);
});

test("a database that stops answering between two runs is asked at once", async () => {
  const bench = new Bench();
  const [target, timeout] = [MYSQL, fromSeconds(1)];
  bench.checks.configure([plan({ target, timeout, fall: 2 }), plan({ name: "other" })]);
  await bench.until(0.5);
  bench.answer = NO;
  bench.doubt(200);
  await bench.until(0.6);
  // Begun at 0.3, and again an interval later; the other one keeps to its own.
  assert.deepEqual(bench.begun, [0, 0, 0.5]);
  bench.doubt(10);
  await bench.until(1.29);
  assert.deepEqual(bench.begun, [0, 0, 0.5, 0.6, 1]);
  bench.answer = YES;
  await bench.until(1.7);
  assert.deepEqual(bench.reported.slice(0, 2), ["0 up", "0 up"]);
});

test("a doubt says nothing by itself: the answer of the run decides", async () => {
  const bench = new Bench();
  bench.checks.configure([plan({ target: MYSQL })]);
  await bench.until(0.5);
  // As old as it may be, there is time for an answer.
  bench.doubt(60_000);
  await bench.until(0.6);
  assert.deepEqual([bench.begun, bench.reported], [[0, 0.5], ["0 up"]]);
  await bench.until(1.35);
  assert.deepEqual(bench.begun, [0, 0.5, 1.3]);
});

test("a time-out that is noticed late is none: the answer could not be read either", async () => {
  const bench = new Bench();
  bench.checks.configure([plan()]);
  await bench.until(0.5);
  bench.answer = undefined;
  bench.lateness = fromMillis(150);
  await bench.until(2.3);
  assert.deepEqual(bench.reported, ["0 up"]);
  assert.ok(bench.begun.length >= 2);
  bench.lateness = fromMillis(0);
  await bench.until(4);
  assert.equal(bench.reported.length, 2);
});

test("a reload keeps the result and the run of an unchanged target, and begins another anew", async () => {
  const bench = new Bench();
  bench.checks.configure([plan()]);
  await bench.until(0.5);
  bench.answer = undefined;
  await bench.until(1.2);
  bench.checks.configure([plan({ fall: 2, interval: fromSeconds(2) })]);
  assert.equal(bench.checks.results()[0]?.result, "up");
  assert.equal(bench.aborted, 0);
  await bench.until(1.9);
  assert.deepEqual([bench.begun, bench.aborted], [[0, 1], 1]);
  bench.checks.configure([plan({ target: { ...TCP, port: 81 } })]);
  assert.equal(bench.checks.results()[0]?.result, "unknown");
  assert.deepEqual(bench.checks.readings()[0]?.runs.timeout, 1, "counters go on");
  await bench.until(2);
  assert.deepEqual(bench.begun, [0, 1, 1.9]);
  bench.checks.configure([]);
  assert.equal(bench.aborted, 2);
  await bench.until(5);
  assert.deepEqual(bench.begun, [0, 1, 1.9]);
});

test("what it found is in the log once, until it is something else", async () => {
  const bench = new Bench();
  bench.answer = NO;
  bench.checks.configure([plan()]);
  await bench.until(3.5);
  bench.answer = bad({ en: "status 503", "zh-CN": "状态码 503" });
  await bench.until(5.5);
  bench.checks.stop();
  const found = bench.lines.map((line) => line.replace(/\d+ ms/, "N ms"));
  assert.deepEqual(found, [
    "warning: Check web now: no (N ms)",
    "warning: VRRP_Script(web) failed",
    "warning: Check web now: status 503 (N ms)",
  ]);
});
