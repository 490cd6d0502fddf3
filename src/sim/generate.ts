/**
 * From a seed to a scenario (swarm testing): every seed draws its own small set of fault kinds, its own cluster, timers and
 * network, so that rare combinations get whole runs to themselves.
 */
import type { GroupConfig, TrackerResult } from "#contract/engine-link";
import type {
  AnnounceConfig,
  InstanceConfig,
  RouterConfig,
  TrackerConfig,
  Transport,
  VirtualAddress,
} from "#core/config";
import { masterDown } from "#core/timing";
import { type Ipv4, ipv4 } from "#units/address";
import { type Centis, centis, fromCentis, fromSeconds, micros } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import { createRandom, type Random } from "./random.ts";
import {
  type Fault,
  type Hostile,
  isDeceiving,
  type MachineSpec,
  type Scenario,
} from "./scenario.ts";

export interface GenerateOptions {
  /** Number of machines; undefined: 2 or 3, sometimes 4. */
  readonly machines?: number;
  /** Length of the storm in advertisement intervals; undefined: drawn. */
  readonly intervals?: number;
}

const NETWORK = 0x0a_00_00_00;
const GROUP: Ipv4 = ipv4(0xe0_00_00_12);

export function generateScenario(seed: number, options: GenerateOptions = {}): Scenario {
  const random = createRandom(seed).split("scenario");
  const count = options.machines ?? random.pick([2, 2, 2, 3, 3, 4]);
  const shape = drawShape(random, count);
  const machines = Array.from({ length: count }, (_, id) => drawMachine(random, shape, id));
  const first = machines[0]?.instances[0]?.router as RouterConfig;
  const interval = fromCentis(shape.intervalMax);
  const down = masterDown(first, shape.intervalMax, 1);
  const intervals = options.intervals ?? random.between(30, 120);
  const stormMicros = Math.max(intervals * interval, 8 * down, 3_000_000);
  const faults = drawFaults(random, shape, machines, stormMicros, down);
  const settleMicros =
    12_000_000 +
    8 * down +
    2 * first.preemptDelay +
    first.startupDelay +
    (hasRefusals(faults) ? 60_000_000 : 0);
  return {
    seed,
    machines,
    network: drawNetwork(random, fromCentis(shape.intervalMin)),
    hasGuard: shape.hasGuard,
    wakeLateMicros: random.pick(
      [100, 300, 1_000, 2_000].filter((one) => one * 20 < fromCentis(shape.intervalMin)),
    ),
    keeperLateMicros: random.pick([300, 2_000]),
    ...(shape.arpLimited ? { arpLimit: { perSecond: 2, burst: 2 } } : {}),
    faults: faults.toSorted((a, b) => a.at - b.at),
    stormMicros,
    settleMicros,
    watchMicros: Math.max(10 * interval, 1_000_000),
  };
}

const hasRefusals = (faults: readonly Fault[]): boolean =>
  faults.some((fault) => fault.kind === "address-fails" || fault.kind === "address-deleted");

/** What all machines of a cluster have in common. */
interface Shape {
  readonly count: number;
  readonly version: 2 | 3;
  readonly intervalMin: Centis;
  readonly intervalMax: Centis;
  readonly preempt: boolean;
  readonly preemptDelay: number;
  readonly equalPriorities: boolean;
  readonly unicast: boolean;
  readonly downTimerAdverts: number;
  readonly secret: string | undefined;
  readonly handover: RouterConfig["handover"];
  readonly announce: AnnounceConfig;
  readonly addressCount: number;
  readonly instanceCount: number;
  readonly grouped: boolean;
  readonly script: { readonly weight: number } | undefined;
  readonly hasGuard: boolean;
  readonly arpLimited: boolean;
  readonly checksum: InstanceConfig["checksum"];
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  readonly owner255: boolean;
  readonly veryStrong: boolean;
}

function drawShape(random: Random, count: number): Shape {
  const version = random.pick([2, 3, 3] as const);
  const intervalMax =
    version === 2
      ? centis(100 * random.pick([1, 1, 1, 2, 5]))
      : centis(random.pick([1, 2, 5, 10, 10, 25, 50, 100, 100, 300]));
  // Version 3 routers may have intervals of their own; each learns the master's.
  const mixed = version === 3 && intervalMax >= 10 && random.chance(0.15);
  const repeat = random.pick([1, 2, 5]);
  const arpLimited = random.chance(0.08);
  return {
    count,
    version,
    intervalMax,
    intervalMin: mixed ? centis(Math.ceil(intervalMax / 2)) : intervalMax,
    preempt: random.chance(0.4),
    preemptDelay: random.chance(0.3) ? random.between(1, 10) * fromCentis(intervalMax) : 0,
    equalPriorities: random.chance(0.4),
    unicast: random.chance(0.55),
    downTimerAdverts: random.chance(0.85) ? 3 : random.between(2, 5),
    secret: version === 2 && random.chance(0.5) ? "1111" : undefined,
    handover: random.chance(0.85) ? "make-before-break" : "break-before-make",
    announce: {
      delay: random.pick([0, fromSeconds(1), fromSeconds(5)] as const) as AnnounceConfig["delay"],
      repeat,
      refresh: random.pick([0, 0, fromSeconds(5)] as const) as AnnounceConfig["refresh"],
      refreshRepeat: 1,
      lowerPrioDelay: fromSeconds(random.pick([0, 5])),
      lowerPrioRepeat: repeat,
    },
    addressCount: random.pick([1, 1, 1, 2, 3]),
    instanceCount: random.chance(0.2) ? 2 : 1,
    grouped: random.chance(0.5),
    script: random.chance(0.35) ? { weight: random.pick([0, 0, -30, 20]) } : undefined,
    hasGuard: random.chance(0.75),
    arpLimited,
    checksum: random.pick(["pseudo-header", "no-pseudo-header"] as const),
    lowerPrioNoAdvert: random.chance(0.08),
    higherPrioSendAdvert: random.chance(0.1),
    owner255: random.chance(0.04),
    veryStrong: random.chance(0.15),
  };
}

