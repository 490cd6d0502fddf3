/**
 * Where the sub-second lease (nft-guard.ts) looks for a guarded address: in ARP for IPv4, in
 * neighbour discovery (RFC 4861) for IPv6, and in the packets of both.
 */
import { type IpAddress, isIpv6 } from "#units/address";
import { ARP_OFFSET } from "#vrrp/wire/arp";
import { IPV4_OFFSET } from "#vrrp/wire/ipv4-fields";
import {
  IPV6_OFFSET,
  NEIGHBOUR_ADVERTISEMENT,
  NEIGHBOUR_OFFSET,
  NEIGHBOUR_SOLICITATION,
  PROTOCOL_ICMPV6,
} from "#vrrp/wire/ipv6-fields";
import type { NftExpression } from "./nft-expressions.ts";
import { type Hook, NFPROTO_ARP, NFPROTO_IPV4, NFPROTO_IPV6 } from "./nft-messages.ts";

/** Where packets pass, and where each rule of that chain finds the address. */
interface GuardedPath {
  readonly family: number;
  readonly chain: string;
  readonly hook: Hook;
  /** What each rule looks at before the sets; the address is loaded last. */
  readonly rules: readonly (readonly NftExpression[])[];
}

/** What addresses of one version of IP need. */
export interface GuardedKind {
  readonly families: readonly number[];
  readonly paths: readonly GuardedPath[];
}

/** NF_INET_PRE_ROUTING at NF_IP_PRI_RAW: ahead of connection tracking and of destination NAT. */
const PREROUTING: Hook = { number: 0, priority: -300 };
/** NF_INET_LOCAL_OUT; announcements through a packet socket do not pass. */
const LOCAL_OUT: Hook = { number: 3, priority: -300 };

const load = (offset: number, length: number): NftExpression => ({
  kind: "load",
  header: "network",
  offset,
  length,
});

const neighbour = (type: number): readonly NftExpression[] => [
  { kind: "load-protocol" },
  { kind: "compare", operator: "equal", bytes: Uint8Array.of(PROTOCOL_ICMPV6) },
  { kind: "load", header: "transport", offset: NEIGHBOUR_OFFSET.type, length: 1 },
  { kind: "compare", operator: "equal", bytes: Uint8Array.of(type) },
];
const TARGET: NftExpression = {
  kind: "load",
  header: "transport",
  offset: NEIGHBOUR_OFFSET.target,
  length: 16,
};

const IPV4: GuardedKind = {
  families: [NFPROTO_IPV4, NFPROTO_ARP],
  paths: [
    {
      family: NFPROTO_IPV4,
      chain: "input",
      hook: PREROUTING,
      rules: [[load(IPV4_OFFSET.destination, 4)]],
    },
    {
      family: NFPROTO_ARP,
      chain: "input",
      hook: { number: 0, priority: 0 },
      rules: [[load(ARP_OFFSET.targetAddress, 4)]],
    },
    {
      family: NFPROTO_ARP,
      chain: "output",
      hook: { number: 1, priority: 0 },
      rules: [[load(ARP_OFFSET.senderAddress, 4)]],
    },
  ],
};
const IPV6: GuardedKind = {
  families: [NFPROTO_IPV6],
  paths: [
    {
      family: NFPROTO_IPV6,
      chain: "input",
      hook: PREROUTING,
      rules: [
        [load(IPV6_OFFSET.destination, 16)],
        // The first question goes to a group, not to the address.
        [...neighbour(NEIGHBOUR_SOLICITATION), TARGET],
      ],
    },
    {
      family: NFPROTO_IPV6,
      chain: "output",
      hook: LOCAL_OUT,
      rules: [
        [...neighbour(NEIGHBOUR_ADVERTISEMENT), TARGET],
        // It says to everybody where its source is.
        [...neighbour(NEIGHBOUR_SOLICITATION), load(IPV6_OFFSET.source, 16)],
      ],
    },
  ],
};
const KINDS: readonly GuardedKind[] = [IPV4, IPV6];
export const FAMILIES: readonly number[] = KINDS.flatMap(({ families }) => families);

const kindOf = (address: IpAddress): GuardedKind => (isIpv6(address) ? IPV6 : IPV4);

export interface GuardedPart {
  readonly kind: GuardedKind;
  readonly addresses: readonly IpAddress[];
}

/** Mostly all are of one version. */
export function partsOf(addresses: readonly IpAddress[]): readonly GuardedPart[] {
  const [first] = addresses;
  if (first === undefined) return [];
  const kind = kindOf(first);
  if (addresses.every((one) => isIpv6(one) === isIpv6(first))) return [{ kind, addresses }];
  return KINDS.map((one) => ({
    kind: one,
    addresses: addresses.filter((address) => kindOf(address) === one),
  }));
}

/** What one process guards. */
export class Guarded {
  readonly #all = new Set<IpAddress>();
  readonly #counts = new Map<GuardedKind, number>();

  get size(): number {
    return this.#all.size;
  }
  get all(): readonly IpAddress[] {
    return [...this.#all];
  }

  has(address: IpAddress): boolean {
    return this.#all.has(address);
  }

  countOf(kind: GuardedKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  add(address: IpAddress): void {
    if (this.#all.has(address)) return;
    this.#all.add(address);
    const kind = kindOf(address);
    this.#counts.set(kind, this.countOf(kind) + 1);
  }

  delete(address: IpAddress): void {
    const kind = kindOf(address);
    if (this.#all.delete(address)) this.#counts.set(kind, this.countOf(kind) - 1);
  }
}
