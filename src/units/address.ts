/**
 * Network addresses as plain values: `===` compares them, and JSON, maps and sets take both
 * families. An IPv4 address is an unsigned 32-bit number in host order, so that a packet field
 * needs no string. An IPv6 address is its one text of RFC 5952.
 */
import type { Brand } from "./brand.ts";

export type Ipv4 = Brand<number, "Ipv4">;
/** The one canonical text of RFC 5952 section 4: small letters, "::" for the longest zeros. */
export type Ipv6 = Brand<string, "Ipv6">;
export type IpAddress = Ipv4 | Ipv6;
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

export const isIpv6 = (address: IpAddress): address is Ipv6 => typeof address === "string";
export const isIpv4 = (address: IpAddress): address is Ipv4 => typeof address === "number";

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

/** As inet_pton(3) reads either family; no zone (`%eth0`), no prefix length. */
export const readIp = (text: string): IpAddress | undefined =>
  text.includes(":") ? readIpv6(text) : readIpv4(text);

export const printIp = (address: IpAddress): string =>
  isIpv6(address) ? address : printIpv4(address);

/** Eight groups of hexadecimal digits, "::" once for one zero group or more, IPv4 at the end. */
export function readIpv6(text: string): Ipv6 | undefined {
  const halves = text.length > IPV6_TEXT_MAX ? [] : text.split("::");
  const [left = "", right] = halves;
  if (halves.length === 0 || halves.length > 2) return undefined;
  const before = readGroups(left, right === undefined);
  const behind = right === undefined ? [] : readGroups(right, true);
  if (before === undefined || behind === undefined) return undefined;
  const missing = 8 - before.length - behind.length;
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  const bytes = new Uint8Array(16);
  for (const [at, group] of before.entries()) writeGroup(bytes, at, group);
  for (const [at, group] of behind.entries()) writeGroup(bytes, 8 - behind.length + at, group);
  return printBytes(bytes, 0);
}

/** INET6_ADDRSTRLEN without its zero. */
const IPV6_TEXT_MAX = 45;

function readGroups(part: string, mayEndInIpv4: boolean): number[] | undefined {
  const groups: number[] = [];
  if (part === "") return groups;
  const texts = part.split(":");
  for (const [at, text] of texts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(text)) groups.push(Number.parseInt(text, 16));
    else {
      const last = mayEndInIpv4 && at === texts.length - 1 ? readIpv4(text) : undefined;
      if (last === undefined) return undefined;
      groups.push(last >>> 16, last & 0xffff);
    }
  }
  return groups;
}

function writeGroup(into: Uint8Array, group: number, value: number): void {
  into[group * 2] = value >>> 8;
  into[group * 2 + 1] = value & 0xff;
}

const groupAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

function printBytes(bytes: Uint8Array, at: number): Ipv6 {
  const groups = Array.from({ length: 8 }, (_, place) => groupAt(bytes, at + place * 2));
  // The first of the longest, and never a single group (RFC 5952 sections 4.2.2 and 4.2.3).
  let zeros = { from: -1, length: 1 };
  for (let from = 0; from < 8; from++) {
    let length = 0;
    while (from + length < 8 && groups[from + length] === 0) length++;
    if (length > zeros.length) zeros = { from, length };
  }
  const texts = groups.map((group) => group.toString(16));
  if (zeros.from < 0) return texts.join(":") as Ipv6;
  const [before, behind] = [texts.slice(0, zeros.from), texts.slice(zeros.from + zeros.length)];
  return `${before.join(":")}::${behind.join(":")}` as Ipv6;
}

/**
 * Addresses as they were last read from packets, by the bits of the last group: the masters a node
 * hears are few, and then a packet costs no string. One that falls on another takes its place.
 */
const READ_MAX = 1_024;
const readBytes = new Uint8Array(READ_MAX * 16);
const readTexts: (Ipv6 | undefined)[] = Array.from({ length: READ_MAX }, () => undefined);

/** The 16 bytes in network order at `at`; a byte beyond the end reads as 0. */
export function ipv6At(bytes: Uint8Array, at: number): Ipv6 {
  const mixed = groupAt(bytes, at + 14) ^ groupAt(bytes, at + 12) ^ groupAt(bytes, at + 6);
  const slot = mixed % READ_MAX;
  const from = slot * 16;
  const known = readTexts[slot];
  let isSame = known !== undefined;
  for (let n = 0; isSame && n < 16; n++) isSame = readBytes[from + n] === (bytes[at + n] ?? 0);
  if (isSame && known !== undefined) return known;
  const text = printBytes(bytes, at);
  for (let n = 0; n < 16; n++) readBytes[from + n] = bytes[at + n] ?? 0;
  readTexts[slot] = text;
  return text;
}

/** In network order; returns how many bytes it has. */
export function writeIp(address: IpAddress, into: Uint8Array, at: number): 4 | 16 {
  if (!isIpv6(address)) {
    into[at] = address >>> 24;
    into[at + 1] = (address >>> 16) & 255;
    into[at + 2] = (address >>> 8) & 255;
    into[at + 3] = address & 255;
    return 4;
  }
  const [left = "", right = ""] = address.split("::");
  const before = left === "" ? [] : left.split(":");
  const behind = right === "" ? [] : right.split(":");
  for (let n = 0; n < 16; n++) into[at + n] = 0;
  const own = into.subarray(at, at + 16);
  for (const [n, group] of before.entries()) writeGroup(own, n, Number.parseInt(group, 16));
  for (const [n, group] of behind.entries())
    writeGroup(own, 8 - behind.length + n, Number.parseInt(group, 16));
  return 16;
}

const bytesOf = (address: IpAddress): Uint8Array => {
  const bytes = new Uint8Array(isIpv6(address) ? 16 : 4);
  writeIp(address, bytes, 0);
  return bytes;
};

/**
 * Which is higher, for the tie-break of RFC 9568 section 6.4.3: unsigned, in network order. Of two
 * families, which never compete, IPv4 comes first.
 */
export function compareIp(a: IpAddress, b: IpAddress): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (!isIpv6(a)) return -1;
  if (!isIpv6(b)) return 1;
  const [left, right] = [bytesOf(a), bytesOf(b)];
  for (let n = 0; n < 16; n++) {
    const difference = (left[n] ?? 0) - (right[n] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** False for a network of the other family. `prefix`: 0 to 32, or to 128. */
export function isInNetwork(address: IpAddress, network: IpAddress, prefix: number): boolean {
  if (typeof address === "number" && typeof network === "number")
    return (address & netmask(prefix)) >>> 0 === (network & netmask(prefix)) >>> 0;
  if (!isIpv6(address) || !isIpv6(network)) return false;
  const [a, b] = [bytesOf(address), bytesOf(network)];
  for (let n = 0; n * 8 < prefix; n++) {
    const mask = (0xff << Math.max(0, 8 - (prefix - n * 8))) & 0xff;
    if (((a[n] ?? 0) & mask) !== ((b[n] ?? 0) & mask)) return false;
  }
  return true;
}

/** fe80::/10, 169.254.0.0/16. */
export const isLinkLocal = (address: IpAddress): boolean =>
  isIpv6(address) ? /^fe[89ab]/.test(address) : (address & 0xffff0000) >>> 0 === 0xa9fe0000;

/** ff00::/8, 224.0.0.0/4. */
export const isMulticast = (address: IpAddress): boolean =>
  isIpv6(address) ? /^ff[0-9a-f]{2}:/.test(address) : address >>> 28 === 0xe;

/** Bits of an address of this family. */
export const bitsOf = (address: IpAddress): 32 | 128 => (isIpv6(address) ? 128 : 32);
