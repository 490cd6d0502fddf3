/** Faults drawn for a cluster: which kinds, when, on whom, how long. */

import type { Rng } from "#units/rng";
import { fromCentis } from "#units/time";
import type { TrackerResult } from "#vrrp/engine/engine-link";
import type { AddressGuard } from "#vrrp/engine/world";
import { drawReloads } from "./draw-reloads.ts";
import { type ClusterShape, virtual } from "./draw-shape.ts";
import { type Hostile, isDeceiving, type MachineSpec, type ScenarioFault } from "./scenario.ts";

type Kind = ScenarioFault["kind"];
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
  "supervisor-crash",
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

export function drawFaults(
  rng: Rng,
  shape: ClusterShape,
  machines: readonly MachineSpec[],
  storm: number,
  down: number,
): ScenarioFault[] {
  const kinds = Array.from({ length: rng.pick([1, 1, 2, 3, 5]) }, () => rng.pick(KINDS));
  if (shape.rivals > 0 && rng.chance(0.7)) kinds.push("rival");
  const count = rng.pick([1, 2, 3, 5, 8, 12]);
  const faults: ScenarioFault[] = [];
  const reloads: { readonly at: number; readonly machine: number }[] = [];
  for (let i = 0; i < count; i++) {
    const fault = drawFault(rng, shape, rng.pick(kinds), storm, down);
    if (fault?.kind === "reload") reloads.push(fault);
    else if (fault !== undefined) faults.push(fault);
  }
  const flaps = drawFlaps(rng.split("flaps"), shape, storm, down);
  const devices = drawDevices(rng.split("devices"), shape, storm, down);
  const operator = drawOperator(rng.split("operator"), shape, storm, down);
  const cuts = drawVrrpCuts(rng.split("vrrp cuts"), shape, storm, down);
  if (cuts.length > 0 && rng.split("vrrp cuts alone").chance(0.7)) return cuts;
  if (devices.length > 0 && rng.split("devices alone").chance(0.5)) return devices;
  if (operator.length > 0 && rng.split("operator alone").chance(0.3)) return operator;
  // Half of them have the run to themselves.
  if (flaps.length > 0 && rng.split("flaps alone").chance(0.5)) return flaps;
  return [
    ...faults,
    ...cuts,
    ...drawGuardFaults(rng.split("guard"), shape, storm, down),
    ...drawEngineDeaths(rng.split("engine deaths"), shape, storm, down),
    ...drawMoveAtDeath(rng.split("move at a death"), shape, storm, down),
    ...flaps,
    ...devices,
    ...operator,
    ...drawReloads(rng.split("reloads"), shape, machines, reloads, storm),
  ];
}

/**
 * A link that comes and goes, at the scale of a short advertisement interval: a bad cable, a switch
 * that restarts. Its port may have its carrier before it forwards. A kernel forgets its unicast
 * peers each time.
 */
function drawFlaps(rng: Rng, shape: ClusterShape, storm: number, down: number): ScenarioFault[] {
  if (!rng.chance(fromCentis(shape.intervalMax) <= 250_000 ? 0.25 : 0.05)) return [];
  const machine = rng.between(0, shape.count - 1);
  const flaps: ScenarioFault[] = [];
  let at = rng.between(2 * down, storm);
  for (let left = rng.between(1, 6); left > 0 && at < storm; left--) {
    const micros = rng.between(50_000, 200_000);
    const portLate = rng.chance(0.5) ? 0 : rng.between(0, 300_000);
    flaps.push({ kind: "link-flap", at, machine, micros, portLate });
    at += micros + rng.pick([rng.between(1_000, 300_000), rng.between(0, 2 * down)]);
  }
  return flaps;
}

/** Long, for what two owners do to each other shows only after a while. */
function drawVrrpCuts(rng: Rng, shape: ClusterShape, storm: number, down: number): ScenarioFault[] {
  if (shape.count < 2 || !rng.chance(0.05)) return [];
  const at = rng.between(2 * down, Math.max(2 * down + 1, storm / 2));
  const machines = [rng.between(0, shape.count - 1)];
  const micros = rng.pick([2 * down, 8 * down, storm - at]);
  return [{ kind: "vrrp-cut", at, machines, micros: Math.max(1_000, micros) }];
}

