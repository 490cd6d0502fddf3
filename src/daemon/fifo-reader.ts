/**
 * `notify_fifo_script`, `vrrp_notify_fifo_script`: the program that reads a notify pipe. Started
 * with the pipe's name as its last argument, started again after a crash, and ended with the
 * daemon. keepalived may start a second one at a reload (its issue 2024); here the one that runs
 * goes on, unless the pipe or the command is another.
 */
import type { CommandPlan } from "#keepalived/plan/run-plan";
import type { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import type { DaemonMessages } from "./messages.ts";
import { OutputLines } from "./output-lines.ts";
import type { CommandEnd, RunningCommand } from "./run-command.ts";

export interface ReaderTimes {
  /** Before the first start after a crash, in milliseconds; doubled each time. */
  readonly again: number;
  readonly againMax: number;
  /** Who ran so long begins anew with the first wait. */
  readonly steady: number;
  /** To read what is left after the pipe's end, then again after SIGTERM. */
  readonly endWithin: number;
}

const LAST_OUTPUT_MS = 100;
const TIMES: ReaderTimes = { again: 1_000, againMax: 60_000, steady: 60_000, endWithin: 500 };

export interface ReaderOptions {
  /** The keyword, for the log. */
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

  /** A reload brings the same: it goes on. */
  isFor(path: string, command: CommandPlan): boolean {
    const options = this.#options;
    return options.path === path && JSON.stringify(options.command) === JSON.stringify(command);
  }

  /**
   * Where the pipe is closed, a reader that reads to the end goes by itself; any other, and what it
   * forked, is ended.
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
      // It went by itself, and may have left a reader in the background.
      log("info", `${word}: ${messages.readerDone}`);
      return;
    }
    // What a crash leaves in the background would take half of the next one's lines.
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
