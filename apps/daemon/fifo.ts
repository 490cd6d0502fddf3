/** notify_fifo: keepalived's lines, written to a named pipe that is kept open for the daemon's life (and over reloads). */
import { closeSync, constants, existsSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import * as libc from "#linux/ffi";
import { printFailure } from "#linux/result";
import type { Log } from "./log.ts";

export class NotifyFifo {
  readonly #path: string;
  readonly #log: Log;
  #fd: number | undefined;
  #made = false;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
    if (!existsSync(path)) {
      this.#made = libc.mkfifo(path, 0o644) === 0;
      if (!this.#made) log("error", `notify_fifo ${path}: ${printFailure(libc.failure("mkfifo"))}`);
    }
    try {
      if (!statSync(path).isFIFO()) throw new Error("is not a named pipe");
      // Read and write: opening never waits for a reader, and a reader never sees the end.
      this.#fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    } catch (error) {
      log(
        "error",
        `notify_fifo ${path}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  write(kind: "INSTANCE" | "GROUP", name: string, state: string, priority: number): void {
    if (this.#fd === undefined) return;
    try {
      writeSync(this.#fd, `${kind} "${name}" ${state} ${priority}\n`);
    } catch {
      this.#log("warning", `notify_fifo ${this.#path}: full, nobody reads it; a line is lost`);
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    if (this.#made) rmSync(this.#path, { force: true });
  }
}
