/**
 * Addresses that this node holds and does not answer for (`no_accept`, `vrrp_strict`).
 *
 *   table ip TABLE
 *     set unanswered { type ipv4_addr }
 *     chain input  { hook input priority filter - 1;  ip daddr @unanswered drop }
 *     chain output { hook output priority filter - 1; ip saddr @unanswered drop }
 *   table ip6 TABLE, once there is an IPv6 address
 *     set unanswered { type ipv6_addr }
 *     set unanswered_on { type ipv6_addr . ifname }
 *     the same chains, with two rules for each set: of ICMPv6 all but neighbour discovery is
 *     dropped, and all that is not ICMPv6
 *
 * As in keepalived 2.2.7, at the same hooks: what the machine itself would receive for the address
 * or send from it is dropped. What it forwards passes, which is what a router's virtual address is
 * for, and so do ARP and neighbour discovery. A link-local address is another one on each device.
 *
 * keepalived has the rules on the owner alone. Here they are there as long as the instance is: on a
 * machine without the address nothing comes to these hooks that they could drop, and a take-over
 * does not wait for a transaction.
 *
 * As the guard (nft-guard.ts) they outlive the process, for the address does as well. What a dead
 * one left goes with the next start, or with `baton release`.
 */
import { type IpAddress, isIpv6, isLinkLocal, writeIp } from "#units/address";
import { type AcceptFilter, OK, type Outcome, type Unanswered } from "#vrrp/engine/world";
import { IPV4_OFFSET } from "#vrrp/wire/ipv4-fields";
import {
  IPV6_OFFSET,
  NEIGHBOUR_ADVERTISEMENT,
  NEIGHBOUR_OFFSET,
  NEIGHBOUR_SOLICITATION,
  PROTOCOL_ICMPV6,
} from "#vrrp/wire/ipv6-fields";
import { ipOf } from "./netlink.ts";
import type { NftExpression } from "./nft-expressions.ts";
import {
  ADDRESS_KEYS,
  DEVICE_ADDRESS_KEY,
  type Hook,
  type KeyType,
  NFPROTO_IPV4,
  NFPROTO_IPV6,
  type NftBatch,
} from "./nft-messages.ts";
import { inParts, type NftSocket, openNftSocket } from "./nft-socket.ts";
import { type Result, success } from "./result.ts";

const SET = "unanswered";
const SET_OF_DEVICES = "unanswered_on";
/** NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT; NF_IP_PRI_FILTER - 1 */
const INPUT: Hook = { number: 1, priority: -1 };
const OUTPUT: Hook = { number: 3, priority: -1 };
/** In one transaction: the kernel takes no message longer than the socket's buffer (200 KB). */
const ENTRIES_MAX = 1_024;
const NAME_LENGTH = 16;

interface KeySet {
  readonly name: string;
  readonly key: KeyType;
}

interface Chain {
  readonly chain: string;
  readonly hook: Hook;
  readonly rules: readonly (readonly NftExpression[])[];
}

/** What addresses of one version of IP need. */
interface Kind {
  readonly family: number;
  readonly sets: readonly KeySet[];
  readonly chains: readonly Chain[];
}

const within = (set: string): NftExpression => ({ kind: "lookup", set, inside: true });
const load = (offset: number, length: number, part?: number): NftExpression => ({
  kind: "load",
  header: "network",
  offset,
  length,
  ...(part === undefined ? {} : { part }),
});

const isProtocol = (operator: "equal" | "unequal", protocol: number): readonly NftExpression[] => [
  { kind: "load-protocol" },
  { kind: "compare", operator, bytes: Uint8Array.of(protocol) },
];
/** All that is not neighbour discovery. */
const OTHERS: readonly (readonly NftExpression[])[] = [
  isProtocol("unequal", PROTOCOL_ICMPV6),
  [
    ...isProtocol("equal", PROTOCOL_ICMPV6),
    { kind: "load", header: "transport", offset: NEIGHBOUR_OFFSET.type, length: 1 },
    { kind: "compare", operator: "unequal", bytes: Uint8Array.of(NEIGHBOUR_SOLICITATION) },
    { kind: "compare", operator: "unequal", bytes: Uint8Array.of(NEIGHBOUR_ADVERTISEMENT) },
  ],
];

