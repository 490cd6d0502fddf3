/**
 * The fence: nf_tables rules that keep clients from a service of this node while its instance is
 * not promoted (`gate { fence tcp 3306 }`).
 *
 *   table ip TABLE
 *     set closed { type ipv4_addr . inet_proto . inet_service }
 *     set new    { the same }
 *     set held { the same }
 *     chain input { hook prerouting priority raw;
 *       address . protocol . port @closed, address is this node's: drop
 *       address . protocol . port @new, SYN without ACK, address is this node's: drop }
 *     chain output { hook output priority raw;
 *       the same, and
 *       source . protocol . port @held, FIN: drop }
 *   table ip6 TABLE, once an IPv6 address is fenced: the same with ipv6_addr
 *
 * Closed for `all` nothing reaches the service at the address, from outside, from this machine and
 * for a container behind a port mapping, since the hooks come before address translation. What
 * leaves passes, so an answer that was on its way is not lost. `new` lets connections that exist go
 * on and takes no others; UDP has no connections, and `new` leaves it alone. `held` is `all`, and
 * the end of a connection (FIN) that the service sends is held back: a demotion ends all of them,
 * and a client that heard of it would connect again at once, into the fence, and once more a second
 * later, when the kernel repeats its SYN. It hears of it by the reset (socket-destroy.ts) when the
 * successor has announced itself. TCP repeats a FIN that was held back when the fence opens again.
 *
 * "This node's" is the kernel's answer at that moment (fib): a fence is closed as long as another
 * node has the address, and programs and containers here that go to that one must pass. A kernel
 * without nft_fib has the first chain alone and looks at addresses only, so containers do not pass
 * there.
 *
 * As the guard (nft-guard.ts) it outlives the process on purpose: who dies fenced stays fenced. A
 * program that removes the table (`nft flush ruleset`, a firewall's reload) is noticed by
 * `FenceWatch`, and `restore` puts everything back.
 */
import { type IpAddress, isIpv6, writeIp } from "#units/address";
import { type Fence, type FenceEntry, type FenceMode, OK, type Outcome } from "#vrrp/engine/world";
import { IPV4_OFFSET, PROTOCOL_TCP, PROTOCOL_UDP } from "#vrrp/wire/ipv4-fields";
import { IPV6_OFFSET } from "#vrrp/wire/ipv6-fields";
import { ipOf } from "./netlink.ts";
import type { NftExpression } from "./nft-expressions.ts";
import {
  type Hook,
  NFPROTO_IPV4,
  NFPROTO_IPV6,
  type NftBatch,
  SERVICE_KEYS,
} from "./nft-messages.ts";
import { inParts, type NftSocket } from "./nft-socket.ts";
import { type Result, success } from "./result.ts";

const SETS = ["closed", "new", "held"] as const;
type SetName = (typeof SETS)[number];
const SETS_OF: Readonly<Record<FenceMode, readonly SetName[]>> = {
  all: ["closed"],
  new: ["new"],
  held: ["closed", "held"],
};
const PROTOCOLS = { tcp: PROTOCOL_TCP, udp: PROTOCOL_UDP } as const;

/** NF_INET_PRE_ROUTING and NF_INET_LOCAL_OUT at NF_IP_PRI_RAW: ahead of address translation. */
const PREROUTING: Hook = { number: 0, priority: -300 };
const LOCAL_OUT: Hook = { number: 3, priority: -300 };
const TCP_FLAGS = 13;
const FIN = 0x01;
const SYN = 0x02;
const ACK = 0x10;
/** rtnetlink.h; registers hold it in the order of the machine. */
const RTN_LOCAL = 2;
/**
 * In one transaction: the kernel takes no message that is longer than the socket's buffer, which
 * has 200 KB, and each entry may stand in it six times.
 */
const ENTRIES_MAX = 256;

