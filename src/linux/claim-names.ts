/**
 * The socket names that claims of addresses have (address-claims.ts). Pure.
 *
 * It is a multicast address, because the kernel binds a raw socket to no other address that does
 * not exist yet (before 5.17 for IPv4), and the number of a protocol that nobody uses:
 *
 *   IPv4, 32 bits   ->  protocol 224 + the upper 4 bits (224 to 239 are unassigned)
 *                       address 224.0.0.0 + the lower 28 bits
 *   IPv6, 128 bits  ->  the upper 16 bits as a number below 9,360: they are of one of the ranges
 *                       that have a meaning (RFC 4291). It is split into a protocol (180 to 224,
 *                       unassigned), and the flags and the scope of
 *                       address ffFS:… + the lower 112 bits
 */
import {
  type IpAddress,
  type Ipv4,
  type Ipv6,
  ipv4,
  ipv6At,
  isIpv6,
  writeIp,
} from "#units/address";

const PROTOCOL_IPV4 = 224;
const PROTOCOLS_IPV4 = 16;
const MULTICAST = 0xe0000000;
const LOWER = 0x0fffffff;

const PROTOCOL_IPV6 = 180;
/** First and last: everything that may be an address of a machine. */
const RANGES: readonly (readonly [first: number, last: number])[] = [
  [0x2000, 0x3fff],
  [0xfc00, 0xfdff],
  [0xfe80, 0xfeff],
  [0x0000, 0x01ff],
];
/** Interface-local and link-local ones need a device, and 0 is reserved. */
const SCOPE_FIRST = 3;
const SCOPES = 13;
const NAMES = 16 * SCOPES;

/** Where a raw socket is bound: the address in network order. */
export interface ClaimName {
  readonly protocol: number;
  readonly bound: Uint8Array;
}

/** Undefined: no address that a machine could have. */
export const claimName = (address: IpAddress): ClaimName | undefined =>
  isIpv6(address) ? nameOf6(address) : nameOf4(address);

function nameOf4(address: Ipv4): ClaimName {
  const bound = new Uint8Array(4);
  writeIp(ipv4(MULTICAST + (address & LOWER)), bound, 0);
  return { protocol: PROTOCOL_IPV4 + (address >>> 28), bound };
}

function nameOf6(address: Ipv6): ClaimName | undefined {
  const bound = new Uint8Array(16);
  writeIp(address, bound, 0);
  const upper = ((bound[0] ?? 0) << 8) | (bound[1] ?? 0);
  let number = 0;
  for (const [first, last] of RANGES) {
    if (upper >= first && upper <= last) {
      const rest = number + upper - first;
      bound[0] = 0xff;
      bound[1] = (Math.floor((rest % NAMES) / SCOPES) << 4) | (SCOPE_FIRST + (rest % SCOPES));
      return { protocol: PROTOCOL_IPV6 + Math.floor(rest / NAMES), bound };
    }
    number += last - first + 1;
  }
  return undefined;
}

/** The address that a socket with this name claims; undefined: it is no claim. */
export function claimedBy({ protocol, bound }: ClaimName): IpAddress | undefined {
  return bound.length === 16 ? claimed6(protocol, bound) : claimed4(protocol, bound);
}

function claimed4(protocol: number, bound: Uint8Array): Ipv4 | undefined {
  if (protocol < PROTOCOL_IPV4 || protocol >= PROTOCOL_IPV4 + PROTOCOLS_IPV4) return undefined;
  const value = new DataView(bound.buffer, bound.byteOffset).getUint32(0);
  if ((value & 0xf0000000) >>> 0 !== MULTICAST) return undefined;
  return ipv4((protocol - PROTOCOL_IPV4) * 0x10000000 + (value & LOWER));
}

function claimed6(protocol: number, bound: Uint8Array): Ipv6 | undefined {
  const [lead = 0, kind = 0] = bound;
  const scope = (kind & 15) - SCOPE_FIRST;
  if (lead !== 0xff || scope < 0 || protocol < PROTOCOL_IPV6) return undefined;
  let number = (protocol - PROTOCOL_IPV6) * NAMES + (kind >> 4) * SCOPES + scope;
  for (const [first, last] of RANGES) {
    if (number <= last - first) {
      const bytes = bound.slice();
      bytes[0] = (first + number) >> 8;
      bytes[1] = (first + number) & 0xff;
      return ipv6At(bytes, 0);
    }
    number -= last - first + 1;
  }
  return undefined;
}
