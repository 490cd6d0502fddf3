/** Runs the check scripts on their beat and tells results. A run that overlaps the next beat skips it. */
import type { ScriptPlan } from "#config/plan";
import type { ScriptStatus } from "#contract/status";
import { toMillis, toSeconds } from "#units/time";
import type { Log } from "./log.ts";
import { type CommandResult, runCommand, signalGroup } from "./run-command.ts";
import { judgeResult, UNKNOWN, type Verdict } from "./verdict.ts";

interface Running {
  readonly plan: ScriptPlan;
  verdict: Verdict;
  timer: NodeJS.Timeout | undefined;
  pid: number | undefined;
  busy: boolean;
  stopped: boolean;
  last: CommandResult | undefined;
  lastRunAt: Date | undefined;
}

export class CheckScripts {
  readonly #log: Log;
  readonly #tell: (name: string, result: "up" | "down") => void;
  #scripts = new Map<string, Running>();

  constructor(log: Log, tell: (name: string, result: "up" | "down") => void) {
    this.#log = log;
    this.#tell = tell;
  }

  /** Scripts whose plan is unchanged keep running and keep their verdict. */
  configure(plans: readonly ScriptPlan[]): void {
    const old = this.#scripts;
    this.#scripts = new Map();
    for (const plan of plans) {
      const known = old.get(plan.name);
      if (known !== undefined && JSON.stringify(known.plan) === JSON.stringify(plan)) {
        this.#scripts.set(plan.name, known);
        old.delete(plan.name);
        continue;
      }
      // keepalived keeps the state of a script whose command stays the same.
      const same =
        known !== undefined && JSON.stringify(known.plan.command) === JSON.stringify(plan.command);
      const running: Running = {
        plan,
        verdict: same
          ? known.verdict
          : plan.initFail
            ? { result: "down", consecutive: 0 }
            : UNKNOWN,
        timer: undefined,
        pid: undefined,
        busy: false,
        stopped: false,
        last: undefined,
        lastRunAt: undefined,
      };
      this.#scripts.set(plan.name, running);
      this.#beat(running);
    }
    for (const gone of old.values()) end(gone);
  }

  results(): readonly {
    readonly kind: "script";
    readonly name: string;
    readonly result: Verdict["result"];
  }[] {
    return [...this.#scripts.values()].map(({ plan, verdict }) => ({
      kind: "script",
      name: plan.name,
      result: verdict.result,
    }));
  }

  status(): readonly ScriptStatus[] {
    return [...this.#scripts.values()].map(({ plan, verdict, last, lastRunAt }) => ({
      name: plan.name,
      command: plan.command.argv,
      user: plan.command.user?.user ?? "",
      intervalSeconds: toSeconds(plan.interval),
      result: verdict.result,
      lastRunAt: lastRunAt?.toISOString(),
      lastExit: last?.exit,
      lastMilliseconds: last?.milliseconds,
      lastOutput: last?.output ?? "",
      consecutive: verdict.consecutive,
    }));
  }

  stop(): void {
    for (const running of this.#scripts.values()) end(running);
    this.#scripts.clear();
  }

  /** Process groups of the scripts that run now: the engine ends them if this process cannot. */
  groups(): readonly number[] {
    return [...this.#scripts.values()].flatMap(({ pid, busy }) =>
      busy && pid !== undefined ? [pid] : [],
    );
  }

  #beat(running: Running): void {
    if (running.stopped) return;
    running.timer = setTimeout(() => this.#beat(running), toMillis(running.plan.interval));
    if (running.busy) return;
    running.busy = true;
    running.lastRunAt = new Date();
    const { command, timeout } = running.plan;
    void runCommand({
      argv: command.argv,
      user: command.user,
      timeoutMs: toMillis(timeout),
      onStart: (pid) => {
        running.pid = pid;
      },
    }).then((result) => this.#ended(running, result));
  }

  #ended(running: Running, result: CommandResult): void {
    running.busy = false;
    running.pid = undefined;
    if (running.stopped) return;
    const { name, rise, fall, timeout } = running.plan;
    const before = running.verdict.result;
    const exitBefore = running.last?.exit;
    running.last = result;
    running.verdict = judgeResult(running.verdict, result.ok, rise, fall);
    if (result.exit !== exitBefore && !result.ok) {
      const why = result.timedOut
        ? `did not end within ${toSeconds(timeout)} s`
        : `exit ${result.exit}`;
      const tail = result.output === "" ? "" : `: ${result.output.split("\n").at(-1) ?? ""}`;
      this.#log(
        "info",
        `Script ${name} now returning ${result.exit} (${why}, ${result.milliseconds} ms)${tail}`,
      );
    }
    const { result: now } = running.verdict;
    if (now === before || now === "unknown") return;
    this.#log(
      now === "up" ? "info" : "warning",
      `VRRP_Script(${name}) ${now === "up" ? "succeeded" : "failed"}`,
    );
    this.#tell(name, now);
  }
}

function end(running: Running): void {
  running.stopped = true;
  clearTimeout(running.timer);
  if (running.busy) signalGroup(running.pid, "SIGTERM");
}
