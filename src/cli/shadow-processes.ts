/**
 * Is keepalived running on this machine, and since when? Its parent process and that one's children
 * count; a check script has keepalived's name for a moment too, between fork and exec, and is a
 * child of a child.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
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
  readonly #namespace = namespaceOf("self");
  /** Looked at, and not keepalived. */
  #others = new Map<string, number>();
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
    const others = new Map<string, number>();
    for (const pid of listPids()) {
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

  #examine(pid: string): Seen | undefined {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The name in parentheses may contain anything, so fields are counted behind the last one.
      const end = text.lastIndexOf(")");
      const name = text.slice(text.indexOf("(") + 1, end);
      const fields = text.slice(end + 2).split(" ");
      if (!name.startsWith(NAME) || fields[0] === "Z") return undefined;
      if (namespaceOf(pid) !== this.#namespace) return undefined;
      const startedAt = instant(Number(fields[19]) * MICROS_PER_TICK);
      return { pid: Number(pid), parent: Number(fields[1]), startedAt, looks: 0 };
    } catch {
      return undefined;
    }
  }
}

function listPids(): readonly string[] {
  try {
    return readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
  } catch {
    return [];
  }
}

/** Undefined: the process is gone, or not ours to look at. */
function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}
