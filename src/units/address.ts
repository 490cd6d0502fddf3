/**
 * Network addresses as plain values. An IPv4 address is an unsigned 32-bit number in host order, so
 * that comparison is the tie-break of RFC 9568 section 6.4.3 and a packet field needs no string.
 */
import type { Brand } from "./brand.ts";

export type Ipv4 = Brand<number, "Ipv4">;
/** 48 bits as a number; arithmetic below 2^53 is exact. */
export type Mac = Brand<number, "Mac">;

export const ipv4 = (value: number): Ipv4 => (value >>> 0) as Ipv4;

/** Four decimal parts, no leading zero longer than the part itself, as inet_pton reads it. */
export function readIpv4(text: string): Ipv4 | undefined {
  let value = 0;
  let dots = 0;
  /** -1: no digit of this part yet. */
  let octet = -1;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit >= 0 && digit <= 9) {
      if (octet === 0) return undefined;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return undefined;
    } else if (text[at] === "." && octet >= 0 && dots < 3) {
      value = value * 256 + octet;
      octet = -1;
      dots++;
    } else return undefined;
  }
  return dots === 3 && octet >= 0 ? ipv4(value * 256 + octet) : undefined;
}

export function printIpv4(address: Ipv4): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Netmask of a prefix length, 0 to 32. */
export const netmask = (prefix: number): Ipv4 =>
  ipv4(prefix === 0 ? 0 : 0xffffffff << (32 - prefix));
export const isInNetwork = (address: Ipv4, network: Ipv4, prefix: number): boolean =>
  (address & netmask(prefix)) >>> 0 === (network & netmask(prefix)) >>> 0;

export const BROADCAST_MAC: Mac = 0xffffffffffff as Mac;

export function readMac(text: string): Mac | undefined {
  if (!/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/.test(text)) return undefined;
  return Number.parseInt(text.replaceAll(":", ""), 16) as Mac;
}

export function printMac(mac: Mac): string {
  const hex = mac.toString(16).padStart(12, "0");
  return hex.replace(/(..)(?=.)/g, "$1:");
}

export function macFromBytes(bytes: Uint8Array, offset = 0): Mac {
  let value = 0;
  for (let i = 0; i < 6; i++) value = value * 256 + (bytes[offset + i] ?? 0);
  return value as Mac;
}

export function writeMac(mac: Mac, into: Uint8Array, offset: number): void {
  let rest: number = mac;
  for (let i = 5; i >= 0; i--) {
    into[offset + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}
