/** `AdvertFields` → a whole IPv4 or IPv6 packet, into a buffer of the caller's. */

import { type IpAddress, isIpv6, writeIp } from "#units/address";
import { assert } from "#units/assert";
import type { Centis } from "#units/time";
import type { Priority, Vrid } from "#units/vrrp";
import { readU8, writeU16 } from "./bytes.ts";
import { checksumOf, sum16, sumPseudoHeader } from "./checksum.ts";
import { PROTOCOL_VRRP } from "./ipv4-fields.ts";
import { emitIpv4Header } from "./ipv4-packet.ts";
import { emitIpv6Header, sumPseudoHeaderAt } from "./ipv6-packet.ts";
import { VRRP_GROUP } from "./parse-advert.ts";
import {
  ADVERTISED_MAX,
  AUTH_DATA_LENGTH,
  AUTH_NONE,
  AUTH_PASS,
  type ChecksumForm,
  SIGNATURE_LENGTH,
  VRRP_HEADER_LENGTH,
  VRRP_OFFSET,
  VRRP_TYPE_ADVERTISEMENT,
} from "./vrrp-packet.ts";

export interface AdvertFields {
  /** Of one family with the destination and all addresses. */
  readonly source: IpAddress;
  /** A peer, or the group. */
  readonly destination: IpAddress;
  /** Over IPv6 the hop limit. */
  readonly ttl: number;
  /** IPv4 identification; keepalived counts up from 1 for each instance. */
  readonly id: number;
  readonly version: 2 | 3;
  readonly vrid: Vrid;
  readonly priority: Priority;
  /** Version 2: a multiple of 100, at most 25500. Version 3: 1 to 4095. */
  readonly interval: Centis;
  /** At most `ADVERTISED_MAX`, in this order. */
  readonly addresses: readonly IpAddress[];
  /** Version 2: 8 bytes from `passwordData`, or undefined for authentication type 0. */
  readonly password: Uint8Array | undefined;
  /** Version 3 over IPv4; others have one form only and ignore this. */
  readonly checksum: ChecksumForm;
  /** Leaves room for a signature, which is not written here (signature.ts). */
  readonly isSigned?: boolean;
}

/**
 * Returns the packet's length, from the start of `into`; `ADVERT_LENGTH_MAX` bytes are always
 * enough.
 */
export function emitAdvert(into: Uint8Array, fields: AdvertFields): number {
  const { version, interval, addresses, password } = fields;
  assert(addresses.length <= ADVERTISED_MAX, "more addresses than an advertisement can count");
  const addressLength = isIpv6(fields.source) ? 16 : 4;
  assert(version === 3 || addressLength === 4, "version 2 has no IPv6");
  const trailerLength = version === 2 ? AUTH_DATA_LENGTH : 0;
  const length = VRRP_HEADER_LENGTH + addresses.length * addressLength + trailerLength;
  const signature = fields.isSigned === true ? SIGNATURE_LENGTH : 0;
  const at = emitHeader(into, fields, length + signature);

  into[at + VRRP_OFFSET.versionAndType] = (version << 4) | VRRP_TYPE_ADVERTISEMENT;
  into[at + VRRP_OFFSET.vrid] = fields.vrid;
  into[at + VRRP_OFFSET.priority] = fields.priority;
  into[at + VRRP_OFFSET.addressCount] = addresses.length;
  if (version === 2) {
    const seconds = interval / 100;
    assert(
      Number.isInteger(seconds) && seconds >= 1 && seconds <= 255,
      `version 2 cannot say ${interval} cs`,
    );
    into[at + VRRP_OFFSET.authType] = password === undefined ? AUTH_NONE : AUTH_PASS;
    into[at + VRRP_OFFSET.seconds] = seconds;
  } else {
    assert(interval >= 1 && interval <= 0x0fff, `version 3 cannot say ${interval} cs`);
    writeU16(into, at + VRRP_OFFSET.centiseconds, interval);
  }
  writeU16(into, at + VRRP_OFFSET.checksum, 0);
  let end = at + VRRP_HEADER_LENGTH;
  for (const address of addresses) {
    const written = writeIp(address, into, end);
    assert(written === addressLength, "an address of the other family");
    end += written;
  }
  if (version === 2) {
    for (let i = 0; i < AUTH_DATA_LENGTH; i++) {
      into[end++] = password === undefined ? 0 : readU8(password, i);
    }
  }
  writeU16(
    into,
    at + VRRP_OFFSET.checksum,
    checksumOf(sum16(into, at, end) + pseudoHeader(into, fields, length)),
  );
  into.fill(0, end, end + signature);
  return end + signature;
}

/** Returns its length, where the payload of `length` bytes starts. */
function emitHeader(into: Uint8Array, fields: AdvertFields, length: number): number {
  const { source, destination, ttl, id } = fields;
  if (isIpv6(source)) {
    assert(isIpv6(destination), "source and destination are of two families");
    const header = { source, destination, hopLimit: ttl, nextHeader: PROTOCOL_VRRP };
    return emitIpv6Header(into, header, length);
  }
  assert(!isIpv6(destination), "source and destination are of two families");
  return emitIpv4Header(into, { source, destination, ttl, id }, length);
}

function pseudoHeader(into: Uint8Array, fields: AdvertFields, length: number): number {
  const { source, destination } = fields;
  if (isIpv6(source) || isIpv6(destination)) return sumPseudoHeaderAt(into, 0, length);
  if (fields.version === 2) return 0;
  switch (fields.checksum) {
    case "v2":
    case "no-pseudo-header":
      return 0;
    case "pseudo-header":
      return sumPseudoHeader(source, destination, PROTOCOL_VRRP, length);
    case "multicast-pseudo-header":
      return sumPseudoHeader(source, VRRP_GROUP, PROTOCOL_VRRP, length);
  }
}
