/**
 * Runs one program of the operator's: no shell, its own process group, a deadline, its output kept as a bounded tail.
 * The promise always resolves; what went wrong is in the result.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { UserPlan } from "#config/plan";

export interface CommandResult {
  /** Exit status, or the name of the signal, or why it could not be started. */
  readonly exit: number | string;
  readonly ok: boolean;
  readonly timedOut: boolean;
  readonly milliseconds: number;
  readonly output: string;
}

export interface CommandRequest {
  readonly argv: readonly string[];
  readonly user: UserPlan | undefined;
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Told the PID, for those who may have to end it early. */
  readonly onStart?: (pid: number) => void;
}

const TAIL = 4_096;
/** keepalived: SIGTERM at the deadline, SIGKILL 2 s later. */
const KILL_AFTER_MS = 2_000;
/** A child that keeps the pipe open must not keep us. */
const DRAIN_MS = 50;

export async function runCommand(request: CommandRequest): Promise<CommandResult> {
  const started = performance.now();
  const milliseconds = (): number => Math.round(performance.now() - started);
  const failed = (exit: string): CommandResult => ({
    exit,
    ok: false,
    timedOut: false,
    milliseconds: milliseconds(),
    output: "",
  });
  const [program, ...args] = request.argv;
  if (program === undefined) return failed("nothing to run");
  const identity = identityOf(request.user);
  if (identity === undefined) return failed(`no such user or group: ${printUser(request.user)}`);
  return await new Promise((resolve) => {
    let output = "";
    let timedOut = false;
    const child = spawn(program, args, {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...request.env },
      ...identity,
    });
    const { pid } = child;
    if (pid !== undefined) request.onStart?.(pid);
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString("utf8")).slice(-TAIL);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const killer = setTimeout(() => {
      timedOut = true;
      signalGroup(pid, "SIGTERM");
      setTimeout(() => signalGroup(pid, "SIGKILL"), KILL_AFTER_MS).unref();
    }, request.timeoutMs);
    const done = (exit: number | string): void => {
      clearTimeout(killer);
      child.stdout.destroy();
      child.stderr.destroy();
      const ok = exit === 0 && !timedOut;
      resolve({ exit, ok, timedOut, milliseconds: milliseconds(), output: output.trimEnd() });
    };
    child.once("error", (error: NodeJS.ErrnoException) =>
      done(`cannot be started: ${error.code ?? error.message}`),
    );
    child.once("exit", (code, signal) => {
      const exit = code ?? signal ?? "unknown";
      // What it wrote last may still be on its way.
      const timer = setTimeout(() => done(exit), DRAIN_MS);
      child.once("close", () => {
        clearTimeout(timer);
        done(exit);
      });
    });
  });
}

export function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}

const printUser = (user: UserPlan | undefined): string =>
  user === undefined ? "" : `${user.user}${user.group === undefined ? "" : `:${user.group}`}`;

/** Numbers for `spawn`, or undefined if there is no such account. Root may be anybody; others run as themselves. */
function identityOf(user: UserPlan | undefined): { uid?: number; gid?: number } | undefined {
  if (process.getuid?.() !== 0) return {};
  const account = user === undefined ? findAccount("keepalived_script") : findAccount(user.user);
  if (account === undefined) return user === undefined ? {} : undefined;
  const gid = user?.group === undefined ? account.gid : findGroup(user.group);
  return gid === undefined ? undefined : { uid: account.uid, gid };
}

function findAccount(name: string): { uid: number; gid: number } | undefined {
  if (/^[0-9]+$/.test(name)) return { uid: Number(name), gid: Number(name) };
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [user, , uid, gid] = line.split(":");
    if (user === name) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

function findGroup(name: string): number | undefined {
  if (/^[0-9]+$/.test(name)) return Number(name);
  for (const line of readFileSync("/etc/group", "utf8").split("\n")) {
    const [group, , gid] = line.split(":");
    if (group === name) return Number(gid);
  }
  return undefined;
}
