/**
 * The engine is dead and owned addresses. What it would have done at a stop (router/leave.ts) is
 * done for it: priority 0, keep the address until the successor is heard, remove it. Bounded by one
 * skew time and one interval. A new engine is started meanwhile; if it becomes MASTER because
 * nobody else did, the address stays.
 *
 *   readKernel -> for each instance: listen -> sendRelease, holdAddresses -> a successor, or time
 *                                                            -> removeAddresses -> clearGuard
 *
 * Rules of the sub-second lease are taken away with the address. Those of addresses that are gone
 * already go at once, whatever becomes of the instance's other addresses: they would make them
 * unreachable for whoever has them here next, and after a stop nobody comes to remove them.
 */
import type { IpAddress } from "#units/address";
import { after, earliestOf, type Instant } from "#units/time";
import { resetPortsOf } from "../engine/fences.ts";
import { pairUp } from "../engine/pairing.ts";
import { routingItems } from "../engine/routing.ts";
import type { Failure } from "../engine/world.ts";
import { type InstanceConfig, versionOf } from "../router/config.ts";
import type { RoutingItem } from "../router/routes.ts";
import { handOverWait, LINGER } from "../router/timing.ts";
import { copiesHere, copiesOf, isOurs, sparedBy } from "./copies.ts";
import type { KernelState, Place, Spared, SupervisorEffect, SupervisorEvent } from "./event.ts";
import { linkOf, placesOf, sourceOf, vmacOf } from "./places.ts";
import {
  FIRST_DELAY,
  type Hold,
  type Orphan,
  type Step,
  type SupervisorState,
  unchanged,
} from "./state.ts";

/** A successor heard at the last moment gets its time too, so `removeAt` may lie behind `until`. */
const holdDeadline = ({ removeAt, until }: Hold): Instant => removeAt ?? until;

export const holdsDeadline = ({ holds }: SupervisorState): Instant | undefined =>
  earliestOf(holds.map(holdDeadline));

/**
 * Which hold is for which instance of a configuration that the engine is about to be sent; a reload
 * may have renamed it. All are paired at once, and together with those that nothing is held for:
 * one by one, an instance takes the hold of another that has its VRID.
 */
export function holdsFor(
  state: SupervisorState,
  instances: readonly InstanceConfig[],
): ReadonlyMap<InstanceConfig, number> {
  const { holds, routers, sent } = state;
  const configured = routers.filter(({ leaving }) => leaving === undefined);
  const before = sent.at(-1)?.instances ?? configured.map(({ config }) => config);
  const held = new Map(
    sent.at(-1)?.resumed ??
      configured.flatMap(({ config, hold }) => (hold === undefined ? [] : [[config, hold]])),
  );
  // Not sent to any engine yet, or of routers that a reload has taken away.
  const known = new Set(held.values());
  const others = holds.filter(({ id }) => !known.has(id));
  for (const { config, id } of others) held.set(config, id);
  const found = new Map<InstanceConfig, number>();
  for (const [config, old] of pairUp([...before, ...others.map((one) => one.config)], instances)) {
    const hold = holdOf(state, held.get(old));
    if (hold !== undefined) found.set(config, hold.id);
  }
  return found;
}

const withoutHold = (state: SupervisorState, gone: Hold): SupervisorState => ({
  ...state,
  holds: state.holds.filter((hold) => hold !== gone),
});

/** A new engine owns the address again; one that its router has no more is removed. */
export function takenByEngine(state: SupervisorState, id: number | undefined): Step {
  const hold = holdOf(state, id);
  if (hold === undefined) return unchanged(state);
  const effects = [
    ...ending(hold, freePlaces(state, hold)),
    { kind: "unlisten", hold: hold.id } as const,
  ];
  return { state: withoutHold(state, hold), effects };
}

/** Where no router of the engine that runs has the address: by a reload it may be another's now. */
const freePlaces = ({ routers }: SupervisorState, hold: Hold): readonly Place[] =>
  hold.places.filter(
    (place) => !routers.some(({ mayOwn, config }) => mayOwn && hasPlace(config, hold, place)),
  );

/** Does the instance have this address of the hold, on the same device? */
function hasPlace(instance: InstanceConfig, { config }: Hold, { address }: Place): boolean {
  const device = address.interface ?? config.interface;
  return [...instance.addresses, ...instance.excludedAddresses].some(
    (one) => one.address === address.address && (one.interface ?? instance.interface) === device,
  );
}

/**
 * An address that a reload takes away from a router that stays is not kept for a successor: the
 * engine, had it lived, would have removed it at once.
 */
export function removeUnconfigured(
  state: SupervisorState,
  instances: readonly InstanceConfig[],
  resumed: ReadonlyMap<InstanceConfig, number>,
): Step {
  const effects: SupervisorEffect[] = [];
  const isConfigured = (hold: Hold, place: Place): boolean =>
    instances.some((one) => hasPlace(one, hold, place));
  const ids = new Set(resumed.values());
  const holds = state.holds.map((hold) => {
    if (!ids.has(hold.id)) return hold;
    const places = hold.places.filter((place) => isConfigured(hold, place));
    if (places.length === hold.places.length) return hold;
    const gone = hold.places.filter((place) => !isConfigured(hold, place));
    const free = freePlaces(state, { ...hold, places: gone });
    effects.push(...ending(hold, free));
    return { ...hold, places };
  });
  return { state: { ...state, holds }, effects };
}

