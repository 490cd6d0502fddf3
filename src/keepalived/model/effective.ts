/**
 * What keepalived makes of an instance: defaults, and the corrections it applies when they
 * contradict each other. Rules explain these values, the plan uses them; both call this file, so
 * they cannot disagree.
 */
import type { Secret } from "#units/secret";
import {
  type Block,
  blocksOf,
  booleanOf,
  hasSetting,
  itemsOf,
  lastSetting,
  nameOf,
  numberOf,
  secretOf,
  textOf,
} from "../blocks/block.ts";
import { findGarpPreset, type GarpPreset } from "../keywords/garp-presets.ts";
import type { Ip } from "../values/ip.ts";
import type { AddressItem, PeerItem } from "../values/value.ts";
import { groupWith, type Model } from "./model.ts";

/** As written. A second `state` is ignored: the first one counts. */
export function writtenState(instance: Block): "MASTER" | "BACKUP" {
  const first = instance.settings.find(({ keyword }) => keyword.word === "state");
  return first?.value.kind === "text" && first.value.value === "MASTER" ? "MASTER" : "BACKUP";
}

/** `state MASTER` without a priority makes keepalived take 255, the address owner. */
export const priorityOf = (instance: Block): number =>
  numberOf(instance, "priority") ?? (writtenState(instance) === "MASTER" ? 255 : 100);

export const isOwner = (instance: Block): boolean => priorityOf(instance) === 255;

/**
 * Strict mode wants MASTER for the address owner and BACKUP for everybody else, and changes what is
 * written.
 */
export function stateOf(instance: Block, model: Model): "MASTER" | "BACKUP" {
  if (!isStrict(instance, model)) return writtenState(instance);
  return isOwner(instance) ? "MASTER" : "BACKUP";
}

/**
 * The family of the first virtual address is the instance's; without any, that of its source or of
 * its first peer.
 */
export function familyOf(instance: Block): 4 | 6 {
  const [first] = itemsOf(instance, "virtual_ipaddress", "address");
  if (first !== undefined) return first.ip.family;
  const [excluded] = itemsOf(instance, "virtual_ipaddress_excluded", "address");
  if (excluded !== undefined) return excluded.ip.family;
  const [peer] = itemsOf(instance, "unicast_peer", "peer");
  return (sourceOf(instance) ?? peer?.ip)?.family ?? 4;
}

export function versionOf(instance: Block, model: Model): 2 | 3 {
  if (familyOf(instance) === 6) return 3;
  const text = textOf(instance, "version") ?? textOf(model.globals, "vrrp_version");
  return text === "3" ? 3 : 2;
}

export const DOWN_TIMER_ADVERTS = 3;

export const downTimerOf = (instance: Block, model: Model): number =>
  isStrict(instance, model)
    ? DOWN_TIMER_ADVERTS
    : (inherited(instance, model, "down_timer_adverts") ?? DOWN_TIMER_ADVERTS);

/** `nopreempt` as written; a later `preempt` cancels it. */
export const wantsNopreempt = (instance: Block): boolean =>
  lastSetting(instance, "nopreempt", "preempt")?.keyword.word === "nopreempt";

/** With a gate the address is never taken from a living master, whatever is written. */
export const preempts = (instance: Block, model: Model): boolean =>
  gateOf(instance, model) === undefined &&
  (!wantsNopreempt(instance) || stateOf(instance, model) === "MASTER" || isOwner(instance));

/** The `gate` of the instance's sync group, else its own. The last one of a block counts. */
export function gateOf(instance: Block, model: Model): Block | undefined {
  const group = groupOf(instance, model);
  const shared = group && gateIn(group);
  return shared ?? gateIn(instance);
}

export const gateIn = (block: Block): Block | undefined =>
  hasSetting(block, "gate") ? blocksOf(block, "gate").at(-1) : undefined;

/** Seconds; 0 where it has no effect. */
export function preemptDelayOf(instance: Block, model: Model): number {
  if (isStrict(instance, model)) return 0;
  if (stateOf(instance, model) === "MASTER" || !preempts(instance, model)) return 0;
  return numberOf(instance, "preempt_delay") ?? 0;
}

/** Advertisement interval in hundredths of a second, as it is sent. */
export function intervalOf(instance: Block, model: Model): number {
  const seconds = numberOf(instance, "advert_int") ?? 1;
  if (versionOf(instance, model) === 2) return Math.max(1, Math.round(seconds)) * 100;
  return Math.min(4095, Math.max(1, Math.round(seconds * 100)));
}

/** Only peers of the instance's family count. */
export function peersOf(instance: Block): readonly PeerItem[] {
  return ofFamily(itemsOf(instance, "unicast_peer", "peer"), familyOf(instance));
}