/**
 * Every second one also refuses to take the rule away, so that nobody answers for the address
 * unless somebody sees to it.
 */
function drawGuardFaults(
  rng: Rng,
  shape: ClusterShape,
  storm: number,
  down: number,
): ScenarioFault[] {
  if (!shape.hasGuard || !rng.chance(0.1)) return [];
  return Array.from({ length: rng.between(1, 3) }, () => {
    const calls = rng.pick<readonly (keyof AddressGuard)[]>([
      ["prolong"],
      ["open"],
      ["close"],
      ["open", "prolong", "close"],
    ]);
    return {
      kind: "guard-fails",
      at: rng.between(0, storm),
      machine: rng.between(0, shape.count - 1),
      micros: drawLength(rng, down),
      calls: rng.chance(0.5) ? calls : ["prolong", "close"],
    } as const satisfies ScenarioFault;
  });
}

/**
 * Somebody moves the address by hand shortly before the engine dies, or while the supervisor holds
 * it: what is a copy then is known to one process or to none (seeds 104797, 149642).
 */
function drawMoveAtDeath(
  rng: Rng,
  shape: ClusterShape,
  storm: number,
  down: number,
): ScenarioFault[] {
  if (!rng.chance(0.04)) return [];
  const machine = rng.between(0, shape.count - 1);
  const at = rng.between(2 * down, storm - 1);
  const moved = Math.min(storm - 1, Math.max(0, at + rng.between(-500_000, 1_000_000)));
  const { address } = virtual(100);
  return [
    { kind: "engine-crash", at, machine },
    { kind: "address-moved", at: moved, machine, micros: drawLength(rng, down) + down, address },
  ];
}

/**
 * What the supervisor has to see to: an engine that hangs and is killed or stopped meanwhile, one
 * that dies again or is stopped while the address is held for the one before, one that hangs for
 * good. In a stream of its own, like the flaps.
 */
function drawEngineDeaths(
  rng: Rng,
  shape: ClusterShape,
  storm: number,
  down: number,
): ScenarioFault[] {
  if (!rng.chance(0.12)) return [];
  const machine = rng.between(0, shape.count - 1);
  const at = rng.between(2 * down, storm - 1);
  const micros = drawLength(rng, down);
  const during = Math.min(storm - 1, at + rng.between(0, micros));
  // A process needs a quarter of a second until it is an engine that works.
  const soon = Math.min(storm - 1, at + rng.between(0, 600_000));
  const crash = { kind: "engine-crash", at, machine } as const;
  const hang = { kind: "hang", who: "engine", at, machine, micros } as const;
  const stop = { kind: "stop", at: during, machine, micros: drawLength(rng, down) } as const;
  switch (rng.between(0, 4)) {
    case 0:
      return [hang, { ...crash, at: during }];
    case 1:
      return [hang, stop];
    case 2:
      return [crash, { ...crash, at: soon }];
    case 3:
      return [crash, { ...stop, at: soon }];
    default:
      return [{ ...hang, micros: 60_000_000 }];
  }
}

/**
 * What others do to the device: renamed, replaced, its addresses moved or flushed. In a stream of
 * its own, like the flaps.
 */
function drawDevices(rng: Rng, shape: ClusterShape, storm: number, down: number): ScenarioFault[] {
  if (!rng.chance(0.15)) return [];
  const machine = rng.between(0, shape.count - 1);
  return Array.from({ length: rng.between(1, 4) }, (): ScenarioFault => {
    const at = rng.between(2 * down, storm);
    const micros = drawLength(rng, down);
    switch (rng.between(0, 4)) {
      case 0:
        return { kind: "interface-renamed", at, machine, micros };
      case 1: {
        const keepsIndex = rng.chance(0.5);
        const isLost = rng.chance(0.5);
        return { kind: "interface-replaced", at, machine, keepsIndex, isLost };
      }
      case 2:
        return { kind: "second-daemon", at, machine };
      case 3:
        return { kind: "address-moved", at, machine, micros, address: virtual(100).address };
      default: {
        const every = rng.pick([1_000, 100_000, 2_000_000]);
        return { kind: "addresses-flushed", at, machine, times: rng.between(1, 3), every };
      }
    }
  });
}

