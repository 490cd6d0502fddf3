/** A router at work: its configuration, its state, and what the engine remembers for it. The only mutable record here. */

import type { Ipv4 } from "#units/address";
import type { Instant } from "#units/time";
import type { Allowance } from "../router/allowance.ts";
import type { InstanceConfig, VirtualAddress } from "../router/config.ts";
import type { Report } from "../router/event.ts";
import { type Lease, leaseFor } from "../router/lease.ts";
import { initialState } from "../router/router.ts";
import type { RouterState } from "../router/state.ts";
import { strongestPeer } from "../router/step.ts";
import type { AdvertExpectation } from "../wire/check-advert.ts";
import { passwordData } from "../wire/password.ts";
import { ADVERTISED_MAX } from "../wire/vrrp-packet.ts";
import { type Due, newDue } from "./due-queue.ts";
import { type AddressInfo, ANY_DEVICE } from "./world.ts";

export interface Instance {
  config: InstanceConfig;
  state: RouterState;
  /** Undefined while there is no interface of that name; `ANY_DEVICE` for one that is bound to none. */
  interfaceIndex: number | undefined;
  readonly addresses: OwnedAddress[];
  readonly peers: Map<Ipv4, PeerMemory>;
  readonly counters: Counters;
  readonly drops: Map<string, DropMemory>;
  /** Of the kinds that packets can cause: how many may be reported now. */
  readonly reports: Map<Report["kind"], Allowance>;
  /** What received advertisements are compared with; made anew when the configuration changes. */
  expectation: AdvertExpectation;
  password: Uint8Array | undefined;
  /** The addresses of the advertisement, in order; those beyond the number it can count are left out. */
  advertised: readonly Ipv4[];
  lease: Lease;
  /** The kernel refused the sub-second lease then, and the address goes on without. */
  guardRefusedAt: Instant | undefined;
  /** When the engine has to look at it, and its place among the others. */
  readonly due: Due;
  refreshedAt: Instant | undefined;
  /** IPv4 identification of the next packet. */
  packetId: number;
  /** `vrrp_skip_check_adv_addr`: the master whose list has been compared. */
  comparedMaster: Ipv4 | undefined;
  /** Removed by a reload: it goes when it has handed over. */
  leaving: boolean;
  /** When to try again after the kernel refused an address, or a fight over one. */
  retryAt: Instant | undefined;
  retryDelay: number;
  /** When `retryAt` was last set: a long time ago means that the trouble was over. */
  retrySetAt: Instant | undefined;
  /** Source of our last advertisement: the goodbye of a router that lost it still carries it. */
  lastSource: Ipv4 | undefined;
  toldSendFailureAt: Instant | undefined;
}

export interface OwnedAddress {
  readonly key: string;
  readonly virtual: VirtualAddress;
  owned: boolean;
  /** The device it was set on: it stays there under whatever name the device has by now. */
  index: number | undefined;
  /** The device where it still is although we have given it up: the kernel refused to remove it. */
  stuckOn: number | undefined;
  /** Times somebody else removed it, newest last. */
  removals: Instant[];
  /** Somebody else took it from its device while it was ours, last. */
  takenAt: Instant | undefined;
  /** Where somebody else has put the same address since it is ours: gone with it when we give it up. */
  readonly copies: AddressPlace[];
  announcedAt: Instant | undefined;
  announcements: number;
  error: string | undefined;
}

/** Where an address is: one device may have it several times, with other prefixes. */
export type AddressPlace = Pick<AddressInfo, "index" | "address" | "prefix">;

export interface PeerMemory {
  readonly address: Ipv4;
  heardAt: Instant | undefined;
  priority: number | undefined;
  checksum: string | undefined;
  /** Our advertisements wait for its MAC address. */
  unresolved: { readonly since: Instant; readonly told: boolean } | undefined;
}

export const newPeer = (address: Ipv4): PeerMemory => ({
  address,
  heardAt: undefined,
  priority: undefined,
  checksum: undefined,
  unresolved: undefined,
});

export interface DropMemory {
  count: number;
  toldAt: Instant | undefined;
}

