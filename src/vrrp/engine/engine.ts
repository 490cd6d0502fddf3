/**
 * The loop's body: what comes in becomes an event for the right routers, what they answer is carried out at once.
 *
 *   world event (packet, link, address) ─┐                                 ┌─ sendAdvert, announce   ─> world
 *   message of the supervisor               ─┼─> event ─> step() ─> effects ───┼─ add, refresh, remove   ─> world ─> result ─> event
 *   deadline reached                    ─┘                                 └─ transition, report      ─> supervisor
 *
 * The caller (the ppoll loop in src/daemon, or the simulator) drains every input before it calls `onTime`, so that
 * nothing is decided by a timer while the packet that says otherwise waits in a socket. In the daemon a flood ends that
 * after a bounded time.
 */

import type { Ipv4 } from "#units/address";
import { earliest, type Instant } from "#units/time";
import { isSameConfig } from "../router/config.ts";
import type { RouterEffect, RouterEvent } from "../router/event.ts";
import { deadline, step } from "../router/router.ts";
import type { TrackerState } from "../router/state.ts";
import { parseArp } from "../wire/arp.ts";
import { parseAdvert } from "../wire/parse-advert.ts";
import { AddressDevices } from "./address-devices.ts";
import { Announcements } from "./announcements.ts";
import { DueQueue } from "./due-queue.ts";
import type { FromEngine, ToEngine } from "./engine-link.ts";
import { listen } from "./footing.ts";
import { addressAppeared, findForeignAddresses } from "./foreign-addresses.ts";
import { Groups } from "./groups.ts";
import { about, createInstance, type Instance } from "./instance.ts";
import { Interfaces } from "./interfaces.ts";
import { sweepLeftovers } from "./leftovers.ts";
import { isAddressedTo, isMeant, Lookup } from "./lookup.ts";
import { OwnRemovals } from "./own-removals.ts";
import { pairUp } from "./pairing.ts";
import { announce, perform } from "./perform.ts";
import { PromoteSecondaries } from "./promote-secondaries.ts";
import { judge, tellDrop } from "./receive.ts";
import { addressRemoved, checkStillThere, retryDue } from "./reconcile.ts";
import type { EngineRecord } from "./recording.ts";
import { type Change, change } from "./reload.ts";
import { snapshotOf } from "./snapshot.ts";
import {
  attach,
  interfacesChanged,
  macChanged,
  sourcesChanged,
  surroundingsOf,
  trackerChanged,
  trackerState,
} from "./surroundings.ts";
import { UnknownRouters } from "./unknown-routers.ts";
import {
  type AddressInfo,
  ANY_DEVICE,
  type LinkInfo,
  type World,
  type WorldEvent,
} from "./world.ts";

const speaksAsOwner = (effect: RouterEffect): boolean =>
  effect.kind === "announce" || (effect.kind === "sendAdvert" && effect.priority > 0);

export class Engine {
  readonly world: World;
  readonly interfaces: Interfaces = new Interfaces();
  readonly announcements: Announcements;
  readonly groups: Groups = new Groups();
  readonly addressDevices: AddressDevices = new AddressDevices();
  /** Results of scripts, files and processes by "kind/name", also of those no instance tracks any more. */
  readonly results: Map<string, TrackerState> = new Map();
  readonly recorder: ((record: EngineRecord) => void) | undefined;
  /** Removals the kernel has yet to report. */
  readonly ownRemovals: OwnRemovals = new OwnRemovals();
  instances: readonly Instance[] = [];
  /** Those of `resume` that have not become master yet: what a dead engine left may still answer. */
  readonly #resuming = new Set<Instance>();
  readonly #due = new DueQueue<Instance>();
  readonly #unknownRouters = new UnknownRouters();
  readonly #promoting = new PromoteSecondaries();
  #lookup: Lookup | undefined;
  /** Instances made so far. */
  #made = 0;
  #configured = false;
  #stopping = false;
  finished = false;

  constructor(world: World, recorder?: (record: EngineRecord) => void) {
    this.world = world;
    this.recorder = recorder;
    this.announcements = new Announcements(world, this.interfaces);
  }

