/**
 * One machine's kernel as far as the engine sees it: a link, an address table with lifetimes, and
 * the optional guard.
 *
 * Lifetimes are whole seconds and end up to a second late, as measured on Linux (a lifetime of 3 s
 * ended after 3.06 to 3.99 s, the later the more other addresses change); guard elements end to the
 * millisecond, give or take a timer tick. Both stop while the whole machine is paused.
 */

import type { IpAddress, Mac } from "#units/address";
import type { Rng } from "#units/rng";
import {
  type AddressGuard,
  type AddressInfo,
  BATON_PROTO,
  type LinkInfo,
  OK,
  type Outcome,
  type WorldEvent,
} from "#vrrp/engine/world";
import type { VirtualAddress } from "#vrrp/router/config";
import { Calendar } from "./calendar.ts";
import type { EventQueue } from "./event-queue.ts";
import { SimulatedFence } from "./kernel-fence.ts";

const EXPIRY_LATE_MIN = 10_000;
const EXPIRY_LATE_MAX = 1_000_000;
const TICK = 4_000;
const GUARD_REFUSED: Outcome = { ok: false, errno: "ENOBUFS", call: "nf_tables" };
/** No address of a configuration has it. */
const COPY_PREFIX = 31;

interface Entry {
  readonly info: AddressInfo;
  /** Virtual microseconds of this kernel's own timers; undefined: for ever. */
  expiresAt: number | undefined;
  /** When it is looked at next. */
  watchedAt: number | undefined;
}

export interface KernelFaults {
  /** Adding addresses fails with this errno. */
  addFails: string | undefined;
  /** Calls of the guard that fail. */
  guardRefuses: readonly (keyof AddressGuard)[];
  /** Each change of an address takes this long, and the caller waits. */
  slowMicros: number;
}

export class SimulatedKernel {
  readonly #queue: EventQueue;
  readonly #rng: Rng;
  readonly #mac: Mac;
  readonly #primary: IpAddress;
  readonly #table = new Map<IpAddress, Entry>();
  /** Addresses that are answered for only while let through, and until when each is. */
  readonly #guarded = new Set<IpAddress>();
  readonly #letThrough = new Map<IpAddress, number>();
  readonly fence: SimulatedFence = new SimulatedFence();
  readonly faults: KernelFaults = { addFails: undefined, guardRefuses: [], slowMicros: 0 };
  /** Added by hand, elsewhere than where the engine puts them. */
  readonly #copies = new Map<IpAddress, AddressInfo>();
  /** Timers stand still since then (machine paused). */
  #frozenAt: number | undefined;
  #frozenTotal = 0;
  #watchedUntil = 0;
  linkIndex = 2;
  linkName = "eth0";
  /**
   * Which of the devices that have been here, whatever their names and indexes: sockets are bound
   * to one of them.
   */
  device = 1;
  linkUp = true;
  linkExists = true;
  hasPrimary = true;
  /** Time the caller has lost in slow calls since it was last asked. */
  lag = 0;
  readonly calendar: Calendar;
  notify: (event: WorldEvent) => void = () => {};
  /** Something changed that decides who answers. */
  onChange: () => void = () => {};

  constructor(queue: EventQueue, rng: Rng, mac: Mac, primary: IpAddress) {
    this.#queue = queue;
    this.#rng = rng;
    this.#mac = mac;
    this.#primary = primary;
    this.calendar = new Calendar(rng.split("calendar"), () => queue.now + this.lag);
  }

  link(): LinkInfo {
    return {
      index: this.linkIndex,
      name: this.linkName,
      mac: this.#mac,
      mtu: 1500,
      up: this.linkUp,
      arp: true,
      multicast: true,
    };
  }

  links(): readonly LinkInfo[] {
    return this.linkExists ? [this.link()] : [];
  }