/** keepalived's statistics under its own names (SIGUSR2), where it has them, and ours beside them. */
export interface Counters {
  advert_rcvd: number;
  advert_sent: number;
  become_master: number;
  release_master: number;
  packet_len_err: number;
  advert_interval_err: number;
  ip_ttl_err: number;
  invalid_type_rcvd: number;
  addr_list_err: number;
  invalid_authtype: number;
  authtype_mismatch: number;
  auth_failure: number;
  pri_zero_rcvd: number;
  pri_zero_sent: number;
  version_err: number;
  checksum_err: number;
  not_a_peer: number;
  announcements_sent: number;
  address_restored: number;
  /** Times one of its addresses appeared on this machine that it had not put there. */
  foreign_address: number;
  send_errors: number;
  /** ARP frames in which somebody else had an address that we own. */
  foreign_claims: number;
}

const noCounts = (): Counters => ({
  advert_rcvd: 0,
  advert_sent: 0,
  become_master: 0,
  release_master: 0,
  packet_len_err: 0,
  advert_interval_err: 0,
  ip_ttl_err: 0,
  invalid_type_rcvd: 0,
  addr_list_err: 0,
  invalid_authtype: 0,
  authtype_mismatch: 0,
  auth_failure: 0,
  pri_zero_rcvd: 0,
  pri_zero_sent: 0,
  version_err: 0,
  checksum_err: 0,
  not_a_peer: 0,
  announcements_sent: 0,
  address_restored: 0,
  foreign_address: 0,
  send_errors: 0,
  foreign_claims: 0,
});

/** The counter a refused packet goes to; keepalived has none for the rest. */
export function counterOf(dropKind: string): keyof Counters | undefined {
  switch (dropKind) {
    case "too-short":
    case "truncated":
    case "bad-length":
    case "hmac-not-supported":
      return "packet_len_err";
    case "ttl-not-255":
    case "ttl-out-of-range":
      return "ip_ttl_err";
    case "bad-version":
      return "version_err";
    case "bad-type":
      return "invalid_type_rcvd";
    case "auth-type-mismatch":
      return "authtype_mismatch";
    case "auth-failure":
      return "auth_failure";
    case "interval-mismatch":
    case "bad-interval":
      return "advert_interval_err";
    case "bad-checksum":
      return "checksum_err";
    case "no-addresses":
      return "addr_list_err";
    case "not-a-peer":
      return "not_a_peer";
    default:
      return undefined;
  }
}

/** Whom a message to the supervisor is about. */
export const about = ({ config, leaving }: Instance): { instance: string; leaving?: true } =>
  leaving ? { instance: config.router.name, leaving } : { instance: config.router.name };

/** Where instances of two configurations are the same one: by interface, VRID and transport, as keepalived, not by name. */
export const identity = (config: InstanceConfig): string =>
  `${config.interface ?? ""}/${config.router.vrid}/${config.transport.kind}`;

/** Its packets come and go by whatever device the routes say, so no link is its own. */
export const isUnbound = ({ interfaceIndex }: Instance): boolean => interfaceIndex === ANY_DEVICE;

/** @param order counts up: decides between instances that are due at the same moment */
export function createInstance(config: InstanceConfig, hasGuard: boolean, order: number): Instance {
  const state = initialState(config.router, false, undefined);
  return {
    config,
    state,
    interfaceIndex: undefined,
    addresses: ownedAddresses(config),
    peers: configuredPeers(config),
    counters: noCounts(),
    drops: new Map(),
    reports: new Map(),
    ...derived(config),
    lease: leaseFor(config.router, strongestPeer(config.router, state), hasGuard),
    guardRefusedAt: undefined,
    due: newDue(order),
    refreshedAt: undefined,
    packetId: 0,
    comparedMaster: undefined,
    leaving: false,
    retryAt: undefined,
    retryDelay: 0,
    retrySetAt: undefined,
    lastSource: undefined,
    toldSendFailureAt: undefined,
  };
}

/** What follows from the configuration alone. */
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
    },
  };
}

export const addressKey = (virtual: VirtualAddress): string =>
  `${virtual.interface ?? ""}/${virtual.address}/${virtual.prefix}`;

export function ownedAddresses(config: InstanceConfig): OwnedAddress[] {
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

export function configuredPeers(config: InstanceConfig): Map<Ipv4, PeerMemory> {
  const peers = new Map<Ipv4, PeerMemory>();
  if (config.transport.kind === "unicast") {
    for (const { address } of config.transport.peers) {
      peers.set(address, newPeer(address));
    }
  }
  return peers;
}
