/**
 * Runs a program of the operator's: no shell, its own process group, nothing to read, its output kept as a bounded tail.
 *
 * What becomes of it if the keeper is killed: the program gets SIGTERM from the kernel (PDEATHSIG, set by `setpriv` where
 * that exists); what ignores it or was forked by it is ended by the next keeper (running-groups.ts).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { openPipe } from "#linux/pipe";
import type { Identity } from "./account.ts";
import { OutputTail } from "./output-tail.ts";
import type { RunningGroups } from "./running-groups.ts";
import type { StartProblem } from "./start-problem.ts";

export type CommandEnd =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: string }
  | { readonly kind: "notStarted"; readonly problem: StartProblem };

export interface RunningCommand {
  /** To the whole process group; harmless when nothing of it is left. */
  signal(signal: NodeJS.Signals): void;
  /** Goes on being filled for a moment after the end: the last words may still be in the pipe. */
  readonly output: OutputTail;
}

export interface CommandRequest {
  /** Absolute path of what is executed; `argv[0]` is only what it is told its name is. */
  readonly path: string;
  readonly argv: readonly string[];
  readonly identity: Identity;
  readonly environment: Readonly<Record<string, string>>;
  /** A program that runs another with PDEATHSIG set, and its options; empty where there is none. */
  readonly prefix: readonly string[];
}

/** Called exactly once, never before `runCommand` has returned. */
type OnEnd = (end: CommandEnd) => void;

/** Ours, not the scripts': a child that wrote to the manager's socket would speak in the daemon's name. */
const PRIVATE = [
  "NOTIFY_SOCKET",
  "WATCHDOG_PID",
  "WATCHDOG_USEC",
  "LISTEN_PID",
  "LISTEN_FDS",
  "LISTEN_FDNAMES",
  "NODE_COMPILE_CACHE",
];

export function runCommand(
  request: CommandRequest,
  groups: RunningGroups,
  onEnd: OnEnd,
): RunningCommand {
  const output = new OutputTail();
  let child: ChildProcess;
  try {
    child = spawnInto(output, request);
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
    const errno = error.code ?? "EAGAIN";
    onEnd({ kind: "notStarted", problem: { kind: "refused", path: request.path, errno } });
  });
  child.once("exit", (code, signal) => {
    hasEnded = true;
    group?.leaderEnded();
    onEnd(code === null ? { kind: "signal", signal: signal ?? "?" } : { kind: "exit", code });
  });
  return { signal: (signal) => group?.signal(signal), output };
}

function spawnInto(output: OutputTail, request: CommandRequest): ChildProcess {
  const [program = request.path, ...first] = request.prefix;
  const rest = request.argv.slice(1);
  const args = request.prefix.length === 0 ? rest : [...first, request.path, ...rest];
  const pipe = openPipe();
  const write = pipe.ok ? pipe.value.write : "ignore";
  if (pipe.ok) listen(pipe.value.read, output);
  const { uid, gid } = request.identity;
  try {
    return spawn(program, args, {
      detached: true,
      stdio: ["ignore", write, write],
      cwd: "/",
      env: childEnvironment(request.environment),
      ...(request.prefix.length === 0 ? { argv0: request.argv[0] ?? request.path } : {}),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
  } finally {
    if (pipe.ok) closeSync(pipe.value.write);
  }
}

/** What was left behind in the background keeps a pipe open; so many are read on, then the oldest is closed. */
const LINGERING_MAX = 64;
const lingering = new Set<Socket>();

/**
 * Until every writer is gone, not only until the script has ended: a service that a notify script starts has our pipe as
 * its output, and would be killed by SIGPIPE if we closed it.
 */
function listen(fd: number, output: OutputTail): void {
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.unref();
  socket.on("data", (chunk: Buffer) => output.add(chunk));
  socket.on("error", () => socket.destroy());
  socket.once("close", () => lingering.delete(socket));
  lingering.add(socket);
  const [oldest] = lingering;
  if (lingering.size > LINGERING_MAX) oldest?.destroy();
}

function childEnvironment(added: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const environment = { ...process.env, ...added };
  for (const name of PRIVATE) delete environment[name];
  return environment;
}
