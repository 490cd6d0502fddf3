/**
 * What is said between a program that probes an address every millisecond and whoever started it,
 * one JSON object a line, both ways, on descriptor `OUTPUT_FD` (a socket pair).
 */
import type { Instant, Micros } from "#units/time";
import type { Outage } from "./outage.ts";

export const OUTPUT_FD = 3;

/** Analyse the probes sent in this window. */
export interface ProberRequest {
  readonly id: number;
  readonly from: Instant;
  readonly to: Instant;
  /** The index of the address, among those that are asked in turn. */
  readonly target: number;
  /** Also divide the window into parts of this length, for a plot. */
  readonly step?: Micros;
}

/** One part of a window, for a plot: no probe of it is left out, however many there are. */
export interface ProbePart {
  readonly from: Instant;
  readonly sent: number;
  readonly lost: number;
  /** The fastest and the slowest answer, in microseconds; undefined if there was none. */
  readonly fastest: number | undefined;
  readonly slowest: number | undefined;
  /** The MAC address that the last answer came from. */
  readonly mac: string | undefined;
}

export interface ProberAnswer {
  readonly id: number;
  readonly outage: Outage;
  /**
   * True if probes were sent from the window's beginning on and are all remembered; otherwise
   * the rest means little.
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
  /**
   * The longest time in the window in which the prober itself did not send, in microseconds.
   */
  readonly longestPause: number;
  /**
   * How many probes more than one machine answered. Undefined: this prober cannot know.
   */
  readonly twice?: number;
  /** If a step was asked for. Parts in which nothing was sent are left out. */
  readonly parts?: readonly ProbePart[];
}
