/**
 * `--record FILE`: lines of the engine (engine/recording.ts) appended to a file that only its owner
 * may read.
 *
 * Recording must never disturb the daemon's own work: writing is asynchronous, the queue is
 * bounded, lines beyond that are left out, counted and logged, and any failure (a full disk, a
 * path that cannot be written) ends the recording with one warning.
 */
import { close, constants, fchmodSync, fstatSync, openSync, readSync, write } from "node:fs";
import { errnoOf } from "./contain.ts";
import type { Log } from "./log.ts";
import type { DaemonMessages } from "./messages.ts";
import { closeQuietly } from "./own-files.ts";

/** How much may wait for the disk. */
const QUEUE_MAX = 4_194_304;
/** How long an orderly end waits for the disk. */
const CLOSE_MS = 1_000;
/** An existing file has to be a recording: a mistyped path must not spoil another file. */
const BEGINNING = '{"baton":"recording"';
/**
 * Lines after which nothing that came before is needed: another engine, or a configuration with
 * complete states.
 */
const FRESH: readonly string[] = [BEGINNING, '{"instances":'];

export interface RecordFileOptions {
  readonly log: Log;
  readonly messages: DaemonMessages;
  /** Asks the engine to begin afresh after lines have been left out, or to send no more. */
  readonly notifyEngine: (goOn: boolean) => void;
}

export class RecordFile {
  readonly #path: string;
  readonly #options: RecordFileOptions;
  #fd: number | undefined;
  #waiting: string[] = [];
  #bytes = 0;
  #isWriting = false;
  /**
   * The number of lines left out. Once one is left out, all are, until there is room again and
   * a fresh start comes.
   */
  #lost = 0;
  #hasAsked = false;
  #whenIdle: (() => void) | undefined;

  constructor(path: string, options: RecordFileOptions) {
    this.#path = path;
    this.#options = options;
    const opened = openRecording(path, options.messages);
    if (typeof opened === "string") this.#warn(opened);
    else {
      this.#fd = opened.fd;
      // The last line of a daemon that was killed may have no end.
      if (!opened.isEmpty) this.#push("");
    }
  }

  get isOpen(): boolean {
    return this.#fd !== undefined;
  }

  /** @param line without a line end */
  write(line: string): void {
    if (this.#fd === undefined) return;
    if (this.#lost > 0 && this.#hasAsked && FRESH.some((start) => line.startsWith(start))) {
      this.#logLost();
    }
    if (this.#lost > 0 || this.#bytes > QUEUE_MAX) {
      if (this.#lost === 0) this.#hasAsked = false;
      this.#lost += 1;
    } else this.#push(line);
  }

  /** Resolves when everything is written, or when the time for it is over. */
  async close(): Promise<void> {
    if (this.#fd !== undefined && this.#lost > 0) this.#logLost();
    if (this.#isWriting)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, CLOSE_MS);
        this.#whenIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    if (this.#fd !== undefined) close(this.#fd, () => undefined);
    this.#fd = undefined;
  }

  #logLost(): void {
    this.#options.log("warning", this.#options.messages.recordingLost(this.#path, this.#lost));
    this.#push(JSON.stringify({ lost: this.#lost }));
    this.#lost = 0;
  }

  #push(line: string): void {
    this.#waiting.push(`${line}\n`);
    this.#bytes += line.length + 1;
    if (!this.#isWriting) this.#next();
  }

  #next(): void {
    if (this.#waiting.length === 0 && this.#lost > 0 && !this.#hasAsked) {
      this.#hasAsked = true;
      this.#options.notifyEngine(true);
    }
    if (this.#fd === undefined || this.#waiting.length === 0) {
      this.#isWriting = false;
      this.#whenIdle?.();
      return;
    }
    const bytes = Buffer.from(this.#waiting.join(""));
    this.#waiting = [];
    this.#bytes = 0;
    this.#isWriting = true;
    this.#put(this.#fd, bytes);
  }

  #put(fd: number, bytes: Buffer): void {
    write(fd, bytes, (error, written) => {
      if (error !== null) this.#end(error.code ?? error.message);
      else if (written < bytes.length) return this.#put(fd, bytes.subarray(written));
      this.#next();
    });
  }

  #end(why: string): void {
    if (this.#fd !== undefined) close(this.#fd, () => undefined);
    this.#fd = undefined;
    this.#waiting = [];
    this.#options.notifyEngine(false);
    this.#warn(why);
  }

  #warn(why: string): void {
    this.#options.log("warning", this.#options.messages.recordingEnds(this.#path, why));
  }
}

/** The text is the reason why not. */
function openRecording(
  path: string,
  messages: DaemonMessages,
): { readonly fd: number; readonly isEmpty: boolean } | string {
  let fd: number | undefined;
  try {
    const { O_RDWR, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;
    // It may be a pipe, and opening that must not block before its kind is checked.
    fd = openSync(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o600);
    const info = fstatSync(fd);
    const start = Buffer.alloc(BEGINNING.length);
    if (info.isFile()) readSync(fd, start, 0, start.length, 0);
    const isOurs = info.size === 0 || start.toString() === BEGINNING;
    if (!info.isFile() || !isOurs) {
      closeQuietly(fd);
      return info.isFile() ? messages.notARecording : messages.notAFile;
    }
    fchmodSync(fd, 0o600);
    return { fd, isEmpty: info.size === 0 };
  } catch (error) {
    closeQuietly(fd);
    return errnoOf(error);
  }
}
