/**
 * Runs a program of the operator's: no shell, its own process group, nothing to read, its output
 * kept as a bounded tail.
 *
 * If the supervisor is killed, the program gets SIGTERM from the kernel (PDEATHSIG, set by
 * `setpriv` where that exists). If it ignores that, or has forked other processes, the next
 * supervisor ends them (running-groups.ts).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { openPipe } from "#linux/descriptors";
import type { Identity } from "./account.ts";
import { OutputPipe } from "./output-pipe.ts";
import { OutputTail } from "./output-tail.ts";
import { closeQuietly } from "./own-files.ts";
import type { RunningGroups } from "./running-groups.ts";
import type { StartProblem } from "./start-problem.ts";

export type CommandEnd =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: string }
  | { readonly kind: "notStarted"; readonly problem: StartProblem };

export interface RunningCommand {
  /**
   * Sends a signal to the whole process group, or to the program alone, so that its background
   * processes live on. Harmless if none of them is left.
   */
  signal(signal: NodeJS.Signals, to?: "group" | "program"): void;
  /**
   * It may still grow for a moment after the end, because the last output may still be in the
   * pipe.
   */
  readonly output: OutputTail;
}

export interface CommandRequest {
  /**
   * The absolute path of the executed file; `argv[0]` is only the name that the program sees.
   */
  readonly path: string;
  readonly argv: readonly string[];
  readonly identity: Identity;
  /** The complete environment: nothing of the daemon's own is added. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * A program that runs another with PDEATHSIG set, and its options; empty if there is none.
   */
  readonly prefix: readonly string[];
  /** What it writes goes to /dev/null, and is not read. */
  readonly discardsOutput?: boolean;
}

/** Called exactly once, never before `runCommand` has returned. */
type OnEnd = (end: CommandEnd) => void;

export function runCommand(
  request: CommandRequest,
  groups: RunningGroups,
  onEnd: OnEnd,
): RunningCommand {
  const output = new OutputTail();
  let child: ChildProcess;
  let pipe: OutputPipe | undefined;
  try {
    [child, pipe] = spawnInto(output, request);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? "EAGAIN";
    const problem: StartProblem = { kind: "refused", path: request.path, errno };
    setImmediate(() => onEnd({ kind: "notStarted", problem }));
    return { signal: () => undefined, output };
  }
  const { pid } = child;
  const group = pid === undefined ? undefined : groups.add(pid, request.argv);
  let hasEnded = false;
  child.once("error", (error: NodeJS.ErrnoException) => {
    if (pid !== undefined || hasEnded) return;
    hasEnded = true;
    pipe?.close();
    const errno = error.code ?? "EAGAIN";
    onEnd({ kind: "notStarted", problem: { kind: "refused", path: request.path, errno } });
  });
  child.once("exit", (code, signal) => {
    hasEnded = true;
    group?.leaderEnded();
    pipe?.scriptEnded();
    onEnd(code === null ? { kind: "signal", signal: signal ?? "?" } : { kind: "exit", code });
  });
  const signal: RunningCommand["signal"] = (what, to = "group") => {
    if (to === "group") group?.signal(what);
    else if (!hasEnded) child.kill(what);
  };
  return { signal, output };
}

function spawnInto(
  output: OutputTail,
  request: CommandRequest,
): readonly [ChildProcess, OutputPipe | undefined] {
  const [program = request.path, ...first] = request.prefix;
  const rest = request.argv.slice(1);
  const args = request.prefix.length === 0 ? rest : [...first, request.path, ...rest];
  const { uid, gid } = request.identity;
  const owner = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
  const ends = request.discardsOutput === true ? undefined : openPipe();
  const write = ends?.ok === true ? ends.value.write : "ignore";
  let pipe: OutputPipe | undefined;
  try {
    if (ends?.ok === true) pipe = openOutput(ends.value.read, output, owner);
    const child = spawn(program, args, {
      detached: true,
      stdio: ["ignore", write, write],
      cwd: "/",
      env: request.environment,
      ...(request.prefix.length === 0 ? { argv0: request.argv[0] ?? request.path } : {}),
      ...owner,
    });
    return [child, pipe];
  } catch (error) {
    pipe?.close();
    throw error;
  } finally {
    if (ends?.ok === true) closeQuietly(ends.value.write);
  }
}

function openOutput(
  fd: number,
  output: OutputTail,
  owner: { readonly uid?: number; readonly gid?: number },
): OutputPipe {
  try {
    return new OutputPipe(fd, output, owner);
  } catch (error) {
    closeQuietly(fd);
    throw error;
  }
}
