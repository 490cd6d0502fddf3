/**
 * Runs the tests in stages and closes with one summary in the form of Node's own.
 *
 * `node --test` would do for one stage, but the namespace tests must have the machine to themselves
 * (they measure) and run in a sandbox, while the others run side by side in a few processes
 * (tools/test-pool.ts); and of several summaries only the last is read.
 *
 * Usage: run-tests.ts [--namespaces] [--name PATTERN] [FILE…]
 *   FILE       a test file or a folder of them; only these
 *   --name     only tests with this text in their name; /…/ is a regular expression
 *   --namespaces  the tests in network namespaces as well, which is so anyway for a FILE of them
 */
import { relative } from "node:path";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { failure, failureTypeOf, printEvents, runThere, type TestEvent } from "./test-events.ts";
import { runPool } from "./test-pool.ts";
import { explainNoMatch, findFiles, readPattern } from "./test-selection.ts";
import { planStages, root, type Stage, sandboxCommand } from "./test-stages.ts";
import { rememberTimes } from "./test-times.ts";

const SLOW_MILLISECONDS = 2_000;
const SLOW_SHOWN = 12;
/** Of what the tests of one file said, characters that are repeated at the end. */
const SAID_SHOWN = 12_000;
const COUNTS = ["tests", "suites", "pass", "fail", "cancelled", "skipped", "todo"] as const;
type Count = (typeof COUNTS)[number];

interface NamedTest {
  readonly name: string;
  readonly file: string;
  readonly milliseconds: number;
  /** Why it was skipped. */
  readonly reason: string;
}

/** What is said at the end. */
class Summary {
  readonly #counts = new Map<Count, number>(COUNTS.map((name) => [name, 0]));
  readonly #slow: NamedTest[] = [];
  readonly #skipped: NamedTest[] = [];
  readonly #failedFiles = new Set<string>();
  /** What tests said (`context.diagnostic`), by file. */
  readonly #said = new Map<string, string>();

  get tests(): number {
    return this.#counts.get("tests") ?? 0;
  }

  #add(name: Count): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  take(event: TestEvent, path?: string): void {
    const { type, data } = event;
    if (type === "test:diagnostic") this.#remember(relative(root, path ?? data.file ?? ""), event);
    if (type !== "test:pass" && type !== "test:fail") return;
    const file = relative(root, path ?? data.file ?? "");
    if (type === "test:fail" && data.todo === undefined && file !== "") this.#failedFiles.add(file);
    if (data.details?.type === "suite") {
      this.#add("suites");
      return;
    }
    this.#add("tests");
    this.#add(outcomeOf(event));
    const milliseconds = data.details?.duration_ms ?? 0;
    const reason = typeof data.skip === "string" ? data.skip : "no reason given";
    const test = { name: data.name ?? "", file, milliseconds, reason };
    if (data.skip !== undefined) this.#skipped.push(test);
    else if (milliseconds >= SLOW_MILLISECONDS) this.#slow.push(test);
  }

  #remember(file: string, { data }: TestEvent): void {
    if (file === "") return;
    const said = `${this.#said.get(file) ?? ""}${data.message ?? ""}\n`;
    this.#said.set(file, said.slice(-SAID_SHOWN));
  }

  lines(): string[] {
    const slowest = this.#slow.toSorted((a, b) => b.milliseconds - a.milliseconds);
    const lines: string[] = [];
    if (slowest.length > 0) lines.push("", `Slowest tests (over ${SLOW_MILLISECONDS / 1000} s):`);
    for (const { name, file, milliseconds } of slowest.slice(0, SLOW_SHOWN)) {
      lines.push(`  ${(milliseconds / 1000).toFixed(1).padStart(6)} s  ${name}  (${file})`);
    }
    if (this.#skipped.length > 0) lines.push("", "Skipped:");
    for (const { name, file, reason } of this.#skipped) {
      lines.push(`  ${name}  (${file}): ${reason}`);
    }
    for (const file of this.#failedFiles) {
      const said = this.#said.get(file);
      if (said !== undefined) lines.push("", `What ${file} said:`, said.trimEnd());
    }
    if (this.#failedFiles.size > 0) {
      lines.push("", `Failed; again alone: npm test -- ${[...this.#failedFiles].join(" ")}`);
    }
    return lines;
  }

  counts(): readonly string[] {
    return COUNTS.map((name) => `${name} ${this.#counts.get(name) ?? 0}`);
  }
}

