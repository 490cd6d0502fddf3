/**
 * Events of `node:test` on their way from the process that runs a test to the one that reports:
 * through the channel that Node.js gives a child, or, out of the lab's sandbox, as lines of text.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { deserialize, serialize } from "node:v8";

const MARK = "@baton-test-event ";

/** What the reporters of `node:test` take; the runner only looks at a few fields. */
export interface TestEvent {
  readonly type: string;
  readonly data: TestEventData;
}

export interface TestEventData {
  readonly name?: string;
  readonly file?: string;
  readonly nesting?: number;
  readonly testNumber?: number;
  readonly message?: string;
  readonly skip?: string | boolean;
  readonly todo?: string | boolean;
  readonly success?: boolean;
  readonly details?: {
    readonly duration_ms: number;
    readonly type?: string;
    readonly error?: unknown;
  };
}

/** Only data survives the way to another process: what matters of an error, without its class. */
interface PlainError {
  readonly message: string;
  readonly stack: string;
  readonly failureType: string;
}

/**
 * An error as the reporters print it. `failureType` is what `node:test` calls the kind of failure.
 */
export class TestError extends Error {
  // Private: the reporters print what else an error has.
  readonly #failureType: string;

  constructor(message: string, failureType = "testCodeFailure", stack: string = message) {
    super(message);
    this.#failureType = failureType;
    this.stack = stack;
  }

  get failureType(): string {
    return this.#failureType;
  }
}

export const failureTypeOf = (event: TestEvent): string | undefined => {
  const error = event.data.details?.error;
  return error instanceof TestError ? error.failureType : undefined;
};

function failureTypeIn(error: Error): string {
  const value: unknown = "failureType" in error ? error.failureType : undefined;
  return typeof value === "string" ? value : "testCodeFailure";
}

/** Errors of `node:test` wrap the one that matters. */
export function plainEvent({ type, data }: TestEvent): TestEvent {
  const { details } = data;
  if (!(details?.error instanceof Error)) return { type, data };
  const cause = details.error.cause instanceof Error ? details.error.cause : details.error;
  const error: PlainError = {
    message: cause.message,
    stack: cause.stack ?? cause.message,
    failureType: failureTypeIn(details.error),
  };
  return { type, data: { ...data, details: { ...details, error } } };
}

const isPlainError = (value: unknown): value is PlainError =>
  typeof value === "object" && value !== null && "failureType" in value && "stack" in value;

/** The other end of `plainEvent`. */
export function reviveEvent({ type, data }: TestEvent): TestEvent {
  const error = data.details?.error;
  if (data.details === undefined || !isPlainError(error)) return { type, data };
  const revived = new TestError(error.message, error.failureType, error.stack);
  return { type, data: { ...data, details: { ...data.details, error: revived } } };
}

/** A failure that no test reported itself. */
export function failure(name: string, message: string, file?: string): TestEvent {
  const details = { duration_ms: 0, error: new TestError(message) };
  const place = file === undefined ? {} : { file, line: 1, column: 1 };
  return { type: "test:fail", data: { name, nesting: 0, testNumber: 1, details, ...place } };
}

/** Runs the events' source in another process: `command` must end in `printEvents`. */
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
    else yield reviveEvent(event);
  }
  const problem = await ended;
  if (complete) return;
  yield failure(
    "network namespaces",
    `the tests in the sandbox did not reach their end: ${problem}`,
  );
}

export async function printEvents(events: AsyncIterable<TestEvent>): Promise<void> {
  const print = (value: unknown): void => {
    process.stdout.write(`${MARK}${serialize(value).toString("base64")}\n`);
  };
  for await (const event of events) print(plainEvent(event));
  print("end");
}