/**
 * The kernel was asked: everything that the dead engine may have owned is handed over at once. What
 * a socket is needed for comes last, for with the last one that is refused a stop is over.
 */
export function kernelRead(state: SupervisorState, kernel: KernelState, now: Instant): Step {
  const all = [...state.holds, ...state.orphans].map(({ config }) => config);
  const effects: SupervisorEffect[] = [];
  const listens: SupervisorEffect[] = [];
  let next: SupervisorState = { ...state, orphans: [] };
  for (const orphan of state.orphans) {
    const { config } = orphan;
    // Lifetimes end up to a second apart: the others may still be here (sim seed 46339).
    effects.push(...clearing(config.router.name, notHere(config, kernel)));
    const step = beginHandOver(next, orphan, kernel, all, now);
    next = step.state;
    for (const effect of step.effects) (effect.kind === "listen" ? listens : effects).push(effect);
  }
  return { state: next, effects: [...effects, ...listens] };
}

export function kernelUnreadable(state: SupervisorState, failure: Failure): Step {
  const report = { kind: "cannot-hand-over", instance: undefined, failure } as const;
  return { state: { ...state, orphans: [] }, effects: [{ kind: "report", report }] };
}

function beginHandOver(
  state: SupervisorState,
  { config, beside }: Orphan,
  kernel: KernelState,
  all: readonly InstanceConfig[],
  now: Instant,
): Step {
  const instance = config.router.name;
  // Held since an earlier engine died, and this one died as well.
  const before = state.holds.find((hold) => hold.config === config);
  const next = before === undefined ? state : withoutHold(state, before);
  const ended: readonly SupervisorEffect[] =
    before === undefined ? [] : [{ kind: "unlisten", hold: before.id }];
  const places = placesOf(config, kernel, all);
  const link = linkOf(config, kernel, places);
  const spared = sparedBy(config, kernel, places, beside);
  const everything = [...places, ...copiesOf(config, kernel, places, spared)];
  // An engine that hung before it died has lost its lease: somebody else may own the address now.
  if (link === undefined || places.length === 0) {
    const effects = [
      ...ended,
      ...removal(instance, everything, undefined, routingItems(config)),
      { kind: "report", report: { kind: "lease-was-over", instance } } as const,
    ];
    return { state: next, effects };
  }
  const source = config.transport.source ?? sourceOf(link, versionOf(config), kernel);
  if (source === undefined) {
    const report = { kind: "cannot-hand-over", instance, failure: undefined } as const;
    const removed = removal(instance, everything, undefined, routingItems(config));
    return { state: next, effects: [...ended, { kind: "report", report }, ...removed] };
  }
  const { nextHold: id } = next;
  const until = after(now, handOverWait(config.router));
  const hold: Hold = { id, config, source, places, spared, until, removeAt: undefined };
  const { transport, router } = config;
  const keeps = router.handover === "make-before-break" && !isFenced(config);
  const listens = transport.kind === "multicast" && keeps;
  const group = listens ? transport.group : undefined;
  const vmac = vmacOf(config, kernel);
  const version = versionOf(config);
  const listen = { kind: "listen", hold: id, instance, link, version, group } as const;
  return {
    state: { ...next, holds: [...next.holds, hold], nextHold: id + 1 },
    effects: [...ended, vmac === undefined ? listen : { ...listen, vmac }],
  };
}

const notHere = (config: InstanceConfig, { addresses }: KernelState): readonly IpAddress[] => {
  const here = new Set(addresses.map(({ address }) => address));
  return [...config.addresses, ...config.excludedAddresses]
    .map(({ address }) => address)
    .filter((address) => !here.has(address));
};

/**
 * Of addresses that were answered for until now: clients hear of it while they are there. Routes
 * and rules go with the last of them.
 */
function ending(
  { config, places: held, spared }: Hold,
  places: readonly Place[],
): readonly SupervisorEffect[] {
  const resets = resetPortsOf(config);
  const isWhole = places.length > 0 && places.length === held.length;
  const items = isWhole ? routingItems(config) : [];
  const removed = removal(config.router.name, places, spared, items);
  return resets === undefined ? removed : removed.map((effect) => ({ ...effect, resets }));
}

/** The newest first: the primary one of a subnet takes the others with it. */
function removal(
  instance: string,
  places: readonly Place[],
  spared: Spared | undefined,
  items: readonly RoutingItem[] = [],
): readonly Extract<SupervisorEffect, { kind: "removeAddresses" }>[] {
  if (places.length === 0 && items.length === 0) return [];
  const routing = items.length === 0 ? {} : { routing: items.toReversed() };
  const kind = "removeAddresses";
  return [{ kind, instance, places: places.toReversed(), spared, ...routing }];
}