/**
 * An operator who moves addresses away and holds nodes back, also twice, at nodes that own nothing,
 * and shortly before something fails. In a stream of its own, like the flaps.
 */
function drawOperator(rng: Rng, shape: ClusterShape, storm: number, down: number): ScenarioFault[] {
  if (!rng.chance(0.15)) return [];
  const faults: ScenarioFault[] = [];
  let at = rng.between(0, storm);
  for (let left = rng.between(1, 6); left > 0 && at < storm; left--) {
    const machine = rng.between(0, shape.count - 1);
    const micros = drawLength(rng, down) * rng.pick([1, 3]);
    const mode = rng.pick(["on", "last-resort"] as const);
    const kind = rng.pick(["switch", "switch", "switch", "maintenance"] as const);
    faults.push(
      kind === "switch" ? { kind, at, machine, micros } : { kind, at, machine, micros, mode },
    );
    at += rng.pick([0, 1_000, rng.between(0, down), rng.between(down, 4 * down)]);
    if (!rng.chance(0.2)) continue;
    // Around the moment at which a successor answers, or does not.
    const soon = at + rng.pick([200, 5_000, rng.between(0, down)]);
    faults.push(
      rng.pick<ScenarioFault>([
        { kind: "engine-crash", at: soon, machine },
        { kind: "stop", at: soon, machine, micros: drawLength(rng, down) },
        { kind: "hang", who: "engine", at: soon, machine, micros: drawLength(rng, down) },
        { kind: "kill-all", at: soon, machine, micros: drawLength(rng, down) },
      ]),
    );
  }
  return faults;
}

/**
 * Around the lengths that matter: much shorter than, about as long as, and longer than the
 * detection time.
 */
function drawLength(rng: Rng, down: number): number {
  const share = rng.pick([0.02, 0.2, 0.5, 0.8, 0.95, 1, 1.05, 1.3, 2, 4]);
  return Math.max(1_000, Math.round(down * share * (0.9 + 0.2 * rng.real())));
}

/**
 * What every fault is drawn with, needed by its kind or not: so one kind's draws do not move
 * another's.
 */
interface Draw {
  readonly rng: Rng;
  readonly shape: ClusterShape;
  readonly at: number;
  readonly machine: number;
  readonly length: number;
  readonly down: number;
  /** Of advertisements, the longest. */
  readonly interval: number;
}

function drawFault(
  rng: Rng,
  shape: ClusterShape,
  kind: Kind,
  storm: number,
  down: number,
): ScenarioFault | undefined {
  // The cluster has mostly settled before the first one.
  const at = rng.chance(0.8) ? rng.between(2 * down, storm) : rng.between(0, storm);
  const machine = rng.between(0, shape.count - 1);
  const length = drawLength(rng, down);
  const interval = fromCentis(shape.intervalMax);
  const draw: Draw = { rng, shape, at, machine, length, down, interval };
  switch (kind) {
    case "loss":
    case "slow-network":
    case "reordering":
    case "one-way":
    case "partition":
      return drawNetworkFault(draw, kind);
    case "link-flap":
    case "interface-gone":
    case "stop":
    case "supervisor-crash":
    case "kill-all":
      return { kind, at, machine, micros: length };
    case "engine-crash":
    case "resync":
      return { kind, at, machine };
    case "reload":
      // drawReloads fills them in.
      return { kind, at, machine, instances: [] };
    case "power-off":
    case "hang":
    case "pause":
    case "clock-jump":
    case "busy":
      return drawMachineFault(draw, kind);
    case "address-fails":
    case "address-slow":
    case "address-deleted":
      return drawAddressFault(draw, kind);
    case "tracker":
      return drawTrackerFault(draw);
    case "rival": {
      if (shape.rivals === 0) return undefined;
      const what = rng.pick(["stop", "kill", "hang", "cut"] as const);
      return { kind, at, rival: rng.between(0, shape.rivals - 1), what, micros: length };
    }
    case "hostile":
      return drawHostilePackets(draw);
    case "foreign-announcement":
      return { kind, at, address: virtual(100).address, times: rng.between(1, 3) };
    case "vrrp-cut":
    case "guard-fails":
    case "interface-renamed":
    case "interface-replaced":
    case "address-moved":
    case "addresses-flushed":
    case "second-daemon":
    case "switch":
    case "maintenance":
    case "platform-slow":
    case "platform-fails":
    case "platform-stale":
    case "claims-lost":
      // Drawn in streams of their own: drawVrrpCuts, drawGuardFaults, drawDevices, drawOperator,
      // drawPlatform.
      return undefined;
  }
}

