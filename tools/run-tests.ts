/**
 * Runs the tests in stages and closes with one summary in the form of Node's own.
 *
 * `node --test` would do for one stage, but the namespace tests must have the machine to themselves (they measure) while
 * the others run side by side, and two summaries invite reading only the last. So: `run()` once per stage, one reporter.
 *
 * Usage: run-tests.ts [--namespaces] [FILE…]   (with files: only those)
 */
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const COUNT = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;
const SLOW_MILLISECONDS = 2_000;
const SLOW_SHOWN = 12;

interface Stage {
  readonly name: string;
  readonly files: readonly string[];
  readonly concurrency: number;
  /** Of one test. */
  readonly timeoutMilliseconds: number;
}

interface SlowTest {
  readonly name: string;
  readonly file: string;
  readonly milliseconds: number;
}

function testFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(root, folder, name))
    .toSorted();
}

function plan(namespaces: boolean, only: readonly string[]): readonly Stage[] {
  const all = only.length > 0 ? only : testFiles("tests");
  const inside = (file: string, folder: string): boolean =>
    relative(root, file).startsWith(`tests/${folder}/`);
  const own = (
    name: string,
    folder: string,
    concurrency: number,
    timeoutMilliseconds: number,
  ): Stage => ({
    name,
    files: all.filter((file) => inside(file, folder)),
    concurrency,
    timeoutMilliseconds,
  });
  const special = ["sim", "namespaces"];
  const stages: Stage[] = [
    {
      name: "units, vectors, goldens, tidy",
      files: all.filter((file) => !special.some((folder) => inside(file, folder))),
      concurrency: availableParallelism(),
      timeoutMilliseconds: 120_000,
    },
    own("simulator seeds", "sim", availableParallelism(), 240_000),
  ];
  if (namespaces || only.length > 0)
    stages.push(own("network namespaces", "namespaces", 1, 480_000));
  return stages.filter((stage) => stage.files.length > 0);
}

/** Runs one stage into the reporter; its own totals are kept back and added up. */
async function runStage(
  stage: Stage,
  report: (event: unknown) => void,
  totals: Map<string, number>,
  slow: SlowTest[],
): Promise<boolean> {
  const stream = run({
    files: [...stage.files],
    concurrency: stage.concurrency,
    timeout: stage.timeoutMilliseconds,
  });
  let passed = true;
  for await (const event of stream) {
    if (event.type === "test:diagnostic" && event.data.nesting === 0) {
      const count = COUNT.exec(event.data.message);
      if (count?.[1] !== undefined) {
        totals.set(count[1], (totals.get(count[1]) ?? 0) + Number(count[2]));
        continue;
      }
    }
    if (event.type === "test:fail" && event.data.todo === undefined) passed = false;
    if (event.type === "test:pass" || event.type === "test:fail") {
      const { duration_ms: milliseconds, type } = event.data.details;
      if (milliseconds >= SLOW_MILLISECONDS && type !== "suite") {
        const file = relative(root, event.data.file ?? "");
        slow.push({ name: event.data.name, file, milliseconds });
      }
    }
    report(event);
  }
  return passed;
}

const args = process.argv.slice(2);
const stages = plan(
  args.includes("--namespaces"),
  args.filter((arg) => !arg.startsWith("--")).map((file) => join(process.cwd(), file)),
);
const reporter = new spec();
reporter.pipe(process.stdout);
const say = (message: string): void => {
  reporter.write({ type: "test:stdout", data: { message: `${message}\n` } });
};

const totals = new Map<string, number>();
const slow: SlowTest[] = [];
let passed = true;
for (const stage of stages) {
  say(`\n== ${stage.name}: ${stage.files.length} files`);
  const startedAt = performance.now();
  const ok = await runStage(stage, (event) => reporter.write(event), totals, slow);
  passed &&= ok;
  say(
    `== ${stage.name}: ${ok ? "ok" : "FAILED"} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`,
  );
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
if (stages.length === 0) {
  process.stderr.write("no test files found\n");
  passed = false;
}
process.exitCode = passed ? 0 : 1;
