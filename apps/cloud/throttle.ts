/** Calls a second, per region and action; off unless asked for. Real time: a clock set forward is no rest. */

interface Bucket {
  tokens: number;
  atMillis: number;
}

export class Throttle {
  readonly #perSecond: number | undefined;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number | undefined) {
    this.#perSecond = perSecond;
  }

  /** The limit that this call would exceed, or undefined: it may pass. */
  refuse(region: string, action: string, nowMillis: number): number | undefined {
    const perSecond = this.#perSecond;
    if (perSecond === undefined) return undefined;
    const name = `${region}/${action}`;
    const bucket = this.#buckets.get(name) ?? { tokens: perSecond, atMillis: nowMillis };
    const rested = (Math.max(0, nowMillis - bucket.atMillis) / 1000) * perSecond;
    bucket.tokens = Math.min(perSecond, bucket.tokens + rested);
    bucket.atMillis = nowMillis;
    this.#buckets.set(name, bucket);
    if (bucket.tokens < 1) return perSecond;
    bucket.tokens -= 1;
    return undefined;
  }
}
