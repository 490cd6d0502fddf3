/**
 * A series of probes in parts of equal length, for a plot that cannot draw a thousand points a
 * second: the fastest and the slowest answer of each part are kept, and what was lost. Pure.
 */
import type { Mac } from "#units/address";
import { elapsed, type Instant, type Micros } from "#units/time";
import type { Probe } from "./outage.ts";

export interface AnsweredProbe extends Probe {
  /** Who answered; 0 without an answer. */
  readonly mac: number;
}

export interface Part {
  readonly from: Instant;
  readonly sent: number;
  readonly lost: number;
  readonly fastest: Micros | undefined;
  readonly slowest: Micros | undefined;
  readonly mac: Mac | undefined;
}

type Growing = { -readonly [Key in keyof Part]: Part[Key] };

/** @param probes in order of sending, none before `from` */
export function divideProbes(
  probes: readonly AnsweredProbe[],
  from: Instant,
  step: Micros,
): readonly Part[] {
  const parts: Growing[] = [];
  for (const { sentAt, answeredAt, mac } of probes) {
    const start = (from + Math.floor((sentAt - from) / step) * step) as Instant;
    let part = parts.at(-1);
    if (part?.from !== start) {
      part = {
        from: start,
        sent: 0,
        lost: 0,
        fastest: undefined,
        slowest: undefined,
        mac: undefined,
      };
      parts.push(part);
    }
    part.sent += 1;
    if (answeredAt === undefined) {
      part.lost += 1;
      continue;
    }
    const took = elapsed(sentAt, answeredAt);
    if (part.fastest === undefined || took < part.fastest) part.fastest = took;
    if (part.slowest === undefined || took > part.slowest) part.slowest = took;
    part.mac = mac as Mac;
  }
  return parts;
}
