/**
 * From a received packet to an event for the router it is meant for, or to a refusal. A packet goes
 *
 *   repetition     the same as the last one (repetition.ts): noted, or straight to `apply`
 *   parseAdvert    structure and checksum (wire/parse-advert.ts)
 *   lookup         the instances of its interface and VRID (lookup.ts)
 *   isMeant        of several, the one it is meant for (addressee.ts)
 *   checkAdvert    what the instance expects: TTL, version, password, interval, source, addresses;
 *                  with `auth_hmac` the signature, before what is signed (signing.ts)
 *   apply          an `advertReceived` event (steps.ts)
 */
import type { IpAddress } from "#units/address";
import type { Instant } from "#units/time";
import type { RouterEvent } from "../router/event.ts";
import { checkAdvert, checkSender } from "../wire/check-advert.ts";
import { ipVersionAt } from "../wire/ipv4-fields.ts";
import { parseAdvert } from "../wire/parse-advert.ts";
import type { Advert, DropReason } from "../wire/vrrp-packet.ts";
import { isAddressedTo, isMeant } from "./addressee.ts";
import { claimIn } from "./claims.ts";
import { deviceOf, type EngineContext } from "./context.ts";
import { DurationHistogram } from "./histogram.ts";
import { type AcceptedAdvert, type Instance, newPeer, type PeerMemory } from "./instance.ts";
import { recordJitter } from "./jitter.ts";
import { routerNumber } from "./lookup.ts";
import type { Probes } from "./probes.ts";
import type { Refusals } from "./refusals.ts";
import { countRepetition, isRepetition, routerAt } from "./repetition.ts";
import type { Steps } from "./steps.ts";
import { ANY_DEVICE } from "./world.ts";

/** Of one instance; without source check, or in a multicast group, anybody can be one. */
const PEERS_MAX = 32;
/**
 * Advertisements that differ each time, a flood of them or two masters in turn, are not worth
 * remembering: what is kept until the next one ages, and is then collected with everything old.
 */
const REMEMBER_EVERY = 100_000;

export class Receiver {
  readonly #context: EngineContext;
  readonly #steps: Steps;
  readonly #refusals: Refusals;
  readonly #probes: Probes;
  readonly jitter: DurationHistogram = new DurationHistogram();

  constructor(context: EngineContext, steps: Steps, refusals: Refusals, probes: Probes) {
    this.#context = context;
    this.#steps = steps;
    this.#refusals = refusals;
    this.#probes = probes;
  }

  /** A whole IPv4 or IPv6 packet of protocol 112. */
  packet(interfaceIndex: number, bytes: Uint8Array, now: Instant): void {
    if (this.repetition(interfaceIndex, bytes, now)) return;
    const { lookup } = this.#context.instances;
    const only = lookup.only(interfaceIndex, routerAt(bytes));
    const accepted = only?.accepted;
    if (only === undefined || accepted === undefined || !isRepetition(only, bytes, lookup))
      return this.#otherPacket(interfaceIndex, bytes, now);
    if (only.signing !== undefined && !this.#isSignatureGood(only, accepted, bytes, now))
      return this.#otherPacket(interfaceIndex, bytes, now);
    countRepetition(only, accepted, this.jitter, now);
    if (accepted.signed !== undefined) only.signing?.accept(accepted.event.from, now);
    // Others may have been read since.
    accepted.peer.priority = accepted.event.priority;
    accepted.peer.checksum = accepted.checksum;
    this.#steps.repeat(only, accepted.event, now);
  }

  /**
   * Nearly all that a backup receives: its master says the same again. Then it is noted when, and
   * nothing else is done. False: it is a packet like any other.
   */
  repetition(interfaceIndex: number, bytes: Uint8Array, now: Instant): boolean {
    const { instances } = this.#context;
    const only = instances.lookup.only(interfaceIndex, routerAt(bytes));
    const accepted = only?.accepted;
    if (only === undefined || accepted === undefined) return false;
    if (!isRepetition(only, bytes, instances.lookup)) return false;
    if (only.signing !== undefined && !this.#isSignatureGood(only, accepted, bytes, now))
      return false;
    const due = only.hearAgain(now);
    if (due === undefined) return false;
    countRepetition(only, accepted, this.jitter, now);
    if (accepted.signed !== undefined) only.signing?.accept(accepted.event.from, now);
    instances.dueAgain(only, due);
    return true;
  }

  /** Nothing about it is to be counted or reported; what is not good is read as any packet is. */
  #isSignatureGood(
    { signing }: Instance,
    { signed, event }: AcceptedAdvert,
    bytes: Uint8Array,
    now: Instant,
  ): boolean {
    if (signing === undefined) return true;
    const unixTime = this.#context.world.unixTime();
    return (
      signing.check(bytes, signed, event.from, unixTime, now) === undefined && !signing.isSkewed
    );
  }

  #otherPacket(interfaceIndex: number, bytes: Uint8Array, now: Instant): void {
    const parsed = parseAdvert(bytes);
    const vrid = parsed.kind === "advert" ? parsed.advert.vrid : parsed.vrid;
    if (vrid === undefined) return;
    const { lookup } = this.#context.instances;
    const router = routerNumber(vrid, ipVersionAt(bytes, 0) === 6 ? 6 : 4);
    const instances = lookup.byRouter(interfaceIndex, router);
    const sharing = lookup.sharing(interfaceIndex, router);
    if (sharing.length === 0 && parsed.kind === "advert")
      this.#refusals.unknownRouter(interfaceIndex, vrid, parsed.advert.source, now);
    const isShared = sharing.length > 1 && parsed.kind === "advert";
    for (const instance of instances) {
      // All that is sent to this machine comes by this socket.
      if (interfaceIndex === ANY_DEVICE && !isAddressedTo(bytes, instance)) continue;
      // One VRID twice on the interface: the packet is for the one with its source as a peer, or
      // with its destination as group, if there is one.
      if (isShared && !isMeant(parsed.advert, instance, sharing)) continue;
      if (parsed.kind === "drop") {
        this.#refusals.drop(instance, parsed.drop, parsed.source, now);
        continue;
      }
      const event = this.#accept(instance, bytes, parsed.advert, isShared, now);
      if (event !== undefined) this.#steps.apply(instance, event, now);
    }
  }

