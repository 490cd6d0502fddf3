import type { DatabaseAddress } from "#keepalived/plan/run-plan";
import type { DemoteAsk } from "./database.ts";

/** Who may follow a demotion. The peer may be known by another address than VRRP's: then each. */
export function successorsOf<L extends { readonly at: DatabaseAddress }>(
  peers: readonly L[],
  { peer }: DemoteAsk,
): readonly L[] {
  const named = peers.filter(({ at }) => "host" in at && at.host === peer);
  return named.length > 0 ? named : peers;
}
