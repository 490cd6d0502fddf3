/** What the peer's program and the benchmark write to each other, one JSON object per line. */

import type { GapFigures } from "./advert-gaps.ts";
import type { ScaleInterface } from "./scale-config.ts";

export interface PeerOrder {
  readonly interfaces: readonly ScaleInterface[];
  readonly centis: number;
  /** Version 2 with this password; version 3 without one. */
  readonly password?: string;
}

export type PeerRequest =
  /** Advertise every router with this priority, each at its own phase of the interval. */
  | { readonly kind: "advertise"; readonly priority: number }
  | { readonly kind: "rest" }
  /** One advertisement of every router, now. */
  | { readonly kind: "once"; readonly priority: number }
  /** Forget what was heard and sent. */
  | { readonly kind: "clear" }
  | { readonly kind: "read" };

/** Figures of the time since `clear`. */
export interface PeerReading {
  readonly kind: "reading";
  readonly heard: GapFigures;
  /**
   * The number of frames that found no room in the socket: if there are any, not everything was
   * heard.
   */
  readonly drops: number;
  readonly sent: number;
  /** The largest delay of an advertisement, in microseconds. */
  readonly latest: number;
}

export type PeerAnswer = { readonly kind: "ready" } | PeerReading;
