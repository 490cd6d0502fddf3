/**
 * Where our addresses may be on this machine, for kernels that do not keep their mark
 * (IFA_PROTO, before Linux 5.18). There a leftover of a dead engine looks like any other
 * address, so `baton release` and the next engine would find none.
 *
 *   supervisor, before an engine is configured ─> RUNTIME_DIR/addresses.json
 *     ─> the next supervisor (to its engine), `baton release`
 *
 * It is written before the engine knows the addresses, so both processes may be killed at any
 * moment. An address is a leftover if all of the following is true; whoever removes it also
 * looks at the claims (linux/address-claims.ts):
 *
 *   it is at a recorded place (device, address, prefix), recorded since the machine's start, in
 *   this network namespace; or an element of our nftables set names it, which nobody else makes:
 *   that is left when the runtime directory was emptied
 *   its lifetime ends, which is so of all of ours
 *   it has no mark of anybody's
 */
import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { openNftGuard } from "#linux/nft-guard";
import type { Rtnetlink } from "#linux/rtnetlink";
import { type IpAddress, printIp, readIp } from "#units/address";
import type { Leftover } from "#vrrp/engine/engine-link";
import type { AddressInfo, LinkInfo } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { readOwnFile, removeFile, writeOwnFile } from "./own-files.ts";

/** The device by its name, and by its index if it existed: it may be renamed, or made anew. */
export interface Place {
  readonly device: string;
  readonly index: number | undefined;
  readonly address: IpAddress;
  readonly prefix: number;
}

/** Records of another network namespace say nothing about this one. */
export interface Where {
  /** /proc/sys/kernel/random/boot_id */
  readonly boot: string;
  readonly namespace: string;
}

const FILE = "addresses.json";
/** Enough for some ten thousand places. */
const BYTES_MAX = 4 * 1_048_576;

export function printPlaces(where: Where, places: readonly Place[]): string {
  const list = places.map((one) => ({ ...one, address: printIp(one.address) }));
  return `${JSON.stringify({ ...where, places: list })}\n`;
}

/** Empty if the record was made elsewhere or is invalid: then nothing is known. */
export function readPlaces(text: string, where: Where): readonly Place[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const { boot, namespace, places } = fieldsOf(value);
  if (boot !== where.boot || namespace !== where.namespace || !Array.isArray(places)) return [];
  return places.flatMap((one: unknown) => placeOf(one) ?? []);
}

function placeOf(value: unknown): Place | undefined {
  const { device, index, address: text, prefix } = fieldsOf(value);
  const address = typeof text === "string" ? readIp(text) : undefined;
  if (typeof device !== "string" || address === undefined) return undefined;
  if (typeof prefix !== "number" || (index !== undefined && typeof index !== "number"))
    return undefined;
  return { device, index, address, prefix };
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

export function leftoversOf(
  links: readonly LinkInfo[],
  addresses: readonly AddressInfo[],
  places: readonly Place[],
  guarded: readonly IpAddress[],
): readonly Leftover[] {
  const names = new Map(links.map(({ index, name }) => [index, name]));
  const byAddress = Map.groupBy(places, ({ address }) => address);
  const ruled = new Set(guarded);
  return addresses.flatMap(({ index, address, prefix, proto, expires }) => {
    if (proto !== 0 || expires !== true) return [];
    const isRecorded = byAddress
      .get(address)
      ?.some((one) => one.prefix === prefix && isDevice(one, index, names.get(index)));
    return isRecorded === true || ruled.has(address) ? [{ index, address, prefix }] : [];
  });
}

const isDevice = (place: Place, index: number, name: string | undefined): boolean =>
  place.index === index || place.device === name;

/**
 * What a daemon with this runtime directory has left here. Empty if the kernel keeps the mark.
 */
export function leftoversIn(runtimeDir: string, rtnetlink: Rtnetlink): readonly Leftover[] {
  if (rtnetlink.keepsMark) return [];
  const where = whereNow();
  return find(rtnetlink, where === undefined ? [] : readRecord(runtimeDir, where));
}

function find(rtnetlink: Rtnetlink, places: readonly Place[]): readonly Leftover[] {
  const links = rtnetlink.links();
  const addresses = rtnetlink.addresses();
  if (!links.ok || !addresses.ok) return [];
  return leftoversOf(links.value, addresses.value, places, guardedNow());
}

/**
 * The places of an earlier daemon that an engine still has to clear. All of them, if the kernel
 * cannot be asked.
 */
function stillThere(rtnetlink: Rtnetlink, places: readonly Place[]): readonly Place[] {
  const links = rtnetlink.links();
  const addresses = rtnetlink.addresses();
  if (!links.ok || !addresses.ok) return places;
  const left = leftoversOf(links.value, addresses.value, places, []);
  const addressesLeft = new Set(left.map(({ address }) => address));
  return places.filter(({ address }) => addressesLeft.has(address));
}

const readRecord = (runtimeDir: string, where: Where): readonly Place[] =>
  readPlaces(readOwnFile(join(runtimeDir, FILE), BYTES_MAX) ?? "", where);

/** Empty if the kernel has no nf_tables. */
function guardedNow(): readonly IpAddress[] {
  const guard = openNftGuard();
  if (!guard.ok) return [];
  const found = guard.value.guarded();
  guard.value[Symbol.dispose]();
  return found.ok ? found.value : [];
}

/** Undefined if there is no /proc, without which nothing can be recorded. */
function whereNow(): Where | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return { boot, namespace: readlinkSync("/proc/self/ns/net") };
  } catch {
    return undefined;
  }
}

