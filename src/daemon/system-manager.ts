/** Notifies systemd (sd_notify(3)); does nothing if systemd did not ask for it. */
import type { Outcome } from "#vrrp/engine/world";

export interface SystemManagerOptions {
  /** `$NOTIFY_SOCKET` */
  readonly socket: string | undefined;
  /** `$WATCHDOG_USEC`, if it is meant for this process. */
  readonly watchdogMicros: number | undefined;
  readonly send: (socket: string, message: string) => Outcome;
}

/** A thousand instances change in one turn of the loop, and a socket takes ten datagrams. */
const STATUS_BURST = 4;
const STATUS_GAP_MS = 100;
/** A manager that is busy has a full socket, and reads it in its own time. */
const RETRY_MS = 20;
/** A manager that does not read at all: only the last states of ours are of use to it. */
const WAITING_MAX = 8;

export class SystemManager {
  readonly #options: SystemManagerOptions;
  /** Not sent yet. */
  #status: (() => string) | undefined;
  #sentStatus = "";
  /** Since the timer was started. */
  #sentCount = 0;
  #statusTimer: NodeJS.Timeout | undefined;
  /** States that the socket had no room for, in order. */
  #waiting: string[] = [];

  constructor(options: SystemManagerOptions) {
    this.#options = options;
  }

  /** How often to notify the watchdog: at half of its timeout. */
  get watchdogMilliseconds(): number | undefined {
    const { socket, watchdogMicros } = this.#options;
    if (socket === undefined || watchdogMicros === undefined) return undefined;
    return Math.max(50, watchdogMicros / 2_000);
  }

  ready(): void {
    this.#state("READY=1", `MAINPID=${process.pid}`);
  }
  /**
   * Type=notify-reload wants the monotonic time, so that it can distinguish this reload from an
   * earlier one.
   */
  reloading(): void {
    this.#state("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`);
  }
  stopping(): void {
    this.#state("STOPPING=1");
  }
  alive(): void {
    if (this.#options.watchdogMicros !== undefined) this.#send("WATCHDOG=1");
  }
  /**
   * At once, unless there are many of them: then the last, when the time is over. A text that is
   * not sent is not made: it names every instance, and a thousand may change at once.
   */
  status(text: () => string): void {
    this.#status = text;
    if (this.#sentCount < STATUS_BURST) this.#sendStatus();
  }

  #sendStatus(): void {
    const status = this.#status?.();
    if (status === undefined) return;
    const isNews = status !== this.#sentStatus;
    if (isNews) this.#sentCount += 1;
    if (isNews && !this.#send(`STATUS=${status.replaceAll("\n", " ")}`)) return this.#later();
    this.#status = undefined;
    if (!isNews) return;
    this.#sentStatus = status;
    this.#later();
  }

  #later(): void {
    if (this.#statusTimer !== undefined) return;
    this.#statusTimer = setTimeout(() => {
      this.#statusTimer = undefined;
      this.#sentCount = 0;
      this.#sendStatus();
    }, STATUS_GAP_MS).unref();
  }

  /** A start that the manager is not notified of is ended by it. */
  #state(...lines: readonly string[]): void {
    const text = lines.join("\n");
    this.#sendStatus();
    if (this.#waiting.length === 0 && this.#send(text)) return;
    this.#waiting = [...this.#waiting, text].slice(-WAITING_MAX);
    if (this.#waiting.length === 1) this.#retry();
  }

  #retry(): void {
    setTimeout(() => {
      while (this.#waiting[0] !== undefined && this.#send(this.#waiting[0])) this.#waiting.shift();
      if (this.#waiting.length > 0) this.#retry();
    }, RETRY_MS).unref();
  }

  /**
   * False: the socket is full. A manager that does not listen otherwise is no reason to stop owning
   * the address.
   */
  #send(text: string): boolean {
    const { socket, send } = this.#options;
    if (socket === undefined) return true;
    const sent = send(socket, text);
    return sent.ok || sent.errno !== "EAGAIN";
  }
}

export function readManager(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): Pick<SystemManagerOptions, "socket" | "watchdogMicros"> {
  const socket = env["NOTIFY_SOCKET"];
  const micros = Number(env["WATCHDOG_USEC"]);
  const isOurs = env["WATCHDOG_PID"] === undefined || env["WATCHDOG_PID"] === String(pid);
  const isGiven = env["WATCHDOG_USEC"] !== undefined && Number.isFinite(micros) && micros > 0;
  return {
    socket: socket === "" ? undefined : socket,
    watchdogMicros: isGiven && isOurs ? micros : undefined,
  };
}
