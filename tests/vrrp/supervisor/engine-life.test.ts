/** The engine's process: started, asked, killed, started again, stopped. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromSeconds, micros } from "#units/time";
import type { InstanceConfig } from "#vrrp/router/config";
import { instance } from "../../support/bench.ts";
import { SupervisorBench } from "../../support/supervisor-bench.ts";

const A = instance({ router: { name: "A" } });
const B = instance({ vrid: 2, router: { name: "B" }, addresses: ["192.0.2.101"] });

function started(...instances: readonly InstanceConfig[]): SupervisorBench {
  const bench = new SupervisorBench();
  bench.start(...instances);
  return bench;
}

/** When the next engine is started, in milliseconds after the death of this one. */
function restartsAfter(bench: SupervisorBench): number {
  const { now } = bench;
  bench.exit();
  const { engine } = bench.state;
  assert.ok(engine.kind === "waiting");
  bench.until(engine.startAt / 1_000_000);
  assert.equal(bench.state.engine.kind, "running");
  return (engine.startAt - now) / 1_000;
}

test("nothing is started before it is asked for; then the engine gets the configuration as last read", () => {
  const bench = new SupervisorBench();
  assert.deepEqual(bench.read(A), []);
  assert.deepEqual(bench.read(A, B), []);
  assert.deepEqual(bench.until(100), []);
  const lines = bench.happen({ kind: "startAsked" });
  assert.deepEqual(lines, ["startEngine", "configureEngine 2 [A B]"]);
  assert.deepEqual(bench.happen({ kind: "startAsked" }), [], "once");
});

test("a dead engine is replaced: after 40 ms, then four times as late each time, 10 s at most", () => {
  const bench = started(A);
  const waits = Array.from({ length: 7 }, () => restartsAfter(bench));
  assert.deepEqual(waits, [40, 160, 640, 2_560, 10_000, 10_000, 10_000]);
  assert.equal(bench.state.restarts, 7);
});

test("an engine that ran for more than ten seconds was all right", () => {
  const bench = started(A);
  restartsAfter(bench);
  restartsAfter(bench);
  const { now } = bench;
  bench.until(now / 1_000_000 + 10);
  assert.equal(restartsAfter(bench), 640, "ten seconds are not more than ten");
  bench.until(bench.now / 1_000_000 + 10.001);
  assert.equal(restartsAfter(bench), 40);
  assert.equal(restartsAfter(bench), 160, "and the back-off begins anew");
});

test("one that cannot be started is as one that died at once", () => {
  const bench = new SupervisorBench();
  bench.startable = false;
  bench.read(A);
  assert.deepEqual(bench.happen({ kind: "startAsked" }), ["startEngine"]);
  assert.deepEqual(bench.until(0.039), []);
  assert.deepEqual(bench.until(0.041), ["startEngine"]);
  assert.deepEqual(bench.until(0.199), []);
  bench.startable = true;
  assert.deepEqual(bench.until(0.2), ["startEngine", "configureEngine 1 [A]"]);
  assert.equal(bench.state.restarts, 2);
});

test("a death is reported, and a message of nobody's engine is none", () => {
  const bench = started(A);
  assert.deepEqual(bench.exit(), ["report engine-gone"]);
  assert.deepEqual(bench.exit(), []);
  assert.equal(bench.state.restarts, 1);
});

test("a reload goes to the engine at once; to one that is being replaced with its start", () => {
  const bench = started(A);
  assert.deepEqual(bench.read(A, B), ["configureEngine 2 reload [A B]"]);
  assert.deepEqual(bench.take(), ["configurationTaken 2 reload"]);
  bench.exit();
  assert.deepEqual(bench.read(B), []);
  assert.deepEqual(bench.until(0.04), ["startEngine", "configureEngine 3 [B]"]);
  assert.deepEqual(bench.take(), ["configurationTaken 3"]);
  assert.deepEqual(bench.take(), [], "it was sent one");
});

test("configurations are taken over in the order in which they were sent; a dead engine takes none", () => {
  const bench = started(A);
  bench.read(B);
  bench.read(A, B);
  assert.deepEqual(bench.take(), ["configurationTaken 2 reload"]);
  bench.exit();
  bench.until(0.04);
  assert.deepEqual(bench.take(), ["configurationTaken 3"]);
});

