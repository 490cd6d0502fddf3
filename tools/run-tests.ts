/**
 * Runs the tests in stages and closes with one summary in the form of Node's own.
 *
 * `node --test` would do for one stage, but the namespace tests must have the machine to themselves (they measure) and
 * run in a sandbox, while the others run side by side; and of two summaries only the last is read. So: one `run()` for
 * each stage, one reporter.
 *
 * Usage: run-tests.ts [--namespaces] [FILE…]   (with files: only those)
 */
import { join, relative } from "node:path";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { printStage, runHere, runThere, type TestEvent } from "./test-events.ts";
import { planStages, root, type Stage } from "./test-stages.ts";

const COUNT = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;
const SLOW_MILLISECONDS = 2_000;
const SLOW_SHOWN = 12;
/** Given to ourselves inside the sandbox. */
const INSIDE = "--inside-sandbox";

interface SlowTest {
  readonly name: string;
  readonly file: string;
  readonly milliseconds: number;
}

const inSandbox = (files: readonly string[]): readonly string[] => [
  process.execPath,
  ...process.execArgv,
  join(root, "src/lab/sandbox/sandbox-main.ts"),
  process.execPath,
  ...process.execArgv,
  fileURLToPath(import.meta.url),
  INSIDE,
  ...files,
];

/** Runs one stage into the reporter; its own totals are kept back and added up. */
async function runStage(
  stage: Stage,
  report: (event: TestEvent) => void,
  totals: Map<string, number>,
  slow: SlowTest[],
): Promise<boolean> {
  let passed = true;
  for await (const event of stage.sandboxed ? runThere(inSandbox(stage.files)) : runHere(stage)) {
    const { type, data } = event;
    if (type === "test:diagnostic" && data.nesting === 0) {
      const count = COUNT.exec(data.message ?? "");
      if (count?.[1] !== undefined) {
        totals.set(count[1], (totals.get(count[1]) ?? 0) + Number(count[2]));
        continue;
      }
    }
    if (type === "test:fail" && data.todo === undefined) passed = false;
    if ((type === "test:pass" || type === "test:fail") && data.details?.type !== "suite") {
      const milliseconds = data.details?.duration_ms ?? 0;
      const file = relative(root, data.file ?? "");
      if (milliseconds >= SLOW_MILLISECONDS)
        slow.push({ name: data.name ?? "", file, milliseconds });
    }
    report(event);
  }
  return passed;
}

async function runAll(stages: readonly Stage[]): Promise<boolean> {
  const reporter = new spec();
  reporter.pipe(process.stdout);
  const say = (message: string): void => {
    reporter.write({ type: "test:stdout", data: { message: `${message}\n` } });
  };
  const totals = new Map<string, number>();
  const slow: SlowTest[] = [];
  let passed = stages.length > 0;
  if (!passed) process.stderr.write("no test files found\n");
  for (const stage of stages) {
    say(`\n== ${stage.name}: ${stage.files.length} files`);
    const startedAt = performance.now();
    const ok = await runStage(stage, (event) => reporter.write(event), totals, slow);
    passed &&= ok;
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    say(`== ${stage.name}: ${ok ? "ok" : "FAILED"} (${seconds} s)`);
  }
  if (slow.length > 0) {
    say(`\nSlowest tests (over ${SLOW_MILLISECONDS / 1000} s):`);
    for (const test of slow
      .toSorted((a, b) => b.milliseconds - a.milliseconds)
      .slice(0, SLOW_SHOWN)) {
      say(`  ${(test.milliseconds / 1000).toFixed(1).padStart(6)} s  ${test.name}  (${test.file})`);
    }
  }
  for (const [name, count] of totals) {
    const message = `${name} ${name === "duration_ms" ? count.toFixed(1) : count}`;
    reporter.write({ type: "test:diagnostic", data: { nesting: 0, message, level: "info" } });
  }
  reporter.end();
  return passed;
}

const args = process.argv.slice(2);
const files = args.filter((arg) => !arg.startsWith("--")).map((file) => join(process.cwd(), file));
if (args.includes(INSIDE)) {
  const given = args.filter((arg) => !arg.startsWith("--"));
  for (const stage of planStages(true, given)) await printStage(stage);
} else {
  process.exitCode = (await runAll(planStages(args.includes("--namespaces"), files))) ? 0 : 1;
}
