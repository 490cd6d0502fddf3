/**
 * From a seed to a scenario (swarm testing): every seed draws its own small set of fault kinds, its
 * own cluster, timers and network, so that rare combinations get whole runs to themselves.
 */

import { type IpAddress, ipv4 } from "#units/address";
import { createRng, type Rng } from "#units/rng";
import { Secret } from "#units/secret";
import { fromCentis, micros } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import type { GroupConfig, TrackerResult } from "#vrrp/engine/engine-link";
import type { InstanceConfig, RouterConfig, TrackerConfig, Transport } from "#vrrp/router/config";
import { masterDown } from "#vrrp/router/timing";
import { drawFamily } from "./draw-family.ts";
import { drawFaults } from "./draw-faults.ts";
import { drawGate } from "./draw-gates.ts";
import { drawPlatform, PLATFORM_SETTLES } from "./draw-platform.ts";
import { shortestInterval } from "./draw-reloads.ts";
import { type ClusterShape, drawShape, NETWORK, virtual } from "./draw-shape.ts";
import type { MachineSpec, RivalSpec, Scenario, ScenarioFault } from "./scenario.ts";

export interface GenerateOptions {
  /** Number of machines; undefined: 2 or 3, sometimes 4. */
  readonly machines?: number;
  /** Length of the storm in advertisement intervals; undefined: drawn. */
  readonly intervals?: number;
  /** "always": every cluster that can have a gate has one; undefined: some have. */
  readonly gate?: "always";
}

const GROUP: IpAddress = ipv4(0xe0_00_00_12);

export function generateScenario(seed: number, options: GenerateOptions = {}): Scenario {
  const rng = createRng(seed).split("scenario");
  const shape = drawShape(rng, options.machines);
  const drawn = Array.from({ length: shape.count }, (_, id) => drawMachine(rng, shape, id));
  const gate = drawGate(rng.split("gate"), shape, drawn, options.gate === "always");
  const machines = gate?.machines ?? drawn;
  const rivals = Array.from({ length: shape.rivals }, (_, id) =>
    drawRival(rng.split(`rival ${id}`), shape, shape.count + id),
  );
  const first = machines[0]?.instances[0]?.router as RouterConfig;
  const interval = fromCentis(shape.intervalMax);
  const down = masterDown(first, shape.intervalMax, 1);
  const shortest = fromCentis(shortestInterval(shape));
  const intervals = options.intervals ?? rng.between(30, 120);
  const storm = Math.max(intervals * interval, 8 * down, 3_000_000);
  // What a platform says of a gate's address is its own matter.
  const cloud =
    gate === undefined ? drawPlatform(rng.split("platform"), shape, storm, down) : undefined;
  const drawnFaults = drawFaults(rng, shape, machines, storm, down);
  const faults = [
    // Another sync group is another gate, with another database behind it.
    ...(gate !== undefined && shape.grouped
      ? drawnFaults.filter(({ kind }) => kind !== "reload")
      : drawnFaults),
    ...(cloud?.faults ?? []),
  ];
  const settleMicros =
    12_000_000 +
    8 * down +
    2 * first.preemptDelay +
    first.startupDelay +
    (hasRefusals(faults) ? 60_000_000 : 0) +
    // keepalived yields without priority 0: clients find out by themselves (`RESOLVE_AFTER`).
    (rivals.length > 0 ? 8_000_000 : 0) +
    (gate?.settleMicros ?? 0) +
    (cloud === undefined ? 0 : PLATFORM_SETTLES + cloud.platform.claimLatency);
  return drawFamily(rng.split("family"), {
    seed,
    machines,
    network: drawNetwork(rng, shortest),
    hasGuard: shape.hasGuard,
    wakeLateMicros: rng.pick([100, 300, 1_000, 2_000].filter((one) => one * 20 < shortest)),
    supervisorLateMicros: rng.pick([300, 2_000]),
    ...(shape.arpLimit === undefined ? {} : { arpLimit: shape.arpLimit }),
    ...(rivals.length === 0 ? {} : { rivals }),
    ...(cloud === undefined ? {} : { platform: cloud.platform }),
    ...(gate === undefined ? {} : { gate: gate.spec }),
    faults: faults.toSorted((a, b) => a.at - b.at),
    stormMicros: cloud?.stormMicros ?? storm,
    settleMicros,
    watchMicros: Math.max(10 * interval, 1_000_000),
  });
}

/** After which a router may wait before it tries again. */
const TRIES_AGAIN: readonly ScenarioFault["kind"][] = [
  "address-fails",
  "address-deleted",
  "address-moved",
  "addresses-flushed",
  "guard-fails",
  "interface-replaced",
];
const hasRefusals = (faults: readonly ScenarioFault[]): boolean =>
  faults.some((fault) => TRIES_AGAIN.includes(fault.kind));

