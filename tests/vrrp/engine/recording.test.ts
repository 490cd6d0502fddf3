/**
 * Recordings: what the engine of a simulated machine recorded gives the same outcome again, and a
 * changed one is seen.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { command as runReplay } from "#cli/replay";
import { generateScenario } from "#sim/generate";
import { Simulation } from "#sim/simulation";
import { Secret } from "#units/secret";
import { createRecorder, replayRecording } from "#vrrp/engine/recording";

function record(seed: number, machine: number): string {
  const lines: string[] = [];
  const recorder = createRecorder((line) => lines.push(line) > 0);
  const simulation = new Simulation(generateScenario(seed), (from, one) => {
    if (from === machine) recorder.record(one);
  });
  const { instances } = simulation.cluster.machine(machine);
  recorder.configured(instances);
  simulation.run();
  return `${lines.join("\n")}\n`;
}

/** Reloads would need their own configuration line; these seeds have none. */
const SEEDS = [2, 3, 5, 7, 8].filter((seed) =>
  generateScenario(seed).faults.every((fault) => fault.kind !== "reload"),
);

test("the same events give the same outcome", () => {
  assert.ok(SEEDS.length > 0);
  for (const seed of SEEDS) {
    const { steps, problems } = replayRecording(record(seed, 0));
    assert.deepEqual(problems, []);
    const events = steps.filter((one) => one.kind === "event");
    assert.ok(events.length > 10, `seed ${seed}: ${events.length} events`);
    assert.deepEqual(
      events.flatMap((one) => one.differs),
      [],
    );
  }
});

test("an outcome that differs is shown, and so is a damaged line", () => {
  const text = record(SEEDS[0] ?? 2, 0).replace(
    /"effectivePriority":\d+/,
    '"effectivePriority":77',
  );
  const { steps, problems } = replayRecording(`${text}{"at":1,"inst`);
  const differs = steps.flatMap((one) => (one.kind === "event" ? one.differs : []));
  assert.ok(differs.length > 0);
  assert.equal(problems.at(-1)?.text, "not a line of JSON");
  assert.match(replayRecording("{}\n").problems[0]?.text ?? "", /no recording/);
});

test("no password is recorded", () => {
  const lines: string[] = [];
  const { instances } = generateScenario(1).machines[0] ?? { instances: [] };
  createRecorder((line) => lines.push(line) > 0).configured(
    instances.map((one) => ({
      ...one,
      authentication: { kind: "pass", secret: new Secret("s3cr3t") },
    })),
  );
  assert.doesNotMatch(lines.join(), /s3cr3t/);
});

test("baton replay prints the trace in both languages and answers by its exit status", async () => {
  const folder = mkdtempSync(join(tmpdir(), "replay-"));
  const run = async (
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly out: string }> => {
    let out = "";
    const keep = (text: string): void => {
      out += text;
    };
    return {
      code: await runReplay(args, { stdout: keep, stderr: keep, env: {}, isTty: false }),
      out,
    };
  };
  try {
    const file = join(folder, "a.jsonl");
    writeFileSync(file, record(SEEDS[0] ?? 2, 0));
    const english = await run(file);
    assert.equal(english.code, 0, english.out);
    assert.match(english.out, /INIT -> BACKUP: \w/);
    assert.match(english.out, /the same outcome as recorded/);
    const chinese = await run(file, "--lang", "zh-CN");
    assert.match(chinese.out, /结果与录制时相同/);
    assert.equal((await run(join(folder, "missing"))).code, 2);
    assert.equal((await run("--wrong")).code, 2);
    writeFileSync(file, "hello\n");
    assert.equal((await run(file)).code, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