  /** When `onTime` has to be called at the latest. */
  deadline(): Instant | undefined {
    return earliest(this.announcements.deadline(), this.#due.first());
  }

  /** Fires what is due. Every input must have been handed over before. */
  onTime(now: Instant): void {
    for (const instance of this.#due.take(now)) {
      if (instance.retryAt !== undefined && now >= instance.retryAt) retryDue(this, instance, now);
      const due = deadline(instance.state);
      if (due !== undefined && now >= due) this.apply(instance, { kind: "timeReached" }, now);
      this.reschedule(instance);
    }
    this.announcements.pump(now);
    this.#sweep(now);
  }

  onWorld(event: WorldEvent, now: Instant): void {
    switch (event.kind) {
      case "packet":
        return this.#onPacket(event.interfaceIndex, event.bytes, now);
      case "arp":
        return this.#onArp(event.interfaceIndex, event.bytes, now);
      case "link":
        return this.#linkChanged(event.link, now);
      case "linkGone":
        this.interfaces.removeLink(event.index);
        interfacesChanged(this, now);
        return sourcesChanged(this, now);
      case "address":
        if (this.interfaces.setAddress(event.address)) addressAppeared(this, event.address, now);
        return sourcesChanged(this, now, event.address);
      case "addressGone":
        this.interfaces.removeAddress(event.address);
        addressRemoved(this, event.address, now);
        return sourcesChanged(this, now, event.address);
      case "resync":
        return this.#resync(event.links, event.addresses, now);
    }
  }

  #linkChanged(link: LinkInfo, now: Instant): void {
    const hasOtherMac = this.interfaces.setLink(link);
    this.#promoting.settle(this);
    interfacesChanged(this, now);
    if (hasOtherMac) macChanged(this, link.index, now);
  }