const clearing = (
  instance: string,
  addresses: readonly IpAddress[],
): readonly SupervisorEffect[] =>
  addresses.length === 0 ? [] : [{ kind: "clearGuard", instance, addresses }];

const holdOf = ({ holds }: SupervisorState, id: number | undefined): Hold | undefined =>
  holds.find((hold) => hold.id === id);

export function listening(state: SupervisorState, id: number, now: Instant): Step {
  const hold = holdOf(state, id);
  // Nobody would close it.
  if (hold === undefined) return { state, effects: [{ kind: "unlisten", hold: id }] };
  const { config, source, places } = hold;
  const { name: instance, handover } = config.router;
  const release = { kind: "sendRelease", hold: id, config, source } as const;
  // With a fence nobody is served until the successor is, and the address may as well be gone: then
  // a fence that the kernel has refused leaves nothing open.
  if (handover === "break-before-make" || isFenced(config)) {
    const report = { kind: "removed-first", instance } as const;
    return {
      state: withoutHold(state, hold),
      effects: [
        ...ending(hold, places),
        release,
        { kind: "unlisten", hold: id },
        { kind: "report", report },
      ],
    };
  }
  const wait = handOverWait(config.router);
  const held = { ...hold, until: after(now, wait) };
  // The lease must not end in the middle of the hand-over, and not last longer either.
  const seconds = Math.ceil(wait / 1_000_000) + 1;
  const milliseconds = Math.ceil(wait / 1_000);
  const addresses = places.map(({ address }) => address.address);
  return {
    state: postponeStart(
      { ...state, holds: state.holds.map((one) => (one === hold ? held : one)) },
      now,
    ),
    effects: [
      release,
      { kind: "holdAddresses", instance, places, seconds },
      { kind: "prolongGuard", instance, addresses, milliseconds },
      { kind: "report", report: { kind: "handing-over", instance } },
    ],
  };
}

const isFenced = ({ fence }: InstanceConfig): boolean => fence !== undefined && fence.length > 0;

/**
 * Many addresses take their time, and the first successors are to be heard before the next engine
 * starts.
 */
function postponeStart(state: SupervisorState, now: Instant): SupervisorState {
  const { engine } = state;
  const soonest = after(now, FIRST_DELAY);
  if (engine.kind !== "waiting" || engine.startAt >= soonest) return state;
  return { ...state, engine: { ...engine, startAt: soonest } };
}

export function listenRefused(state: SupervisorState, id: number, failure: Failure): Step {
  const hold = holdOf(state, id);
  if (hold === undefined) return unchanged(state);
  const instance = hold.config.router.name;
  const report = { kind: "cannot-hand-over", instance, failure } as const;
  return {
    state: withoutHold(state, hold),
    effects: [{ kind: "report", report }, ...ending(hold, hold.places)],
  };
}

/**
 * Clients learn the successor's MAC address while the old owner still answers: within an interval,
 * which is twice as long at least.
 */
export function peerHeard(state: SupervisorState, id: number, now: Instant): Step {
  const hold = holdOf(state, id);
  if (hold === undefined || hold.removeAt !== undefined) return unchanged(state);
  const heard = { ...hold, removeAt: after(now, LINGER) };
  return unchanged({ ...state, holds: state.holds.map((one) => (one === hold ? heard : one)) });
}

/** What has been held for long enough is removed. */
export function holdsDue(state: SupervisorState, now: Instant): Step {
  const effects: SupervisorEffect[] = [];
  let next = state;
  for (const hold of state.holds) {
    if (now < holdDeadline(hold)) continue;
    next = withoutHold(next, hold);
    const instance = hold.config.router.name;
    const isSuccessorHeard = hold.removeAt !== undefined;
    effects.push(
      ...ending(hold, freePlaces(state, hold)),
      { kind: "unlisten", hold: hold.id },
      { kind: "report", report: { kind: "handed-over", instance, isSuccessorHeard } },
    );
  }
  return { state: next, effects };
}

/**
 * What could not be removed keeps its rule, and better does not answer. So does an address that is
 * ours on another device, where a new engine may own it by now: a rule is for the address wherever
 * it is. Copies of what is gone go before the rule does.
 */
export function addressesRemoved(
  state: SupervisorState,
  { instance, spared, gone, here }: Extract<SupervisorEvent, { kind: "addressesRemoved" }>,
): Step {
  const elsewhere = new Set(here.filter(isOurs).map(({ address }) => address));
  const isFree = (address: IpAddress): boolean => !elsewhere.has(address);
  const free = [...new Set(gone)].filter(isFree);
  const absent = spared?.absent.filter(isFree) ?? [];
  const copies = spared === undefined ? [] : copiesHere([...free, ...absent], here, spared);
  const copied = new Set(copies.map(({ address }) => address.address));
  const rest = free.filter((address) => !copied.has(address));
  return {
    state,
    effects: [...removal(instance, copies, undefined), ...clearing(instance, rest)],
  };
}
