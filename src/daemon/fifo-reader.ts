/**
 * `notify_fifo_script`, `vrrp_notify_fifo_script`: the program that reads a notify pipe.
 * Started with the pipe's name as its last argument, started again after a crash, and ended
 * with the daemon. keepalived may start a second one at a reload (its issue 2024); here the
 * running one goes on, unless the pipe or the command has changed.
 */
import type { CommandPlan } from "#keepalived/plan/run-plan";
import type { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import type { DaemonMessages } from "./messages.ts";
import { OutputLines } from "./output-lines.ts";
import type { CommandEnd, RunningCommand } from "./run-command.ts";

export interface ReaderTimes {
  /** The wait before the first restart after a crash, in milliseconds; doubled each time. */
  readonly again: number;
  readonly againMax: number;
  /** A reader that ran this long begins with the first wait again. */
  readonly steady: number;
  /** The time to read what is left after the pipe's end, and the same again after SIGTERM. */
  readonly endWithin: number;
}

const LAST_OUTPUT_MS = 100;
const TIMES: ReaderTimes = { again: 1_000, againMax: 60_000, steady: 60_000, endWithin: 500 };

export interface ReaderOptions {
  /** The configuration's keyword, for the log. */
  readonly word: string;
  readonly command: CommandPlan;
  readonly path: string;
  readonly launcher: Launcher;
  readonly log: Log;
  readonly messages: DaemonMessages;
  /** The end of an earlier reader: two at once would take each other's lines. */
  readonly after?: Promise<void> | undefined;
  readonly times?: ReaderTimes;
}

export class FifoReader {
  readonly #options: ReaderOptions;
  readonly #times: ReaderTimes;
  readonly #lines: OutputLines;
  #running: RunningCommand | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wait: number;
  #isStopping = false;
  #hasEnded = true;
  #whenEnded: (() => void)[] = [];

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#times = options.times ?? TIMES;
    this.#wait = this.#times.again;
    const { log, messages, word } = options;
    this.#lines = new OutputLines(
      (line) => log("info", `${word}: ${line}`),
      (lost) => log("warning", `${word}: ${messages.outputLost(lost)}`),
    );
    if (options.after === undefined) this.#start();
    else void options.after.then(() => this.#start());
  }

  /** Whether a reload configures the same reader, which then goes on. */
  isFor(path: string, command: CommandPlan): boolean {
    const options = this.#options;
    return options.path === path && JSON.stringify(options.command) === JSON.stringify(command);
  }

  /**
   * When the pipe is closed, a reader that reads to the end exits by itself; any other, and
   * what it forked, is ended.
   */
  async stop(isPipeClosed: boolean): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    if (this.#hasEnded || (isPipeClosed && (await this.#endsWithin(this.#times.endWithin)))) return;
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      this.#running?.signal(signal);
      if (await this.#endsWithin(this.#times.endWithin)) return;
    }
  }

  #start(): void {
    if (this.#isStopping) return;
    const { command, path, launcher } = this.#options;
    const startedAt = performance.now();
    const whole = { ...command, argv: [...command.argv, path] };
    const running = launcher.start(whole, {}, (end) => {
      this.#hasEnded = true;
      this.#ended(end, running, performance.now() - startedAt);
    });
    running.output.listener = (chunk) => this.#lines.add(chunk);
    this.#running = running;
    this.#hasEnded = false;
  }

  #ended(end: CommandEnd, running: RunningCommand, milliseconds: number): void {
    this.#lines.end();
    // Its last output may still be in the pipe.
    setTimeout(() => this.#lines.end(), LAST_OUTPUT_MS).unref();
    const waiting = this.#whenEnded;
    this.#whenEnded = [];
    for (const resolve of waiting) resolve();
    if (this.#isStopping) return;
    const { word, log, messages } = this.#options;
    if (end.kind === "exit" && end.code === 0) {
      // It exited by itself, and may have left a reader in the background.
      log("info", `${word}: ${messages.readerDone}`);
      return;
    }
    // Processes that a crashed reader leaves in the background would take half of the next
    // one's lines.
    running.signal("SIGTERM");
    if (milliseconds >= this.#times.steady) this.#wait = this.#times.again;
    log("warning", `${word}: ${messages.readerEnded(end, this.#wait / 1_000)}`);
    this.#timer = setTimeout(() => this.#start(), this.#wait);
    this.#timer.unref();
    this.#wait = Math.min(this.#times.againMax, this.#wait * 2);
  }

  async #endsWithin(milliseconds: number): Promise<boolean> {
    if (this.#hasEnded) return true;
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), milliseconds);
      this.#whenEnded.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }
}
