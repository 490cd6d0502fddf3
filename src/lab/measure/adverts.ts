/** Advertisements as the nodes received them. Pure. */
import { elapsed, type Instant, type Micros } from "#units/time";

/** One advertisement that reached a host's interface. */
export interface AdvertSeen {
  readonly host: string;
  /** The source address. */
  readonly from: string;
  readonly priority: number;
  readonly at: Instant;
}

/** Enough for the longest scenario at ten a second; older ones are forgotten. */
const REMEMBERED = 20_000;

export class Adverts {
  readonly #seen: AdvertSeen[] = [];

  record(advert: AdvertSeen): void {
    this.#seen.push(advert);
    if (this.#seen.length > REMEMBERED) this.#seen.splice(0, REMEMBERED / 2);
  }

  /** The last claim (priority above 0) of `from` that `host` received before the instant. */
  lastClaim(host: string, from: string, before: Instant): Instant | undefined {
    return this.#seen.findLast(
      (one) => one.host === host && one.from === from && one.priority > 0 && one.at < before,
    )?.at;
  }

  /** The times between two claims of `from`, as `host` received them within the window. */
  gaps(host: string, from: string, start: Instant, end: Instant): readonly Micros[] {
    const times = this.#seen
      .filter((one) => one.host === host && one.from === from && one.priority > 0)
      .map((one) => one.at)
      .filter((at) => at >= start && at < end);
    return times.slice(1).map((at, index) => elapsed(times[index] ?? at, at));
  }
}
