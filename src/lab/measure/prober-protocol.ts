/** What the lab and the prober say to each other, one JSON object a line. */
import type { Instant } from "#units/time";
import type { Outage } from "./outage.ts";

/** Analyse the probes sent in this window. */
export interface ProberRequest {
  readonly id: number;
  readonly from: Instant;
  readonly to: Instant;
  /** Which of the addresses that are asked in turn. */
  readonly target: number;
}

export interface ProberAnswer {
  readonly id: number;
  readonly outage: Outage;
  /**
   * Probes were sent from the window's beginning on and are all remembered; otherwise the rest
   * says too little.
   */
  readonly covered: boolean;
  /**
   * Who answered, in order: the MAC address, when its first and last answers of that turn came,
   * and how many.
   */
  readonly turns: readonly {
    readonly mac: string;
    readonly from: Instant;
    readonly to: Instant;
    readonly answers: number;
  }[];
  /** Longest time in the window in which the prober itself did not send, in microseconds. */
  readonly longestPause: number;
}