const machineAddress = (id: number): Ipv4 => ipv4(NETWORK + 11 + id);

function drawMachine(random: Random, shape: Shape, id: number): MachineSpec {
  const indices = Array.from({ length: shape.instanceCount }, (_, index) => index);
  // In a sync group all members have to agree on who is stronger, or the groups pull each other down for ever.
  const rank = random.between(0, 3);
  const instances = indices.map((index) =>
    drawInstance(random, shape, id, index, shape.grouped ? rank : random.between(0, 3)),
  );
  const trackers: TrackerResult[] =
    shape.script === undefined ? [] : [{ kind: "script", name: "check", result: "up" }];
  const groups: readonly GroupConfig[] =
    shape.grouped && shape.instanceCount > 1
      ? [{ name: "G", members: instances.map((one) => one.router.name) }]
      : [];
  const interval = fromCentis(shape.intervalMax);
  const startsAt = random.pick([0, random.between(0, 200_000), random.between(0, 8 * interval)]);
  return { address: machineAddress(id), startsAt, instances, groups, trackers };
}

function drawInstance(
  random: Random,
  shape: Shape,
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
    advertInterval: random.chance(0.5) ? shape.intervalMin : shape.intervalMax,
    preempt: shape.preempt,
    preemptDelay: micros(shape.preempt ? shape.preemptDelay : 0),
    startupDelay: micros(0),
    downTimerAdverts: shape.downTimerAdverts,
    peerCount: shape.unicast ? shape.count - 1 : 0,
    lowerPrioNoAdvert: shape.lowerPrioNoAdvert,
    higherPrioSendAdvert: shape.higherPrioSendAdvert,
    handover: shape.handover,
    announce: shape.announce,
    trackers,
    trackPrimary: true,
  };
  const peers = Array.from({ length: shape.count }, (_, other) => other)
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
      : { authentication: { kind: "pass", secret: shape.secret } }),
    checksum: shape.checksum,
    addresses: Array.from({ length: shape.addressCount }, (_, n) => virtual(100 + index * 50 + n)),
    excludedAddresses: [],
    skipCheckAdvAddr: false,
    arp: "request",
    pacing: shape.arpLimited
      ? { burst: 2, perSecond: 2, gap: micros(0) }
      : { burst: 0, perSecond: 0, gap: micros(0) },
    ...(shape.grouped && shape.instanceCount > 1 ? { group: "G" } : {}),
  };
}

const virtual = (host: number): VirtualAddress => ({
  address: ipv4(NETWORK + host),
  prefix: 24,
  scope: 0,
});

function drawNetwork(random: Random, interval: number): Scenario["network"] {
  // A segment, not a continent: the delay is small against the interval.
  const latencyMin = 50;
  const latencyMax = Math.min(random.pick([100, 300, 1_500]), Math.max(100, interval / 20));
  return {
    latencyMin,
    latencyMax,
    loss: random.chance(0.15) ? 0.01 : 0,
    duplication: random.chance(0.15) ? 0.02 : 0,
    reordering: random.chance(0.1) ? 0.02 : 0,
    reorderMicros: Math.min(5_000, interval / 4),
  };
}

type Kind = Fault["kind"];
const KINDS: readonly Kind[] = [
  "loss",
  "slow-network",
  "reordering",
  "one-way",
  "partition",
  "link-flap",
  "link-flap",
  "interface-gone",
  "stop",
  "stop",
  "engine-crash",
  "engine-crash",
  "keeper-crash",
  "kill-all",
  "kill-all",
  "power-off",
  "power-off",
  "hang",
  "hang",
  "pause",
  "pause",
  "clock-jump",
  "busy",
  "address-fails",
  "address-slow",
  "address-deleted",
  "tracker",
  "tracker",
  "reload",
  "resync",
  "hostile",
  "foreign-announcement",
];

function drawFaults(
  random: Random,
  shape: Shape,
  machines: readonly MachineSpec[],
  storm: number,
  down: number,
): Fault[] {
  const kinds = Array.from({ length: random.pick([1, 1, 2, 3, 5]) }, () => random.pick(KINDS));
  const count = random.pick([1, 2, 3, 5, 8, 12]);
  const faults: Fault[] = [];
  for (let i = 0; i < count; i++) {
    const fault = drawFault(random, shape, machines, random.pick(kinds), storm, down);
    if (fault !== undefined) faults.push(fault);
  }
  return faults;
}

