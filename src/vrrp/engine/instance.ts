/**
 * A router at work: its configuration, its state, and what the engine remembers for it. The one
 * mutable record that several concerns share.
 */

import type { IpAddress } from "#units/address";
import type { Instant } from "#units/time";
import type { Priority } from "#units/vrrp";
import type { Allowance } from "../router/allowance.ts";
import type { InstanceConfig, VirtualAddress } from "../router/config.ts";
import type { Report, RouterEvent } from "../router/event.ts";
import { type Again, again, dueAgain, heardAgain } from "../router/hear-again.ts";
import { type Lease, leaseFor } from "../router/lease.ts";
import type { FaultCause } from "../router/reason.ts";
import { initialState } from "../router/router.ts";
import type { RoutingItem } from "../router/routes.ts";
import type { AnnounceReason, RouterState } from "../router/state.ts";
import { strongestPeer } from "../router/step.ts";
import type { AdvertExpectation } from "../wire/check-advert.ts";
import { passwordData } from "../wire/password.ts";
import { ADVERTISED_MAX, type SignedParts } from "../wire/vrrp-packet.ts";
import { type Counters, zeroCounters } from "./counters.ts";
import { type Due, newDue } from "./due-queue.ts";
import type { AboutInstance } from "./engine-link.ts";
import { Signing } from "./signing.ts";
import { type AddressInfo, type Advertisement, ANY_DEVICE } from "./world.ts";

/** What is reported at most some times a second. */
export type Reported = Report["kind"] | `announced ${AnnounceReason}`;

/** A virtual address of an instance, owned or not. */
export interface InstanceAddress {
  readonly key: string;
  readonly virtual: VirtualAddress;
  owned: boolean;
  /** The device it was set on: it stays there under whatever name the device has by now. */
  index: number | undefined;
  /** The device where it still is although we have given it up: the kernel refused to remove it. */
  stuckOn: number | undefined;
  /** Times somebody else removed it, newest last. */
  removals: Instant[];
  /** When somebody else last removed it from its device while it was ours. */
  takenAt: Instant | undefined;
  /** Where somebody else has added the same address since it is ours: removed together with it. */
  readonly copies: AddressPlace[];
  announcedAt: Instant | undefined;
  announcements: number;
  error: string | undefined;
}

/** Where an address is: one device may have it several times, with other prefixes. */
export type AddressPlace = Pick<AddressInfo, "index" | "address" | "prefix">;

/** What is known of an address that sends advertisements, configured peer or not. */
export interface PeerMemory {
  readonly address: IpAddress;
  heardAt: Instant | undefined;
  priority: number | undefined;
  checksum: string | undefined;
  /** Our advertisements wait for its MAC address. */
  unresolved: { readonly since: Instant; readonly isReported: boolean } | undefined;
  /** `auth_hmac`: whether the last one accepted was signed; undefined without. */
  isSigned?: boolean;
}

export const newPeer = (address: IpAddress): PeerMemory => ({
  address,
  heardAt: undefined,
  priority: undefined,
  checksum: undefined,
  unresolved: undefined,
});

/** Accepted without a warning, by an instance with a VRID of its own (repetition.ts). */
export interface AcceptedAdvert {
  readonly at: Instant;
  /** A copy of the packet. */
  readonly bytes: Uint8Array;
  readonly event: Extract<RouterEvent, { kind: "advertReceived" }>;
  readonly peer: PeerMemory;
  /** What `peer` remembers of it. */
  readonly checksum: string;
  /** The lookup by which it was found: with other instances it is to be checked again. */
  readonly lookup: object;
  readonly expectation: AdvertExpectation;
  /** Where its message and its signature begin; the signature of the next is another one. */
  readonly signed: SignedParts | undefined;
}

/** Advertisements to all peers, or to the group, and what they were made of (advertiser.ts). */
export interface PreparedAdverts {
  readonly config: InstanceConfig;
  readonly interfaceIndex: number;
  readonly source: IpAddress;
  readonly priority: Priority;
  readonly adverts: readonly Advertisement[];
}

/** Refused packets of one kind. */
export interface DropMemory {
  count: number;
  lastReportedAt: Instant | undefined;
}

/** Whom a message to the supervisor is about. */
export const about = ({ config, leaving }: Instance): AboutInstance =>
  leaving !== undefined
    ? { instance: config.router.name, leaving }
    : { instance: config.router.name };

