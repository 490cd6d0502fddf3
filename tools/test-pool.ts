/**
 * Test files, a few processes that run them, and the events of all, file by file.
 *
 * A process takes one file after the other, because loading the code costs more than most tests do.
 * A file with a line "Own process: reason" in its head comment gets one to itself, and so does
 * every file of a stage that says so. A file that ends its process fails by name; the files after
 * it run in another process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { failure, failureTypeOf, reviveEvent, type TestEvent } from "./test-events.ts";
import { mayHaveName } from "./test-selection.ts";
import { root, type Stage } from "./test-stages.ts";

export type ToWorker =
  | { readonly kind: "file"; readonly path: string; readonly timeoutMilliseconds: number }
  | { readonly kind: "end" };

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "event"; readonly event: TestEvent }
  /** An error that nobody caught, whoever it belongs to. */
  | { readonly kind: "stray"; readonly text: string }
  | {
      readonly kind: "done";
      /** What the file changed in the process. */
      readonly leftovers: readonly string[];
      readonly residentBytes: number;
    }
  /** The process does not end on its own. */
  | { readonly kind: "stuck"; readonly handles: string };

/** The suite that stands for a file. No pattern for a test's name should find it. */
export const FILE_SUITE = "\u{E000}";
/** A process that has grown so far is replaced. */
const RESIDENT_BYTES_MAX = 900_000_000;
/** How long after its timeout a file that never returns to the event loop is ended. */
const GRACE_MILLISECONDS = 15_000;
const OWN_PROCESS = /^ \* Own process: /m;

export const wantsOwnProcess = (text: string): boolean =>
  OWN_PROCESS.test(text.slice(0, text.indexOf("*/")));

interface FileRun {
  readonly events: readonly TestEvent[];
  /** The process has ended as well, before the file did. */
  readonly isProcessGone: boolean;
}

class TestProcess {
  readonly #child: ChildProcess;
  readonly #isSearch: boolean;
  readonly #output: TestEvent[] = [];
  /** Errors that nobody caught. Those of a running test are its failure as well. */
  readonly #strays: string[] = [];
  /** What is wrong with the process and belongs to no test. */
  readonly #problems: string[] = [];
  readonly #files: string[] = [];
  readonly #closed: Promise<string>;
  #run: { readonly path: string; readonly events: TestEvent[]; suiteEnded: boolean } | undefined;
  #leftovers: readonly string[] | undefined;
  #wake: () => void = () => {};
  #isClosed = false;
  /** To be replaced. */
  isTired = false;

  constructor(namePattern: string | undefined) {
    const reporter = join(root, "tools/test-reporter.ts");
    this.#isSearch = namePattern !== undefined;
    const only = namePattern === undefined ? [] : [`--test-name-pattern=${namePattern}`];
    const args = [
      ...process.execArgv,
      `--test-reporter=${reporter}`,
      "--test-reporter-destination=stdout",
      ...only,
      join(root, "tools/test-worker.ts"),
    ];
    this.#child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      serialization: "advanced",
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (bytes: Buffer) => this.#print(bytes.toString()));
    }
    this.#child.on("message", (message: FromWorker) => this.#take(message));
    this.#closed = new Promise((resolve) => {
      this.#child.on("error", (error) => resolve(error.message));
      this.#child.on("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    void this.#closed.then(() => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  #print(message: string): void {
    (this.#run?.events ?? this.#output).push({ type: "test:stdout", data: { message } });
  }