const ipv6Rules = (offset: number, side: "in" | "out"): Chain["rules"] =>
  [
    [load(offset, 16), within(SET)],
    [load(offset, 16, 0), { kind: "load-device", side, part: 4 } as const, within(SET_OF_DEVICES)],
  ].flatMap((address) => OTHERS.map((other) => [...other, ...address]));

const IPV4: Kind = {
  family: NFPROTO_IPV4,
  sets: [{ name: SET, key: ADDRESS_KEYS[4] }],
  chains: [
    { chain: "input", hook: INPUT, rules: [[load(IPV4_OFFSET.destination, 4), within(SET)]] },
    { chain: "output", hook: OUTPUT, rules: [[load(IPV4_OFFSET.source, 4), within(SET)]] },
  ],
};
const IPV6: Kind = {
  family: NFPROTO_IPV6,
  sets: [
    { name: SET, key: ADDRESS_KEYS[6] },
    { name: SET_OF_DEVICES, key: DEVICE_ADDRESS_KEY },
  ],
  chains: [
    { chain: "input", hook: INPUT, rules: ipv6Rules(IPV6_OFFSET.destination, "in") },
    { chain: "output", hook: OUTPUT, rules: ipv6Rules(IPV6_OFFSET.source, "out") },
  ],
};
const KINDS: readonly Kind[] = [IPV4, IPV6];

const isOnDevice = ({ address }: Unanswered): boolean => isIpv6(address) && isLinkLocal(address);

const nameOf = (one: Unanswered): string =>
  isOnDevice(one) ? `${one.address} ${one.interface}` : `${one.address}`;

const isIn = ({ family }: Kind, { name }: KeySet, one: Unanswered): boolean =>
  isIpv6(one.address) === (family === NFPROTO_IPV6) &&
  isOnDevice(one) === (name === SET_OF_DEVICES);

/** The name of a device has 15 bytes at the most, so that a zero is left. */
function keyOf(one: Unanswered): Uint8Array {
  const onDevice = isOnDevice(one);
  const length = isIpv6(one.address) ? 16 : 4;
  const bytes = new Uint8Array(length + (onDevice ? NAME_LENGTH : 0));
  writeIp(one.address, bytes, 0);
  if (onDevice)
    new TextEncoder().encodeInto(one.interface, bytes.subarray(length, length + NAME_LENGTH - 1));
  return bytes;
}

function entryOf({ key }: KeySet, bytes: Uint8Array): Unanswered | undefined {
  if (bytes.length < key.length) return undefined;
  if (key !== DEVICE_ADDRESS_KEY) {
    const address = ipOf(bytes.subarray(0, key.length));
    return address && { address, interface: "" };
  }
  const address = ipOf(bytes.subarray(0, 16));
  const name = new TextDecoder().decode(bytes.subarray(16, 32)).replace(/\0.*$/s, "");
  return address && { address, interface: name };
}

export class NftAccept implements AcceptFilter {
  readonly #socket: NftSocket;
  readonly #table: string;
  /** What this process has put there, by `nameOf`. */
  readonly #held = new Map<string, Unanswered>();
  /** Their rules are there, unless another program has removed them. */
  readonly #made = new Set<Kind>();

  constructor(socket: NftSocket, table: string) {
    this.#socket = socket;
    this.#table = table;
  }