/**
 * Instances of two configurations are the same one by interface, VRID, family and transport, as in
 * keepalived, not by name.
 */
export const identity = (config: InstanceConfig): string =>
  `${config.interface ?? ""}/${config.router.vrid}/${config.transport.kind}${config.family === 6 ? "/6" : ""}`;

export const isRaised = ({ state }: Instance, kind: FaultCause["kind"]): boolean =>
  state.raised.some((cause) => cause.kind === kind);

/**
 * Of the device that its advertisements leave by. One for a single router leaves by the interface:
 * from the virtual MAC address the kernel would first ask for the router's, also on a node that has
 * just lost the address, and draw the switch to it.
 */
export const sendingIndex = (
  instance: Instance,
  only: IpAddress | undefined,
): number | undefined =>
  instance.config.advertisesBy === undefined || only !== undefined
    ? instance.interfaceIndex
    : instance.vmacIndex;

/** Sends and receives by whatever device the routes say, and has no link of its own. */
export const isUnbound = ({ interfaceIndex }: Instance): boolean => interfaceIndex === ANY_DEVICE;

export class Instance {
  config: InstanceConfig;
  /** Undefined while its interface does not exist; `ANY_DEVICE` for one that is bound to none. */
  interfaceIndex: number | undefined;
  /** Of `advertisesBy`; undefined: it has none, or none yet. */
  vmacIndex: number | undefined;
  readonly addresses: InstanceAddress[];
  readonly peers: Map<IpAddress, PeerMemory>;
  readonly counters: Counters = zeroCounters();
  readonly drops: Map<string, DropMemory> = new Map();
  /** How many reports of each kind that packets can cause may be sent now (effects.ts). */
  readonly reports: Map<Reported, Allowance> = new Map();
  /** What received advertisements are compared with; follows from the configuration. */
  expectation: AdvertExpectation;
  password: Uint8Array | undefined;
  /** `auth_hmac` */
  signing: Signing | undefined;
  /** The addresses of the advertisement, in order; those beyond its count field are left out. */
  advertised: readonly IpAddress[];
  lease: Lease;
  /** The kernel refused the sub-second lease then, and the addresses go on without it. */
  guardRefusedAt: Instant | undefined;
  /** Its addresses answer for a whole lease from then on; undefined: for some other time. */
  guardedAt: Instant | undefined;
  /** Its deadline and its place in the queue (due-queue.ts). */
  readonly due: Due;
  /** When the lifetimes of its addresses were last set. */
  refreshedAt: Instant | undefined;
  /** Its advertisements as they were last sent (advertiser.ts). */
  prepared: PreparedAdverts | undefined;
  /** The priority of the advertisement that waits for those of others (advertiser.ts). */
  waitingAdvert: Priority | undefined;
  /** IPv4 identification of the last packet. */
  packetId = 0;
  /** The last advertisement, so that the next one that says the same need not be read. */
  accepted: AcceptedAdvert | undefined;
  /** `vrrp_skip_check_adv_addr`: the list of this master has been compared. */
  comparedMaster: IpAddress | undefined;
  /** The number of the configuration that removed it: it goes when it has handed over. */
  leaving: number | undefined;
  /** The supervisor still holds its address for an engine that died; it is not master yet. */
  resuming = false;
  /** Until then the supervisor may hold them. */
  heldUntil: Instant | undefined;
  /** Routes and rules that it has added, in that order. */
  routing: readonly RoutingItem[] = NO_ROUTING;
  /** Where others had put them before they were ours. */
  spared: readonly AddressPlace[] = NONE;
  /** When to try again after the kernel refused an address, or a fight over one. */
  retryAt: Instant | undefined;
  retryDelay = 0;
  /** When `retryAt` was last set: a long time ago means that the trouble was over. */
  retrySetAt: Instant | undefined;
  /** Source of the last advertisement: priority 0 after the address was lost still carries it. */
  lastSource: IpAddress | undefined;
  sendFailureLoggedAt: Instant | undefined;
  #state: RouterState;
  #again: Again | undefined;
  /** When it was heard last and ran last, and whether `#state` knows that. */
  #heardAt = NEVER;
  #awakeAt = NEVER;
  #isNoted = false;

