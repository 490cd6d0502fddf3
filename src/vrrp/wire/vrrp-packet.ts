/**
 * VRRP packets as values, and why one is refused.
 *
 * Layout, version 2 (RFC 3768 section 5, IPv4 only) and version 3 (RFC 9568 section 5.2):
 *
 *       0               1               2               3
 *     +---------------+---------------+---------------+---------------+
 *     | version, type |     VRID      |   priority    |   addresses   |
 *     +---------------+---------------+---------------+---------------+
 *  v2 |   auth type   |  interval, s  |           checksum            |
 *  v3 | 0 | interval, centiseconds    |           checksum            |
 *     +---------------+---------------+---------------+---------------+
 *     |      4 bytes for each address, over IPv6 16 bytes             |
 *     +---------------------------------------------------------------+
 *  v2 |       8 bytes of authentication data, zeros if none           |
 *     +---------------------------------------------------------------+
 *     |       28 bytes of signature (signature.ts), if any            |
 *     +---------------------------------------------------------------+
 *
 * A packet's path: `parseAdvert` (parse-advert.ts) looks at structure only and needs no
 * configuration, so that it can answer *which* router a packet is for; `checkAdvert`
 * (check-advert.ts) then compares it with what that router expects, in keepalived's order, so that
 * both count the same reason for the same packet. `emitAdvert` (emit-advert.ts) is the way back. A
 * refusal is a value with the numbers that were compared; it never holds a password.
 */
import type { IpAddress } from "#units/address";
import type { Centis } from "#units/time";
import type { Priority, Vrid } from "#units/vrrp";
import { readU8, readU16 } from "./bytes.ts";
import type { Ipv4Drop } from "./ipv4-packet.ts";
import { IPV6_HEADER_LENGTH } from "./ipv6-fields.ts";

/** Header before the addresses, both versions. */
export const VRRP_HEADER_LENGTH = 8;
/** `authType` and `seconds` are version 2, `centiseconds` (12 bits) version 3. */
export const VRRP_OFFSET = {
  versionAndType: 0,
  vrid: 1,
  priority: 2,
  addressCount: 3,
  authType: 4,
  seconds: 5,
  centiseconds: 4,
  checksum: 6,
  addresses: VRRP_HEADER_LENGTH,
} as const;
/** Version 2 ends with this much authentication data, also without authentication. */
export const AUTH_DATA_LENGTH = 8;
/** The signature of `auth_hmac` behind the message (signature.ts). */
export const SIGNATURE_LENGTH = 28;
/** The field "IPvX Addr Count" has one byte. */
export const ADVERTISED_MAX = 255;
/** The longest advertisement we send: IPv6 header, VRRP header, addresses, signature. */
export const ADVERT_LENGTH_MAX: number =
  IPV6_HEADER_LENGTH + VRRP_HEADER_LENGTH + ADVERTISED_MAX * 16 + SIGNATURE_LENGTH;

export const VRRP_TYPE_ADVERTISEMENT = 1;

/** Numbers of the version 2 field "auth type". */
export const AUTH_NONE = 0;
export const AUTH_PASS = 1;

/**
 * What the checksum of a version 3 packet covers.
 *
 * - `v2`: the message alone, as version 2 always does.
 * - `pseudo-header`: with the packet's own addresses (keepalived's default, most readings of RFC
 *   5798).
 * - `no-pseudo-header`: the message alone (RFC 9568 5.2.8 over IPv4, many routers, keepalived
 *   `v3_checksum_as_v2`).
 * - `multicast-pseudo-header`: unicast, but with 224.0.0.18 in the pseudo header (keepalived up to
 *   1.3.6).
 */
export type ChecksumForm = "v2" | "pseudo-header" | "no-pseudo-header" | "multicast-pseudo-header";

export type ChecksumStatus =
  | { readonly kind: "intact"; readonly form: ChecksumForm }
  /** `expected` is the first form that would have done: `v2`, or `pseudo-header` for version 3. */
  | { readonly kind: "broken"; readonly found: number; readonly expected: number };

/** Where the parts of a signed packet begin: the message at `pdu`, the signature at `trailer`. */
export interface SignedParts {
  readonly pdu: number;
  readonly trailer: number;
}

/**
 * An advertisement of sound structure; nothing in it has been compared with a configuration yet.
 */
