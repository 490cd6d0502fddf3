/** What the lab and the prober say to each other, one JSON object a line. */
import type { Instant } from "#units/time";
import type { Outage } from "./outage.ts";

/** Analyse the probes sent in this window. */
export interface ProberRequest {
  readonly id: number;
  readonly from: Instant;
  readonly to: Instant;
}

export interface ProberAnswer {
  readonly id: number;
  readonly outage: Outage;
  /** Who answered, in order: the MAC address and when its first answer of that turn came. */
  readonly turns: readonly {
    readonly mac: string;
    readonly from: Instant;
    readonly answers: number;
  }[];
  /** Longest time in the window in which the prober itself did not send. */
  readonly longestPause: number;
}
