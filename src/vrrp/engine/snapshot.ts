/** An instance as `status` and `explain` see it. */

import { after, fromCentis, type Instant, micros, toSeconds } from "#units/time";
import type { RouterConfig } from "../router/config.ts";
import { holdDown, recentLosses } from "../router/hold-down.ts";
import { deadline } from "../router/router.ts";
import type { ArpClaim, BackupPhase, GateState, Phase, RouterState } from "../router/state.ts";
import { publicState } from "../router/step.ts";
import { masterDown } from "../router/timing.ts";
import { faultCauses, trackerEffect } from "../router/tracking.ts";
import type { EngineContext } from "./context.ts";
import type {
  BriefSnapshot,
  GateSnapshot,
  InstanceSnapshot,
  LeaseSnapshot,
} from "./engine-link.ts";
import { foreignDevices } from "./foreign-addresses.ts";
import type { Groups } from "./groups.ts";
import type { Instance } from "./instance.ts";

const claimOf = ({
  address,
  mac,
  since,
  lastAt,
  count,
}: ArpClaim): NonNullable<InstanceSnapshot["claim"]> => ({
  address,
  mac,
  since,
  lastAt,
  count,
});

/**
 * How many make one message. Making it and writing it takes some 8 µs each: more at once would put
 * off the advertisements of others.
 */
export const SNAPSHOT_MAX = 50;

export function snapshotOf(
  context: EngineContext,
  groups: Groups,
  instance: Instance,
  now: Instant,
): InstanceSnapshot {
  const { config, state } = instance;
  return {
    ...briefOf(context, groups, instance, now),
    trackers: config.router.trackers.map((tracker, index) => {
      const result = state.trackers[index] ?? "unknown";
      const { kind, name, weight } = tracker;
      return { kind, name, weight, result, effect: trackerEffect(tracker, result) };
    }),
    counters: { ...instance.counters },
    ...refusedOf(instance),
  };
}

export function briefOf(
  context: EngineContext,
  groups: Groups,
  instance: Instance,
  now: Instant,
): BriefSnapshot {
  const { config, state } = instance;
  const { router } = config;
  const group = groups.standing(instance);
  const losses = recentLosses(router, state, now);
  const held = holdDown(router, state, now);
  const until = state.phase.kind === "backup" && held > 0 ? state.phase.preemptAt : undefined;
  const known = state.phase.kind === "master" ? state.phase.claim : undefined;
  const claim = known?.isReported === true ? known : undefined;
  const configured =
    config.transport.kind === "unicast" ? config.transport.peers.map((one) => one.address) : [];
  return {
    name: router.name,
    state: publicState(state.phase),
    phase: state.phase.kind,
    since: state.since,
    reason: state.reason,
    basePriority: router.priority,
    effectivePriority: state.effectivePriority,
    vrid: router.vrid,
    version: router.version,
    interface: config.interface,
    linkUp: state.linkUp,
    source: state.source,
    advertInterval: toSeconds(fromCentis(router.advertInterval)),
    deadline: state.phase.kind === "backup" ? state.phase.masterDownAt : deadline(state),
    faults: faultCauses(router, state),
    ...(state.phase.kind === "backup"
      ? { standby: standbyOf(router, state, state.phase, now) }
      : {}),
    ...(group === undefined ? {} : { group }),
    ...(losses === 0 ? {} : { holdDown: { losses, micros: held, until } }),
    peers: [...instance.peers.values()].map(({ unresolved, ...peer }) => ({
      ...peer,
      configured: configured.includes(peer.address),
      ...(unresolved === undefined ? {} : { unresolvedSince: unresolved.since }),
    })),
    addresses: addressesOf(context, instance),
    ...(claim === undefined ? {} : { claim: claimOf(claim) }),
    ...(state.gate === undefined ? {} : { gate: gateOf(state.phase, state.gate) }),
    lease: leaseOf(instance, now),
  };
}

function gateOf(phase: Phase, gate: GateState): GateSnapshot {
  const { fence, run, eligible, isPromoted, heldUntil, refused, conflict } = gate;
  const known: GateSnapshot = { phase: gatePhase(phase, gate), fence, run, eligible, isPromoted };
  return {
    ...known,
    ...(phase.kind === "backup" && phase.isAnswered === true ? { isAnswered: true } : {}),
    ...(heldUntil === undefined ? {} : { heldUntil }),
    ...(refused === 0 ? {} : { refused }),
    ...(conflict === undefined
      ? {}
      : { conflict: { peer: conflict.peer, result: conflict.result } }),
  };
}

function gatePhase(phase: Phase, { fence }: GateState): GateSnapshot["phase"] {
  if (phase.kind === "promoting" || phase.kind === "demoting") return phase.kind;
  if (phase.kind === "backup" && phase.probing !== undefined) return "probing";
  return phase.kind === "master" && fence === "open" ? "open" : "closed";
}

function addressesOf(
  context: EngineContext,
  { addresses, config, interfaceIndex }: Instance,
): InstanceSnapshot["addresses"] {
  const link = context.interfaces.link(interfaceIndex);
  return addresses.map(({ virtual, owned, announcedAt, announcements, error }) => ({
    address: virtual.address,
    prefix: virtual.prefix,
    interface: virtual.interface ?? link?.name ?? config.interface ?? "?",
    owned,
    announcedAt,
    announcements,
    error,
    foreign: foreignDevices(context, virtual.address),
  }));
}

function leaseOf(instance: Instance, now: Instant): LeaseSnapshot {
  const { lease, state, refreshedAt, guardedAt } = instance;
  const { guarantee, takeOverMicros } = lease;
  const known = { guarantee, micros: lease.micros, takeOverMicros };
  const since = guarantee === "nftables" ? guardedAt : refreshedAt;
  if (state.phase.kind !== "master" || since === undefined) return known;
  return { ...known, leftMicros: micros(Math.max(0, lease.micros - (now - since))) };
}

function refusedOf({ drops }: Instance): Pick<InstanceSnapshot, "refused"> {
  if (drops.size === 0) return {};
  const refused: Record<string, number> = {};
  for (const [kind, { count }] of drops) refused[kind] = count;
  return { refused };
}

/** A master counts as heard for one master-down interval. */
function standbyOf(
  router: RouterConfig,
  { heard, effectivePriority }: RouterState,
  { masterInterval, masterDownAt, missed, released, preemptAt }: BackupPhase,
  now: Instant,
): NonNullable<InstanceSnapshot["standby"]> {
  const masterDownMicros = masterDown(router, masterInterval, effectivePriority);
  const isHeard = heard !== undefined && !released && now < after(heard.at, masterDownMicros);
  return {
    master: isHeard
      ? { address: heard.from, priority: heard.priority, heardAt: heard.at }
      : undefined,
    masterDownMicros,
    masterDownAt,
    ...(missed !== undefined && { missed }),
    preempt: router.preempt,
    preemptAt,
  };
}
