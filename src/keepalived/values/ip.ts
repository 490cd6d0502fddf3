/**
 * Addresses as configuration files write them. IPv6 is parsed so that a finding can name the
 * address; Baton cannot own one yet.
 */
import { type Ipv4, readIpv4 } from "#units/address";

export type Ip =
  | { readonly family: 4; readonly value: Ipv4; readonly text: string }
  /** `text` is the compressed form of RFC 5952, so that two spellings compare equal. */
  | { readonly family: 6; readonly text: string };

export function readIp(text: string): Ip | undefined {
  const v4 = readIpv4(text);
  if (v4 !== undefined) return { family: 4, value: v4, text };
  const groups = text.includes(":") ? readGroups(text) : undefined;
  return groups === undefined ? undefined : { family: 6, text: printGroups(groups) };
}

function readGroups(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [left = [], right = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const before = left.flatMap(readGroup);
  const after = right.flatMap(readGroup);
  const all = [...before, ...after];
  if (all.some((group) => group < 0)) return undefined;
  if (halves.length === 1) return all.length === 8 ? all : undefined;
  if (all.length > 7) return undefined;
  return [...before, ...Array.from({ length: 8 - all.length }, () => 0), ...after];
}

/** A group, or the two groups of a dotted tail; -1 for nonsense. */
function readGroup(text: string): number[] {
  if (text.includes(".")) {
    const v4 = readIpv4(text);
    return v4 === undefined ? [-1] : [v4 >>> 16, v4 & 0xffff];
  }
  return [/^[0-9a-fA-F]{1,4}$/.test(text) ? Number.parseInt(text, 16) : -1];
}

function printGroups(groups: readonly number[]): string {
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const hex = (part: readonly number[]): string =>
    part.map((group) => group.toString(16)).join(":");
  if (best.at < 0) return hex(groups);
  return `${hex(groups.slice(0, best.at))}::${hex(groups.slice(best.at + best.length))}`;
}

export const isMulticast = (ip: Ip): boolean =>
  ip.family === 4 ? ip.value >>> 28 === 14 : ip.text.startsWith("ff");

/** Prefix length of a dotted mask; undefined: not a mask. */
export function prefixOfMask(text: string): number | undefined {
  const mask = readIpv4(text);
  if (mask === undefined) return undefined;
  const inverted = ~mask >>> 0;
  if ((inverted & (inverted + 1)) !== 0) return undefined;
  return 32 - Math.round(Math.log2(inverted + 1));
}