  #resync(links: readonly LinkInfo[], addresses: readonly AddressInfo[], now: Instant): void {
    const otherMacs = this.interfaces.reset(links, addresses);
    this.#promoting.settle(this);
    this.ownRemovals.forget();
    interfacesChanged(this, now);
    // A device may have been replaced by one with its name and index meanwhile: then its sockets are opened anew.
    for (const instance of this.instances) listen(this, instance, now);
    sourcesChanged(this, now);
    for (const instance of this.instances) checkStillThere(this, instance, now);
    for (const index of otherMacs) macChanged(this, index, now);
    findForeignAddresses(this, now);
  }

  onSupervisor(message: ToEngine, now: Instant): void {
    switch (message.type) {
      case "configure":
        return this.#configure(message, now);
      case "tracker":
        this.results.set(`${message.kind}/${message.name}`, message.result);
        return trackerChanged(this, message.kind, message.name, message.result, now);
      case "announce":
        return this.#announceAgain(message.instance, message.address, now);
      case "platform":
        return this.#platformAnswered(message.instance, message.moved, now);
      case "snapshot": {
        const instances = this.instances.map((instance) => snapshotOf(this, instance, now));
        return this.emit({ type: "snapshot", id: message.id, at: now, instances });
      }
      case "recording":
        // A matter of the process around us.
        return;
      case "stop":
        return this.stop(now);
    }
  }

  #announceAgain(name: string, address: Ipv4 | undefined, now: Instant): void {
    for (const instance of this.instances) {
      if (instance.config.router.name !== name || instance.state.phase.kind !== "master") continue;
      const { addresses, excludedAddresses } = instance.config;
      const others = addresses[0]?.address === address ? excludedAddresses : [];
      const isMeant = (one: Ipv4): boolean =>
        address === undefined ||
        one === address ||
        others.some((excluded) => excluded.address === one);
      const meant = instance.addresses.filter(({ virtual }) => isMeant(virtual.address));
      announce(this, instance, meant, 1, now);
    }
  }

  #platformAnswered(name: string, moved: boolean, now: Instant): void {
    for (const instance of this.instances) {
      if (instance.config.router.name === name)
        this.apply(instance, { kind: "platformAnswered", moved }, now);
    }
  }

  /** The supervisor is gone: nobody asks a platform any more, and another daemon may be waiting for us to end. */
  supervisorGone(now: Instant): void {
    this.stop(now);
    for (const instance of this.instances)
      this.apply(instance, { kind: "platformAnswered", moved: false }, now);
    this.#sweep(now);
  }

  /** The supervisor said stop, or is gone. */
  stop(now: Instant): void {
    this.#stopping = true;
    for (const instance of this.instances) {
      this.apply(instance, { kind: "stop" }, now);
      // The supervisor may be gone, and nobody else knows what it held for us.
      if (this.#resuming.delete(instance))
        perform(this, instance, { kind: "removeAddresses" }, now, []);
    }
    this.#sweep(now);
  }

  emit(message: FromEngine): void {
    this.world.emit(message);
  }

  /** One event for one router, its effects, and the events that follow from them, until nothing follows. */
  apply(instance: Instance, event: RouterEvent, now: Instant): void {
    const follow: RouterEvent[] = [event];
    for (let next = follow.shift(); next !== undefined; next = follow.shift()) {
      const before = instance.state;
      const wanted = step(instance.config.router, before, next, now);
      const turnsMaster = wanted.state.phase.kind === "master" && before.phase.kind !== "master";
      const held = turnsMaster
        ? this.groups.holdBack(this, instance, before, wanted.state, now)
        : undefined;
      const result = held ?? wanted;
      instance.state = result.state;
      if (result.state.phase.kind === "master") this.#resuming.delete(instance);
      if (
        this.recorder !== undefined &&
        held === undefined &&
        (result.effects.length > 0 || next.kind !== "timeReached")
      ) {
        this.recorder({
          at: now,
          instance: instance.config.router.name,
          event: next,
          before,
          after: result.state,
        });
      }
      for (const effect of result.effects) {
        // Refused a moment ago: who is about to give up does not speak as the owner, or its frame may come after the successor's.
        if (speaksAsOwner(effect) && follow.some(({ kind }) => kind === "faultRaised")) continue;
        perform(this, instance, effect, now, follow);
      }
      if (before.phase.kind !== result.state.phase.kind)
        this.groups.memberChanged(this, instance, before, now);
      else if (before.phase.kind === "fault" && before.reason !== result.state.reason)
        this.groups.causesChanged(this, instance, now);
      // One that was held back has just said that it is ready: by priority 0, whatever that did to its timer.
      else if (next.kind === "advertReceived" && held === undefined)
        this.groups.advertHeard(instance, before);
    }
    this.reschedule(instance);
  }

  get lookup(): Lookup {
    this.#lookup ??= new Lookup(this.instances);
    return this.#lookup;
  }

  /** Instances, their interfaces, VRIDs or addresses are others than before. */
  instancesChanged(): void {
    this.#lookup = undefined;
  }

  /** It has to be looked at sooner or later than before. */
  reschedule(instance: Instance): void {
    this.#due.set(instance, earliest(deadline(instance.state), instance.retryAt));
  }

  /** Does some other instance rule or still answer for this address on this device? Then it is not ours to remove. */
  ownedElsewhere(except: Instance, interfaceIndex: number, address: Ipv4): boolean {
    return this.lookup
      .byAddress(address)
      .some(
        (other) =>
          other !== except &&
          (other.state.phase.kind === "master" || other.state.phase.kind === "handover") &&
          other.addresses.some(
            (one) =>
              one.virtual.address === address &&
              this.deviceOf(other, one.virtual.interface) === interfaceIndex,
          ),
      );
  }

  /** Another instance answers for the address, on whatever device: the guard knows addresses only. */
  guardedElsewhere(except: Instance, address: Ipv4): boolean {
    return this.lookup
      .byAddress(address)
      .some(
        (other) =>
          other !== except &&
          other.addresses.some((one) => one.owned && one.virtual.address === address),
      );
  }

  /** Index of the device an address belongs on. */
  deviceOf(instance: Instance, name: string | undefined): number | undefined {
    return name === undefined ? instance.interfaceIndex : this.interfaces.named(name)?.index;
  }

  #configure(message: Extract<ToEngine, { type: "configure" }>, now: Instant): void {
    if (this.#stopping) return;
    this.#unknownRouters.isTold = message.logUnknownVrids === true;
    for (const one of message.trackers) this.results.set(`${one.kind}/${one.name}`, one.result);
    // Those that an earlier reload removed go on handing over, also beside a new one of the same identity.
    const leaving = this.instances.filter((instance) => instance.leaving);
    const staying = this.instances.filter((instance) => !instance.leaving);
    const known = new Map(staying.map((instance) => [instance.config, instance]));
    const pairs = pairUp([...known.keys()], message.instances);
    const kept: Instance[] = [];
    const fresh: Instance[] = [];
    const changed: Change[] = [];
    for (const config of message.instances) {
      const before = pairs.get(config);
      const old = before === undefined ? undefined : known.get(before);
      if (old === undefined || before === undefined) {
        const instance = createInstance(config, this.world.guard !== undefined, this.#made);
        this.#made += 1;
        kept.push(instance);
        fresh.push(instance);
      } else {
        known.delete(before);
        kept.push(old);
        if (!isSameConfig(old.config, config)) changed.push({ instance: old, config });
      }
    }
    const removed = [...known.values()];
    this.instances = [...kept, ...removed, ...leaving];
    this.instancesChanged();
    this.groups.configure(message.groups);
    // Before the first address goes: a reload may remove the primary one of a subnet.
    this.#promoting.settle(this, message.instances);
    change(this, changed, now);
    for (const instance of removed) {
      instance.leaving = true;
      this.apply(instance, { kind: "stop" }, now);
    }
    this.announcements.configure(this.instances, now);
    if (!this.#configured) sweepLeftovers(this, message.resume, message.leftovers);
    this.#configured = true;
    attach(this, fresh, now);
    for (const instance of fresh)
      this.#start(instance, message.resume.includes(instance.config.router.name), now);
    this.groups.settle(this, now);
    this.#promoting.settle(this);
    this.#sweep(now);
    findForeignAddresses(this, now);
  }

  #start(instance: Instance, resume: boolean, now: Instant): void {
    const { router } = instance.config;
    const trackers = router.trackers.map((tracker) =>
      trackerState(this, tracker.kind, tracker.name),
    );
    instance.state = { ...instance.state, ...surroundingsOf(this, instance), trackers };
    if (resume) this.#resuming.add(instance);
    this.apply(instance, { kind: resume ? "startupAfterRelease" : "startup" }, now);
  }

  #onPacket(interfaceIndex: number, bytes: Uint8Array, now: Instant): void {
    const parsed = parseAdvert(bytes);
    const vrid = parsed.kind === "advert" ? parsed.advert.vrid : parsed.vrid;
    if (vrid === undefined) return;
    const instances = this.lookup.byRouter(interfaceIndex, vrid);
    const sharing = this.lookup.sharing(interfaceIndex, vrid);
    if (sharing.length === 0 && parsed.kind === "advert")
      this.#unknownRouters.heard(this, interfaceIndex, vrid, parsed.advert.source, now);
    const isShared = sharing.length > 1 && parsed.kind === "advert";
    for (const instance of instances) {
      // Whatever comes to this machine comes by this socket.
      if (interfaceIndex === ANY_DEVICE && !isAddressedTo(bytes, instance)) continue;
      // One VRID twice on the interface: a packet belongs to the one whose peer or group it comes from, if there is one.
      if (isShared && !isMeant(parsed.advert, instance, sharing)) continue;
      if (parsed.kind === "drop") {
        tellDrop(this, instance, parsed.drop, parsed.source, now);
        continue;
      }
      const event = judge(this, instance, bytes, parsed.advert, now);
      if (event !== undefined) this.apply(instance, event, now);
    }
  }

  #onArp(interfaceIndex: number, bytes: Uint8Array, now: Instant): void {
    const parsed = parseArp(bytes);
    if (parsed.kind === "drop") return;
    const { senderAddress: address, senderMac } = parsed.arp;
    for (const instance of this.lookup.byAddress(address)) {
      if (instance.state.phase.kind !== "master") continue;
      const ours = instance.addresses.some(
        (one) =>
          one.virtual.address === address &&
          this.deviceOf(instance, one.virtual.interface) === interfaceIndex,
      );
      if (!ours || this.interfaces.hasMac(senderMac)) continue;
      instance.counters.foreign_claims += 1;
      this.apply(instance, { kind: "foreignAnnouncement", address, mac: senderMac }, now);
    }
  }

  #drop(instance: Instance, now: Instant): void {
    this.instances = this.instances.filter((one) => one !== instance);
    this.instancesChanged();
    this.#due.remove(instance);
    const { interfaceIndex } = instance;
    if (interfaceIndex === undefined) return;
    const staying = this.instances.find((one) => one.interfaceIndex === interfaceIndex);
    if (staying === undefined) this.#unlisten(interfaceIndex);
    // Its multicast group is left unless another router is in it.
    else if (instance.config.transport.kind === "multicast") listen(this, staying, now);
  }

  /** Unless somebody still needs what is heard there. */
  stopListening(index: number): void {
    if (this.instances.some((one) => one.interfaceIndex === index)) return;
    if (!this.addressDevices.isHeard(index)) this.#unlisten(index);
  }

  #unlisten(index: number): void {
    this.world.unlisten(index);
    this.addressDevices.forget(index);
  }

  /** Drops instances that a reload removed and that have handed over; ends when all have at a stop. */
  #sweep(now: Instant): void {
    let isSmaller = false;
    for (const instance of this.instances) {
      if (instance.leaving && instance.state.phase.kind === "stopped") {
        this.emit({ type: "removed", ...about(instance) });
        this.#drop(instance, now);
        isSmaller = true;
      }
    }
    if (isSmaller) {
      this.addressDevices.settle(this, now);
      this.#promoting.settle(this);
    }
    if (!this.#stopping || this.finished) return;
    if (this.instances.every((instance) => instance.state.phase.kind === "stopped")) {
      this.finished = true;
      this.#promoting.settle(this);
      this.emit({ type: "stopped" });
    }
  }
}