  addresses(): readonly AddressInfo[] {
    if (!this.linkExists) return [];
    const primary = this.#primaryInfo();
    return [
      ...(this.hasPrimary ? [primary] : []),
      ...[...this.#table.values()].map((one) => one.info),
      ...this.#copies.values(),
    ];
  }

  has(address: IpAddress): boolean {
    return this.#table.has(address);
  }

  /** Also where somebody has put it by hand. */
  hasAnywhere(address: IpAddress): boolean {
    return this.#table.has(address) || this.#copies.has(address);
  }

  guardedAddresses(): Iterable<IpAddress> {
    return this.#guarded;
  }

  /** Those of which the lease has not ended. */
  aliveAddresses(): readonly IpAddress[] {
    return [...this.#guarded].filter((address) => this.#isAlive(address));
  }

  #isAlive(address: IpAddress): boolean {
    return this.#time() < (this.#letThrough.get(address) ?? 0);
  }

  /** Would this kernel answer for the address now? */
  answers(address: IpAddress): boolean {
    if (!this.linkUp || !this.linkExists) return false;
    if (!this.hasAnywhere(address)) return false;
    return !this.#guarded.has(address) || this.#isAlive(address);
  }

  setAddress(index: number, virtual: VirtualAddress, seconds: number): Outcome {
    this.lag += this.faults.slowMicros;
    const failed = this.#refuses(index, "RTM_NEWADDR");
    if (failed !== undefined) return failed;
    if (this.faults.addFails !== undefined)
      return { ok: false, errno: this.faults.addFails, call: "RTM_NEWADDR" };
    const { address, prefix } = virtual;
    const info = { index, address, prefix, secondary: true, proto: BATON_PROTO };
    const known = this.#table.get(address);
    const late = this.#rng.between(EXPIRY_LATE_MIN, EXPIRY_LATE_MAX);
    const expiresAt = seconds === 0 ? undefined : this.#called() + seconds * 1_000_000 + late;
    const entry = known ?? { info, expiresAt, watchedAt: undefined };
    entry.expiresAt = expiresAt;
    if (known === undefined) {
      this.#table.set(address, entry);
      this.notify({ kind: "address", address: info });
      this.onChange();
    }
    this.#watchExpiry(entry);
    return OK;
  }

  removeAddress(
    index: number,
    virtual: { readonly address: IpAddress; readonly prefix: number },
  ): Outcome {
    this.lag += this.faults.slowMicros;
    const failed = this.#refuses(index, "RTM_DELADDR");
    if (failed !== undefined) return failed;
    const isGone =
      virtual.prefix === COPY_PREFIX ? this.dropCopy(virtual.address) : this.drop(virtual.address);
    return isGone ? OK : { ok: false, errno: "EADDRNOTAVAIL", call: "RTM_DELADDR" };
  }

  /** Removes an address whoever asks; the engine hears of it like of any other removal. */
  drop(address: IpAddress): boolean {
    const entry = this.#table.get(address);
    if (entry === undefined) return false;
    this.#table.delete(address);
    this.notify({ kind: "addressGone", address: entry.info });
    this.onChange();
    return true;
  }

  /** All of them in one burst. */
  flush(): void {
    for (const address of this.#table.keys()) this.drop(address);
  }

  /** Somebody adds an owned address in another place (here: with another prefix). */
  addCopy(address: IpAddress): void {
    const info = { index: this.linkIndex, address, prefix: COPY_PREFIX, secondary: true, proto: 0 };
    this.#copies.set(address, info);
    this.notify({ kind: "address", address: info });
    this.onChange();
  }

  dropCopy(address: IpAddress): boolean {
    const info = this.#copies.get(address);
    if (info === undefined) return false;
    this.#copies.delete(address);
    this.notify({ kind: "addressGone", address: info });
    this.onChange();
    return true;
  }

  /** Whoever added them sees that nothing takes care of them any more. */
  dropCopies(): void {
    for (const address of this.#copies.keys()) this.dropCopy(address);
  }

  /** The machine lost its power: nothing survives. */
  clear(): void {
    this.#table.clear();
    this.#copies.clear();
    this.#guarded.clear();
    this.#letThrough.clear();
    this.fence.clear();
    this.#frozenAt = undefined;
    this.faults.addFails = undefined;
    this.faults.guardRefuses = [];
    this.faults.slowMicros = 0;
    this.linkIndex = 2;
    this.linkName = "eth0";
    this.linkUp = true;
    this.linkExists = true;
    this.hasPrimary = true;
    this.onChange();
  }

  freeze(): void {
    this.#frozenAt = this.#queue.now;
  }

  thaw(): void {
    if (this.#frozenAt === undefined) return;
    this.#frozenTotal += this.#queue.now - this.#frozenAt;
    this.#frozenAt = undefined;
    for (const entry of this.#table.values()) {
      entry.watchedAt = undefined;
      this.#watchExpiry(entry);
    }
    this.#watchedUntil = 0;
    this.#watchGuard();
    this.onChange();
  }

  /** Carrier or administrative state; addresses stay. */
  setLink(up: boolean): void {
    if (this.linkUp === up) return;
    this.linkUp = up;
    if (this.linkExists) this.notify({ kind: "link", link: this.link() });
    this.onChange();
  }

  removeLink(): void {
    if (!this.linkExists) return;
    this.linkExists = false;
    this.#table.clear();
    this.#copies.clear();
    this.notify({ kind: "linkGone", index: this.linkIndex, name: this.linkName });
    this.onChange();
  }

  rename(name: string): void {
    if (this.linkName === name) return;
    this.linkName = name;
    if (this.linkExists) this.notify({ kind: "link", link: this.link() });
    this.onChange();
  }

  /**
   * The device comes back under another index, as a re-created one does, unless the index is
   * chosen.
   */
  restoreLink(keepsIndex = false): void {
    if (this.linkExists) return;
    this.linkExists = true;
    this.device += 1;
    if (!keepsIndex) this.linkIndex += 1;
    this.notify({ kind: "link", link: this.link() });
    this.notify({ kind: "address", address: this.#primaryInfo() });
    this.onChange();
  }

  readonly guard: AddressGuard = {
    open: (addresses) => {
      if (this.faults.guardRefuses.includes("open")) return GUARD_REFUSED;
      for (const address of addresses) this.#guarded.add(address);
      this.onChange();
      return OK;
    },
    prolong: (addresses, milliseconds) => {
      if (this.faults.guardRefuses.includes("prolong")) return GUARD_REFUSED;
      const until = this.#called() + milliseconds * 1_000 + this.#rng.between(0, TICK);
      let wasShut = false;
      for (const address of addresses) {
        wasShut ||= !this.#isAlive(address);
        this.#letThrough.set(address, until);
      }
      // By less than a timer tick, after two prolongations in a row.
      if (until < this.#watchedUntil) this.#watchedUntil = 0;
      this.#watchGuard();
      if (wasShut) this.onChange();
      return OK;
    },
    close: (addresses) => {
      if (this.faults.guardRefuses.includes("close")) return GUARD_REFUSED;
      for (const address of addresses) {
        this.#guarded.delete(address);
        this.#letThrough.delete(address);
      }
      this.onChange();
      return OK;
    },
    clean: (isKept) => this.guard.close([...this.#guarded].filter((address) => !isKept(address))),
  };

  #primaryInfo(): AddressInfo {
    return {
      index: this.linkIndex,
      address: this.#primary,
      prefix: 24,
      secondary: false,
      proto: 0,
    };
  }

  #refuses(index: number, call: string): Outcome | undefined {
    return this.linkExists && index === this.linkIndex
      ? undefined
      : { ok: false, errno: "ENODEV", call };
  }

  /**
   * When the present call reaches the kernel, behind the slow ones before it: what it prolongs
   * lasts from then on (sim seed 177470).
   */
  #called(): number {
    return this.#time() + this.lag;
  }

  #time(): number {
    return (this.#frozenAt ?? this.#queue.now) - this.#frozenTotal;
  }

  /** One timer for an entry, however often it is prolonged; another if it is shortened. */
  #watchExpiry(entry: Entry): void {
    const { expiresAt, watchedAt } = entry;
    if (expiresAt === undefined || (watchedAt !== undefined && watchedAt <= expiresAt)) return;
    entry.watchedAt = expiresAt;
    const frozen = this.#frozenTotal;
    this.#queue.at(expiresAt + frozen, () => {
      // Paused since: `thaw` has set, or will set, another timer.
      if (this.#frozenAt !== undefined || frozen !== this.#frozenTotal) return;
      if (entry.watchedAt !== expiresAt) return;
      entry.watchedAt = undefined;
      if (this.#table.get(entry.info.address) !== entry || entry.expiresAt === undefined) return;
      if (this.#time() >= entry.expiresAt) this.drop(entry.info.address);
      else this.#watchExpiry(entry);
    });
  }

  /** What was let through until then has not been prolonged. */
  #hasShut(then: number): boolean {
    for (const until of this.#letThrough.values()) {
      if (until >= then && until <= this.#time()) return true;
    }
    return false;
  }

  #watchGuard(): void {
    let next = Number.POSITIVE_INFINITY;
    for (const until of this.#letThrough.values()) {
      if (until > this.#time() && until < next) next = until;
    }
    const isWatched = this.#watchedUntil > this.#time() && this.#watchedUntil <= next;
    if (next === Number.POSITIVE_INFINITY || isWatched) return;
    this.#watchedUntil = next;
    const frozen = this.#frozenTotal;
    this.#queue.at(next + frozen, () => {
      if (this.#frozenAt !== undefined || frozen !== this.#frozenTotal) return;
      if (this.#hasShut(next)) this.onChange();
      this.#watchGuard();
    });
  }
}
