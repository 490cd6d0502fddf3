/**
 * How far a replica is behind. Between two answers a primary with writers at work is always ahead,
 * and what was known of it before is a whole look old: with looks as far apart as the lag that is
 * allowed, a replica that follows at once would be too far behind every now and then. So it is
 * asked again when what its primary had has had time to arrive.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "./samples.ts";

/** When a look began, and what was seen in it. */
export interface Look<F> {
  /** The replica was asked first, its primary after that. */
  readonly beganAt: Clock;
  /** The replica, asked once more after its primary. */
  readonly later?: F | undefined;
}

/** Of 1, 3, 7 … ms between its questions. */
const PAUSE_MAX_MS = 63;

/**
 * @param ask the replica's facts, undefined if it does not answer
 * @param isThere what its primary had has arrived
 * @returns its facts as of then, or as of the last answer
 */
export async function received<F>(
  first: F,
  ask: () => Promise<F | undefined>,
  isThere: (facts: F) => boolean,
): Promise<F> {
  let facts = first;
  for (let pause = 0; pause <= PAUSE_MAX_MS && !isThere(facts); pause = 2 * pause + 1) {
    if (pause > 0) await sleep(pause);
    const found = await ask();
    if (found === undefined) break;
    facts = found;
  }
  return facts;
}
