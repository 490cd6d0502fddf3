/** What systemd is notified of (sd_notify(3)); nothing happens when nobody asked. */
import type { Outcome } from "#vrrp/engine/world";

export interface SystemManagerOptions {
  /** `$NOTIFY_SOCKET` */
  readonly socket: string | undefined;
  /** `$WATCHDOG_USEC`, if it is meant for this process. */
  readonly watchdogMicros: number | undefined;
  readonly send: (socket: string, message: string) => Outcome;
}

export class SystemManager {
  readonly #options: SystemManagerOptions;
  #status = "";

  constructor(options: SystemManagerOptions) {
    this.#options = options;
  }

  /** How often the watchdog wants to hear of us: twice as often as it would give us up. */
  get watchdogMilliseconds(): number | undefined {
    const { socket, watchdogMicros } = this.#options;
    if (socket === undefined || watchdogMicros === undefined) return undefined;
    return Math.max(50, watchdogMicros / 2_000);
  }

  ready(): void {
    this.#notify("READY=1", `MAINPID=${process.pid}`);
  }
  /**
   * Type=notify-reload wants the monotonic time, so that it can distinguish this reload from an
   * earlier one.
   */
  reloading(): void {
    this.#notify("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`);
  }
  stopping(): void {
    this.#notify("STOPPING=1");
  }
  alive(): void {
    if (this.#options.watchdogMicros !== undefined) this.#notify("WATCHDOG=1");
  }
  status(text: string): void {
    if (text === this.#status) return;
    this.#status = text;
    this.#notify(`STATUS=${text.replaceAll("\n", " ")}`);
  }

  #notify(...lines: readonly string[]): void {
    const { socket, send } = this.#options;
    if (socket === undefined) return;
    // A manager that does not listen is no reason to stop owning the address.
    void send(socket, lines.join("\n"));
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
