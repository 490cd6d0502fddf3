/**
 * The sub-second lease: nf_tables rules that let a guarded address answer only while it is
 * prolonged.
 *
 *   table ip TABLE
 *     set guarded { type ipv4_addr }
 *     set alive   { type ipv4_addr; flags timeout }
 *     chain input { hook prerouting priority raw;
 *       ip daddr @guarded ip daddr != @alive drop }
 *   table arp TABLE
 *     the same sets
 *     chain input  { hook input;  target in guarded, not in alive: drop }
 *     chain output { hook output; sender in guarded, not in alive: drop }
 *   table ip6 TABLE, once there is an IPv6 address
 *     the same sets { type ipv6_addr }
 *     chain input  { hook prerouting priority raw;
 *       destination in guarded, not in alive: drop
 *       neighbour solicitation, target in guarded, not in alive: drop }
 *     chain output { hook output priority raw;
 *       neighbour advertisement, target in guarded, not in alive: drop
 *       neighbour solicitation, source in guarded, not in alive: drop }
 *
 * A process that dies, hangs or is stopped no longer prolongs. The element then expires in the
 * kernel, and this machine no longer answers for the address although it is still there: ARP is
 * not answered, and no packet is accepted, neither from outside nor from this machine itself (a
 * local client must not go on with the former owner), nor for a container behind a port
 * mapping, since the hook comes before address translation. Announcements sent through a packet
 * socket do not pass these hooks.
 *
 * The tables outlive the process on purpose (no NFT_TABLE_F_OWNER): a guard that disappears with a
 * killed owner would guard nothing. They belong to the network namespace, and an element belongs to
 * the daemon that answers for its address, of which there is at most one (address-claims.ts). So
 * only that daemon changes the element, and an element of an address that nobody owns is removed by
 * the next engine, by the supervisor of a dead one or by `baton release`. The first `open` of a
 * process makes the rules anew and leaves the elements as they are.
 */

import { release } from "node:os";

import type { IpAddress } from "#units/address";
import { assert } from "#units/assert";
import { type AddressGuard, OK, type Outcome } from "#vrrp/engine/world";
import * as libc from "./ffi.ts";
import {
  FAMILIES,
  Guarded,
  type GuardedKind,
  type GuardedPart,
  partsOf,
} from "./nft-guard-rules.ts";
import { NFPROTO_IPV4, NFPROTO_IPV6, type NftBatch, PreparedBatch } from "./nft-messages.ts";
import { type NftSocket, openNftSocket } from "./nft-socket.ts";
import { type Result, success } from "./result.ts";

const GUARDED = "guarded";
const ALIVE = "alive";
/**
 * Transactions that are kept: 120 bytes for an address. More routers that are each due by
 * themselves have theirs made anew.
 */
const PREPARED_MAX = 1_024;

interface Prolongation {
  readonly addresses: readonly IpAddress[];
  /** Milliseconds. */
  readonly lease: number;
  readonly batch: PreparedBatch;
}

function isSameList(a: readonly IpAddress[], b: readonly IpAddress[]): boolean {
  if (a.length !== b.length) return false;
  for (let place = 0; place < a.length; place++) if (a[place] !== b[place]) return false;
  return true;
}

export class NftGuard implements AddressGuard {
  readonly #socket: NftSocket;
  readonly #table: string;
  /** The comment of the tables, for people who read `nft list ruleset`. */
  readonly #owner: string;
  /** The kernel gives an element that exists another lifetime; otherwise it is replaced. */
  readonly #canUpdate: boolean;
  /** By their first address. */
  readonly #prepared = new Map<IpAddress, Prolongation>();
  /** The addresses that this process guards. */
  readonly #guarded = new Guarded();

  constructor(socket: NftSocket, table: string, owner: string, canUpdate: boolean) {
    this.#canUpdate = canUpdate;
    this.#socket = socket;
    this.#table = table;
    this.#owner = owner;
  }

