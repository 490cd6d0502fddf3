/** One `bfd_instance` block to a session. */
import { fromMillis } from "#units/time";
import type { SessionPlan } from "#vrrp/bfd/session-plan";
import { type Block, hasSetting, nameOf, numberOf } from "../blocks/block.ts";
import { addressOf } from "../model/effective.ts";
import type { Model } from "../model/model.ts";

/** keepalived's defaults, in milliseconds where they are times. */
const DEFAULTS = { min_rx: 10, min_tx: 10, idle_tx: 1_000, multiplier: 5, ttl: 255, max_hops: 0 };

/**
 * Sessions of the file by name. Of two between the same addresses keepalived ignores the later one,
 * and one without `source_ip` is between any.
 */
export function sessionsOf(model: Model): ReadonlyMap<string, SessionPlan> {
  let sessions = known.get(model);
  if (sessions === undefined) {
    sessions = planSessions(model.sessions);
    known.set(model, sessions);
  }
  return sessions;
}

const known = new WeakMap<Model, ReadonlyMap<string, SessionPlan>>();

function planSessions(blocks: readonly Block[]): ReadonlyMap<string, SessionPlan> {
  const sessions = new Map<string, SessionPlan>();
  for (const block of blocks) {
    const plan = planSession(block);
    if (plan === undefined || sessions.has(plan.name)) continue;
    if (sameEnds(sessions.values(), plan) === undefined) sessions.set(plan.name, plan);
  }
  return sessions;
}

/** The first of these sessions that is between the same addresses. */
export function sameEnds(
  sessions: Iterable<SessionPlan>,
  { neighbor, source }: SessionPlan,
): SessionPlan | undefined {
  for (const one of sessions) {
    const isSameSource = one.source === undefined || source === undefined || one.source === source;
    if (one.neighbor === neighbor && isSameSource) return one;
  }
  return undefined;
}

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
