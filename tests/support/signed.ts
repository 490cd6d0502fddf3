/** Advertisements that a peer with `auth_hmac` has signed. */
import { createHmac } from "node:crypto";
import { Secret } from "#units/secret";
import type { SigningConfig } from "#vrrp/router/config";
import { SIGNATURE_LENGTH } from "#vrrp/wire/vrrp-packet";

/** The key of the draft's examples: 00 01 02 … 1f. */
export const KEY: Uint8Array = Uint8Array.from({ length: 32 }, (_, byte) => byte);
export const OTHER_KEY: Uint8Array = new Uint8Array(32).fill(7);

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
export const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));

export const SIGNING: SigningConfig = {
  keys: [{ id: 1, secret: new Secret(hexOf(KEY)) }],
  active: 1,
  mode: "enforce",
  antiReplay: "time",
  window: 5,
};

export interface SignedAs {
  readonly keyId?: number;
  readonly key?: Uint8Array;
  /** Microseconds since 1970. */
  readonly unixTime: number;
  readonly counter?: number;
}

/**
 * Writes the trailer of a packet that has room for one, by node:crypto and the text of the draft:
 * nothing of it is the program's own code. The checksum of an IPv6 packet is not made anew.
 */
export function signed(
  packet: Uint8Array,
  { keyId = 1, key = KEY, unixTime, counter = 0 }: SignedAs,
): Uint8Array {
  const out = Buffer.from(packet);
  const end = out.length - SIGNATURE_LENGTH;
  const isIpv6 = (out[0] ?? 0) >>> 4 === 6;
  const [pdu, trailer] = [out.subarray(isIpv6 ? 40 : 20, end), out.subarray(end)];
  trailer.fill(0);
  trailer[0] = 1;
  trailer[1] = keyId;
  const seconds = Math.floor(unixTime / 1_000_000);
  trailer.writeUInt32BE(seconds, 4);
  trailer.writeUInt16BE(Math.floor(((unixTime % 1_000_000) * 65_536) / 1_000_000), 8);
  trailer.writeUInt16BE(counter, 10);
  const sender = Buffer.alloc(20);
  sender[0] = isIpv6 ? 6 : 4;
  sender[1] = (pdu[0] ?? 0) >>> 4;
  sender[2] = pdu[1] ?? 0;
  out.copy(sender, 4, isIpv6 ? 8 : 12, isIpv6 ? 24 : 16);
  const message = Buffer.from(pdu);
  message.writeUInt16BE(0, 6);
  const text = Buffer.concat([sender, message, trailer]);
  createHmac("sha256", key).update(text).digest().copy(trailer, 12, 0, 16);
  return new Uint8Array(out);
}
