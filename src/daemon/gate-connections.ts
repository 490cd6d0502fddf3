/** Connections of an address's ports at a planned release: they may end, and then are reset. */
import type { FencePort } from "#keepalived/plan/run-plan";
import type { Ipv4 } from "#units/address";

export interface GateConnections {
  /** Resolves to true when none is left, and to false when the time is over. */
  drained(
    addresses: readonly Ipv4[],
    ports: readonly FencePort[],
    milliseconds: number,
  ): Promise<boolean>;
  reset(addresses: readonly Ipv4[], ports: readonly FencePort[]): Promise<void>;
}
