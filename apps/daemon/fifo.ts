/** notify_fifo: keepalived's lines, written to a named pipe that is kept open for the daemon's life (and over reloads). */
import { closeSync, constants, lstatSync, openSync, rmSync, writeSync } from "node:fs";
import * as libc from "#linux/ffi";
import { printFailure } from "#linux/result";
import type { Log } from "./log.ts";
import type { Words } from "./words.ts";

export class NotifyFifo {
  readonly path: string;
  readonly #log: Log;
  readonly #words: Words;
  #fd: number | undefined;
  #isOurs = false;
  #lost = 0;

  /** What is wrong with it is logged; lines are then lost. */
  constructor(path: string, log: Log, words: Words) {
    this.path = path;
    this.#log = log;
    this.#words = words;
    if (libc.mkfifo(path, 0o644) === 0) this.#isOurs = true;
    else {
      const failure = libc.failure("mkfifo");
      if (failure.errno !== "EEXIST") {
        log("error", `notify_fifo ${path}: ${printFailure(failure)}`);
        return;
      }
    }
    try {
      if (!lstatSync(path).isFIFO()) {
        log("error", `notify_fifo ${path}: ${words.fifoIsSomethingElse}`);
        return;
      }
      // Read and write: opening never waits for a reader, and a reader never sees the end.
      const flags = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW;
      this.#fd = openSync(path, flags);
    } catch (error) {
      log("error", `notify_fifo ${path}: ${(error as NodeJS.ErrnoException).code ?? "?"}`);
    }
  }

  write(line: string): void {
    if (this.#fd === undefined) return;
    try {
      // A pipe takes a line this short whole or not at all (PIPE_BUF).
      writeSync(this.#fd, line);
      if (this.#lost > 0)
        this.#log("warning", `notify_fifo ${this.path}: ${this.#words.fifoReadAgain(this.#lost)}`);
      this.#lost = 0;
    } catch {
      this.#lost += 1;
      if (this.#lost === 1)
        this.#log("warning", `notify_fifo ${this.path}: ${this.#words.fifoFull}`);
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    if (this.#isOurs) rmSync(this.path, { force: true });
  }
}
