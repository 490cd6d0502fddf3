/** The floods of the benchmark, in the order in which they are measured. Pure. */
import type { WireFlood } from "./flood-frames.ts";

/** Nothing, for comparison; what an unknown peer sends; what happens on the daemon's machine. */
export type Flood = "none" | WireFlood | "addresses" | "clients" | "script";

export const FLOODS: readonly Flood[] = [
  "none",
  "unknown",
  "lower",
  "refused",
  "garbage",
  "elsewhere",
  "arp",
  "addresses",
  "clients",
  "script",
];
