/**
 * Lines to the machine's syslog daemon. Its socket takes as few as ten lines that have not been
 * read yet (net.unix.max_dgram_qlen), and there is none while the daemon is started again, so
 * lines wait here for a while. Nothing blocks, and what waits is bounded.
 */
import { UnixDatagrams } from "#linux/unix-datagram";

export const SYSLOG_PATH = "/dev/log";

/** Of lines; enough for those of a start with thousands of instances. */
const WAITING_BYTES_MAX = 1_048_576;
const RETRY_FIRST_MS = 1;
const RETRY_LAST_MS = 1_000;
/** Refusals that another attempt does not change: the line itself is too long for the socket. */
const HOPELESS: ReadonlySet<string> = new Set(["EMSGSIZE", "EINVAL"]);

export class Syslog {
  readonly #path: string;
  #socket: UnixDatagrams | undefined;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /**
   * Since a line was refused, until half is sent: else the short report of what is lost would be
   * taken, again and again, between long lines that are not.
   */
  #isFull = false;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_FIRST_MS;
  #errno: string | undefined;

  constructor(path: string = SYSLOG_PATH) {
    this.#path = path;
  }

  /** Why the last line was not taken, if it was not. */
  get errno(): string | undefined {
    return this.#errno;
  }

  /** False if the line is lost. */
  write(line: Uint8Array): boolean {
    const isFirst = this.#waiting.length === 0;
    const sent = isFirst ? this.#send(line) : "wait";
    if (sent !== "wait") return sent === "sent";
    this.#isFull ||= this.#waitingBytes + line.length > WAITING_BYTES_MAX;
    if (this.#isFull) return false;
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    if (isFirst) this.#schedule();
    return true;
  }

  /** What still waits then is lost. */
  close(): void {
    this.#flush();
    clearTimeout(this.#timer);
    this.#socket?.[Symbol.dispose]();
    this.#socket = undefined;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  #send(line: Uint8Array): "sent" | "wait" | "lost" {
    if (this.#socket === undefined) {
      const opened = UnixDatagrams.open(this.#path);
      if (!opened.ok) {
        this.#errno = opened.errno;
        return "wait";
      }
      this.#socket = opened.value;
    }
    const outcome = this.#socket.send(line);
    this.#errno = outcome.ok ? undefined : outcome.errno;
    if (outcome.ok) return "sent";
    return HOPELESS.has(outcome.errno) ? "lost" : "wait";
  }

  #flush(): void {
    let count = 0;
    while (count < this.#waiting.length) {
      const line = this.#waiting[count];
      if (line === undefined || this.#send(line) === "wait") break;
      count += 1;
      this.#waitingBytes -= line.length;
    }
    this.#waiting.splice(0, count);
    if (this.#waitingBytes < WAITING_BYTES_MAX / 2) this.#isFull = false;
    if (count > 0) this.#retryMs = RETRY_FIRST_MS;
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#flush();
      if (this.#waiting.length > 0) this.#schedule();
      else this.#retryMs = RETRY_FIRST_MS;
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LAST_MS);
    // Lines that nobody reads do not keep a daemon alive that has stopped.
    this.#timer.unref();
  }
}