export const isUnicast = (instance: Block): boolean => peersOf(instance).length > 0;

/** Addresses in the advertisement: those of the first one's family. */
export function addressesOf(instance: Block): readonly AddressItem[] {
  return ofFamily(itemsOf(instance, "virtual_ipaddress", "address"), familyOf(instance));
}

/** Nearly always all of them. */
function ofFamily<T extends { readonly ip: Ip }>(items: readonly T[], family: 4 | 6): readonly T[] {
  const isOf = ({ ip }: T): boolean => ip.family === family;
  return items.every(isOf) ? items : items.filter(isOf);
}

export const excludedOf = (instance: Block): readonly AddressItem[] =>
  itemsOf(instance, "virtual_ipaddress_excluded", "address");

export function addressOf(block: Block, word: string, other?: string): Ip | undefined {
  const value = lastSetting(block, word, other)?.value;
  return value?.kind === "address" ? value.ip : undefined;
}

/**
 * keepalived takes either word for the source of both kinds of advertisement; the last one counts.
 */
export const sourceOf = (instance: Block): Ip | undefined =>
  addressOf(instance, "mcast_src_ip", "unicast_src_ip");

export const interfaceOf = (instance: Block): string | undefined => textOf(instance, "interface");

/**
 * No interface, but unicast peers and a source address: the routes decide which device leads to the
 * peers. An `interface` that was written and refused does not count as left out.
 */
export const isUnbound = (instance: Block): boolean =>
  interfaceOf(instance) === undefined &&
  !instance.attempted.includes("interface") &&
  isUnicast(instance) &&
  sourceOf(instance) !== undefined;

const DEFAULT_INTERFACE = "eth0";

/** The device that an address belongs on. */
export function holderOf(item: AddressItem, instance: Block, model: Model): string | undefined {
  const named = item.interface ?? interfaceOf(instance);
  if (named !== undefined || !isUnbound(instance)) return named;
  return textOf(model.globals, "default_interface") ?? DEFAULT_INTERFACE;
}

export const routerIdOf = (instance: Block): number | undefined =>
  numberOf(instance, "virtual_router_id");

export const isStrict = (instance: Block, model: Model): boolean =>
  booleanOf(instance, "strict_mode") ?? booleanOf(model.globals, "vrrp_strict") ?? false;

/**
 * Does the master answer for its addresses? The owner by priority 255 always does, and strict mode
 * lets nobody else; of `accept` and `no_accept` the last counts.
 */
export const accepts = (instance: Block, model: Model): boolean =>
  isOwner(instance) ||
  (!isStrict(instance, model) &&
    lastSetting(instance, "accept", "no_accept")?.keyword.word !== "no_accept");

/** The sync group that names the instance. */
export const groupOf = (instance: Block, model: Model): Block | undefined =>
  groupWith(model, nameOf(instance));

/**
 * A default from `global_defs` for a keyword that has the same name there with `vrrp_` before it.
 */
export const inherited = (instance: Block, model: Model, word: string): number | undefined =>
  numberOf(instance, word) ?? numberOf(model.globals, globalWord(word));

export const inheritedFlag = (instance: Block, model: Model, word: string): boolean | undefined =>
  booleanOf(instance, word) ?? booleanOf(model.globals, globalWord(word));

/** Each is built once: V8 compares a freshly concatenated string slowly. */
const globalKeywords = new Map<string, string>();

function globalWord(word: string): string {
  let found = globalKeywords.get(word);
  if (found === undefined) {
    found = `vrrp_${word}`;
    globalKeywords.set(word, found);
  }
  return found;
}

export interface PasswordSetting {
  readonly kind: "pass" | "ah";
  /** Undefined: keepalived drops the authentication. */
  readonly secret: Secret | undefined;
}

/**
 * What the instance would send: strict mode drops any authentication ("Ignoring." in keepalived's
 * log).
 */
export const passwordOf = (instance: Block, model: Model): PasswordSetting | undefined =>
  isStrict(instance, model) ? undefined : writtenPassword(instance);

export function writtenPassword(instance: Block): PasswordSetting | undefined {
  const block = blocksOf(instance, "authentication").at(-1);
  if (block === undefined) return undefined;
  const type = textOf(block, "auth_type");
  if (type === undefined) return undefined;
  return { kind: type === "AH" ? "ah" : "pass", secret: secretOf(block, "auth_pass") };
}

/** Bytes of a version 2 password on the wire. */
export const PASSWORD_BYTES = 8;

/**
 * The instance's own, else the global one; undefined: none chosen, which means keepalived's values.
 */
export const garpPresetOf = (instance: Block, model: Model): GarpPreset | undefined =>
  findGarpPreset(textOf(instance, "garp_preset") ?? textOf(model.globals, "garp_preset"));
