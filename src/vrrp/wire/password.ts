/**
 * The simple text password of VRRP version 2 (RFC 2338 5.3.6.2, kept by keepalived as `auth_type
 * PASS`).
 */
import { AUTH_DATA_LENGTH } from "./vrrp-packet.ts";

/**
 * `auth_pass` as the wire has it: the first 8 bytes of its UTF-8 text, zeros behind a shorter one.
 */
export function passwordData(secret: string): Uint8Array {
  const data = new Uint8Array(AUTH_DATA_LENGTH);
  data.set(new TextEncoder().encode(secret).subarray(0, AUTH_DATA_LENGTH));
  return data;
}
