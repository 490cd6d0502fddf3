/**
 * The notify scripts of one instance or sync group: notify-order.ts decides what is run and
 * when; this file carries it out and remembers the results. Two queues: the states' own scripts
 * do not hold up `notify`.
 */

import type { Language } from "#diagnostics/diagnostic";
import { type EventLog, NO_EVENTS } from "#events/event-log";
import type { NotifyPlan } from "#keepalived/plan/run-plan";
import { now } from "#linux/clock";
import { type Micros, toMillis, toSeconds } from "#units/time";
import type { NotifyResult } from "./control-protocol.ts";
import { notifyEvent } from "./event-texts.ts";
import type { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import { daemonMessages } from "./messages.ts";
import {
  type NotifyJob,
  type NotifyState,
  type NotifySubject,
  stateJobs,
  weakerMasterJob,
} from "./notify-command.ts";
import {
  END_WAIT,
  type EndReason,
  emptyQueue,
  isIdle,
  type QueueEvent,
  type QueueState,
  queueDeadline,
  stepQueue,
  WAIT,
} from "./notify-order.ts";
import type { CommandEnd, RunningCommand } from "./run-command.ts";
import { RunTally } from "./run-tally.ts";
import { problemSentence } from "./start-problem.ts";

type LastRun = Omit<NotifyResult, "output"> & { readonly output: () => string };

interface LaneOptions {
  readonly subject: NotifySubject;
  readonly events: EventLog;
  readonly name: string;
  readonly launcher: Launcher;
  readonly log: Log;
  readonly language: Language;
  readonly remember: (last: LastRun) => void;
}

export class NotifyQueue {
  readonly #subject: NotifySubject;
  readonly #options: LaneOptions;
  /** Made with the first script: most instances have none. */
  #own: Lane | undefined;
  #any: Lane | undefined;
  #last: LastRun | undefined;
  readonly tally: RunTally = new RunTally();
  plan: NotifyPlan;

  constructor(
    subject: NotifySubject,
    plan: NotifyPlan,
    launcher: Launcher,
    log: Log,
    language: Language,
    events: EventLog = NO_EVENTS,
  ) {
    this.#subject = subject;
    this.plan = plan;
    const remember = (last: LastRun): void => {
      this.#last = last;
      this.tally.ended(last.exit, last.milliseconds);
    };
    this.#options = { subject, events, name: subject.name, launcher, log, language, remember };
  }

  get last(): NotifyResult | undefined {
    return this.#last === undefined ? undefined : { ...this.#last, output: this.#last.output() };
  }

  /** The number of scripts that run or wait. */
  get queued(): number {
    return (this.#own?.queued ?? 0) + (this.#any?.queued ?? 0);
  }

  push(
    state: NotifyState,
    priority: number,
    environment: Readonly<Record<string, string>> = {},
  ): void {
    const { own, any } = stateJobs(this.#subject, this.plan, state, priority, environment);
    if (own !== undefined) this.#own ??= new Lane(this.#options);
    if (any !== undefined) this.#any ??= new Lane(this.#options);
    this.#own?.change(own);
    this.#any?.change(any);
  }

  weakerMaster(priority: number, environment: Readonly<Record<string, string>>): void {
    const job = weakerMasterJob(this.#subject, this.plan, priority, environment);
    if (job === undefined) return;
    this.#own ??= new Lane(this.#options);
    this.#own.add(job);
  }

  async idle(): Promise<void> {
    await Promise.all([this.#own?.idle(), this.#any?.idle()]);
  }

  /** Ends what runs (SIGTERM, SIGKILL 2 s later) and forgets the rest. */
  abandon(): void {
    this.#own?.abandon();
    this.#any?.abandon();
  }

  kill(): void {
    this.#own?.kill();
    this.#any?.kill();
  }
}

class Lane {
  readonly #options: LaneOptions;
  #state: QueueState = emptyQueue;
  #timer: NodeJS.Timeout | undefined;
  readonly #running = new Map<number, RunningCommand>();
  readonly #late = new Set<number>();
  #whenIdle: (() => void)[] = [];

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get queued(): number {
    return this.#state.waiting.length + this.#state.running.length;
  }

  add(job: NotifyJob): void {
    this.#feed({ kind: "add", job });
  }

  /** The state has changed. `job` is undefined if there is no script for it. */
  change(job: NotifyJob | undefined): void {
    this.#feed(job === undefined ? { kind: "passed" } : { kind: "add", job });
  }

  async idle(): Promise<void> {
    if (isIdle(this.#state)) return;
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  abandon(): void {
    this.#feed({ kind: "abandon" });
  }

  kill(): void {
    for (const running of this.#running.values()) running.signal("SIGKILL", "program");
  }

  #feed(event: QueueEvent): void {
    const { state, effects } = stepQueue(this.#state, event, now());
    this.#state = state;
    for (const effect of effects) {
      switch (effect.kind) {
        case "start":
          this.#start(effect.id, effect.job, effect.beside);
          break;
        case "terminate":
          this.#late.add(effect.id);
          this.#signal(effect.id, "SIGTERM", effect.why);
          break;
        case "kill":
          this.#signal(effect.id, "SIGKILL", effect.why);
          break;
      }
    }
    this.#schedule();
    if (!isIdle(this.#state)) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  /**
   * As in keepalived, processes that the script has put into the background survive the
   * daemon's end.
   */
  #signal(id: number, signal: NodeJS.Signals, why: EndReason): void {
    this.#running.get(id)?.signal(signal, why === "end" ? "program" : "group");
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const due = queueDeadline(this.#state);
    if (due === undefined) return;
    const wait = Math.max(0, Math.ceil(toMillis((due - now()) as Micros)));
    this.#timer = setTimeout(() => this.#feed({ kind: "timeReached" }), wait);
  }

  #start(id: number, job: NotifyJob, beside: number): void {
    const { launcher, log, language, name } = this.#options;
    const startedAt = performance.now();
    const at = new Date().toISOString();
    if (beside > 0) {
      const waited = toSeconds(job.isEnd ? END_WAIT : WAIT);
      log("warning", `(${name}) ${job.state}: ${daemonMessages(language).notifyBeside(waited)}`, {
        instance: name,
        beside,
      });
    }
    const running = launcher.start(job.command, job.environment, (how) => {
      const milliseconds = Math.round(performance.now() - startedAt);
      this.#ended(job, running, how, { at, milliseconds, isLate: this.#late.delete(id) });
      this.#running.delete(id);
      this.#feed({ kind: "finished", id });
    });
    this.#running.set(id, running);
  }

  #ended(
    job: NotifyJob,
    running: RunningCommand,
    how: CommandEnd,
    run: { readonly at: string; readonly milliseconds: number; readonly isLate: boolean },
  ): void {
    const { log, language, name, remember, subject, events } = this.#options;
    const { at, milliseconds, isLate } = run;
    const { argv } = job.command;
    const problem = how.kind === "notStarted" ? problemSentence(how.problem, language) : "";
    const exit = isLate ? "timeout" : exitOf(how);
    const output = (): string => (problem === "" ? running.output.text() : problem);
    remember({ command: argv, state: job.state, at, milliseconds, exit, output });
    const text = `(${name}) ${job.state}: notify script ${argv.join(" ")}`;
    events.record(notifyEvent(subject, { command: argv, state: job.state, exit, milliseconds }));
    if (exit === 0) {
      log("debug", `${text}: exit 0 (${milliseconds} ms)`, { instance: name });
      return;
    }
    const detail = problem === "" ? running.output.lastLine() : problem;
    const tail = detail === "" ? "" : `: ${detail}`;
    log("warning", `${text}: ${printExit(exit)} (${milliseconds} ms)${tail}`, {
      instance: name,
      exit,
    });
  }
}

function exitOf(how: CommandEnd): number | string {
  switch (how.kind) {
    case "exit":
      return how.code;
    case "signal":
      return how.signal;
    case "notStarted":
      return "not started";
  }
}

const printExit = (exit: number | string): string =>
  typeof exit === "number"
    ? `exit ${exit}`
    : exit === "timeout"
      ? "ended, its time was over"
      : exit;