test("a question every two seconds; the service manager hears of answers alone", () => {
  const bench = started(A);
  assert.deepEqual(bench.until(1.999), []);
  assert.deepEqual(bench.until(2), ["askEngine", "engineIsAlive"]);
  assert.deepEqual(bench.until(4), ["askEngine", "engineIsAlive"]);
  bench.answersQuestions = false;
  assert.deepEqual(bench.until(6), ["askEngine"]);
  assert.deepEqual(bench.until(60), [], "one at a time");
  assert.deepEqual(bench.happen({ kind: "engineDidNotAnswer" }), []);
  assert.deepEqual(bench.until(61.999), []);
  assert.deepEqual(bench.until(62), ["askEngine"]);
});

/** So many questions go unanswered, one after the other. */
function unanswered(bench: SupervisorBench, count: number): readonly string[] {
  bench.answersQuestions = false;
  const lines: string[] = [];
  for (let i = 0; i < count; i += 1) {
    bench.until(bench.now / 1_000_000 + 2);
    lines.push(...bench.happen({ kind: "engineDidNotAnswer" }));
  }
  return lines;
}

test("three unanswered questions are reported, and that it answers again", () => {
  const bench = started(A);
  assert.deepEqual(unanswered(bench, 2), []);
  assert.deepEqual(bench.happen({ kind: "engineAnswered" }), ["engineIsAlive"]);
  assert.deepEqual(unanswered(bench, 2), [], "in a row");
  assert.deepEqual(unanswered(bench, 1), ["report engine-unresponsive"]);
  assert.deepEqual(unanswered(bench, 1), [], "once");
  const lines = bench.happen({ kind: "engineAnswered" });
  assert.deepEqual(lines, ["report engine-answers-again", "engineIsAlive"]);
});

test("fifteen unanswered questions kill it, however long they took, and are counted anew", () => {
  const bench = started(A);
  const killed = ["report engine-unresponsive-for-long", "killEngine"];
  assert.deepEqual(unanswered(bench, 14), ["report engine-unresponsive"]);
  assert.deepEqual(unanswered(bench, 1), killed);
  assert.deepEqual(unanswered(bench, 15), ["report engine-unresponsive", ...killed]);
});

test("a stop is the engine's; it is killed if it has not ended after ten seconds", () => {
  const bench = started(A);
  assert.deepEqual(bench.happen({ kind: "stopAsked" }), ["stopEngine"]);
  assert.deepEqual(bench.happen({ kind: "stopAsked" }), [], "once");
  assert.deepEqual(bench.until(9.999), [], "and it is not asked anything any more");
  assert.deepEqual(bench.until(10), ["report engine-does-not-stop", "killEngine"]);
  assert.deepEqual(bench.until(100), []);
  assert.deepEqual(bench.exit(), ["stopped"]);
  assert.deepEqual(bench.until(200), []);
  assert.equal(bench.state.restarts, 0);
});

test("one that waits for a platform may take as long as it is configured to", () => {
  const waiting = instance({ vrid: 3, router: { name: "W", handoverWait: fromSeconds(5) } });
  const short = instance({ vrid: 4, router: { name: "S", handoverWait: micros(1) } });
  const bench = started(A, waiting, short);
  bench.happen({ kind: "stopAsked" });
  assert.deepEqual(bench.until(14.999), []);
  assert.deepEqual(bench.until(15), ["report engine-does-not-stop", "killEngine"]);
});

test("a stop without an engine is over at once: before the start, and while one is being replaced", () => {
  const fresh = new SupervisorBench();
  fresh.read(A);
  assert.deepEqual(fresh.happen({ kind: "stopAsked" }), ["stopped"]);
  assert.deepEqual(fresh.happen({ kind: "startAsked" }), []);
  const waiting = started(A);
  waiting.exit();
  assert.deepEqual(waiting.happen({ kind: "stopAsked" }), ["stopped"]);
  assert.deepEqual(waiting.until(100), []);
});

test("answers and their absence mean nothing during a stop", () => {
  const bench = started(A);
  unanswered(bench, 14);
  bench.happen({ kind: "stopAsked" });
  assert.deepEqual(bench.happen({ kind: "engineDidNotAnswer" }), []);
  assert.deepEqual(bench.happen({ kind: "engineAnswered" }), []);
});
