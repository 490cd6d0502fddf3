/**
 * `use_vmac` and its kin: which devices with a virtual MAC address an instance has, what they are
 * called, and where its advertisements leave. As keepalived 2.2.7 decides it, each case tried.
 */
import { type Mac, readMac } from "#units/address";
import type { VmacConfig } from "#vrrp/router/config";
import { type Block, hasSetting, lastSetting, textOf } from "../blocks/block.ts";
import type { Token } from "../lines/tokens.ts";
import type { AddressItem } from "../values/value.ts";
import {
  addressesOf,
  excludedOf,
  familyOf,
  holderOf,
  interfaceOf,
  isStrict,
  isUnicast,
  routerIdOf,
} from "./effective.ts";
import type { Model } from "./model.ts";

/** IFNAMSIZ without the zero. */
const NAME_MAX = 15;
/** What keepalived keeps of `vmac_prefix`: `.255` has its place behind it. */
const PREFIX_MAX = 12;
const DEFAULT_PREFIX = "vrrp";
/** Names that are tried: more than there can be devices with one VRID. */
const NUMBERS = 1_000;
/** RFC 9568 7.3, without the VRID. */
const RFC_PREFIX = 0x00005e0001;
const RFC_PREFIX_6 = 0x00005e0002;

/** A word of `use_vmac` that keepalived ignores, and why. */
export interface RefusedWord {
  readonly token: Token;
  readonly why: "name" | "mac" | "multicast" | "rfc" | "second";
}

/** What stands behind `use_vmac`. */
export interface VmacArguments {
  readonly name: Token | undefined;
  readonly mac: Mac | undefined;
  readonly refused: readonly RefusedWord[];
}

/** The last `use_vmac` counts; an earlier one loses its arguments. */
export function vmacArguments(instance: Block): VmacArguments | undefined {
  const setting = lastSetting(instance, "use_vmac");
  if (setting === undefined) return undefined;
  let name: Token | undefined;
  let mac: Mac | undefined;
  const refused: RefusedWord[] = [];
  for (const token of setting.args) {
    if (token.text.includes(":")) {
      const read = readOwnMac(token.text, routerIdOf(instance) ?? 0);
      if (typeof read === "string") refused.push({ token, why: read });
      else mac = read;
    } else if (name !== undefined) refused.push({ token, why: "second" });
    else if (isName(token.text)) name = token;
    else refused.push({ token, why: "name" });
  }
  return { name, mac, refused };
}

export const isName = (text: string): boolean =>
  text.length > 0 &&
  new TextEncoder().encode(text).length <= NAME_MAX &&
  !text.includes("/") &&
  text !== "." &&
  text !== "..";

/** Five bytes, and the VRID behind them, or six; never a group's, and not the range of the RFC. */
function readOwnMac(text: string, vrid: number): Mac | "mac" | "multicast" | "rfc" {
  const five = /^([0-9a-fA-F]{1,2}:){4}[0-9a-fA-F]{1,2}$/.test(text);
  const whole = five ? `${text}:${vrid.toString(16)}` : text;
  const padded = whole
    .split(":")
    .map((byte) => byte.padStart(2, "0"))
    .join(":");
  const mac = readMac(padded);
  if (mac === undefined) return "mac";
  if (Math.floor(mac / 2 ** 40) % 2 === 1) return "multicast";
  const prefix = Math.floor(mac / 0x100);
  return prefix === RFC_PREFIX || prefix === RFC_PREFIX_6 ? "rfc" : mac;
}

/** IPv4 only; and without an interface there is nothing to put the device on. */
export const usesVmac = (instance: Block): boolean =>
  hasSetting(instance, "use_vmac") &&
  interfaceOf(instance) !== undefined &&
  familyOf(instance) === 4;

/** Of an IPv6 instance, and of IPv6 addresses of others: it is not carried out. */
export function wantsIpv6Vmac(instance: Block): boolean {
  const items = [...addressesOf(instance), ...excludedOf(instance)];
  const isAll = hasSetting(instance, "use_vmac") || hasSetting(instance, "use_vmac_addr");
  return items.some(({ ip, vmac }) => ip.family === 6 && (isAll || vmac));
}

/** Unicast advertisements leave by the interface, whatever is written; strict mode has its way. */
export function sendsByBase(instance: Block, model: Model): boolean {
  if (isUnicast(instance)) return true;
  return hasSetting(instance, "vmac_xmit_base") && !isStrict(instance, model);
}

/** The device of an address, if that has a virtual MAC address. */
export function addressVmac(
  item: AddressItem,
  instance: Block,
  model: Model,
): VmacConfig | undefined {
  const base = holderOf(item, instance, model);
  return vmacsOf(instance, model).find(
    (one) => one.base === base && needsVmac(item, instance, one.base),
  );
}