/**
 * The supervisor's record: everything that its daemon may have owned since its start, and what
 * it found.
 */
export class OwnedPlaces {
  readonly #runtimeDir: string;
  readonly #rtnetlink: Rtnetlink;
  readonly #warn: (path: string, errno: string) => void;
  readonly #places = new Map<string, Place>();
  readonly #where: Where | undefined;
  #written = "";

  constructor(
    runtimeDir: string,
    rtnetlink: Rtnetlink,
    warn: (path: string, errno: string) => void,
  ) {
    this.#runtimeDir = runtimeDir;
    this.#rtnetlink = rtnetlink;
    this.#warn = warn;
    this.#where = rtnetlink.keepsMark ? undefined : whereNow();
    if (this.#where === undefined) return;
    this.#add(stillThere(rtnetlink, readRecord(runtimeDir, this.#where)));
  }

  /**
   * Called before an engine is given these places. What a reload removes stays in the record,
   * because it still has to be handed over.
   */
  record(instances: readonly InstanceConfig[]): void {
    if (this.#where === undefined) return;
    const links = this.#rtnetlink.links();
    const known = new Map((links.ok ? links.value : []).map(({ name, index }) => [name, index]));
    this.#add(instances.flatMap((one) => placesOf(one, known)));
    this.#write(this.#where);
  }

  /** The places that a starting engine gets. */
  leftovers(): readonly Leftover[] {
    return this.#rtnetlink.keepsMark ? [] : find(this.#rtnetlink, [...this.#places.values()]);
  }

  /**
   * Called after a stop. The record is removed, unless something is left for `baton release`.
   */
  settle(): void {
    if (this.#where === undefined || this.leftovers().length > 0) return;
    removeFile(join(this.#runtimeDir, FILE));
  }

  #add(places: readonly Place[]): void {
    for (const one of places) {
      const key = `${one.device} ${one.address}/${one.prefix}`;
      // The index of a device that has lost its name since is still right.
      const index = one.index ?? this.#places.get(key)?.index;
      this.#places.set(key, { ...one, index });
    }
  }

  #write(where: Where): void {
    const text = printPlaces(where, [...this.#places.values()]);
    if (text === this.#written) return;
    const path = join(this.#runtimeDir, FILE);
    const failed = writeOwnFile(path, text, 0o600);
    if (failed === undefined) this.#written = text;
    else this.#warn(path, failed);
  }
}

function placesOf(
  { interface: own, addresses, excludedAddresses }: InstanceConfig,
  known: ReadonlyMap<string, number>,
): readonly Place[] {
  return [...addresses, ...excludedAddresses].flatMap(({ interface: other, address, prefix }) => {
    const device = other ?? own;
    // In an instance without an interface every address names its device.
    return device === undefined ? [] : [{ device, index: known.get(device), address, prefix }];
  });
}