  /** @param order counts up: decides between instances that are due at the same moment */
  constructor(config: InstanceConfig, hasGuard: boolean, order: number) {
    const { password, advertised, expectation } = derived(config);
    this.config = config;
    this.addresses = instanceAddresses(config);
    this.peers = configuredPeers(config);
    this.password = password;
    this.signing = config.signing && new Signing(config.signing);
    this.advertised = advertised;
    this.expectation = expectation;
    this.#state = initialState(config.router, false, undefined);
    this.lease = leaseFor(config.router, strongestPeer(config.router, this.#state), hasGuard);
    this.due = newDue(order);
  }

  /** With what `hearAgain` has noted. */
  get state(): RouterState {
    if (this.#isNoted && this.#again !== undefined) {
      this.#isNoted = false;
      this.#state = heardAgain(this.#state, this.#again, this.#heardAt, this.#awakeAt);
    }
    return this.#state;
  }

  set state(state: RouterState) {
    this.#isNoted = false;
    this.#again = undefined;
    this.#state = state;
  }

  /** It has stepped with this event, and the same one may be heard again (router/hear-again.ts). */
  mayHearAgain(event: RouterEvent, now: Instant): void {
    this.#again = again(this.state, event, now);
    this.#heardAt = now;
    this.#awakeAt = now;
  }

  /**
   * The same event again: its new deadline. Undefined: it has to step, since it is another router
   * than it was after the event, or would have stalled.
   */
  hearAgain(now: Instant): Instant | undefined {
    const known = this.#again;
    if (known === undefined) return undefined;
    if (now > dueAgain(known, this.#heardAt, this.#awakeAt) + known.late) return undefined;
    this.#heardAt = now;
    this.#awakeAt = now;
    this.#isNoted = true;
    return dueAgain(known, now, now);
  }

  /** The same for `timeReached`, in between. Before its deadline nothing is noted. */
  wakeAgain(now: Instant): Instant | undefined {
    const known = this.#again;
    if (known === undefined) return undefined;
    const due = dueAgain(known, this.#heardAt, this.#awakeAt);
    if (now < due) return due;
    if (now > due + known.late || now >= this.#heardAt + known.masterDown) return undefined;
    this.#awakeAt = now;
    this.#isNoted = true;
    return dueAgain(known, this.#heardAt, now);
  }
}

const NEVER = 0 as Instant;
const NONE: readonly AddressPlace[] = [];
const NO_ROUTING: readonly RoutingItem[] = [];

/** What is worked out from the configuration alone. */
export function derived(
  config: InstanceConfig,
): Pick<Instance, "expectation" | "password" | "advertised"> {
  const password =
    config.authentication === undefined
      ? undefined
      : passwordData(config.authentication.secret.reveal());
  // VR2038: what does not fit is owned and announced like the rest, and not advertised.
  const advertised = config.addresses.slice(0, ADVERTISED_MAX).map((one) => one.address);
  const { router, transport } = config;
  return {
    password,
    advertised,
    expectation: {
      version: router.version,
      interval: router.advertInterval,
      password,
      transport,
      mayBeEmpty: router.version === 2 || advertised.length === 0,
      addresses: advertised,
      ...(config.signing === undefined ? {} : { isSigned: true }),
    },
  };
}

/** Keys and rules follow the configuration; what was signed and heard stays known. */
export function changeSigning(instance: Instance): void {
  const { config, signing } = instance;
  if (config.signing === undefined || signing === undefined) {
    instance.signing = config.signing && new Signing(config.signing);
    return;
  }
  const { transport } = config;
  const isPeer = (address: IpAddress): boolean =>
    transport.kind === "multicast" || transport.peers.some((peer) => peer.address === address);
  signing.reconfigure(config.signing, isPeer);
}

export const addressKey = (virtual: VirtualAddress): string =>
  `${virtual.interface ?? ""}/${virtual.address}/${virtual.prefix}`;

export function instanceAddresses(config: InstanceConfig): InstanceAddress[] {
  return [...config.addresses, ...config.excludedAddresses].map((virtual) => ({
    key: `${identity(config)}/${addressKey(virtual)}`,
    virtual,
    owned: false,
    index: undefined,
    stuckOn: undefined,
    removals: [],
    takenAt: undefined,
    copies: [],
    announcedAt: undefined,
    announcements: 0,
    error: undefined,
  }));
}

export function configuredPeers(config: InstanceConfig): Map<IpAddress, PeerMemory> {
  const peers = new Map<IpAddress, PeerMemory>();
  if (config.transport.kind === "unicast") {
    for (const { address } of config.transport.peers) {
      peers.set(address, newPeer(address));
    }
  }
  return peers;
}
