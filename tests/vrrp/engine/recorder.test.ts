/**
 * What is recorded is enough to run it again: the same step from the same state gives the same
 * state.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instant } from "#units/time";
import { Engine } from "#vrrp/engine/engine";
import {
  createRecorder,
  type EngineRecord,
  type Recorder,
  replayRecording,
} from "#vrrp/engine/recording";
import { step } from "#vrrp/router/router";
import { Bench, instance } from "../../support/bench.ts";
import { ETH0, FakeWorld, own } from "../../support/fake-world.ts";

function recorded(): {
  readonly records: EngineRecord[];
  readonly config: ReturnType<typeof instance>;
} {
  const trackers = [{ kind: "script", name: "app", weight: -20, reverse: false }] as const;
  const config = instance({ router: { trackers } });
  const records: EngineRecord[] = [];
  const world = new FakeWorld();
  const engine = new Engine(world, (record) => records.push(record));
  const bench = new Bench([ETH0], [own(2, "192.0.2.1")], world, engine);
  bench.configure([config]);
  bench.until(1);
  bench.hear({ priority: 150 });
  bench.until(6);
  bench.supervisor({ type: "tracker", kind: "script", name: "app", result: "down" });
  bench.event({ kind: "link", link: { ...ETH0, up: false } });
  bench.event({ kind: "link", link: ETH0 });
  bench.hear({ priority: 90 });
  bench.until(12);
  world.deleteAddress("192.0.2.100");
  bench.drain();
  bench.supervisor({ type: "stop" });
  bench.until(15);
  return { records, config };
}

test("every record runs again with the same result, also after a trip through JSON", () => {
  const { records, config } = recorded();
  assert.ok(records.length > 12, `${records.length} records`);
  for (const record of JSON.parse(JSON.stringify(records)) as EngineRecord[]) {
    const again = step(config.router, record.before, record.event, record.at);
    assert.deepEqual(JSON.parse(JSON.stringify(again.state)), record.after, record.event.kind);
  }
});

test("records are a trace: every change of phase is there, in order, with its time", () => {
  const { records } = recorded();
  const trace = records
    .filter(({ before, after }) => before.phase.kind !== after.phase.kind)
    .map(({ before, after }) => `${before.phase.kind} ${after.phase.kind}`);
  assert.deepEqual(trace, [
    "init backup",
    "backup master",
    "master fault",
    "fault master",
    "master backup",
    "backup master",
    "master handover",
    "handover stopped",
  ]);
  assert.deepEqual(
    records.map(({ at }) => at),
    records.map(({ at }) => at).toSorted((a, b) => a - b),
  );
  assert.ok(records.every(({ instance: name }) => name === "VI_1"));
  assert.equal(records[0]?.at, instant(0));
});

test("waking up without consequence is not worth a line", () => {
  const { records } = recorded();
  assert.ok(
    records.every(({ event, before, after }) => event.kind !== "timeReached" || before !== after),
  );
});

/** The records of `recorded`, by a recorder that can write only what `takes` allows. */
function written(takes: (nth: number) => boolean): string {
  const { records, config } = recorded();
  const lines: string[] = [];
  let tried = 0;
  const recorder = createRecorder((line) => {
    tried += 1;
    if (!takes(tried)) return false;
    lines.push(line);
    return true;
  });
  record(recorder, config, records);
  return lines.join("\n");
}

function record(
  recorder: Recorder,
  config: ReturnType<typeof instance>,
  records: readonly EngineRecord[],
): void {
  recorder.configured([config]);
  for (const one of records) recorder.record(one);
}

test("lines that could not be written are counted, and what comes after them replays the same", () => {
  const whole = replayRecording(written(() => true)).steps.filter((one) => one.kind === "event");
  for (const [first, last] of [
    [2, 3],
    [4, 4],
    [5, 11],
  ] as const) {
    const { steps, problems } = replayRecording(written((nth) => nth < first || nth > last));
    assert.deepEqual(problems, []);
    const events = steps.filter((one) => one.kind === "event");
    assert.ok(events.length > 3 && events.length < whole.length, `${events.length} events`);
    assert.deepEqual(
      events.flatMap((one) => one.differs),
      [],
    );
    const lost = steps.reduce((sum, one) => sum + (one.kind === "lost" ? one.count : 0), 0);
    assert.ok(lost >= whole.length - events.length - 1, `${lost} lost`);
  }
});

test("a recording goes on where another engine began: nothing of the first is taken for the second", () => {
  const { records, config } = recorded();
  const lines: string[] = [];
  for (const wall of ["2026-01-02T03:04:05.000Z", "2026-01-02T03:05:00.000Z"]) {
    const recorder = createRecorder((line) => lines.push(line) > 0, { wall, at: instant(5) });
    record(recorder, config, records);
  }
  const { steps, problems } = replayRecording(lines.join("\n"));
  assert.deepEqual(problems, []);
  const began = steps.flatMap((one) => (one.kind === "began" ? [one.beginning?.wall] : []));
  assert.deepEqual(began, ["2026-01-02T03:04:05.000Z", "2026-01-02T03:05:00.000Z"]);
  const events = steps.filter((one) => one.kind === "event");
  assert.equal(events.length, 2 * records.length);
  assert.ok(events.every((one) => one.differs.length === 0));
});

test("a recording of another version is refused, not misread", () => {
  const { problems } = replayRecording('{"baton":"recording","version":1}\n{"instances":[]}\n');
  assert.match(problems[0]?.text ?? "", /version 1, .* reads version 2: replay it with/);
});