/** What a table of one family of addresses needs. */
export interface FenceKind {
  readonly family: number;
  /** Of an address, in bytes. */
  readonly length: 4 | 16;
  readonly offset: { readonly source: number; readonly destination: number };
  readonly key: { readonly number: number; readonly length: number };
}
export const IPV4: FenceKind = {
  family: NFPROTO_IPV4,
  length: 4,
  offset: IPV4_OFFSET,
  key: SERVICE_KEYS[4],
};
export const IPV6: FenceKind = {
  family: NFPROTO_IPV6,
  length: 16,
  offset: IPV6_OFFSET,
  key: SERVICE_KEYS[6],
};
export const kindOf = (address: IpAddress): FenceKind => (isIpv6(address) ? IPV6 : IPV4);

const service = (
  { length, offset }: FenceKind,
  side: "source" | "destination",
): readonly NftExpression[] => [
  { kind: "load", header: "network", offset: offset[side], length, part: 0 },
  { kind: "load-protocol", part: length / 4 },
  {
    kind: "load",
    header: "transport",
    offset: side === "source" ? 0 : 2,
    length: 2,
    part: length / 4 + 1,
  },
];
const within = (set: SetName): NftExpression => ({ kind: "lookup", set, inside: true });
const flags = (mask: number, wanted: "equal" | "unequal", value: number): NftExpression[] => [
  { kind: "load", header: "transport", offset: TCP_FLAGS, length: 1 },
  { kind: "mask", bytes: Uint8Array.of(mask) },
  { kind: "compare", operator: wanted, bytes: Uint8Array.of(value) },
];
const IS_OWN: readonly NftExpression[] = [
  { kind: "load-address-type" },
  { kind: "compare", operator: "equal", bytes: Uint8Array.of(RTN_LOCAL, 0, 0, 0) },
];
const DROP: NftExpression = { kind: "drop" };
const everything = (kind: FenceKind): readonly NftExpression[] => [
  ...service(kind, "destination"),
  within("closed"),
];
const beginnings = (kind: FenceKind): readonly NftExpression[] => [
  ...service(kind, "destination"),
  within("new"),
  ...flags(SYN | ACK, "equal", SYN),
];
const ends = (kind: FenceKind): readonly NftExpression[] => [
  ...service(kind, "source"),
  within("held"),
  ...flags(FIN, "unequal", 0),
];

/** `address . protocol . port`: each part begins at a multiple of four bytes. */
function keyOf({ address, protocol, port }: FenceEntry): Uint8Array {
  const { key, length } = kindOf(address);
  const bytes = new Uint8Array(key.length);
  const view = new DataView(bytes.buffer);
  writeIp(address, bytes, 0);
  view.setUint8(length, PROTOCOLS[protocol]);
  view.setUint16(length + 4, port);
  return bytes;
}