  /** Undefined: refused. */
  #accept(
    instance: Instance,
    bytes: Uint8Array,
    advert: Advert,
    isShared: boolean,
    now: Instant,
  ): RouterEvent | undefined {
    const { source: from, priority, interval } = advert;
    const skipsList = instance.config.skipCheckAdvAddr && instance.comparedMaster === from;
    const expectation = skipsList
      ? { ...instance.expectation, addresses: undefined }
      : instance.expectation;
    const unsigned = this.#checkSignature(instance, bytes, advert, now);
    const checked =
      unsigned === undefined
        ? checkAdvert(bytes, advert, expectation)
        : ({ kind: "drop", drop: unsigned } as const);
    if (checked.kind === "drop") {
      this.#refusals.drop(instance, checked.drop, from, now);
      return undefined;
    }
    this.#acceptSigned(instance, advert, now);
    instance.counters.advert_rcvd += 1;
    this.#context.instances.lookup.learnInterval(interval);
    if (priority === 0) instance.counters.pri_zero_rcvd += 1;
    else instance.comparedMaster = from;
    const heardAt = instance.peers.get(from)?.heardAt;
    if (priority > 0) recordJitter(this.jitter, heardAt, interval, now);
    const peer = remember(instance, advert, checked.checksum, now);
    for (const warning of checked.warnings) this.#refusals.warn(instance, warning, from, now);
    const event = { kind: "advertReceived", priority, interval, from } as const;
    const { signed } = advert;
    const isPlain = priority > 0 && checked.warnings.length === 0 && !skipsList && !isShared;
    const known = instance.accepted;
    const isRecent = known !== undefined && now - known.at < REMEMBER_EVERY;
    if (isPlain && peer !== undefined && !isRecent) {
      const { lookup } = this.#context.instances;
      const { checksum } = checked;
      const found = { event, peer, checksum, lookup, expectation, signed };
      instance.accepted = { at: now, bytes: bytes.slice(), ...found };
    }
    return event;
  }

  /** Undefined: there is none to look at, or it is a good one. */
  #checkSignature(
    instance: Instance,
    bytes: Uint8Array,
    advert: Advert,
    now: Instant,
  ): DropReason | undefined {
    const { signing, expectation } = instance;
    if (signing === undefined) return undefined;
    const { source, signed } = advert;
    const unixTime = this.#context.world.unixTime();
    const refused =
      checkSender(advert, expectation) ?? signing.check(bytes, signed, source, unixTime, now);
    if (refused !== undefined || signed === undefined) return refused;
    // Sent back to us: after a restart we do not know what we have signed (sim/signing, seed 96).
    const isOwn = source === (instance.state.source ?? instance.lastSource);
    return isOwn ? { kind: "replayed-signature", seconds: 0 } : undefined;
  }

  #acceptSigned(instance: Instance, { source, signed }: Advert, now: Instant): void {
    const { signing } = instance;
    if (signing === undefined) return;
    if (signed !== undefined) signing.accept(source, now);
    const { isSkewed, skew: seconds, window } = signing;
    if (isSkewed)
      this.#refusals.warn(instance, { kind: "clock-differs", seconds, window }, source, now);
  }

  /**
   * A whole Ethernet frame: does somebody else claim an address that a master of ours has there?
   */
  neighbour(interfaceIndex: number, bytes: Uint8Array, now: Instant): void {
    const claim = claimIn(bytes);
    if (claim === undefined) return;
    const { address, mac } = claim;
    if (!this.#probes.isEmpty) this.#probes.heard(this.#steps, interfaceIndex, address, mac, now);
    for (const instance of this.#context.instances.lookup.byAddress(address)) {
      if (!heedsClaims(instance)) continue;
      if (!this.#isOn(instance, address, interfaceIndex)) continue;
      if (this.#context.interfaces.hasMac(mac)) continue;
      instance.counters.foreign_claims += 1;
      this.#steps.apply(instance, { kind: "foreignAnnouncement", address, mac }, now);
    }
  }

  #isOn(instance: Instance, address: IpAddress, interfaceIndex: number): boolean {
    return instance.addresses.some(
      ({ virtual }) =>
        virtual.address === address &&
        deviceOf(this.#context, instance, virtual.interface) === interfaceIndex,
    );
  }
}

/**
 * With a gate a successor advertises long before it has the address: that it announces it is the
 * end of a planned move.
 */
function heedsClaims({ state: { phase }, config }: Instance): boolean {
  if (phase.kind === "master") return true;
  const isLeaving = phase.kind === "switching" || phase.kind === "handover";
  return isLeaving && config.router.gate !== undefined;
}

/** Undefined: there are too many already. */
function remember(
  instance: Instance,
  advert: Advert,
  checksum: string,
  now: Instant,
): PeerMemory | undefined {
  let peer = instance.peers.get(advert.source);
  if (peer === undefined) {
    // Unknown peers are worth showing, but not without end.
    if (instance.peers.size >= PEERS_MAX) return undefined;
    peer = newPeer(advert.source);
    instance.peers.set(advert.source, peer);
  }
  peer.heardAt = now;
  peer.priority = advert.priority;
  peer.checksum = checksum;
  if (instance.signing !== undefined) peer.isSigned = advert.signed !== undefined;
  return peer;
}