  /**
   * Guards these addresses too. They are not answered for until `prolong`: open before the address
   * is added.
   */
  open(addresses: readonly IpAddress[]): Outcome {
    const added = addresses.filter((address) => !this.#guarded.has(address));
    if (added.length === 0) return OK;
    const batch = this.#batch();
    for (const { kind } of partsOf(added))
      if (this.#guarded.countOf(kind) === 0) this.#makeRules(batch, kind);
    this.#guard(batch, added);
    const outcome = this.#commit(batch);
    if (outcome.ok) for (const address of added) this.#guarded.add(address);
    // Another program has emptied the ruleset (`nft flush ruleset`, a firewall's reload): all is
    // made anew.
    else if (outcome.errno === "ENOENT" && this.#guarded.size > 0) return this.#restore(added);
    return outcome;
  }

  /**
   * They are answered for during `milliseconds` from now, in place of what was left; below 1: no
   * longer.
   */
  prolong(addresses: readonly IpAddress[], milliseconds: number): Outcome {
    assert(Number.isFinite(milliseconds), `a lease of ${milliseconds} ms`);
    const lease = Math.floor(milliseconds);
    if (addresses.length === 0) return OK;
    const outcome = this.#prolong(addresses, lease);
    if (outcome.ok || outcome.errno !== "ENOENT" || this.#guarded.size === 0) return outcome;
    const restored = this.#restore([]);
    return restored.ok ? this.#prolong(addresses, lease) : restored;
  }

  /**
   * Stops guarding these, whichever process guarded them. The rules are removed with the last
   * element.
   */
  close(addresses: readonly IpAddress[]): Outcome {
    if (addresses.length === 0) return OK;
    const gone = new Set(addresses);
    const known = this.#closeSome(gone);
    return known ?? this.#remove((address) => gone.has(address));
  }

  /**
   * All of them are known, and others stay: what else there is need not be asked, as it is for each
   * of a thousand that move. Undefined: that is not so, or something is missing.
   */
  #closeSome(gone: ReadonlySet<IpAddress>): Outcome | undefined {
    const addresses = [...gone];
    if (!addresses.every((address) => this.#guarded.has(address))) return undefined;
    const parts = partsOf(addresses);
    const isLast = ({ kind, addresses: some }: GuardedPart): boolean =>
      some.length === this.#guarded.countOf(kind);
    if (parts.some((part) => part.addresses.length > 0 && isLast(part))) return undefined;
    const batch = this.#batch();
    for (const { kind, addresses: some } of parts)
      for (const family of kind.families)
        for (const set of [GUARDED, ALIVE]) this.#deleteIfThere(batch, family, set, some);
    if (!this.#commit(batch).ok) return undefined;
    for (const address of gone) this.#guarded.delete(address);
    return OK;
  }

  /**
   * Removes what earlier processes left, unless it is to be kept. Harmless when there is nothing.
   */
  clean(isKept: (address: IpAddress) => boolean): Outcome {
    return this.#remove((address) => !isKept(address));
  }

  /** Everything that is guarded in this network namespace, whoever guarded it. */
  guarded(): Result<readonly IpAddress[]> {
    return this.#elements(GUARDED);
  }

  /** Of these, what is answered for now: its lease has not ended. */
  alive(): Result<readonly IpAddress[]> {
    return this.#elements(ALIVE);
  }

  /** Tables of one kind have the same elements; without a table there are none. */
  #elements(set: string): Result<readonly IpAddress[]> {
    const all: IpAddress[] = [];
    for (const family of [NFPROTO_IPV4, NFPROTO_IPV6]) {
      const found = this.#socket.elements(family, this.#table, set);
      if (!found.ok && found.errno !== "ENOENT") return found;
      if (found.ok) for (const address of found.value) all.push(address);
    }
    return success(all);
  }

  /** Closes the socket. The rules stay. */
  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  #makeRules(batch: NftBatch, { families, paths }: GuardedKind): void {
    const table = this.#table;
    for (const family of families) {
      batch.addTable(family, table);
      batch.addAddressSet(family, table, GUARDED, 1, false);
      batch.addAddressSet(family, table, ALIVE, 2, true);
    }
    for (const { family, chain, hook, rules } of paths) {
      batch.addChain(family, table, chain, hook);
      batch.flushChain(family, table, chain);
      for (const rule of rules)
        batch.addRule(family, table, chain, [
          ...rule,
          { kind: "lookup", set: GUARDED, inside: true },
          { kind: "lookup", set: ALIVE, inside: false },
          { kind: "drop" },
        ]);
    }
  }

  /**
   * What is guarded is asked of the kernel: a former process may have left it, and another daemon
   * in this network namespace may have guarded more. That it is still so when elements or tables
   * are deleted, the kernel makes sure (ERESTART).
   */
  #remove(isGone: (address: IpAddress) => boolean): Outcome {
    const removed = this.#socket.commitUnchanged((batch) => this.#deleteElements(batch, isGone));
    if (!removed.ok) return removed;
    for (const address of removed.value ?? []) this.#guarded.delete(address);
    return OK;
  }

  /** Undefined: nothing is to be deleted. */
  #deleteElements(
    batch: NftBatch,
    isGone: (address: IpAddress) => boolean,
  ): Result<ReadonlySet<IpAddress> | undefined> {
    const all = new Set<IpAddress>();
    let hasWork = false;
    for (const family of FAMILIES) {
      const found = this.#socket.elements(family, this.#table, GUARDED);
      if (!found.ok && found.errno === "ENOENT") continue;
      if (!found.ok) return found;
      const gone = found.value.filter(isGone);
      for (const address of gone) all.add(address);
      const isEmpty = gone.length === found.value.length;
      hasWork ||= isEmpty || gone.length > 0;
      if (isEmpty) batch.deleteTable(family, this.#table);
      else if (gone.length > 0)
        for (const set of [GUARDED, ALIVE]) this.#deleteIfThere(batch, family, set, gone);
    }
    return success(hasWork ? all : undefined);
  }

  #restore(added: readonly IpAddress[]): Outcome {
    const all = [...this.#guarded.all, ...added];
    const batch = this.#batch();
    for (const { kind } of partsOf(all)) this.#makeRules(batch, kind);
    this.#guard(batch, all);
    const outcome = this.#commit(batch);
    if (outcome.ok) for (const address of added) this.#guarded.add(address);
    return outcome;
  }

  #guard(batch: NftBatch, addresses: readonly IpAddress[]): void {
    for (const { kind, addresses: some } of partsOf(addresses))
      for (const family of kind.families)
        batch.addElements(family, this.#table, GUARDED, some, undefined, this.#owner);
  }

  /**
   * Routers that are due together are so again an interval later, with the same leases: then the
   * kernel is sent the same transaction.
   */
  #prolong(addresses: readonly IpAddress[], lease: number): Outcome {
    const [first] = addresses;
    if (first === undefined || !this.#canUpdate || lease <= 0) {
      return this.#commit(this.#prolongation(addresses, lease));
    }
    let prepared = this.#prepared.get(first);
    if (prepared?.lease !== lease || !isSameList(prepared.addresses, addresses)) {
      const batch = new PreparedBatch(this.#prolongation(addresses, lease));
      prepared = { addresses: [...addresses], lease, batch };
      if (this.#prepared.size >= PREPARED_MAX) this.#prepared.clear();
      this.#prepared.set(first, prepared);
    }
    return this.#socket.repeat(prepared.batch);
  }

  #prolongation(addresses: readonly IpAddress[], lease: number): NftBatch {
    const batch = this.#batch();
    for (const { kind, addresses: some } of partsOf(addresses)) {
      for (const family of kind.families) {
        if (this.#canUpdate && lease > 0) {
          batch.setElements(family, this.#table, ALIVE, some, lease);
          continue;
        }
        this.#deleteIfThere(batch, family, ALIVE, some);
        if (lease > 0) batch.addElements(family, this.#table, ALIVE, some, lease);
      }
    }
    return batch;
  }

  /** There is no "delete if it exists" before Linux 6.3; but adding what exists is no error. */
  #deleteIfThere(
    batch: NftBatch,
    family: number,
    set: string,
    addresses: readonly IpAddress[],
  ): void {
    batch.addElements(family, this.#table, set, addresses);
    batch.deleteElements(family, this.#table, set, addresses);
  }

  #batch(): NftBatch {
    return this.#socket.batch();
  }

  #commit(batch: NftBatch): Outcome {
    return this.#socket.commit(batch);
  }
}

/** What of the kernel is used; tests pretend that it is an older one. */
export interface GuardOptions {
  readonly table?: string;
  readonly owner?: string;
  readonly canUpdate?: boolean;
  /** The number of the first request. */
  readonly sequence?: number;
}

/**
 * Whether this kernel gives an element that exists another lifetime: since Linux 6.12. Decided by
 * the version number; one that could and is not asked to does more work.
 */
export function canUpdateElements(version: string = release()): boolean {
  const match = /^(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > 6 || (major === 6 && minor >= 12);
}

/**
 * A guard in the calling thread's network namespace, or why there can be none: EPROTONOSUPPORT or
 * EOPNOTSUPP (and the like) where the kernel has no nf_tables, EPERM without CAP_NET_ADMIN.
 */
export function openNftGuard({
  table = "baton",
  owner = `PID ${libc.getpid()}`,
  canUpdate = canUpdateElements(),
  sequence,
}: GuardOptions = {}): Result<NftGuard> {
  const socket = openNftSocket(sequence);
  return socket.ok ? success(new NftGuard(socket.value, table, owner, canUpdate)) : socket;
}
