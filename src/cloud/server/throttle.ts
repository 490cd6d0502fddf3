/**
 * Calls a second, per region and action; off unless asked for. It goes by real time, so setting
 * the emulator's clock forward does not refill it.
 */

interface Bucket {
  tokens: number;
  atMillis: number;
}

/** Far more than one process can use within a second, after which a bucket is full again. */
const BUCKETS_MAX = 10_000;
const RESTED_MS = 1_000;

export class Throttle {
  readonly #perSecond: number | undefined;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number | undefined) {
    this.#perSecond = perSecond;
  }

  /** The limit that this call would exceed, or undefined if it may pass. */
  refuse(region: string, action: string, nowMillis: number): number | undefined {
    const perSecond = this.#perSecond;
    if (perSecond === undefined) return undefined;
    const name = `${region}/${action}`;
    if (this.#buckets.size >= BUCKETS_MAX) this.#makeRoom(nowMillis);
    const bucket = this.#buckets.get(name) ?? { tokens: perSecond, atMillis: nowMillis };
    const rested = (Math.max(0, nowMillis - bucket.atMillis) / 1000) * perSecond;
    bucket.tokens = Math.min(perSecond, bucket.tokens + rested);
    bucket.atMillis = nowMillis;
    // Moved to the end, because the table forgets from the front.
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
    if (bucket.tokens < 1) return perSecond;
    bucket.tokens -= 1;
    return undefined;
  }

  /**
   * Forgets from the front, where the longest unused ones are: those that are full again, which
   * hold no information, and one in any case.
   */
  #makeRoom(nowMillis: number): void {
    for (const [name, { atMillis }] of this.#buckets) {
      const isRested = Math.abs(nowMillis - atMillis) >= RESTED_MS;
      if (!isRested && this.#buckets.size < BUCKETS_MAX) return;
      this.#buckets.delete(name);
    }
  }

  /** How many pairs of region and action it remembers. */
  get size(): number {
    return this.#buckets.size;
  }
}
