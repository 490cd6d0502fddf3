/**
 * The loop's body: inputs become events for the right routers, and what they answer is carried out
 * at once. This file only puts the parts together and hands inputs over; each part works on the
 * context below it and knows nothing of the ones above.
 *
 *   inputs    packets, links, addresses, messages of the supervisor, deadlines
 *   steps     steps.ts: step() of the router, sync groups
 *   effects   effects.ts: advertisements, addresses and leases, announcements, messages
 *   outcomes  what failed, as events for the next step
 *
 * The caller (the ppoll loop in src/daemon, or the simulator) drains every input before it calls
 * `onTime`, so that nothing is decided by a timer while the packet that says otherwise waits in a
 * socket. In the daemon a flood ends that after a bounded time.
 */

import type { IpAddress } from "#units/address";
import { earliest, type Instant, type Micros } from "#units/time";
import type { TimeReached } from "../router/event.ts";
import { readyAt } from "../router/router.ts";
import type { RouterState } from "../router/state.ts";
import { packetPause, stallThreshold } from "../router/timing.ts";
import { Acceptance } from "./acceptance.ts";
import { AddressDevices } from "./address-devices.ts";
import { Addresses } from "./addresses.ts";
import { Advertiser } from "./advertiser.ts";
import { Announcements } from "./announcements.ts";
import { BfdSessions } from "./bfd-sessions.ts";
import { Configurator } from "./configure.ts";
import { type EngineContext, isOwnedElsewhere } from "./context.ts";
import { Crowd, TAKE_OVER_MAX, TURN_MAX } from "./crowd.ts";
import { Departures } from "./departures.ts";
import { Effects } from "./effects.ts";
import type { FromEngine, InstanceSnapshot, SessionSnapshot, ToEngine } from "./engine-link.ts";
import { addressAppeared } from "./foreign-addresses.ts";
import { Gates } from "./gates.ts";
import { Groups } from "./groups.ts";
import { Guard } from "./guard.ts";
import type { DurationHistogram } from "./histogram.ts";
import { type Instance, isRaised } from "./instance.ts";
import { Instances } from "./instances.ts";
import { InterfaceState } from "./interface-state.ts";
import { Interfaces } from "./interfaces.ts";
import { Leases } from "./leases.ts";
import { LinkDelays } from "./link-delays.ts";
import { Operator } from "./operator.ts";
import { OwnRemovals } from "./own-removals.ts";
import { Probes } from "./probes.ts";
import { SecondaryPromotion } from "./promote-secondaries.ts";
import { Receiver } from "./receive.ts";
import { Reconciler } from "./reconcile.ts";
import type { EngineRecord } from "./recording.ts";
import { Refusals } from "./refusals.ts";
import { Reloader } from "./reload.ts";
import { Routing } from "./routing.ts";
import { briefOf, SNAPSHOT_MAX, snapshotOf } from "./snapshot.ts";
import { SocketBindings } from "./socket-bindings.ts";
import { Sources } from "./sources.ts";
import { Steps } from "./steps.ts";
import { Trackers } from "./trackers.ts";
import { VirtualMacs } from "./virtual-macs.ts";
import type { AddressInfo, LinkInfo, World, WorldEvent } from "./world.ts";

export interface EngineOptions {
  /** How many routers a turn takes; the simulator draws fewer. */
  readonly turnMax?: number;
}

export class Engine {
  readonly announcements: Announcements;
  readonly probes: Probes;
  readonly #sessions: BfdSessions;
  readonly #context: EngineContext;
  readonly #ownRemovals = new OwnRemovals();
  readonly #addresses: Addresses;
  readonly #groups: Groups;
  readonly #steps: Steps;
  readonly #addressDevices: AddressDevices;
  readonly #bindings: SocketBindings;
  readonly #sources: Sources;
  readonly #trackers: Trackers;
  readonly #reconciler: Reconciler;
  readonly #interfaceState: InterfaceState;
  readonly #linkDelays = new LinkDelays();
  readonly #receiver: Receiver;
  readonly #promoting: SecondaryPromotion;
  readonly #departures: Departures;
  readonly #configurator: Configurator;
  readonly #operator: Operator;
  readonly #gates: Gates;
  readonly #virtualMacs: VirtualMacs;
  readonly #crowd: Crowd;
  readonly #turnMax: number;
  /** The last turn, and everything that had come was read before it. */
  #readAt: Instant | undefined;
  /** The turn from which on it has read everything in time. */
  #runsSince = 0 as Instant;

