/**
 * `--log-file`: lines appended to a file. `O_APPEND`, so that a file that was cut (logrotate's
 * `copytruncate`) is written from its new end; a file that was moved away is found out within a
 * second, and at once after the signal. A full disk costs lines, and a torn line does not spoil
 * the next one.
 */
import { constants, fstatSync, openSync, statSync, writeSync } from "node:fs";
import { errnoOf } from "./contain.ts";
import { closeQuietly } from "./own-files.ts";

const MODE = 0o640;
const LOOK_MS = 1_000;

export class LogFile {
  readonly #path: string;
  readonly #clock: () => number;
  #fd: number | undefined;
  #inode = "";
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isTorn = false;
  #errno: string | undefined;

  /** @param clock milliseconds */
  constructor(path: string, clock: () => number = () => performance.now()) {
    this.#path = path;
    this.#clock = clock;
    this.reopen();
  }

  /** Why it cannot be opened, if it cannot. */
  get errno(): string | undefined {
    return this.#errno;
  }

  /** False if the line is lost. */
  write(line: Uint8Array): boolean {
    this.#look();
    if (this.#fd === undefined) return false;
    try {
      const bytes = this.#isTorn ? Buffer.concat([Buffer.from("\n"), line]) : line;
      const written = writeSync(this.#fd, bytes);
      if (written > 0) this.#isTorn = written < bytes.length;
      return written === bytes.length;
    } catch {
      return false;
    }
  }

  /** Opens the file of this name, which may be another one by now. */
  reopen(): void {
    this.close();
    this.#lookedAt = this.#clock();
    try {
      const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;
      // Opening a pipe must not block before its kind is known.
      const fd = openSync(
        this.#path,
        O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK,
        MODE,
      );
      const info = fstatSync(fd);
      if (info.isFile()) {
        this.#fd = fd;
        this.#inode = `${info.dev}:${info.ino}`;
        this.#errno = undefined;
      } else {
        closeQuietly(fd);
        this.#errno = "EINVAL";
      }
    } catch (error) {
      this.#errno = errnoOf(error);
    }
  }

  close(): void {
    closeQuietly(this.#fd);
    this.#fd = undefined;
    this.#isTorn = false;
  }

  /** Once a second: is it still the file of this name? */
  #look(): void {
    if (this.#clock() - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = this.#clock();
    try {
      const info = statSync(this.#path);
      if (this.#fd !== undefined && this.#inode === `${info.dev}:${info.ino}`) return;
    } catch {
      // It is gone, or its folder is.
    }
    this.reopen();
  }
}