/** Around the lengths that matter: much shorter than, about as long as, and longer than the detection time. */
function drawLength(random: Random, down: number): number {
  const share = random.pick([0.02, 0.2, 0.5, 0.8, 0.95, 1, 1.05, 1.3, 2, 4]);
  return Math.max(1_000, Math.round(down * share * (0.9 + 0.2 * random.real())));
}

function drawFault(
  random: Random,
  shape: Shape,
  machines: readonly MachineSpec[],
  kind: Kind,
  storm: number,
  down: number,
): Fault | undefined {
  // The cluster has mostly settled before the first one.
  const at = random.chance(0.8) ? random.between(2 * down, storm) : random.between(0, storm);
  const machine = random.between(0, shape.count - 1);
  const length = drawLength(random, down);
  const interval = fromCentis(shape.intervalMax);
  switch (kind) {
    case "loss":
      return { kind, at, micros: length * 3, share: random.pick([0.1, 0.3, 0.5, 0.8]) };
    case "slow-network":
      return {
        kind,
        at,
        micros: length,
        latency: random.between(1_000, Math.max(2_000, interval)),
      };
    case "reordering":
      return { kind, at, micros: length * 2, share: 0.3 };
    case "one-way": {
      const to = (machine + random.between(1, shape.count - 1)) % shape.count;
      return { kind, at, micros: length, from: machine, to };
    }
    case "partition":
      return { kind, at, micros: length, machines: [machine] };
    case "link-flap":
    case "interface-gone":
    case "stop":
    case "keeper-crash":
    case "kill-all":
      return { kind, at, machine, micros: length };
    case "power-off":
      return {
        kind,
        at,
        machine,
        micros: length,
        portLate: random.pick([0, random.between(0, 3 * down), random.between(down, 8_000_000)]),
      };
    case "engine-crash":
    case "resync":
      return { kind, at, machine };
    case "hang":
      return { kind, at, machine, micros: length, who: random.pick(["engine", "all"] as const) };
    case "pause":
      return { kind, at, machine, micros: length, clock: random.pick(["runs", "stops"] as const) };
    case "clock-jump":
      return { kind, at, machine, by: length };
    case "busy":
      return { kind, at, machine, micros: length * 2, late: random.between(1_000, interval) };
    case "address-fails":
      return { kind, at, machine, micros: length, errno: random.pick(["EPERM", "ENOBUFS"]) };
    case "address-slow":
      return {
        kind,
        at,
        machine,
        micros: length,
        slow: random.between(1_000, Math.max(2_000, interval / 2)),
      };
    case "address-deleted":
      return {
        kind,
        at,
        machine,
        address: virtual(100).address,
        times: random.pick([1, 1, 3, 20]),
        every: random.pick([10_000, 1_000_000]),
      };
    case "tracker": {
      if (shape.script === undefined) return undefined;
      const name = "check";
      const result: TrackerResult = { kind: "script", name, result: "down" };
      return { kind, at, machine, micros: length, result, afterwards: { ...result, result: "up" } };
    }
    case "reload":
      return { kind, at, machine, instances: changed(random, machines[machine]?.instances ?? []) };
    case "hostile": {
      const what = random.pick<Hostile>(
        random.chance(0.3)
          ? ["replay", "forged-release", "forged-master"]
          : [
              "noise",
              "truncated",
              "bad-checksum",
              "wrong-password",
              "wrong-ttl",
              "wrong-version",
              "other-vrid",
              "not-a-peer",
            ],
      );
      if (what === "wrong-password" && shape.secret === undefined) return undefined;
      // Unicast has no TTL of its own, multicast no list of peers.
      if ((what === "wrong-ttl" || what === "replay") && shape.unicast) return undefined;
      if (what === "not-a-peer" && !shape.unicast) return undefined;
      const times = isDeceiving(what) ? random.between(1, 3) : random.between(1, 50);
      return { kind, at, what, times, every: random.between(1_000, interval) };
    }
    case "foreign-announcement":
      return { kind, at, address: virtual(100).address, times: random.between(1, 3) };
  }
}

/** Another configuration for a reload: the same, one with another priority, or one more or one fewer address. */
function changed(random: Random, instances: readonly InstanceConfig[]): readonly InstanceConfig[] {
  const what = random.pick(["nothing", "nothing", "priority", "announce"] as const);
  switch (what) {
    case "nothing":
      return instances;
    case "priority":
      return instances.map((one) => {
        const { priority: old } = one.router;
        const next = old === 255 ? 255 : Math.max(1, Math.min(254, old + random.pick([-10, 10])));
        return { ...one, router: { ...one.router, priority: priority(next) } };
      });
    case "announce":
      return instances.map((one) => ({
        ...one,
        router: { ...one.router, announce: { ...one.router.announce, repeat: 3 } },
      }));
  }
}
