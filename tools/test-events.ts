/**
 * Events of node:test from one process to another: a stage that must run in the lab's sandbox reports to the runner
 * outside, so that there is one report with one summary. One line each, in V8's own format, which keeps errors whole.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { run } from "node:test";
import { deserialize, serialize } from "node:v8";
import type { Stage } from "./test-stages.ts";

const MARK = "@baton-test-event ";

/** What the reporters of node:test take; the runner only looks at a few fields. */
export interface TestEvent {
  readonly type: string;
  readonly data: TestEventData;
}

export interface TestEventData {
  readonly name?: string;
  readonly file?: string;
  readonly nesting?: number;
  readonly message?: string;
  readonly todo?: string | boolean;
  readonly details?: {
    readonly duration_ms: number;
    readonly type?: string;
    readonly error?: unknown;
  };
}

export async function* runHere(stage: Stage): AsyncGenerator<TestEvent> {
  const stream = run({
    files: [...stage.files],
    concurrency: stage.concurrency,
    timeout: stage.timeoutMilliseconds,
  });
  for await (const event of stream) yield event as TestEvent;
}

/** Runs the stage in another process: `command` must end in `printStage` of the same stage. */
export async function* runThere(command: readonly string[]): AsyncGenerator<TestEvent> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) =>
      resolve(code === 0 ? "" : `${signal ?? `exit code ${code}`}`),
    );
  });
  let complete = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith(MARK)) {
      yield { type: "test:stdout", data: { message: `${line}\n` } };
      continue;
    }
    const event = deserialize(Buffer.from(line.slice(MARK.length), "base64")) as TestEvent | "end";
    if (event === "end") complete = true;
    else yield event;
  }
  const problem = await ended;
  if (!complete) {
    const error = new Error(`the tests in the sandbox did not come to their end: ${problem}`);
    const data = {
      name: "network namespaces",
      nesting: 0,
      testNumber: 1,
      details: { duration_ms: 0, error },
    };
    yield { type: "test:fail", data };
  }
}

export async function printStage(stage: Stage): Promise<void> {
  const print = (value: unknown): void => {
    process.stdout.write(`${MARK}${serialize(value).toString("base64")}\n`);
  };
  for await (const event of runHere(stage)) print(plain(event));
  print("end");
}

/** Errors of node:test wrap the one that matters. Only plain errors survive the way, so message and stack go in one. */
function plain({ type, data }: TestEvent): TestEvent {
  const { details } = data;
  if (!(details?.error instanceof Error)) return { type, data };
  const cause = details.error.cause instanceof Error ? details.error.cause : details.error;
  const error = new Error(cause.message);
  error.stack = cause.stack ?? cause.message;
  return { type, data: { ...data, details: { ...details, error } } };
}
