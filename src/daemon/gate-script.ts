/**
 * One run of a gate's `promote` or `demote`: bounded, and gone when it is over. What was started
 * by it and still runs when it is ended early (too late, or overtaken) is killed with it, since
 * two runs of one unit would undo each other.
 */
import type { Launchable, Launcher } from "./launcher.ts";
import type { CommandEnd } from "./run-command.ts";
import type { StartProblem } from "./start-problem.ts";

export type ScriptEnd =
  | { readonly kind: "done" }
  /** `exit`: its status, or the name of the signal that ended it. */
  | { readonly kind: "failed"; readonly exit: number | string; readonly lastLine: string }
  | { readonly kind: "late"; readonly lastLine: string }
  | { readonly kind: "notStarted"; readonly problem: StartProblem }
  /** `end` was called first. */
  | { readonly kind: "ended" };

export interface ScriptRun {
  /** Never rejects. */
  readonly ended: Promise<ScriptEnd>;
  /** SIGTERM, and SIGKILL a second later; resolves when it is gone, or cannot be killed. */
  end(why?: "late" | "ended"): Promise<void>;
}

export interface ScriptRequest {
  readonly launcher: Pick<Launcher, "start">;
  readonly command: Launchable;
  readonly environment: Readonly<Record<string, string>>;
  /** From now on, milliseconds. */
  readonly timeoutMs: number;
}

/** Between SIGTERM and SIGKILL. */
export const KILL_AFTER_MS = 1_000;
/** A process that waits for a dead disk is not gone even then; nobody waits for it any longer. */
const GIVE_UP_AFTER_MS = 1_000;

export function runGateScript(request: ScriptRequest): ScriptRun {
  const { launcher, command, environment, timeoutMs } = request;
  const { promise: ended, resolve } = Promise.withResolvers<ScriptEnd>();
  const gone = Promise.withResolvers<void>();
  /** Why it is being ended before its own end. */
  let early: "late" | "ended" | undefined;
  const timers: NodeJS.Timeout[] = [];
  let isOver = false;
  const finish = (end: ScriptEnd): void => {
    isOver = true;
    for (const timer of timers) clearTimeout(timer);
    resolve(end);
    gone.resolve();
  };
  const running = launcher.start(command, environment, (how) => {
    // What it left in its group would go on in the back of the next run.
    if (early !== undefined) running.signal("SIGKILL");
    finish(endOf(how, early, running.output.lastLine()));
  });
  const terminate = (why: "late" | "ended"): void => {
    if (isOver || early !== undefined) return;
    early = why;
    running.signal("SIGTERM");
    timers.push(
      setTimeout(() => running.signal("SIGKILL"), KILL_AFTER_MS),
      setTimeout(
        () => finish(endOf({ kind: "signal", signal: "SIGKILL" }, why, running.output.lastLine())),
        KILL_AFTER_MS + GIVE_UP_AFTER_MS,
      ),
    );
  };
  timers.push(setTimeout(() => terminate("late"), Math.max(0, timeoutMs)));
  return {
    ended,
    end: async (why = "ended") => {
      terminate(why);
      await gone.promise;
    },
  };
}

function endOf(how: CommandEnd, early: "late" | "ended" | undefined, lastLine: string): ScriptEnd {
  if (how.kind === "notStarted") return { kind: "notStarted", problem: how.problem };
  if (early === "ended") return { kind: "ended" };
  if (early === "late") return { kind: "late", lastLine };
  if (how.kind === "signal") return { kind: "failed", exit: how.signal, lastLine };
  return how.code === 0 ? { kind: "done" } : { kind: "failed", exit: how.code, lastLine };
}