  set(all: readonly Unanswered[]): Outcome {
    const wanted = new Map(all.map((one) => [nameOf(one), one]));
    const added = [...wanted].flatMap(([name, one]) => (this.#held.has(name) ? [] : [one]));
    for (const part of inParts(added, ENTRIES_MAX)) {
      const outcome = this.#add(part);
      if (!outcome.ok) return outcome;
      for (const one of part) this.#held.set(nameOf(one), one);
    }
    const gone = [...this.#held].flatMap(([name, one]) => (wanted.has(name) ? [] : [one]));
    for (const part of inParts(gone, ENTRIES_MAX)) {
      const outcome = this.#delete(part);
      if (!outcome.ok) return outcome;
      for (const one of part) this.#held.delete(nameOf(one));
    }
    // The last takes the rules.
    return gone.length > 0 ? this.clean(() => true) : OK;
  }

  /** Removes what earlier processes left, unless it is kept. The last takes the rules. */
  clean(isKept: (one: Unanswered) => boolean): Outcome {
    for (const kind of KINDS) {
      const outcome = this.#cleanKind(kind, isKept);
      if (!outcome.ok) return outcome;
    }
    return OK;
  }

  #cleanKind(kind: Kind, isKept: (one: Unanswered) => boolean): Outcome {
    for (;;) {
      const cleaned = this.#socket.commitUnchanged((batch) =>
        this.#prepareClean(batch, kind, isKept),
      );
      if (!cleaned.ok) return cleaned;
      if (cleaned.value === undefined) return OK;
      const { gone, isEmpty, isAll } = cleaned.value;
      for (const one of gone) this.#held.delete(nameOf(one));
      if (isEmpty) this.#made.delete(kind);
      if (isAll) return OK;
    }
  }

  /** `isEmpty`: nothing is left, and the table goes. `isAll`: all that is not kept goes with it. */
  #prepareClean(
    batch: NftBatch,
    kind: Kind,
    isKept: (one: Unanswered) => boolean,
  ): Result<
    | { readonly gone: readonly Unanswered[]; readonly isEmpty: boolean; readonly isAll: boolean }
    | undefined
  > {
    const found = this.#entriesOf(kind);
    if (!found.ok) return found.errno === "ENOENT" ? success(undefined) : found;
    const all = found.value.filter((one) => !isKept(one));
    const isEmpty = all.length === found.value.length;
    if (!isEmpty && all.length === 0) return success(undefined);
    const gone = isEmpty ? all : all.slice(0, ENTRIES_MAX);
    if (isEmpty) batch.deleteTable(kind.family, this.#table);
    else this.#deleteFrom(batch, kind, gone);
    return success({ gone, isEmpty, isAll: gone.length === all.length });
  }

  /** All that is dropped in this network namespace, whoever put it there. */
  entries(): Result<readonly Unanswered[]> {
    const all: Unanswered[] = [];
    for (const kind of KINDS) {
      const found = this.#entriesOf(kind);
      if (!found.ok && found.errno !== "ENOENT") return found;
      if (found.ok) for (const one of found.value) all.push(one);
    }
    return success(all);
  }

  #entriesOf({ family, sets }: Kind): Result<readonly Unanswered[]> {
    const all: Unanswered[] = [];
    for (const set of sets) {
      const found = this.#socket.keys(family, this.#table, set.name);
      if (!found.ok) return found;
      for (const key of found.value) {
        const one = entryOf(set, key);
        if (one !== undefined) all.push(one);
      }
    }
    return success(all);
  }

