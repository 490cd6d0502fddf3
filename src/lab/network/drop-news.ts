/**
 * Which refusals are worth a message: the first of a kind on a port at once, later ones counted
 * and reported once a second, so that a guest that runs wild cannot flood the lab with
 * messages. Pure.
 */

import { after, earliest, fromSeconds, type Instant, type Micros } from "#units/time";
import type { FabricDrop } from "./plan.ts";

export interface DropNews {
  readonly port: number;
  /** The latest refusal of its kind. */
  readonly drop: FabricDrop;
  readonly count: number;
}

interface Entry {
  readonly port: number;
  drop: FabricDrop;
  /** The number since the last message. */
  count: number;
  nextAt: Instant;
}

const GAP: Micros = fromSeconds(1);

export class DropCounter {
  readonly #entries = new Map<string, Entry>();
  readonly #totals = new Map<number, Map<string, number>>();

  /** The message to send now, if any. */
  add(port: number, drop: FabricDrop, now: Instant): DropNews | undefined {
    const totals = this.#totals.get(port) ?? new Map<string, number>();
    this.#totals.set(port, totals);
    totals.set(drop.kind, (totals.get(drop.kind) ?? 0) + 1);
    const key = `${port}/${drop.kind}`;
    const entry = this.#entries.get(key);
    if (entry !== undefined && now < entry.nextAt) {
      entry.drop = drop;
      entry.count += 1;
      return undefined;
    }
    this.#entries.set(key, { port, drop, count: 0, nextAt: after(now, GAP) });
    return { port, drop, count: 1 + (entry?.count ?? 0) };
  }

  deadline(): Instant | undefined {
    let first: Instant | undefined;
    for (const entry of this.#entries.values())
      if (entry.count > 0) first = earliest(first, entry.nextAt);
    return first;
  }

  due(now: Instant): readonly DropNews[] {
    const news: DropNews[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.count === 0 || now < entry.nextAt) continue;
      news.push({ port: entry.port, drop: entry.drop, count: entry.count });
      entry.count = 0;
      entry.nextAt = after(now, GAP);
    }
    return news;
  }

  /** The numbers since the start, by kind. */
  totals(port: number): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#totals.get(port) ?? []);
  }
}