  #take(message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        return;
      case "stray":
        this.#strays.push(`${message.text}\n  while ${this.#current()} ran`);
        return;
      case "stuck":
        this.#problems.push(`the process does not end: ${message.handles} are open`);
        return;
      case "done":
        this.#leftovers = message.leftovers;
        this.isTired = message.residentBytes > RESIDENT_BYTES_MAX;
        break;
      case "event":
        this.#takeEvent(reviveEvent(message.event));
    }
    this.#wake();
  }

  #current(): string {
    return relative(root, this.#files.at(-1) ?? "");
  }

  #takeEvent(event: TestEvent): void {
    const { type, data } = event;
    if (data.nesting === undefined) return;
    if (data.nesting > 0) {
      this.#run?.events.push({ type, data: { ...data, nesting: data.nesting - 1 } });
    } else if (data.name !== undefined && data.name !== FILE_SUITE) {
      if (type !== "test:pass" && type !== "test:fail") return;
      this.#problems.push(`the test "${data.name}" was registered after its file had been read`);
    } else if (type === "test:pass" || type === "test:fail") {
      this.#endSuite(event);
    } else if (type === "test:diagnostic" && data.message?.startsWith("Error: ") === true) {
      this.#problems.push(data.message);
    }
  }

  /** The suite that stands for the file has come to its end. */
  #endSuite(event: TestEvent): void {
    const run = this.#run;
    if (run === undefined) return;
    run.suiteEnded = true;
    const error = event.data.details?.error;
    if (event.type === "test:pass" || failureTypeOf(event) === "subtestsFailed") return;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    run.events.push(failure(relative(root, run.path), text, run.path));
  }

  /** @param isAlone nobody comes after it who could inherit anything */
  async run(path: string, timeoutMilliseconds: number, isAlone: boolean): Promise<FileRun> {
    const run = { path, events: this.#output.splice(0), suiteEnded: false };
    this.#run = run;
    this.#leftovers = undefined;
    this.#files.push(path);
    const name = relative(root, path);
    this.#send({ kind: "file", path, timeoutMilliseconds });
    const timer = setTimeout(() => {
      run.events.push(failure(name, "the file did not return to the event loop in time", path));
      this.#child.kill("SIGKILL");
    }, timeoutMilliseconds + GRACE_MILLISECONDS);
    // A suite of which the name pattern wants nothing is not reported.
    const isDone = (): boolean =>
      this.#leftovers !== undefined && (run.suiteEnded || this.#isSearch);
    while (!this.#isClosed && !isDone()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(timer);
    this.#run = undefined;
    const events = run.events;
    if (this.#isClosed) {
      const how = await this.#closed;
      const text = `the process ended (${how}) before the file did${listed(this.#strays)}`;
      return {
        events: [...withoutOpenEnds(events), failure(name, text, path)],
        isProcessGone: true,
      };
    }
    const leftovers = isAlone ? [] : (this.#leftovers ?? []);
    if (leftovers.length > 0) {
      this.isTired = true;
      const what = 'the file left its process changed; undo it, or write "Own process: reason"';
      events.push(failure(name, `${what} into its head comment${listed(leftovers)}`, path));
    }
    return { events, isProcessGone: false };
  }

  /** Lets the process end. What went wrong outside of all tests fails the last file by name. */
  async end(): Promise<readonly TestEvent[]> {
    this.#send({ kind: "end" });
    const how = await this.#closed;
    if (!/^exit code [01]$/.test(how)) this.#problems.push(`the process ended with ${how}`);
    if (this.#problems.length === 0) return this.#output;
    const files = this.#files.map((file) => relative(root, file));
    const text = `${listed([...this.#problems, ...this.#strays])}\n  in the process of ${files.join(" ")}`;
    return [...this.#output, failure(this.#current(), text, this.#files.at(-1))];
  }

  #send(message: ToWorker): void {
    // A process that has just ended is noticed by its end.
    this.#child.send(message, () => {});
  }
}

const listed = (lines: readonly string[]): string => lines.map((line) => `\n  ${line}`).join("");

/** The start of a suite without its end would confuse a reporter. */
function withoutOpenEnds(events: readonly TestEvent[]): readonly TestEvent[] {
  const open: TestEvent[] = [];
  for (const event of events) {
    if (event.type === "test:start") open.push(event);
    if (event.type === "test:pass" || event.type === "test:fail") open.pop();
  }
  return events.filter((event) => !open.includes(event));
}

const isTest = ({ type, data }: TestEvent): boolean =>
  (type === "test:pass" || type === "test:fail") && data.details?.type !== "suite";

export interface FileEvents {
  readonly path: string;
  readonly milliseconds: number;
  readonly events: readonly TestEvent[];
}

/** Takes one file after the other until there is none. */
class Lane {
  readonly #stage: Stage;
  readonly #namePattern: string | undefined;
  #shared: TestProcess | undefined;

  constructor(stage: Stage, namePattern: string | undefined) {
    this.#stage = stage;
    this.#namePattern = namePattern;
  }

  async work(queue: string[], done: (file: FileEvents) => void): Promise<void> {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const startedAt = performance.now();
      const events = [...(await this.#run(path))];
      if (this.#namePattern === undefined && !events.some(isTest)) {
        events.push(failure(relative(root, path), "there is no test in this file", path));
      }
      done({ path, milliseconds: performance.now() - startedAt, events });
    }
    if (this.#shared !== undefined) {
      done({ path: "", milliseconds: 0, events: await this.#shared.end() });
    }
  }

  async #run(path: string): Promise<readonly TestEvent[]> {
    const text = readFileSync(path, "utf8");
    if (this.#namePattern !== undefined && !mayHaveName(text, this.#namePattern)) return [];
    // Node.js leaves out every suite that begins after the first one without a match, since its
    // tests are not known yet: whoever looks for a name has a process for each file.
    const isAlone =
      this.#stage.ownProcess || this.#namePattern !== undefined || wantsOwnProcess(text);
    const process = (isAlone ? undefined : this.#shared) ?? new TestProcess(this.#namePattern);
    const { events, isProcessGone } = await process.run(
      path,
      this.#stage.timeoutMilliseconds,
      isAlone,
    );
    const isOver = isProcessGone || isAlone || process.isTired;
    if (!isAlone) this.#shared = isOver ? undefined : process;
    return isProcessGone || !isOver ? events : [...events, ...(await process.end())];
  }
}

/** Runs a stage's files; the events of a file come together, when it is done. */
export async function* runPool(
  stage: Stage,
  namePattern?: string,
): AsyncGenerator<FileEvents, void> {
  const queue = [...stage.files];
  const finished: FileEvents[] = [];
  let wake = (): void => {};
  const lanes = Array.from({ length: Math.min(stage.concurrency, queue.length) }, () =>
    new Lane(stage, namePattern).work(queue, (file) => {
      finished.push(file);
      wake();
    }),
  );
  let running = true;
  const end = Promise.all(lanes).finally(() => {
    running = false;
    wake();
  });
  for (;;) {
    const file = finished.shift();
    if (file !== undefined) yield file;
    else if (!running) break;
    else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  await end;
}