  /**
   * Puts back what this process has put there and another program has removed. True: something was
   * missing.
   */
  restore(): Result<boolean> {
    if (this.#held.size === 0 || this.#isWhole()) return success(false);
    const outcome = this.#makeAll();
    return outcome.ok ? success(true) : outcome;
  }

  #isWhole(): boolean {
    for (const kind of this.#made)
      for (const { chain, rules } of kind.chains) {
        const found = this.#socket.ruleCount(kind.family, this.#table, chain);
        if (!found.ok || found.value !== rules.length) return false;
      }
    const found = this.entries();
    if (!found.ok) return false;
    const names = new Set(found.value.map(nameOf));
    return [...this.#held.keys()].every((name) => names.has(name));
  }

  #add(some: readonly Unanswered[]): Outcome {
    const outcome = this.#commitWith(some);
    if (outcome.ok || outcome.errno !== "ENOENT" || this.#made.size === 0) return outcome;
    // Another program has emptied the ruleset.
    const restored = this.#makeAll();
    return restored.ok ? this.#commitWith(some) : restored;
  }

  /** Rules, and all that this process has put there. */
  #makeAll(): Outcome {
    this.#made.clear();
    for (const part of inParts([...this.#held.values()], ENTRIES_MAX)) {
      const outcome = this.#commitWith(part);
      if (!outcome.ok) return outcome;
    }
    return OK;
  }

  #commitWith(some: readonly Unanswered[]): Outcome {
    const batch = this.#socket.batch();
    const fresh: Kind[] = [];
    for (const kind of KINDS) {
      const isUsed = kind.sets.some((set) => some.some((one) => isIn(kind, set, one)));
      if (isUsed && !this.#made.has(kind)) {
        this.#makeRules(batch, kind);
        fresh.push(kind);
      }
      this.#put(batch, kind, some);
    }
    const outcome = this.#socket.commit(batch);
    if (outcome.ok) for (const kind of fresh) this.#made.add(kind);
    return outcome;
  }

  #makeRules(batch: NftBatch, { family, sets, chains }: Kind): void {
    batch.addTable(family, this.#table);
    for (const [place, { name, key }] of sets.entries())
      batch.addKeySet(family, this.#table, name, place + 1, key);
    for (const { chain, hook, rules } of chains) {
      batch.addChain(family, this.#table, chain, hook);
      batch.flushChain(family, this.#table, chain);
      for (const rule of rules)
        batch.addRule(family, this.#table, chain, [...rule, { kind: "drop" }]);
    }
  }

  #put(batch: NftBatch, kind: Kind, some: readonly Unanswered[]): void {
    for (const set of kind.sets) {
      const keys = some.filter((one) => isIn(kind, set, one)).map(keyOf);
      if (keys.length > 0) batch.addKeys(kind.family, this.#table, set.name, keys);
    }
  }

  #delete(some: readonly Unanswered[]): Outcome {
    const batch = this.#socket.batch();
    for (const kind of KINDS) this.#deleteFrom(batch, kind, some);
    const outcome = this.#socket.commit(batch);
    // Without a table nothing is dropped.
    return outcome.ok || outcome.errno !== "ENOENT" ? outcome : this.#makeAll();
  }

  /** There is no "delete if it exists" before Linux 6.3; but adding what exists is no error. */
  #deleteFrom(batch: NftBatch, kind: Kind, some: readonly Unanswered[]): void {
    this.#put(batch, kind, some);
    for (const set of kind.sets) {
      const keys = some.filter((one) => isIn(kind, set, one)).map(keyOf);
      if (keys.length > 0) batch.deleteKeys(kind.family, this.#table, set.name, keys);
    }
  }

  /** Closes the socket. The rules stay. */
  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

/**
 * A filter in the calling thread's network namespace, or why there can be none: EPROTONOSUPPORT or
 * EOPNOTSUPP (and the like) where the kernel has no nf_tables, EPERM without CAP_NET_ADMIN.
 */
export function openNftAccept(table = "baton_accept"): Result<NftAccept> {
  const socket = openNftSocket();
  return socket.ok ? success(new NftAccept(socket.value, table)) : socket;
}

/** Of these addresses, whoever left them. Nothing where the kernel has no nf_tables. */
export function cleanAccept(isKept: (address: IpAddress) => boolean): Outcome {
  const opened = openNftAccept();
  if (!opened.ok) return OK;
  using filter = opened.value;
  return filter.clean(({ address }) => isKept(address));
}
