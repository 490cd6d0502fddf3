/**
 * Network byte order. Callers have checked the length; a byte beyond the end reads as 0 and is
 * never written.
 */
import { type Ipv4, ipv4 } from "#units/address";

export const readU8 = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

export const readU16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

export const readU32 = (bytes: Uint8Array, at: number): number =>
  ((readU16(bytes, at) << 16) | readU16(bytes, at + 2)) >>> 0;

export const readAddress = (bytes: Uint8Array, at: number): Ipv4 => ipv4(readU32(bytes, at));

export function writeU16(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 8;
  into[at + 1] = value;
}

export function writeU32(into: Uint8Array, at: number, value: number): void {
  writeU16(into, at, value >>> 16);
  writeU16(into, at + 2, value & 0xffff);
}

export const writeAddress = (into: Uint8Array, at: number, address: Ipv4): void =>
  writeU32(into, at, address);

/** How many of `length` bytes from `offset` on there are. */
export const presentLength = (bytes: Uint8Array, offset: number, length: number): number =>
  Math.max(0, Math.min(length, bytes.length - offset));
