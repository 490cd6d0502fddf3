/**
 * The pipe that a script writes to. While the script runs, the supervisor reads it for the log
 * and `status`.
 *
 * A program that the script leaves in the background has the pipe as its output too, and would
 * be killed by SIGPIPE when its only reader ends with the daemon. Therefore, once the script
 * has ended, the pipe is given to a separate process that discards the output, and that lives
 * as long as any process can write to the pipe.
 */
import { spawn } from "node:child_process";
import { Socket } from "node:net";
import type { OutputTail } from "./output-tail.ts";

/** The program that goes on reading: POSIX has it everywhere. */
const DRAIN = "/bin/cat";
/**
 * The time from a script's end to the end of its pipe, if nothing is left in the background.
 */
const LAST_OUTPUT_MS = 200;

interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

export class OutputPipe {
  static readonly #open = new Set<OutputPipe>();
  readonly #fd: number;
  readonly #socket: Socket;
  readonly #owner: Owner;

  /**
   * @param owner the user of the script; the program that goes on reading runs as the same user
   */
  constructor(fd: number, output: OutputTail, owner: Owner) {
    this.#fd = fd;
    this.#owner = owner;
    const socket = new Socket({ fd, readable: true, writable: false });
    socket.unref();
    socket.on("data", (chunk: Buffer) => output.add(chunk));
    socket.on("error", () => socket.destroy());
    socket.once("close", () => OutputPipe.#open.delete(this));
    this.#socket = socket;
    OutputPipe.#open.add(this);
  }

  /** The script has ended: its last output may still be in the pipe. */
  scriptEnded(): void {
    setTimeout(() => this.#leave(), LAST_OUTPUT_MS).unref();
  }

  /** Closes the pipe of a script that could not be started. */
  close(): void {
    this.#socket.destroy();
  }

  /** The daemon ends: processes that still write keep a reader. */
  static leaveAll(): void {
    for (const pipe of OutputPipe.#open) pipe.#leave();
  }

  #leave(): void {
    if (this.#socket.destroyed) return;
    try {
      const child = spawn(DRAIN, [], {
        detached: true,
        stdio: [this.#fd, "ignore", "ignore"],
        cwd: "/",
        env: {},
        ...this.#owner,
      });
      child.once("error", () => undefined);
      child.unref();
      // It could not be started: then the supervisor goes on reading as long as it lives.
      if (child.pid !== undefined) this.#socket.destroy();
    } catch {
      // The same.
    }
  }
}
