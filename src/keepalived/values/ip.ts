/** Addresses as configuration files write them. */
import { type Ipv4, type Ipv6, readIpv4, readIpv6 } from "#units/address";

export type Ip =
  | { readonly family: 4; readonly value: Ipv4; readonly text: string }
  /** `text` is the value: two spellings compare equal. */
  | { readonly family: 6; readonly value: Ipv6; readonly text: string };

export function readIp(text: string): Ip | undefined {
  const v4 = readIpv4(text);
  if (v4 !== undefined) return { family: 4, value: v4, text };
  const v6 = text.includes(":") ? readIpv6(text) : undefined;
  return v6 === undefined ? undefined : { family: 6, value: v6, text: v6 };
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