const machineAddress = (id: number): IpAddress => ipv4(NETWORK + 11 + id);

function drawMachine(rng: Rng, shape: ClusterShape, id: number): MachineSpec {
  const indices = Array.from({ length: shape.instanceCount }, (_, index) => index);
  // In a sync group all members have to agree on who is stronger, or the groups pull each other
  // down for ever.
  const rank = rng.between(0, 3);
  const instances = indices.map((index) =>
    drawInstance(rng, shape, id, index, shape.grouped ? rank : rng.between(0, 3)),
  );
  const trackers: TrackerResult[] =
    shape.script === undefined ? [] : [{ kind: "script", name: "check", result: "up" }];
  const groups: readonly GroupConfig[] =
    shape.grouped && shape.instanceCount > 1
      ? [{ name: "G", members: instances.map((one) => one.router.name) }]
      : [];
  const interval = fromCentis(shape.intervalMax);
  const startsAt = rng.pick([0, rng.between(0, 200_000), rng.between(0, 8 * interval)]);
  return { address: machineAddress(id), startsAt, instances, groups, trackers };
}

/** The same virtual routers, without what keepalived does not have. */
function drawRival(rng: Rng, shape: ClusterShape, id: number): RivalSpec {
  const { address, startsAt, instances } = drawMachine(rng, shape, id);
  return {
    address,
    startsAt,
    instances: instances.map((one) => {
      const priority_ = Math.min(254, one.router.priority);
      const { announce } = one.router;
      const router = { ...one.router, priority: priority(priority_), preemptDelay: micros(0) };
      return { ...one, router: { ...router, announce: { ...announce, refresh: micros(0) } } };
    }),
  };
}

function drawInstance(
  rng: Rng,
  shape: ClusterShape,
  id: number,
  index: number,
  drawn: number,
): InstanceConfig {
  const trackers: TrackerConfig[] =
    shape.script === undefined
      ? []
      : [{ kind: "script", name: "check", weight: shape.script.weight, reverse: false }];
  const rank = shape.equalPriorities ? 0 : drawn;
  const base =
    shape.owner255 && id === 0 ? 255 : shape.veryStrong ? 254 - (3 - rank) * 40 : 100 + 20 * rank;
  const router: RouterConfig = {
    name: `V${index + 1}`,
    vrid: vrid(51 + index),
    version: shape.version,
    priority: priority(shape.equalPriorities && base !== 255 ? 100 : base),
    advertInterval: rng.chance(0.5) ? shape.intervalMin : shape.intervalMax,
    preempt: shape.preempt,
    preemptDelay: micros(shape.preempt ? shape.preemptDelay : 0),
    startupDelay: micros(0),
    downTimerAdverts: shape.downTimerAdverts,
    peerCount: shape.unicast ? shape.count + shape.rivals - 1 : 0,
    lowerPrioNoAdvert: shape.lowerPrioNoAdvert,
    higherPrioSendAdvert: shape.higherPrioSendAdvert,
    handover: shape.handover,
    announce: shape.announce,
    trackers,
    trackPrimary: true,
  };
  const peers = Array.from({ length: shape.count + shape.rivals }, (_, other) => other)
    .filter((other) => other !== id)
    .map((other) => ({ address: machineAddress(other) }));
  const transport: Transport = shape.unicast
    ? { kind: "unicast", peers, ttl: 255, checkSource: true }
    : { kind: "multicast", group: GROUP };
  return {
    router,
    interface: "eth0",
    transport,
    ...(shape.secret === undefined
      ? {}
      : { authentication: { kind: "pass", secret: new Secret(shape.secret) } }),
    checksum: shape.checksum,
    addresses: Array.from({ length: shape.addressCount }, (_, n) => virtual(100 + index * 50 + n)),
    excludedAddresses: [],
    skipCheckAdvAddr: false,
    arp: shape.arp,
    pacing: shape.pacing,
    ...(shape.grouped && shape.instanceCount > 1 ? { group: "G" } : {}),
  };
}

function drawNetwork(rng: Rng, interval: number): Scenario["network"] {
  // A segment, not a continent: the delay is small against the interval.
  const latencyMin = 50;
  const latencyMax = Math.min(rng.pick([100, 300, 1_500]), Math.max(100, interval / 20));
  return {
    latencyMin,
    latencyMax,
    loss: rng.chance(0.15) ? 0.01 : 0,
    duplication: rng.chance(0.15) ? 0.02 : 0,
    reordering: rng.chance(0.1) ? 0.02 : 0,
    reorderMicros: Math.min(5_000, interval / 4),
  };
}