export interface Advert {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly ttl: number;
  readonly version: 2 | 3;
  /** 1 is the only type there is; others are for `checkAdvert` to refuse. */
  readonly type: number;
  readonly vrid: Vrid;
  readonly priority: Priority;
  /** Version 2 has whole seconds. */
  readonly interval: Centis;
  readonly addresses: readonly IpAddress[];
  readonly checksum: ChecksumStatus;
  /**
   * Version 2 only. The data stays in the packet, so that no password is kept, logged or recorded
   * with this value.
   */
  readonly authentication: { readonly type: number; readonly dataOffset: number } | undefined;
  /**
   * Where the message begins and where it ends, if as many bytes follow as a signature has;
   * undefined: none do.
   */
  readonly signed?: SignedParts;
}

/** Why a packet was refused. All numbers as on the wire unless said otherwise. */
export type DropReason =
  | Ipv4Drop
  | { readonly kind: "not-vrrp"; readonly protocol: number }
  /** IP protocol 51, `auth_type AH`: not supported, it protects too little and fails too often. */
  | { readonly kind: "ah-not-supported" }
  /** A router's version differs from ours, or is one nobody has. */
  | { readonly kind: "bad-version"; readonly theirs: number; readonly ours: number | undefined }
  | { readonly kind: "bad-length"; readonly expected: number; readonly actual: number }
  /** The peer signs (`auth_hmac`), and here that is not configured. */
  | { readonly kind: "unexpected-signature"; readonly keyId: number }
  | { readonly kind: "bad-vrid"; readonly vrid: number }
  /** An interval of 0 would make a backup wait no time at all. */
  | { readonly kind: "bad-interval"; readonly interval: number }
  | { readonly kind: "bad-type"; readonly type: number }
  | { readonly kind: "unknown-vrid"; readonly vrid: number }
  | { readonly kind: "ttl-not-255"; readonly ttl: number }
  | {
      readonly kind: "ttl-out-of-range";
      readonly ttl: number;
      readonly min: number;
      readonly max: number;
    }
  | { readonly kind: "auth-type-mismatch"; readonly theirs: number; readonly ours: number }
  /** Wrong password. Neither of the two is reported. */
  | { readonly kind: "auth-failure" }
  /** Centiseconds; version 2 only, where a different interval is refused. */
  | { readonly kind: "interval-mismatch"; readonly theirs: number; readonly ours: number }
  | { readonly kind: "bad-checksum"; readonly found: number; readonly expected: number }
  | { readonly kind: "not-a-peer"; readonly source: IpAddress }
  | SignatureDrop
  /** Version 3, without addresses: RFC 9568 5.2.5, erratum 8299. */
  | { readonly kind: "no-addresses" };

/** Of an instance with `auth_hmac`, in the order in which it looks. */
export type SignatureDrop =
  /** Only `mode enforce` refuses what has none. */
  | { readonly kind: "missing-signature" }
  | { readonly kind: "malformed-signature"; readonly type: number; readonly reserved: number }
  /** Seconds by which our clock is ahead of the sender's (negative: behind), and the window. */
  | { readonly kind: "stale-signature"; readonly seconds: number; readonly window: number }
  | { readonly kind: "unknown-key"; readonly keyId: number }
  | { readonly kind: "wrong-signature"; readonly keyId: number }
  /** As old as the last one of this sender, or older: by so many whole seconds. */
  | { readonly kind: "replayed-signature"; readonly seconds: number };

/** Differences that an operator should know of and that are no reason to refuse. */
export type AdvertWarning =
  /** keepalived accepts this since 2.3.3; older ones refuse, and both routers become master. */
  | {
      readonly kind: "address-list-mismatch";
      readonly theirCount: number;
      readonly ourCount: number;
      /**
       * One address that only the other router, or only we, have; undefined if one list repeats an
       * address.
       */
      readonly onlyTheirs: IpAddress | undefined;
      readonly onlyOurs: IpAddress | undefined;
    }
  /**
   * Signed by a clock that differs from ours by more than half of what is accepted: `seconds` as in
   * `stale-signature`.
   */
  | { readonly kind: "clock-differs"; readonly seconds: number; readonly window: number }
  /** Version 3: a backup adopts the master's interval (RFC 9568 6.4.2). Centiseconds. */
  | { readonly kind: "interval-differs"; readonly theirs: number; readonly ours: number };

/** In centiseconds; 0 in a packet that must be refused. `at` is where the VRRP header begins. */
export const intervalAt = (bytes: Uint8Array, at: number, version: 2 | 3): number =>
  version === 2
    ? readU8(bytes, at + VRRP_OFFSET.seconds) * 100
    : readU16(bytes, at + VRRP_OFFSET.centiseconds) & 0x0fff;

/** Where the VRRP header of a whole packet begins, IPv4 or IPv6, were it one. */
export function vrrpHeaderAt(bytes: Uint8Array): number {
  const first = readU8(bytes, 0);
  return first >>> 4 === 6 ? IPV6_HEADER_LENGTH : (first & 15) * 4;
}