function needsVmac(item: AddressItem, instance: Block, base: string): boolean {
  if (item.ip.family === 6) return false;
  if (item.vmac) return true;
  if (base !== interfaceOf(instance)) return hasSetting(instance, "use_vmac_addr");
  return item.interface === undefined && usesVmac(instance);
}

/** The instance's own first, then those of its addresses on other interfaces. */
export const vmacsOf = (instance: Block, model: Model): readonly VmacConfig[] =>
  allVmacs(model).byInstance.get(instance) ?? [];

interface Vmacs {
  readonly byInstance: ReadonlyMap<Block, readonly VmacConfig[]>;
  readonly names: Names;
}

const known = new WeakMap<Model, Vmacs>();

/** Generated names are the first that are free, so the order in the file matters. */
function allVmacs(model: Model): Vmacs {
  const found = known.get(model);
  if (found !== undefined) return found;
  const names = new Names(model.instances);
  const byInstance = new Map(
    model.instances.map((one) => [one, makeVmacs(one, model, names)] as const),
  );
  const made = { byInstance, names };
  known.set(model, made);
  return made;
}

function makeVmacs(instance: Block, model: Model, names: Names): readonly VmacConfig[] {
  const vrid = routerIdOf(instance);
  const own = interfaceOf(instance);
  if (vrid === undefined) return [];
  const vmacs: VmacConfig[] = [];
  const standard = (RFC_PREFIX * 0x100 + vrid) as Mac;
  const generate = (word: "vmac_prefix" | "vmac_addr_prefix"): string =>
    names.generate(prefixOf(model, word), vrid);
  if (own !== undefined && usesVmac(instance)) {
    const args = vmacArguments(instance);
    const given = names.ofInstance(instance);
    const mac = isStrict(instance, model) ? undefined : args?.mac;
    vmacs.push({ name: given ?? generate("vmac_prefix"), mac: mac ?? standard, base: own });
  }
  for (const item of [...addressesOf(instance), ...excludedOf(instance)]) {
    const base = holderOf(item, instance, model);
    if (base === undefined || vmacs.some((one) => one.base === base)) continue;
    if (!needsVmac(item, instance, base)) continue;
    vmacs.push({ name: generate("vmac_addr_prefix"), mac: standard, base });
  }
  return vmacs;
}

function prefixOf(model: Model, word: "vmac_prefix" | "vmac_addr_prefix"): string {
  const text = textOf(model.globals, word) ?? textOf(model.globals, "vmac_prefix");
  return (text ?? DEFAULT_PREFIX).slice(0, PREFIX_MAX);
}

/** Whoever is first has the name; names of interfaces in the file are taken. */
class Names {
  readonly #owners = new Map<string, Block | "interface" | "generated">();

  constructor(instances: readonly Block[]) {
    for (const instance of instances)
      for (const name of interfaceNames(instance)) this.#owners.set(name, "interface");
    for (const instance of instances) {
      const name = givenName(instance);
      if (name !== undefined && !this.#owners.has(name)) this.#owners.set(name, instance);
    }
  }

  /** The name it is given in the file, unless something else has it. */
  ofInstance(instance: Block): string | undefined {
    const name = givenName(instance);
    return name !== undefined && this.#owners.get(name) === instance ? name : undefined;
  }

  /** Who has that name instead. */
  otherOwner(instance: Block): Block | "interface" | undefined {
    const name = givenName(instance);
    const owner = name === undefined ? undefined : this.#owners.get(name);
    return owner === instance || owner === "generated" ? undefined : owner;
  }

  /** `vrrp.51`, then `vrrp1.51` and so on. */
  generate(prefix: string, vrid: number): string {
    for (let number = 0; number < NUMBERS; number++) {
      const end = `${number === 0 ? "" : number}.${vrid}`;
      const name = `${prefix.slice(0, NAME_MAX - end.length)}${end}`;
      if (this.#owners.has(name)) continue;
      this.#owners.set(name, "generated");
      return name;
    }
    return `${prefix}.${vrid}`;
  }
}

const givenName = (instance: Block): string | undefined =>
  usesVmac(instance) ? vmacArguments(instance)?.name?.text : undefined;

function interfaceNames(instance: Block): readonly string[] {
  const own = interfaceOf(instance);
  const items = [...addressesOf(instance), ...excludedOf(instance)];
  return [own, ...items.map((item) => item.interface)].filter((name) => name !== undefined);
}

/** The earlier instance, or the interface, that has the name of this one's `use_vmac`. */
export const nameTakenBy = (instance: Block, model: Model): Block | "interface" | undefined =>
  allVmacs(model).names.otherOwner(instance);