  constructor(
    world: World,
    recorder?: (record: EngineRecord) => void,
    { turnMax = TURN_MAX }: EngineOptions = {},
  ) {
    this.#turnMax = turnMax;
    this.#crowd = new Crowd(turnMax);
    const context = { world, interfaces: new Interfaces(), instances: new Instances() };
    this.#context = context;
    const ownRemovals = this.#ownRemovals;

    const guard = new Guard(context);
    const addresses = new Addresses(context, guard, ownRemovals);
    const leases = new Leases(addresses, guard);
    const announcements = new Announcements(context);
    const advertiser = new Advertiser(context);
    const gates = new Gates(context);
    const probes = new Probes(context);
    const routing = new Routing(context);
    const acceptance = new Acceptance(context);
    const parts = { world, advertiser, announcements, leases, gates, probes, routing, acceptance };
    const effects = new Effects(parts);
    this.#gates = gates;
    this.probes = probes;
    this.#addresses = addresses;
    this.announcements = announcements;

    const groups = new Groups(context);
    const steps = new Steps(context, effects, groups, recorder);
    this.#groups = groups;
    this.#steps = steps;

    const addressDevices = new AddressDevices(context);
    const bindings = new SocketBindings(context, steps, addressDevices);
    const sources = new Sources(context, steps);
    const trackers = new Trackers(context, steps);
    const sessions = new BfdSessions(context, trackers);
    this.#sessions = sessions;
    const refusals = new Refusals(context);
    const promoting = new SecondaryPromotion(context);
    const virtualMacs = new VirtualMacs(context, steps);
    this.#virtualMacs = virtualMacs;
    const own = { addressDevices, bindings, sources, trackers, virtualMacs };
    const base = { context, steps, announcements, routing, ...own };
    const reconciler = new Reconciler({ ...base, addresses, leases, ownRemovals });
    const interfaceState = new InterfaceState({ ...base, reconciler });
    const reloader = new Reloader({ ...base, leases, guard, gates });
    const departures = new Departures({ ...base, effects, promoting, acceptance, gates });
    this.#addressDevices = addressDevices;
    this.#bindings = bindings;
    this.#sources = sources;
    this.#trackers = trackers;
    this.#promoting = promoting;
    this.#reconciler = reconciler;
    this.#interfaceState = interfaceState;
    this.#departures = departures;
    this.#receiver = new Receiver(context, steps, refusals, probes);
    this.#operator = new Operator({ context, steps, groups });
    this.#configurator = new Configurator({
      ...base,
      groups,
      interfaceState,
      refusals,
      promoting,
      acceptance,
      reloader,
      departures,
      operator: this.#operator,
      gates,
      sessions,
    });
  }

  get instances(): readonly Instance[] {
    return this.#context.instances.all;
  }

  /** For the simulator's checkers: is another instance entitled to the address on this device? */
  isOwnedElsewhere(except: Instance, interfaceIndex: number, address: IpAddress): boolean {
    return isOwnedElsewhere(this.#context, except, interfaceIndex, address);
  }

  /** Everything is handed over, and nothing more is to be done. */
  get finished(): boolean {
    return this.#departures.isFinished;
  }

  /** When `onTime` has to be called at the latest. */
  deadline(): Instant | undefined {
    const { instances } = this.#context;
    const first = earliest(this.#linkDelays.deadline(), this.#sessions.deadline());
    return earliest(
      this.announcements.deadline(),
      instances.nextDue(),
      this.probes.deadline(),
      first,
    );
  }

  /** How long packets may wait to be read together, while they are many. */
  packetPause(): Micros {
    return packetPause(this.#context.instances.lookup.shortestInterval);
  }

  /**
   * Fires what is due, up to a bound: `deadline` has passed still if there is more. Every input
   * must have been handed over before.
   *
   * @param isAllRead false: there were too many, and some wait still
   */
  onTime(now: Instant, isAllRead = true): void {
    const { instances } = this.#context;
    const all = instances.all.length;
    this.#lateLinks(now);
    // A neighbour that is gone counts before elections do.
    if (!this.#sessions.isEmpty) this.#sessions.onTime(now);
    const event = this.#crowd.event(all);
    const readAt = this.#readAt;
    if (readAt === undefined || this.#hasStalled(readAt, now)) this.#runsSince = now;
    this.#readAt = isAllRead ? now : undefined;
    this.#steps.beginTurn();
    for (const instance of instances.takeDue(now, this.#turnMax)) {
      // Owners were first: only take-overs are put off.
      if (this.#steps.takenOver >= TAKE_OVER_MAX) {
        instances.reschedule(instance);
        continue;
      }
      if (instance.retryAt !== undefined && now >= instance.retryAt) this.#retry(instance, now);
      if (instances.wakesAgain(instance, now)) continue;
      const ready = readyAt(instance.config.router, instance.state);
      if (ready === undefined || now < ready) instances.reschedule(instance);
      else {
        const own = this.#crowd.eventFor(instance, event, all);
        this.#steps.timeReached(instance, this.#readSince(own, ready, readAt), now);
      }
    }
    this.#crowd.turnEnded(instances.isOwnerDue(now));
    this.#steps.endTurn(now);
    if (!this.probes.isEmpty) this.probes.onTime(this.#steps, now);
    this.announcements.pump(now);
    this.#departures.sweep(now);
  }

  /** Since the last turn, or since something was due after it. */
  #hasStalled(readAt: Instant, now: Instant): boolean {
    const { instances } = this.#context;
    const due = Math.max(readAt, instances.nextDue() ?? now);
    return now - due > stallThreshold(instances.lookup.shortestInterval);
  }

  /**
   * It was due in an earlier turn already, behind others, and this node has run all the time since
   * then. Whoever was due while it did not run has stalled, in whichever turn its time comes.
   */
  #readSince(event: TimeReached, due: Instant, readAt: Instant | undefined): TimeReached {
    if (readAt === undefined || due >= readAt || due < this.#runsSince) return event;
    return { ...event, readAt };
  }

  /**
   * The waiting time after a refusal or a fight is over. What can be tried again is tried, the
   * causes are lifted, and the election decides.
   */
  #retry(instance: Instance, now: Instant): void {
    instance.retryAt = undefined;
    this.#addresses.removeStuck(instance, now);
    if (isRaised(instance, "fence-refused") && this.#gates.closeAgain(instance, now))
      this.#steps.apply(instance, { kind: "faultLifted", cause: "fence-refused" }, now);
    if (isRaised(instance, "cannot-listen")) this.#bindings.open(instance, now);
    if (isRaised(instance, "vmac-refused")) this.#interfaceState.changed(now);
    this.#addressDevices.settle(now);
    for (const cause of ["address-rejected", "lease-refused", "address-fight"] as const)
      this.#steps.apply(instance, { kind: "faultLifted", cause }, now);
  }

  /**
   * A packet that says what the last one said, to a backup (receive.ts): true, and it is dealt
   * with. Nothing is done that takes time, so a whole batch may have the same instant.
   */
  onRepetition(interfaceIndex: number, bytes: Uint8Array, now: Instant): boolean {
    return this.#receiver.repetition(interfaceIndex, bytes, now);
  }

  /**
   * Beside another daemon (src/shadow), which has decided otherwise than this router: it goes on
   * from the state that the other's decision means.
   */
  adopt(instance: Instance, state: RouterState): void {
    instance.state = state;
    this.#context.instances.reschedule(instance);
  }

  onWorld(event: WorldEvent, now: Instant): void {
    const { interfaces } = this.#context;
    switch (event.kind) {
      case "packet":
        return this.#receiver.packet(event.interfaceIndex, event.bytes, now);
      case "neighbour":
        return this.#receiver.neighbour(event.interfaceIndex, event.bytes, now);
      case "bfd":
        return this.#sessions.packet(event.bytes, now);
      case "link":
        return this.#linkChanged(event.link, now);
      case "linkGone":
        this.#linkDelays.gone(event.index);
        interfaces.removeLink(event.index);
        this.#interfaceState.changed(now);
        return this.#sources.addressesChanged(now);
      case "address":
        return this.#addressReported(event.address, now);
      case "addressGone":
        interfaces.removeAddress(event.address);
        if (this.#virtualMacs.isReplaced(event.address.index, event.address.address))
          return this.#interfaceState.changed(now);
        this.#reconciler.addressGone(event.address, now);
        return this.#sources.addressGone(event.address, now);
      case "resync":
        return this.#resync(event.links, event.addresses, now);
    }
  }

  #addressReported(address: AddressInfo, now: Instant): void {
    const change = this.#context.interfaces.setAddress(address);
    // A new lifetime: our own refreshes come back to us.
    if (change === "same") return;
    if (change !== "new") return this.#sources.addressesChanged(now, address);
    addressAppeared(this.#context, address, now);
    this.#sources.addressAppeared(address, now);
  }

  #linkChanged(link: LinkInfo, now: Instant): void {
    const { interfaces } = this.#context;
    const shown = this.#linkDelays.shown(link, interfaces.link(link.index), now);
    const hasOtherMac = interfaces.setLink(shown);
    this.#promoting.settle();
    this.#interfaceState.changed(now);
    if (hasOtherMac) this.#interfaceState.macChanged(link.index, now);
  }

  /** Links with a change that counts from now on. */
  #lateLinks(now: Instant): void {
    for (const { link, since } of this.#linkDelays.takeDue(now)) {
      const { interfaces } = this.#context;
      if (interfaces.link(link.index) === undefined) continue;
      interfaces.setLink(link);
      this.#promoting.settle();
      this.#interfaceState.changed(now, { index: link.index, since });
    }
  }

  #resync(links: readonly LinkInfo[], addresses: readonly AddressInfo[], now: Instant): void {
    const { interfaces } = this.#context;
    const shown = links.map((one) => this.#linkDelays.shown(one, interfaces.link(one.index), now));
    const { otherMacs, appeared } = interfaces.reset(shown, addresses);
    this.#promoting.settle();
    this.#ownRemovals.forget();
    this.#interfaceState.changed(now);
    // A device may have been replaced by one with its name and index meanwhile: then its sockets
    // are opened anew.
    for (const instance of this.instances) this.#bindings.open(instance, now);
    this.#sources.addressesChanged(now);
    for (const instance of this.instances) this.#reconciler.checkStillThere(instance, now);
    for (const index of otherMacs) this.#interfaceState.macChanged(index, now);
    // What was there before is no copy of ours, whatever was lost.
    for (const found of appeared) addressAppeared(this.#context, found, now);
  }

  onSupervisor(message: ToEngine, now: Instant): void {
    switch (message.type) {
      case "configure":
        this.#linkDelays.configure(message.linkDelays ?? []);
        return this.#configurator.configure(message, now);
      case "tracker":
        return this.#trackers.changed(message, now);
      case "announce":
        return this.#announceAgain(message.instance, message.address, now);
      case "platform":
        return this.#platformAnswered(message.instance, message.moved, now);
      case "snapshot": {
        const { id, from = 0, empty, brief } = message;
        const wanted = empty === true ? [] : this.instances.slice(from, from + SNAPSHOT_MAX);
        const left = empty === true ? 0 : this.instances.length - from - wanted.length;
        const rest = { id, at: now, ...(left > 0 && { more: left }) };
        if (brief !== true)
          return this.emit({ type: "snapshot", ...rest, instances: this.#snapshot(wanted, now) });
        const instances = wanted.map((one) => briefOf(this.#context, this.#groups, one, now));
        return this.emit({ type: "brief", ...rest, instances });
      }
      case "switch":
        return this.#operator.switch(message, now);
      case "switchBack":
        return this.#operator.switchBack(message.instances, now);
      case "maintenance":
        return this.#operator.maintenance(message.mode, now);
      case "gateAnswer":
      case "probeAnswer":
      case "dataCompared":
      case "drained":
        return this.#gates.answered(this.#steps, message, now);
      case "eligible":
        return this.#gates.eligible(this.#steps, message.unit, message.eligible, now);
      case "successorServes":
        return this.#gates.notify(this.#steps, message.unit, { kind: message.type }, now);
      case "promoteAsked": {
        const { type: kind, unit, isForced } = message;
        const asked = isForced === true ? ({ kind, isForced } as const) : ({ kind } as const);
        return this.#gates.notify(this.#steps, unit, asked, now);
      }
      case "recording":
        // For the process around the engine.
        return;
      case "stop":
        this.#sessions.stop(now);
        return this.#departures.stop(now);
    }
  }

  get sessions(): readonly SessionSnapshot[] {
    return this.#sessions.snapshot();
  }

  /** All instances as `status` sees them. */
  snapshot(now: Instant): readonly InstanceSnapshot[] {
    return this.#snapshot(this.instances, now);
  }

  #snapshot(instances: readonly Instance[], now: Instant): readonly InstanceSnapshot[] {
    return instances.map((one) => snapshotOf(this.#context, this.#groups, one, now));
  }

  /** By how much the time between two received advertisements differed from the interval. */
  get jitter(): DurationHistogram {
    return this.#receiver.jitter;
  }

  #announceAgain(name: string, address: IpAddress | undefined, now: Instant): void {
    for (const instance of this.instances) {
      if (instance.config.router.name !== name || instance.state.phase.kind !== "master") continue;
      const { addresses, excludedAddresses } = instance.config;
      const others = addresses[0]?.address === address ? excludedAddresses : [];
      const isMeant = (one: IpAddress): boolean =>
        address === undefined ||
        one === address ||
        others.some((excluded) => excluded.address === one);
      const meant = instance.addresses.filter(({ virtual }) => isMeant(virtual.address));
      this.announcements.announce(instance, meant, 1, now);
    }
  }

  #platformAnswered(name: string, moved: boolean, now: Instant): void {
    for (const instance of this.instances) {
      if (instance.config.router.name === name)
        this.#steps.apply(instance, { kind: "platformAnswered", moved }, now);
    }
  }

  /**
   * The supervisor is gone: nobody asks a platform any more, and another daemon may be waiting for
   * us to end.
   */
  supervisorGone(now: Instant): void {
    this.#gates.supervisorGone(this.#steps, now);
    this.#departures.stop(now);
    for (const instance of this.instances)
      this.#steps.apply(instance, { kind: "platformAnswered", moved: false }, now);
    this.#departures.sweep(now);
  }

  /** To the supervisor. */
  emit(message: FromEngine): void {
    this.#context.world.emit(message);
  }
}
