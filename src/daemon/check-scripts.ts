/** Runs the check scripts as check-schedule.ts says, and reports their results. */

import type { Language } from "#diagnostics/diagnostic";
import { type EventLog, NO_EVENTS } from "#events/event-log";
import type { ScriptPlan } from "#keepalived/plan/run-plan";
import { now } from "#linux/clock";
import type { CheckReading } from "#metrics/reading";
import { toMillis, toSeconds } from "#units/time";
import type { TrackerResult } from "#vrrp/engine/engine-link";
import {
  type CheckEvent,
  type CheckState,
  checkDeadline,
  KILL_AFTER,
  startCheck,
  stepCheck,
} from "./check-schedule.ts";
import { CheckTable, reportResult } from "./check-table.ts";
import { isShortage } from "./contain.ts";
import type { ScriptStatus } from "./control-protocol.ts";
import type { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import { daemonMessages, LOUD_KB } from "./messages.ts";
import type { CommandEnd, RunningCommand } from "./run-command.ts";
import type { RunTally } from "./run-tally.ts";
import { problemSentence } from "./start-problem.ts";

interface Check {
  plan: ScriptPlan;
  readonly user: string;
  state: CheckState;
  timer: NodeJS.Timeout | undefined;
  current: { readonly command: RunningCommand; readonly startedAt: number } | undefined;
  last: LastRun | undefined;
  isOver: boolean;
  /**
   * A run wrote so much that reading it takes time from the script: on a busy machine each
   * time the pipe is full costs a turn of the scheduler. keepalived never reads what scripts write.
   */
  discardsOutput: boolean;
  /** How many times in a row it could not be started for lack of resources. */
  shortages: number;
  readonly tally: RunTally;
}

/**
 * A node that cannot start a process for this many intervals is itself unhealthy: from then on
 * each attempt counts as a failure.
 */
const SHORTAGES_MAX = 10;

interface LastRun {
  readonly at: Date;
  readonly exit: number | string;
  readonly milliseconds: number;
  /** Read only when needed, because a script's last output may come a moment after its end. */
  readonly output: () => string;
}

export class CheckScripts {
  readonly #launcher: Launcher;
  readonly #log: Log;
  readonly #language: Language;
  readonly #report: (name: string, result: "up" | "down") => void;
  readonly #events: EventLog;
  readonly #checks = new CheckTable<ScriptPlan, Check>({
    now,
    targetOf: ({ command }) => command,
    begin: (plan, tally) => this.#begin(plan, tally),
    schedule: (check) => this.#schedule(check),
    end,
    runOf: ({ state }) => RUN[state.run?.kind ?? "idle"],
  });

  constructor(
    launcher: Launcher,
    log: Log,
    language: Language,
    report: (name: string, result: "up" | "down") => void,
    events: EventLog = NO_EVENTS,
  ) {
    this.#launcher = launcher;
    this.#log = log;
    this.#language = language;
    this.#report = report;
    this.#events = events;
  }

  configure(plans: readonly ScriptPlan[]): void {
    this.#checks.configure(plans);
  }

  results(): readonly TrackerResult[] {
    return this.#checks.results();
  }

  status(): readonly ScriptStatus[] {
    return this.#checks.all.map(({ plan, user, state, last }) => ({
      name: plan.name,
      command: plan.command.argv,
      user,
      intervalSeconds: toSeconds(plan.interval),
      result: state.result,
      lastRunAt: last?.at.toISOString(),
      lastExit: last?.exit,
      lastMilliseconds: last?.milliseconds,
      lastOutput: last?.output() ?? "",
      consecutive: state.consecutive,
    }));
  }

  readings(): readonly CheckReading[] {
    return this.#checks.readings();
  }

  /** Starts nothing more, and asks running scripts to end. */
  stop(): void {
    this.#checks.stop();
  }

  /** Kills what has not ended by itself since `stop`. */
  kill(): void {
    for (const { current } of this.#checks.all) current?.command.signal("SIGKILL");
  }

  #begin(plan: ScriptPlan, tally: RunTally): Check {
    const check: Check = {
      plan,
      user: this.#launcher.userOf(plan.command),
      state: startCheck(plan, now()),
      timer: undefined,
      current: undefined,
      last: undefined,
      isOver: false,
      discardsOutput: false,
      shortages: 0,
      tally,
    };
    this.#schedule(check);
    return check;
  }

  #schedule(check: Check): void {
    clearTimeout(check.timer);
    if (check.isOver) return;
    const due = checkDeadline(check.state);
    if (due === undefined) return;
    const wait = Math.max(0, Math.ceil(toMillis((due - now()) as typeof KILL_AFTER)));
    check.timer = setTimeout(() => {
      const isExcused = !check.discardsOutput && isLoud(check.current?.command);
      this.#feed(check, { kind: "timeReached", isExcused });
    }, wait);
  }

  #feed(check: Check, event: CheckEvent): void {
    const { state, effects } = stepCheck(check.plan, check.state, event, now());
    check.state = state;
    for (const effect of effects) {
      switch (effect.kind) {
        case "start":
          this.#start(check);
          break;
        case "terminate":
          this.#timedOut(check);
          break;
        case "kill":
          check.current?.command.signal("SIGKILL");
          break;
        case "result":
          this.#changed(check, effect.result);
          break;
      }
    }
    this.#schedule(check);
  }

  #start(check: Check): void {
    const startedAt = performance.now();
    const at = new Date();
    const ended = (how: CommandEnd): void => {
      check.current = undefined;
      if (check.isOver) return;
      const isUnable = this.#isUnable(check, how);
      if (!isUnable) this.#remember(check, at, startedAt, command, how);
      if (isLoud(command)) this.#discard(check, false);
      this.#feed(
        check,
        how.kind === "notStarted"
          ? { kind: isUnable ? "unable" : "notStarted" }
          : { kind: "finished", ok: how.kind === "exit" && how.code === 0 },
      );
    };
    const { discardsOutput, plan } = check;
    const command = this.#launcher.start(plan.command, {}, ended, discardsOutput);
    check.current = { command, startedAt };
  }

  /** Of its later runs. */
  #discard(check: Check, isUndecided: boolean): void {
    if (check.discardsOutput) return;
    check.discardsOutput = true;
    const text = daemonMessages(this.#language).outputDiscarded(check.plan.name, isUndecided);
    this.#log("warning", text, { script: check.plan.name });
  }

  /**
   * True while the machine lacks resources, but not yet for so long that the check counts as
   * failed.
   */
  #isUnable(check: Check, how: CommandEnd): boolean {
    const errno =
      how.kind === "notStarted" && how.problem.kind === "refused" ? how.problem.errno : undefined;
    if (errno === undefined || !isShortage(errno)) {
      check.shortages = 0;
      return false;
    }
    check.shortages += 1;
    const what = `Script ${check.plan.name}`;
    if (check.shortages === 1)
      this.#log("warning", daemonMessages(this.#language).keepsLast(what, errno), { script: what });
    return check.shortages <= SHORTAGES_MAX;
  }

  #remember(
    check: Check,
    at: Date,
    startedAt: number,
    command: RunningCommand,
    how: CommandEnd,
  ): void {
    // A run that was ended because it timed out has been reported as such.
    if (check.state.run?.kind !== "running" && how.kind !== "notStarted") return;
    const exit =
      how.kind === "exit" ? how.code : how.kind === "signal" ? how.signal : "not started";
    const milliseconds = Math.round(performance.now() - startedAt);
    const before = check.last?.exit;
    const problem = how.kind === "notStarted" ? problemSentence(how.problem, this.#language) : "";
    const output = how.kind === "notStarted" ? () => problem : this.#outputOf(check, command);
    check.last = { at, exit, milliseconds, output };
    check.tally.ended(exit, milliseconds);
    if (exit === before || (before === undefined && exit === 0)) return;
    const { name } = check.plan;
    if (how.kind === "notStarted") {
      this.#log("error", daemonMessages(this.#language).cannotBeRun(name, problem), {
        script: name,
      });
      return;
    }
    const lastLine = command.output.lastLine();
    const tail = lastLine === "" ? "" : `: ${lastLine}`;
    const text = `Script ${name} now returning ${exit} (${milliseconds} ms)${tail}`;
    this.#log(exit === 0 ? "info" : "warning", text, { script: name, exit, milliseconds });
  }

  #timedOut(check: Check): void {
    const { current, plan } = check;
    if (current === undefined) return;
    current.command.signal("SIGTERM");
    const milliseconds = Math.round(performance.now() - current.startedAt);
    const before = check.last?.exit;
    const output = this.#outputOf(check, current.command);
    check.last = { at: new Date(), exit: "timeout", milliseconds, output };
    check.tally.ended("timeout", milliseconds);
    if (isLoud(current.command)) return this.#discard(check, true);
    if (before === "timeout") return;
    const text = daemonMessages(this.#language).timedOut(plan.name, toSeconds(plan.timeout));
    this.#log("warning", text, { script: plan.name });
  }

  #outputOf(check: Check, { output }: RunningCommand): () => string {
    if (check.discardsOutput) return () => daemonMessages(this.#language).outputNotRead;
    return () => output.text();
  }

  #changed(check: Check, result: CheckState["result"]): void {
    const takers = { log: this.#log, events: this.#events, report: this.#report };
    reportResult(takers, check.plan.name, result, check.last?.exit);
  }
}

const RUN: Readonly<Record<"idle" | NonNullable<CheckState["run"]>["kind"], CheckReading["run"]>> =
  { idle: "idle", running: "running", terminating: "terminating", killed: "killing" };

const isLoud = (command: RunningCommand | undefined): boolean =>
  command !== undefined && command.output.total > LOUD_KB * 1_000;

function end(check: Check): void {
  check.isOver = true;
  clearTimeout(check.timer);
  const command = check.current?.command;
  if (command === undefined) return;
  command.signal("SIGTERM");
  setTimeout(() => command.signal("SIGKILL"), toMillis(KILL_AFTER)).unref();
}
