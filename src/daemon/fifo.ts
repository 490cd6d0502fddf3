/**
 * notify_fifo: keepalived's lines, written to a named pipe that stays open for the daemon's
 * life, reloads included.
 */
import { constants, fchownSync, lstatSync, openSync, writeSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { UserPlan } from "#keepalived/plan/run-plan";
import * as libc from "#linux/ffi";
import { printFailure } from "#vrrp/engine/world";
import { type Identity, resolveIdentity } from "./account.ts";
import type { Log } from "./log.ts";
import type { DaemonMessages } from "./messages.ts";
import { closeQuietly, removeFile } from "./own-files.ts";

export interface FifoOptions {
  readonly path: string;
  /**
   * The owner of the pipe if it is made here. Undefined: it belongs to the daemon's user, and
   * anybody may read it.
   */
  readonly owner: UserPlan | undefined;
}

export class NotifyFifo {
  readonly #options: FifoOptions;
  readonly #log: Log;
  readonly #messages: DaemonMessages;
  #fd: number | undefined;
  #isOurs = false;
  #lost = 0;

  /** If something is wrong with it, that is logged, and lines are lost. */
  constructor(options: FifoOptions, log: Log, messages: DaemonMessages) {
    const { path, owner } = options;
    this.#options = options;
    this.#log = log;
    this.#messages = messages;
    const identity = this.#identity(options);
    if (identity === undefined) return;
    if (libc.mkfifo(path, owner === undefined ? 0o644 : 0o600) === 0) this.#isOurs = true;
    else {
      const failure = libc.failure("mkfifo");
      if (failure.errno !== "EEXIST") {
        log("error", `notify_fifo ${path}: ${printFailure(failure)}`);
        return;
      }
    }
    try {
      if (!lstatSync(path).isFIFO()) {
        log("error", `notify_fifo ${path}: ${messages.fifoIsSomethingElse}`);
        return;
      }
      // Opened for reading and writing, so that opening never waits for a reader and a reader
      // never sees the end.
      const flags = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW;
      this.#fd = openSync(path, flags);
      const { uid, gid } = identity;
      if (this.#isOurs && uid !== undefined && gid !== undefined) fchownSync(this.#fd, uid, gid);
    } catch (error) {
      log("error", `notify_fifo ${path}: ${(error as NodeJS.ErrnoException).code ?? "?"}`);
    }
  }

  /**
   * keepalived 2.2.7: no such account, no pipe. Undefined in that case, which has been logged.
   */
  #identity({ path, owner }: FifoOptions): Pick<Identity, "uid" | "gid"> | undefined {
    const unchanged = { uid: undefined, gid: undefined };
    if (owner === undefined) return unchanged;
    const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const resolved = resolveIdentity(owner, self);
    if (resolved.kind === "identity") return resolved.identity;
    const { problem } = resolved;
    if (problem.kind === "not-root") {
      this.#log("warning", `notify_fifo ${path}: ${this.#messages.fifoNeedsRoot(problem.user)}`);
      return unchanged;
    }
    this.#log("error", `notify_fifo ${path}: ${this.#messages.fifoWithoutOwner(problem)}`);
    return undefined;
  }

  /** Whether these settings need no other pipe. */
  isFor(options: FifoOptions): boolean {
    return isDeepStrictEqual(this.#options, options);
  }

  write(line: string): void {
    if (this.#fd === undefined) return;
    try {
      // A pipe takes a line this short whole or not at all (PIPE_BUF).
      writeSync(this.#fd, line);
      if (this.#lost > 0)
        this.#log(
          "warning",
          `notify_fifo ${this.#options.path}: ${this.#messages.fifoReadAgain(this.#lost)}`,
        );
      this.#lost = 0;
    } catch {
      this.#lost += 1;
      if (this.#lost === 1)
        this.#log("warning", `notify_fifo ${this.#options.path}: ${this.#messages.fifoFull}`);
    }
  }

  close(): void {
    closeQuietly(this.#fd);
    this.#fd = undefined;
    if (this.#isOurs) removeFile(this.#options.path);
  }
}
