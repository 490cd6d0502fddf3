/**
 * Reloads drawn for a cluster. What all nodes have to agree about (addresses, in the end) is
 * changed on all of them, one after the other, as an operator does; what is a node's own is changed
 * on one.
 */

import type { Rng } from "#units/rng";
import { type Centis, centis, fromSeconds } from "#units/time";
import { priority } from "#units/vrrp";
import type { AnnounceConfig, InstanceConfig } from "#vrrp/router/config";
import { type ClusterShape, virtual } from "./draw-shape.ts";
import { ipv4Of } from "./frame-fields.ts";
import { type MachineSpec, type ScenarioFault, virtualsOf } from "./scenario.ts";

type Change = (now: readonly InstanceConfig[], machine: number) => readonly InstanceConfig[];

interface Wish {
  readonly at: number;
  readonly machine: number;
}

export function drawReloads(
  rng: Rng,
  shape: ClusterShape,
  machines: readonly MachineSpec[],
  wishes: readonly Wish[],
  storm: number,
): ScenarioFault[] {
  // The same order everywhere, or two changes of the same thing would end differently on two nodes.
  const stagger = rng.pick([0, 10_000, 500_000, 2_000_000]);
  const again = wishes.flatMap(({ at, machine }) =>
    rng.chance(0.5) ? [{ at: at + rng.between(1_000, 5_000_000), machine }] : [],
  );
  const steps = [...wishes, ...again]
    .toSorted((a, b) => a.at - b.at)
    .flatMap(({ at, machine }) => {
      const { change, everywhere } = drawChange(rng, shape, machines);
      const on = everywhere ? machines.map((_, id) => id) : [machine];
      return on.map((id) => ({ at: Math.min(storm - 1, at + id * stagger), id, change }));
    })
    .toSorted((a, b) => a.at - b.at);
  const now = machines.map((one) => one.instances);
  return steps.map(({ at, id, change }) => {
    const instances = change(now[id] ?? [], id);
    now[id] = instances;
    return { kind: "reload", at, machine: id, instances };
  });
}

const KINDS = [
  "nothing",
  "nothing",
  "priority",
  "weight",
  "weight",
  "announce",
  "pacing",
  "interval",
  "addresses",
  "addresses",
  "instance",
  "membership",
] as const;

function drawChange(
  rng: Rng,
  shape: ClusterShape,
  machines: readonly MachineSpec[],
): { readonly change: Change; readonly everywhere: boolean } {
  const here = (change: Change): ReturnType<typeof drawChange> => ({ change, everywhere: false });
  const nothing = here((now) => now);
  switch (rng.pick(KINDS)) {
    case "nothing":
      return nothing;
    case "priority": {
      const by = rng.pick([-10, 10]);
      return here((now) => now.map((one) => withPriority(one, by)));
    }
    case "weight": {
      const weight = rng.pick([0, -30, -20, 20]);
      return here((now) =>
        now.map((one) => {
          const trackers = one.router.trackers.map((tracker) => ({ ...tracker, weight }));
          return { ...one, router: { ...one.router, trackers } };
        }),
      );
    }
    case "announce": {
      const announce = drawAnnounce(rng);
      return here((now) => now.map((one) => ({ ...one, router: { ...one.router, announce } })));
    }
    case "pacing": {
      const { pacing } = shape;
      if (pacing.burst < 2) return nothing;
      const slower = { ...pacing, burst: 1, perSecond: Math.ceil(pacing.perSecond / 2) };
      const next = rng.pick([pacing, slower]);
      return here((now) => now.map((one) => ({ ...one, pacing: next })));
    }
    case "interval": {
      // Version 2 refuses what differs, so two nodes would both be master until the second is
      // reloaded.
      if (shape.version === 2 || shape.intervalMax < HALVED_FROM) return nothing;
      const advertInterval = rng.pick([shape.intervalMax, halfOf(shape.intervalMax)]);
      const change: Change = (now) =>
        now.map((one) => ({ ...one, router: { ...one.router, advertInterval } }));
      return { change, everywhere: rng.chance(0.7) };
    }
    case "addresses":
      return shape.rivals > 0 ? nothing : { change: otherAddresses(rng), everywhere: true };
    case "membership": {
      const group = machines[0]?.groups[0]?.name;
      if (group === undefined) return nothing;
      return { change: (now) => otherMembership(now, group), everywhere: true };
    }
    case "instance": {
      // A sync group with all its members on one node only could be master nowhere.
      if (shape.grouped && shape.instanceCount > 1) return nothing;
      const name = rng.pick(machines[0]?.instances ?? [])?.router.name;
      return here((now, machine) => {
        if (now.some((one) => one.router.name === name))
          return now.filter((one) => one.router.name !== name);
        const all = machines[machine]?.instances ?? [];
        return all.filter((one) => one.router.name === name || now.some((old) => isSame(old, one)));
      });
    }
  }
}

/** One instance leaves its sync group, or comes back to it; groups of one behave as none. */
function otherMembership(now: readonly InstanceConfig[], group: string): readonly InstanceConfig[] {
  const last = now.at(-1);
  return now.map((one) => {
    if (one !== last) return one;
    const { group: left, ...alone } = one;
    return left === undefined ? { ...alone, group } : alone;
  });
}

/** Intervals from here on may be halved by a reload. */
const HALVED_FROM = 10;
const halfOf = (interval: Centis): Centis => centis(Math.ceil(interval / 2));

/** Shortest interval a run of this cluster may come to. */
export const shortestInterval = (shape: ClusterShape): Centis =>
  shape.version === 3 && shape.intervalMax >= HALVED_FROM
    ? halfOf(shape.intervalMax)
    : shape.intervalMin;

const isSame = (a: InstanceConfig, b: InstanceConfig): boolean => a.router.name === b.router.name;

function withPriority(one: InstanceConfig, by: number): InstanceConfig {
  const { priority: old } = one.router;
  const next = old === 255 ? 255 : Math.max(1, Math.min(254, old + by));
  return { ...one, router: { ...one.router, priority: priority(next) } };
}

function drawAnnounce(rng: Rng): AnnounceConfig {
  const repeat = rng.pick([1, 2, 3, 5]);
  return {
    delay: fromSeconds(rng.pick([0, 1, 5])),
    repeat,
    refresh: fromSeconds(rng.pick([0, 2, 5])),
    refreshRepeat: rng.pick([1, 2]),
    lowerPrioDelay: fromSeconds(rng.pick([0, 5])),
    lowerPrioRepeat: rng.pick([0, repeat]),
  };
}

/** One more in the advertisement, one more outside of it, or the first alone. */
function otherAddresses(rng: Rng): Change {
  const what = rng.pick(["more", "fewer", "excluded"] as const);
  return (now) =>
    now.map((one) => {
      const [first] = one.addresses;
      if (first === undefined) return one;
      if (what === "fewer") return { ...one, addresses: [first], excludedAddresses: [] };
      const next = virtual((Math.max(...virtualsOf(one).map(ipv4Of)) % 256) + 1);
      return what === "more"
        ? { ...one, addresses: [...one.addresses, next] }
        : { ...one, excludedAddresses: [...one.excludedAddresses, next] };
    });
}
