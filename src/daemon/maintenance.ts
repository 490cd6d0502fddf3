/**
 * Maintenance on the supervisor's side: kept in a file (maintenance-file.ts), handed to every
 * engine with its configuration, and ended when its time is over. The file has the wall clock;
 * while the daemon runs, the time that is left is counted by a clock that nobody sets.
 */
import { now } from "#linux/clock";
import type { Instant } from "#units/time";
import type { Maintenance as Mode } from "#vrrp/router/state";
import {
  type ReadMaintenance,
  readMaintenance,
  removeMaintenance,
  writeMaintenance,
} from "./maintenance-file.ts";
import type { Maintenance } from "./maintenance-shape.ts";

/** A timer counts no time in which the machine slept, so it is looked at once in a while. */
const LOOK_MS = 30_000;

export interface MaintenanceOptions {
  /** Undefined: it is not kept. */
  readonly stateDir: () => string | undefined;
  /** Its time is over. */
  readonly over: (maintenance: Maintenance) => void;
}

export class MaintenanceMode {
  readonly #options: MaintenanceOptions;
  #current: Maintenance | undefined;
  #endsAt: Instant | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }

  get current(): Maintenance | undefined {
    return this.#current;
  }

  get mode(): Mode | undefined {
    if (this.#current === undefined) return undefined;
    return this.#current.lastResort ? "last-resort" : "on";
  }

  /** At the start; its time may be over. A file that cannot be read counts as one. */
  read(): ReadMaintenance {
    const stateDir = this.#options.stateDir();
    const read = stateDir === undefined ? { kind: "none" as const } : readMaintenance(stateDir);
    if (read.kind === "none") return read;
    const unknown = { since: new Date().toISOString(), lastResort: false, by: "?" };
    this.#take(read.kind === "read" ? read.maintenance : unknown);
    return read;
  }

  /** Returns why it could not be kept; then nothing has changed. */
  set(maintenance: Maintenance): string | undefined {
    const stateDir = this.#options.stateDir();
    const failed = stateDir === undefined ? undefined : writeMaintenance(stateDir, maintenance);
    if (failed === undefined) this.#take(maintenance);
    return failed;
  }

  /** Returns why the file could not be removed; then nothing has changed. */
  end(): string | undefined {
    const stateDir = this.#options.stateDir();
    const failed = stateDir === undefined ? undefined : removeMaintenance(stateDir);
    if (failed !== undefined) return failed;
    this.#current = undefined;
    this.#endsAt = undefined;
    clearTimeout(this.#timer);
    return undefined;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #take(maintenance: Maintenance): void {
    this.#current = maintenance;
    const leftMs = timeLeft(maintenance);
    this.#endsAt = leftMs === undefined ? undefined : ((now() + leftMs * 1_000) as Instant);
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#endsAt === undefined) return;
    const leftMs = (this.#endsAt - now()) / 1_000;
    this.#timer = setTimeout(() => this.#look(), Math.max(0, Math.min(LOOK_MS, leftMs)));
    this.#timer.unref();
  }

  #look(): void {
    const current = this.#current;
    if (current === undefined || this.#endsAt === undefined) return;
    if (now() < this.#endsAt) return this.#arm();
    this.#endsAt = undefined;
    this.#options.over(current);
  }
}

/**
 * Never more than was asked for: a machine may start with a clock that is years behind, and nobody
 * notices here when it is set.
 */
function timeLeft({ since, until }: Maintenance): number | undefined {
  if (until === undefined) return undefined;
  const end = Date.parse(until);
  return Math.min(end - Date.now(), end - Date.parse(since));
}
