/**
 * Is keepalived running on this machine, and since when? Its parent process and that one's children
 * count; a check script has keepalived's name for a moment too, between fork and exec, and is a
 * child of a child.
 */
import { namespaceOf, numbersIn, statOf } from "#linux/proc-files";
import { type Instant, instant } from "#units/time";

const NAME = "keepalived";
/** sysconf(_SC_CLK_TCK) of every Linux of today. */
const MICROS_PER_TICK = 10_000;
/** A process may become keepalived by exec for so many looks; then it is what it is. */
const LOOKS_MAX = 8;

interface Seen {
  readonly pid: number;
  readonly parent: number;
  readonly startedAt: Instant;
  looks: number;
}

export type DaemonChange =
  | { readonly kind: "started"; readonly at: Instant }
  | { readonly kind: "ended" };

export class KeepalivedProcesses {
  readonly #namespace = namespaceOf("/proc/self");
  /** Looked at, and not keepalived. */
  #others = new Map<number, number>();
  /** keepalived's, by process number. */
  #known = new Map<number, Seen>();
  #isRunning = false;

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** What has changed since the last look; a process has to be there at two. */
  look(): DaemonChange | undefined {
    const found = this.#find();
    const before = this.#known;
    const isDaemon = ({ parent }: Seen): boolean => {
      const above = found.get(parent);
      return above === undefined || !found.has(above.parent);
    };
    for (const seen of found.values()) seen.looks = (before.get(seen.pid)?.looks ?? 0) + 1;
    this.#known = found;
    const daemons = [...found.values()].filter(isDaemon);
    const fresh = daemons.filter(({ looks }) => looks === 2);
    if (daemons.length === 0) {
      if (!this.#isRunning) return undefined;
      this.#isRunning = false;
      return { kind: "ended" };
    }
    if (fresh.length === 0) return undefined;
    this.#isRunning = true;
    const at = instant(Math.max(...fresh.map(({ startedAt }) => startedAt)));
    return { kind: "started", at };
  }

  #find(): Map<number, Seen> {
    const found = new Map<number, Seen>();
    const others = new Map<number, number>();
    for (const pid of numbersIn("/proc")) {
      const looks = this.#others.get(pid) ?? 0;
      if (looks >= LOOKS_MAX) {
        others.set(pid, looks);
        continue;
      }
      const seen = this.#examine(pid);
      if (seen === undefined) others.set(pid, looks + 1);
      else found.set(seen.pid, seen);
    }
    this.#others = others;
    return found;
  }

  #examine(pid: number): Seen | undefined {
    const folder = `/proc/${pid}`;
    const stat = statOf(folder);
    if (stat === undefined || !stat.name.startsWith(NAME) || stat.state === "Z") return undefined;
    if (namespaceOf(folder) !== this.#namespace) return undefined;
    const startedAt = instant(Number(stat.startTime) * MICROS_PER_TICK);
    return { pid, parent: stat.parent, startedAt, looks: 0 };
  }
}
