/** One `bfd_instance` block to a session. */
import { fromMillis } from "#units/time";
import type { SessionPlan } from "#vrrp/bfd/session-plan";
import { type Block, hasSetting, nameOf, numberOf } from "../blocks/block.ts";
import { addressOf } from "../model/effective.ts";

/** keepalived's defaults, in milliseconds where they are times. */
const DEFAULTS = { min_rx: 10, min_tx: 10, idle_tx: 1_000, multiplier: 5, ttl: 255, max_hops: 0 };

/** Undefined: it has no neighbour, or one that is only reached over IPv6 or several hops. */
export function planSession(block: Block): SessionPlan | undefined {
  const neighbor = addressOf(block, "neighbor_ip");
  if (neighbor?.family !== 4 || hasSetting(block, "multihop")) return undefined;
  const source = addressOf(block, "source_ip");
  const read = (word: keyof typeof DEFAULTS): number => numberOf(block, word) ?? DEFAULTS[word];
  return {
    name: nameOf(block),
    neighbor: neighbor.value,
    ...(source?.family === 4 ? { source: source.value } : {}),
    minTx: fromMillis(read("min_tx")),
    minRx: fromMillis(read("min_rx")),
    idleTx: fromMillis(read("idle_tx")),
    multiplier: read("multiplier"),
    isPassive: hasSetting(block, "passive"),
    ttl: read("ttl"),
    maxHops: read("max_hops"),
  };
}
