/**
 * What repeats must not push everything else out of a bounded file: somebody else's packet each
 * second, a check that flaps for a week. Some are kept of each cause, then one a minute that says
 * how many it stands for. Changes of state and what operators do are always kept.
 */
import type { EventKind, NewEvent } from "./record.ts";

const MINUTE_MS = 60_000;
/** Of one cause: at once, and one more for each minute. */
const BURST = 20;
/** Of one kind over all instances. */
const BURST_ALL = 500;
const EACH_MINUTE_ALL = 20;
/** Causes that are remembered; beyond that those that have been quiet are forgotten. */
const CAUSES_MAX = 4_096;

const ALWAYS: ReadonlySet<EventKind> = new Set([
  "state",
  "group",
  "reload",
  "engine",
  "operator",
  "maintenance",
  "daemon",
]);

interface Allowance {
  left: number;
  /** Milliseconds. */
  at: number;
}
interface Cause extends Allowance {
  skipped: number;
  last: NewEvent | undefined;
}

export interface Repeated {
  readonly event: NewEvent;
  /** That were left out before it. */
  readonly skipped: number;
}

export class FloodGuard {
  readonly #causes = new Map<string, Cause>();
  readonly #kinds = new Map<EventKind, Allowance>();

  /** Whether it is kept. @param now milliseconds that only go forward */
  admits(event: NewEvent, now: number): boolean {
    if (ALWAYS.has(event.kind)) return true;
    const cause = this.#cause(event, now);
    const kind = this.#kind(event.kind, now);
    if (cause.left >= 1 && kind.left >= 1) {
      cause.left -= 1;
      kind.left -= 1;
      return true;
    }
    cause.skipped += 1;
    cause.last = event;
    return false;
  }

  get isHolding(): boolean {
    for (const { skipped } of this.#causes.values()) if (skipped > 0) return true;
    return false;
  }

  /** The last of each cause that may be kept again, with how many it stands for. */
  due(now: number): readonly Repeated[] {
    const found: Repeated[] = [];
    for (const [key, cause] of this.#causes) {
      const { last: event, skipped } = cause;
      if (event === undefined) continue;
      const kind = this.#kind(event.kind, now);
      refill(cause, now, BURST, 1);
      if (cause.left < 1 || kind.left < 1) continue;
      this.#causes.set(key, { left: cause.left - 1, at: cause.at, skipped: 0, last: undefined });
      kind.left -= 1;
      found.push({ event, skipped: skipped - 1 });
    }
    return found;
  }

  #cause(event: NewEvent, now: number): Cause {
    const key = keyOf(event);
    const known = this.#causes.get(key);
    if (known !== undefined) {
      refill(known, now, BURST, 1);
      return known;
    }
    if (this.#causes.size >= CAUSES_MAX) this.#forget(now);
    const fresh: Cause = { left: BURST, at: now, skipped: 0, last: undefined };
    this.#causes.set(key, fresh);
    return fresh;
  }

  #kind(kind: EventKind, now: number): Allowance {
    const allowance = this.#kinds.get(kind) ?? { left: BURST_ALL, at: now };
    this.#kinds.set(kind, allowance);
    refill(allowance, now, BURST_ALL, EACH_MINUTE_ALL);
    return allowance;
  }

  /** First those with nothing to report; if there are too few of them, all. */
  #forget(now: number): void {
    for (const [key, cause] of this.#causes) {
      refill(cause, now, BURST, 1);
      if (cause.skipped === 0 && cause.left >= BURST) this.#causes.delete(key);
    }
    if (this.#causes.size >= CAUSES_MAX) this.#causes.clear();
  }
}

function refill(allowance: Allowance, now: number, most: number, eachMinute: number): void {
  const more = ((now - allowance.at) / MINUTE_MS) * eachMinute;
  allowance.left = Math.min(most, allowance.left + more);
  allowance.at = now;
}

/** What makes two events alike. */
function keyOf({ kind, instance = "", group = "", data }: NewEvent): string {
  const details: Readonly<Record<string, unknown>> = { ...data };
  const about = ["report", "cause", "script", "platform", "state", "what", "tracker"]
    .map((name) => details[name])
    .find((value) => typeof value === "string");
  return [kind, instance, group, about ?? ""].join("\0");
}
