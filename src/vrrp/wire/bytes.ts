/**
 * Network byte order. Callers have checked the length; a byte beyond the end reads as 0 and is
 * never written.
 */
import { type Ipv4, ipv4 } from "#units/address";

export const readU8 = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

export const readU16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

export const readAddress = (bytes: Uint8Array, at: number): Ipv4 =>
  ipv4((readU16(bytes, at) << 16) | readU16(bytes, at + 2));

export function writeU16(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 8;
  into[at + 1] = value;
}

export function writeAddress(into: Uint8Array, at: number, address: Ipv4): void {
  writeU16(into, at, address >>> 16);
  writeU16(into, at + 2, address & 0xffff);
}