function drawNetworkFault(
  { rng, shape, at, machine, length, interval }: Draw,
  kind: "loss" | "slow-network" | "reordering" | "one-way" | "partition",
): ScenarioFault | undefined {
  switch (kind) {
    case "loss":
      return { kind, at, micros: length * 3, share: rng.pick([0.1, 0.3, 0.5, 0.8]) };
    case "slow-network": {
      const latency = rng.between(1_000, Math.max(2_000, interval));
      return { kind, at, micros: length, latency };
    }
    case "reordering":
      return { kind, at, micros: length * 2, share: 0.3 };
    case "one-way": {
      if (shape.count < 2) return undefined;
      const to = (machine + rng.between(1, shape.count - 1)) % shape.count;
      return { kind, at, micros: length, from: machine, to };
    }
    case "partition":
      return { kind, at, micros: length, machines: [machine] };
  }
}

function drawMachineFault(
  { rng, at, machine, length, down, interval }: Draw,
  kind: "power-off" | "hang" | "pause" | "clock-jump" | "busy",
): ScenarioFault {
  switch (kind) {
    case "power-off": {
      const short = rng.between(0, 3 * down);
      const portLate = rng.pick([0, short, rng.between(down, 8_000_000)]);
      return { kind, at, machine, micros: length, portLate };
    }
    case "hang":
      return { kind, at, machine, micros: length, who: rng.pick(["engine", "all"] as const) };
    case "pause":
      return { kind, at, machine, micros: length, clock: rng.pick(["runs", "stops"] as const) };
    case "clock-jump":
      return { kind, at, machine, by: length };
    case "busy":
      return { kind, at, machine, micros: length * 2, late: rng.between(1_000, interval) };
  }
}

function drawAddressFault(
  { rng, shape, at, machine, length, interval }: Draw,
  kind: "address-fails" | "address-slow" | "address-deleted",
): ScenarioFault {
  switch (kind) {
    case "address-fails":
      return { kind, at, machine, micros: length, errno: rng.pick(["EPERM", "ENOBUFS"]) };
    case "address-slow": {
      // Of each address: all together stay within what the protocol's timers bear.
      const all = rng.between(1_000, Math.max(2_000, interval / 2));
      return { kind, at, machine, micros: length, slow: Math.round(all / shape.addressCount) };
    }
    case "address-deleted": {
      const times = rng.pick([1, 1, 3, 20]);
      const every = rng.pick([10_000, 1_000_000]);
      return { kind, at, machine, address: virtual(100).address, times, every };
    }
  }
}

function drawTrackerFault({ shape, at, machine, length }: Draw): ScenarioFault | undefined {
  if (shape.script === undefined) return undefined;
  const result: TrackerResult = { kind: "script", name: "check", result: "down" };
  const afterwards: TrackerResult = { ...result, result: "up" };
  return { kind: "tracker", at, machine, micros: length, result, afterwards };
}

const DECEIVING: readonly Hostile[] = ["replay", "forged-release", "forged-master"];
const REFUSED: readonly Hostile[] = [
  "noise",
  "truncated",
  "bad-checksum",
  "wrong-password",
  "wrong-ttl",
  "wrong-version",
  "other-vrid",
  "not-a-peer",
];

function drawHostilePackets({ rng, shape, at, interval }: Draw): ScenarioFault | undefined {
  const what = rng.pick(rng.chance(0.3) ? DECEIVING : REFUSED);
  if (what === "wrong-password" && shape.secret === undefined) return undefined;
  // Unicast has no TTL of its own, multicast no list of peers.
  if ((what === "wrong-ttl" || what === "replay") && shape.unicast) return undefined;
  if (what === "not-a-peer" && !shape.unicast) return undefined;
  const times = isDeceiving(what) ? rng.between(1, 3) : rng.between(1, 50);
  return { kind: "hostile", at, what, times, every: rng.between(1_000, interval) };
}
