/**
 * `interface_up_down_delays`: a link that goes down or comes back counts for routers and trackers
 * only when it has been so for a while; one that changes back before has not changed for them. What
 * else the kernel reports of the link counts at once, and so does a link that is new or gone.
 */
import { after, earliest, type Instant } from "#units/time";
import type { LinkDelay } from "../router/config.ts";
import type { LinkInfo } from "./world.ts";

/** A change that does not count yet. */
export interface LateLink {
  readonly link: LinkInfo;
  /** When the kernel reported it. */
  readonly since: Instant;
}

export class LinkDelays {
  #delays: ReadonlyMap<string, LinkDelay> = new Map();
  readonly #late = new Map<number, LateLink>();

  /** What waits already waits as long as is written now, counted from its change. */
  configure(delays: readonly LinkDelay[]): void {
    this.#delays = new Map(delays.map((one) => [one.name, one]));
  }

  /** @param known as routers have seen it until now */
  shown(link: LinkInfo, known: LinkInfo | undefined, now: Instant): LinkInfo {
    const { index, name, up } = link;
    const since = this.#late.get(index)?.since ?? now;
    this.#late.delete(index);
    if (known === undefined || known.name !== name || known.up === up) return link;
    if (now >= this.#dueAt({ link, since })) return link;
    this.#late.set(index, { link, since });
    return { ...link, up: known.up };
  }

  deadline(): Instant | undefined {
    let first: Instant | undefined;
    for (const late of this.#late.values()) first = earliest(first, this.#dueAt(late));
    return first;
  }

  /** Those that count from now on. */
  takeDue(now: Instant): readonly LateLink[] {
    if (this.#late.size === 0) return NONE;
    const due = [...this.#late.values()].filter((late) => now >= this.#dueAt(late));
    for (const { link } of due) this.#late.delete(link.index);
    return due;
  }

  gone(index: number): void {
    this.#late.delete(index);
  }

  #dueAt({ link, since }: LateLink): Instant {
    const delay = this.#delays.get(link.name);
    if (delay === undefined) return since;
    return after(since, link.up ? delay.up : delay.down);
  }
}

const NONE: readonly LateLink[] = [];
