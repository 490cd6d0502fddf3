/**
 * The notify scripts of one instance or sync group: notify-order.ts says what is run and when, this carries it out and
 * remembers how it went.
 */
import type { NotifyPlan } from "#config/plan";
import type { NotifyResult } from "#contract/status";
import type { Language } from "#diagnostics/diagnostic";
import { now } from "#linux/clock";
import { type Micros, toMillis } from "#units/time";
import type { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import {
  type NotifyJob,
  type NotifyState,
  type NotifySubject,
  type PreparedCommand,
  prepareJob,
} from "./notify-command.ts";
import {
  emptyQueue,
  isIdle,
  type QueueEvent,
  type QueueState,
  queueDeadline,
  stepQueue,
} from "./notify-order.ts";
import type { CommandEnd, RunningCommand } from "./run-command.ts";
import { problemSentence } from "./start-problem.ts";

export class NotifyQueue {
  readonly #subject: NotifySubject;
  readonly #launcher: Launcher;
  readonly #log: Log;
  readonly #language: Language;
  #state: QueueState = emptyQueue;
  #timer: NodeJS.Timeout | undefined;
  #running: RunningCommand | undefined;
  #isLate = false;
  #whenIdle: (() => void)[] = [];
  #last: (Omit<NotifyResult, "output"> & { readonly output: () => string }) | undefined;
  plan: NotifyPlan;

  constructor(
    subject: NotifySubject,
    plan: NotifyPlan,
    launcher: Launcher,
    log: Log,
    language: Language,
  ) {
    this.#subject = subject;
    this.plan = plan;
    this.#launcher = launcher;
    this.#log = log;
    this.#language = language;
  }

  get last(): NotifyResult | undefined {
    return this.#last === undefined ? undefined : { ...this.#last, output: this.#last.output() };
  }

  /** Running and waiting. */
  get queued(): number {
    return this.#state.waiting.length + (this.#state.running === undefined ? 0 : 1);
  }

  push(
    state: NotifyState,
    priority: number,
    environment: Readonly<Record<string, string>> = {},
  ): void {
    const job = prepareJob(this.#subject, this.plan, state, priority, environment);
    this.#feed({ kind: "add", job });
  }

  async idle(): Promise<void> {
    if (isIdle(this.#state)) return;
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Ends what runs (SIGTERM, SIGKILL 2 s later) and forgets the rest. */
  abandon(): void {
    this.#feed({ kind: "abandon" });
  }

  kill(): void {
    this.#running?.signal("SIGKILL");
  }

  #feed(event: QueueEvent): void {
    const { state, effects } = stepQueue(this.#state, event, now());
    this.#state = state;
    for (const effect of effects) {
      switch (effect.kind) {
        case "start":
          this.#start(effect.job, effect.command);
          break;
        case "terminate":
          this.#isLate = true;
          this.#running?.signal("SIGTERM");
          break;
        case "kill":
          this.#running?.signal("SIGKILL");
          break;
      }
    }
    this.#schedule();
    if (!isIdle(this.#state)) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const due = queueDeadline(this.#state);
    if (due === undefined) return;
    const wait = Math.max(0, Math.ceil(toMillis((due - now()) as Micros)));
    this.#timer = setTimeout(() => this.#feed({ kind: "timeReached" }), wait);
  }

  #start(job: NotifyJob, command: PreparedCommand): void {
    const startedAt = performance.now();
    const at = new Date().toISOString();
    this.#isLate = false;
    const running = this.#launcher.start(command, job.environment, (how) => {
      const milliseconds = Math.round(performance.now() - startedAt);
      this.#ended(job, command, running, how, { at, milliseconds });
      this.#running = undefined;
      this.#feed({ kind: "finished" });
    });
    this.#running = running;
  }

  #ended(
    job: NotifyJob,
    command: PreparedCommand,
    running: RunningCommand,
    how: CommandEnd,
    when: { readonly at: string; readonly milliseconds: number },
  ): void {
    const problem = how.kind === "notStarted" ? problemSentence(how.problem, this.#language) : "";
    const exit = this.#isLate ? "timeout" : exitOf(how);
    const output = (): string => (problem === "" ? running.output.text() : problem);
    this.#last = { command: command.argv, state: job.state, ...when, exit, output };
    const { name } = this.#subject;
    const text = `(${name}) ${job.state}: notify script ${command.argv.join(" ")}`;
    if (exit === 0) {
      this.#log("debug", `${text}: exit 0 (${when.milliseconds} ms)`, { instance: name });
      return;
    }
    const words = problem === "" ? running.output.lastLine() : problem;
    const tail = words === "" ? "" : `: ${words}`;
    this.#log("warning", `${text}: ${told(exit)} (${when.milliseconds} ms)${tail}`, {
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

const told = (exit: number | string): string =>
  typeof exit === "number"
    ? `exit ${exit}`
    : exit === "timeout"
      ? "ended, its time was over"
      : exit;