/** Undefined: no key of ours. */
function entryOf(bytes: Uint8Array, { key, length }: FenceKind): FenceEntry | undefined {
  if (bytes.length < key.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = view.getUint8(length);
  const address = ipOf(bytes.subarray(0, length));
  if (address === undefined || (number !== PROTOCOL_TCP && number !== PROTOCOL_UDP))
    return undefined;
  const protocol = number === PROTOCOL_TCP ? "tcp" : "udp";
  return { address, protocol, port: view.getUint16(length + 4) };
}

const nameOf = ({ address, protocol, port }: FenceEntry): string =>
  `${address} ${protocol} ${port}`;

/** Whether an entry is in that set: UDP has no connections that begin or end. */
const belongs = (set: SetName, { protocol }: FenceEntry, mode: FenceMode): boolean =>
  SETS_OF[mode].includes(set) && (set === "closed" || protocol === "tcp");

interface Chain {
  readonly chain: string;
  readonly hook: Hook;
  /** What each looks at before it drops. */
  readonly rules: readonly (readonly NftExpression[])[];
}

interface Closed {
  readonly entry: FenceEntry;
  readonly mode: FenceMode;
}

/** The fence of one family: its addresses alone. */
export class FenceTable implements Fence {
  readonly #kind: FenceKind;
  readonly #socket: NftSocket;
  readonly #table: string;
  /** The kernel has nft_fib, as far as is known: the first transaction is refused without it. */
  #hasFib: boolean;
  /** What this process has closed, by `nameOf`. */
  readonly #closed = new Map<string, Closed>();
  #hasRules = false;

  constructor(socket: NftSocket, kind: FenceKind, table: string, hasFib: boolean) {
    this.#kind = kind;
    this.#socket = socket;
    this.#table = table;
    this.#hasFib = hasFib;
  }

  /** From now on so, whatever it was before and whoever closed it. */
  close(entries: readonly FenceEntry[], which: FenceMode): Outcome {
    const all = entries.map((entry): Closed => ({ entry, mode: which }));
    for (const part of inParts(all, ENTRIES_MAX)) {
      const outcome = this.#change(part, []);
      if (!outcome.ok) return outcome;
      for (const one of part) this.#closed.set(nameOf(one.entry), one);
    }
    return OK;
  }

  /** Whoever closed them. */
  open(entries: readonly FenceEntry[]): Outcome {
    for (const part of inParts(entries, ENTRIES_MAX)) {
      const outcome = this.#change([], part);
      // Without a table nothing is closed.
      if (!outcome.ok && outcome.errno !== "ENOENT") return outcome;
      for (const entry of part) this.#closed.delete(nameOf(entry));
    }
    return OK;
  }

  /** Opens what earlier processes left closed, unless it is kept. The last takes the rules. */
  clean(isKept: (entry: FenceEntry) => boolean): Outcome {
    for (;;) {
      const cleaned = this.#socket.commitUnchanged((batch) => this.#prepareClean(batch, isKept));
      if (!cleaned.ok) return cleaned;
      if (cleaned.value === undefined) return OK;
      const { gone, isEmpty, isAll } = cleaned.value;
      for (const entry of gone) this.#closed.delete(nameOf(entry));
      if (isEmpty) this.#hasRules = false;
      if (isAll) return OK;
    }
  }

  /** `isEmpty`: nothing is left, and the table goes. `isAll`: all that is not kept goes with it. */
  #prepareClean(
    batch: NftBatch,
    isKept: (entry: FenceEntry) => boolean,
  ): Result<
    | { readonly gone: readonly FenceEntry[]; readonly isEmpty: boolean; readonly isAll: boolean }
    | undefined
  > {
    const found = this.closed();
    if (!found.ok) return found;
    const all = found.value.filter((entry) => !isKept(entry));
    const isEmpty = all.length === found.value.length;
    const gone = isEmpty ? all : all.slice(0, ENTRIES_MAX);
    if (isEmpty ? !this.#isThere() : gone.length === 0) return success(undefined);
    if (isEmpty) batch.deleteTable(this.#kind.family, this.#table);
    else this.#delete(batch, gone);
    return success({ gone, isEmpty, isAll: gone.length === all.length });
  }

  /** Everything that is closed in this network namespace, also only for what is new. */
  closed(): Result<readonly FenceEntry[]> {
    const all = new Map<string, FenceEntry>();
    for (const set of ["closed", "new"] as const) {
      const found = this.#elements(set);
      if (!found.ok) return found;
      for (const entry of found.value) all.set(nameOf(entry), entry);
    }
    return success([...all.values()]);
  }

  /**
   * Puts back what this process closed and another program has removed. True: something was
   * missing.
   */
  restore(): Result<boolean> {
    if (this.#closed.size === 0 || this.#isWhole()) return success(false);
    const outcome = this.#makeAll([], []);
    return outcome.ok ? success(true) : outcome;
  }

  #change(closing: readonly Closed[], opening: readonly FenceEntry[]): Outcome {
    if (!this.#hasRules && closing.length > 0) return this.#makeAll(closing, opening);
    const batch = this.#socket.batch();
    this.#put(batch, closing, opening);
    const outcome = this.#socket.commit(batch);
    if (outcome.ok || outcome.errno !== "ENOENT") return outcome;
    // Another program has emptied the ruleset.
    const isNeeded = closing.length > 0 || this.#closed.size > 0;
    return isNeeded ? this.#makeAll(closing, opening) : outcome;
  }

  /** Rules, and all that this process has closed: what is asked for first. */
  #makeAll(closing: readonly Closed[], opening: readonly FenceEntry[]): Outcome {
    const made = this.#makeRulesAnd(closing, opening);
    if (!made.ok) return made;
    const done = new Set([...closing.map(({ entry }) => entry), ...opening].map(nameOf));
    const others = [...this.#closed].flatMap(([name, one]) => (done.has(name) ? [] : [one]));
    for (const part of inParts(others, ENTRIES_MAX)) {
      const batch = this.#socket.batch();
      this.#put(batch, part, []);
      const outcome = this.#socket.commit(batch);
      if (!outcome.ok) return outcome;
    }
    return OK;
  }

  #makeRulesAnd(closing: readonly Closed[], opening: readonly FenceEntry[]): Outcome {
    for (;;) {
      const batch = this.#socket.batch();
      this.#makeRules(batch);
      this.#put(batch, closing, opening);
      const outcome = this.#socket.commit(batch);
      if (outcome.ok) this.#hasRules = true;
      if (outcome.ok || outcome.errno !== "ENOENT" || !this.#hasFib) return outcome;
      this.#hasFib = false;
    }
  }

  #makeRules(batch: NftBatch): void {
    const table = this.#table;
    const { family, key } = this.#kind;
    batch.addTable(family, table);
    for (const [place, set] of SETS.entries()) batch.addKeySet(family, table, set, place + 1, key);
    for (const { chain, hook, rules } of this.#chains()) {
      batch.addChain(family, table, chain, hook);
      batch.flushChain(family, table, chain);
      for (const rule of rules) batch.addRule(family, table, chain, [...rule, DROP]);
    }
  }

  #chains(): readonly Chain[] {
    const reaching = [everything(this.#kind), beginnings(this.#kind)];
    const leaving = ends(this.#kind);
    if (this.#hasFib) {
      const own = reaching.map((rule) => [...rule, ...IS_OWN]);
      return [
        { chain: "input", hook: PREROUTING, rules: own },
        { chain: "output", hook: LOCAL_OUT, rules: [...own, leaving] },
      ];
    }
    // Of what leaves nobody could say whether it goes to another node.
    return [
      { chain: "input", hook: PREROUTING, rules: reaching },
      { chain: "output", hook: LOCAL_OUT, rules: [leaving] },
    ];
  }

  #put(batch: NftBatch, closing: readonly Closed[], opening: readonly FenceEntry[]): void {
    for (const set of SETS) {
      const inside = closing.filter(({ entry, mode }) => belongs(set, entry, mode));
      const outside = closing.filter(({ entry, mode }) => !belongs(set, entry, mode));
      const added = inside.map(({ entry }) => keyOf(entry));
      if (added.length > 0) batch.addKeys(this.#kind.family, this.#table, set, added);
      this.#deleteFrom(batch, set, [...outside.map(({ entry }) => entry), ...opening]);
    }
  }

  #delete(batch: NftBatch, entries: readonly FenceEntry[]): void {
    for (const set of SETS) this.#deleteFrom(batch, set, entries);
  }

  /** There is no "delete if it exists" before Linux 6.3; but adding what exists is no error. */
  #deleteFrom(batch: NftBatch, set: SetName, entries: readonly FenceEntry[]): void {
    if (entries.length === 0) return;
    const keys = entries.map(keyOf);
    batch.addKeys(this.#kind.family, this.#table, set, keys);
    batch.deleteKeys(this.#kind.family, this.#table, set, keys);
  }

  /** Without a table there are none. */
  #elements(set: SetName): Result<readonly FenceEntry[]> {
    const found = this.#socket.keys(this.#kind.family, this.#table, set);
    if (!found.ok) return found.errno === "ENOENT" ? success([]) : found;
    return success(
      found.value.map((key) => entryOf(key, this.#kind)).filter((entry) => entry !== undefined),
    );
  }

  #isThere(): boolean {
    return this.#socket.keys(this.#kind.family, this.#table, "closed").ok;
  }

  /** The sets have what this process put there, and rules look at them. */
  #isWhole(): boolean {
    const hasRules = this.#chains().every(({ chain, rules }) => {
      const found = this.#socket.ruleCount(this.#kind.family, this.#table, chain);
      return found.ok && found.value === rules.length;
    });
    if (!hasRules) return false;
    return SETS.every((set) => {
      const found = this.#elements(set);
      if (!found.ok) return false;
      const names = new Set(found.value.map(nameOf));
      return [...this.#closed.values()].every(
        ({ entry, mode }) => !belongs(set, entry, mode) || names.has(nameOf(entry)),
      );
    });
  }
}