function outcomeOf(event: TestEvent): Count {
  if (event.data.skip !== undefined) return "skipped";
  if (event.data.todo !== undefined) return "todo";
  if (event.type === "test:pass") return "pass";
  const kind = failureTypeOf(event);
  return kind === "cancelledByParent" || kind === "testTimeoutFailure" ? "cancelled" : "fail";
}

/** The events of a stage, with the file that each belongs to, where that is known. */
async function* eventsOf(
  stage: Stage,
  namePattern: string | undefined,
  times: Map<string, number>,
): AsyncGenerator<{ readonly event: TestEvent; readonly path?: string }> {
  if (stage.sandboxed) {
    const only = namePattern === undefined ? [] : ["--name", namePattern];
    const command = sandboxCommand(fileURLToPath(import.meta.url), [...only, ...stage.files]);
    for await (const event of runThere(command)) yield { event };
    return;
  }
  for await (const { path, milliseconds, events } of runPool(stage, namePattern)) {
    if (path !== "" && namePattern === undefined) times.set(path, milliseconds);
    for (const event of events) yield path === "" ? { event } : { event, path };
  }
}

async function runAll(stages: readonly Stage[], namePattern: string | undefined): Promise<boolean> {
  const reporter = new spec();
  reporter.pipe(process.stdout);
  const say = (message: string): void => {
    reporter.write({ type: "test:stdout", data: { message: `${message}\n` } });
  };
  const startedAt = performance.now();
  const summary = new Summary();
  const times = new Map<string, number>();
  let passed = true;
  for (const stage of stages) {
    const files = stage.files.length === 1 ? "1 file" : `${stage.files.length} files`;
    say(`\n== ${stage.name}: ${files}`);
    const stageStartedAt = performance.now();
    let isOk = true;
    for await (const { event, path } of eventsOf(stage, namePattern, times)) {
      if (event.type === "test:fail" && event.data.todo === undefined) isOk = false;
      summary.take(event, path);
      reporter.write(event);
    }
    passed &&= isOk;
    const seconds = ((performance.now() - stageStartedAt) / 1000).toFixed(1);
    say(`== ${stage.name}: ${isOk ? "ok" : "FAILED"} (${seconds} s)`);
  }
  rememberTimes(times);
  if (summary.tests === 0 && namePattern !== undefined) {
    passed = false;
    reporter.write(failure("--name", explainNoMatch(namePattern, stages)));
  }
  for (const line of summary.lines()) say(line);
  const seconds = `duration_ms ${(performance.now() - startedAt).toFixed(1)}`;
  for (const message of [...summary.counts(), seconds]) {
    reporter.write({ type: "test:diagnostic", data: { nesting: 0, message, level: "info" } });
  }
  reporter.end();
  return passed;
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        namespaces: { type: "boolean", default: false },
        name: { type: "string" },
        /** Given to ourselves inside the sandbox. */
        "inside-sandbox": { type: "boolean", default: false },
      },
    });
  } catch (error) {
    const [sentence = ""] = (error instanceof Error ? error.message : String(error)).split(". ");
    process.stderr.write(`${sentence}; give test files or folders of them, or nothing for all\n`);
    process.exit(2);
  }
}

const { values, positionals } = readArguments();
if (values["inside-sandbox"]) {
  for (const stage of planStages(true, positionals)) {
    await printEvents(flat(runPool(stage, values.name)));
  }
} else {
  const found = findFiles(positionals);
  if (found.kind === "unknown") {
    process.stderr.write(`${found.message}\n`);
    process.exitCode = 2;
  } else {
    const name = values.name === undefined ? undefined : readPattern(values.name);
    if (values.name !== undefined && name === undefined) {
      process.stderr.write(`${values.name} is no regular expression\n`);
      process.exitCode = 2;
    } else {
      process.exitCode = (await runAll(planStages(values.namespaces, found.files), name)) ? 0 : 1;
    }
  }
}

async function* flat(files: ReturnType<typeof runPool>): AsyncGenerator<TestEvent> {
  for await (const { events } of files) yield* events;
}
