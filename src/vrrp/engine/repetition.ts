/**
 * An advertisement that says what the last one of the same instance said, byte for byte: nearly all
 * are. What was found out about that one holds for this one, and nothing is read again; but a
 * signature is another one each time, and is to be looked at (receive.ts).
 */
import type { Instant } from "#units/time";
import { readU16 } from "../wire/bytes.ts";
import { IPV4_HEADER_LENGTH, IPV4_OFFSET, ipVersionAt } from "../wire/ipv4-fields.ts";
import { IPV6_HEADER_LENGTH } from "../wire/ipv6-fields.ts";
import { VRRP_OFFSET, vrrpHeaderAt } from "../wire/vrrp-packet.ts";
import type { DurationHistogram } from "./histogram.ts";
import type { AcceptedAdvert, Instance } from "./instance.ts";
import { recordJitter } from "./jitter.ts";
import { type Lookup, routerNumber } from "./lookup.ts";

/**
 * Of the router it is for (`routerNumber`), were it an advertisement; 0, which none has, for what
 * is too short.
 */
export function routerAt(bytes: Uint8Array): number {
  if (bytes.length < IPV4_HEADER_LENGTH) return 0;
  const at = vrrpHeaderAt(bytes);
  const vrid = bytes[at + VRRP_OFFSET.vrid] ?? 0;
  return at === IPV6_HEADER_LENGTH && ipVersionAt(bytes, 0) === 6 ? routerNumber(vrid, 6) : vrid;
}

/** It repeats the last advertisement that the instance has accepted. */
export function isRepetition(instance: Instance, bytes: Uint8Array, lookup: Lookup): boolean {
  const { accepted } = instance;
  return (
    accepted !== undefined &&
    accepted.lookup === lookup &&
    accepted.expectation === instance.expectation &&
    isSameButForId(accepted.bytes, bytes, accepted.signed?.trailer ?? bytes.length)
  );
}

/** It counts as received. */
export function countRepetition(
  instance: Instance,
  accepted: AcceptedAdvert,
  jitter: DurationHistogram,
  now: Instant,
): void {
  instance.counters.advert_rcvd += 1;
  instance.comparedMaster = accepted.event.from;
  recordJitter(jitter, accepted.peer.heardAt, accepted.event.interval, now);
  accepted.peer.heardAt = now;
}

const AFTER_ID = IPV4_OFFSET.id + 2;
const AFTER_CHECKSUM = IPV4_OFFSET.checksum + 2;

/**
 * Up to `length`, behind which is a signature. Also the checksum of the header is the right one, if
 * that of `a` is. IPv6 has neither; there the message's checksum covers the signature.
 */
function isSameButForId(a: Uint8Array, b: Uint8Array, length: number): boolean {
  if (b.length !== a.length) return false;
  if (ipVersionAt(a, 0) === 6) return isSame(a, b, length);
  for (let at = 0; at < IPV4_OFFSET.id; at++) if (a[at] !== b[at]) return false;
  for (let at = AFTER_ID; at < IPV4_OFFSET.checksum; at++) if (a[at] !== b[at]) return false;
  for (let at = AFTER_CHECKSUM; at < length; at++) if (a[at] !== b[at]) return false;
  return (variable(a) - variable(b)) % 0xffff === 0;
}

const CHECKSUM = IPV6_HEADER_LENGTH + VRRP_OFFSET.checksum;

/** With a signature that is still to be looked at, the checksum says nothing more. */
function isSame(a: Uint8Array, b: Uint8Array, length: number): boolean {
  const isSigned = length < a.length;
  for (let at = 0; at < length; at++)
    if (a[at] !== b[at] && !(isSigned && (at === CHECKSUM || at === CHECKSUM + 1))) return false;
  return true;
}

/** What the two fields that differ add to the sum of the header (RFC 1071). */
const variable = (bytes: Uint8Array): number =>
  readU16(bytes, IPV4_OFFSET.id) + readU16(bytes, IPV4_OFFSET.checksum);
