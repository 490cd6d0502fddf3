/** A forwarded packet's checksums after a change, against sums over everything. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ipv4 } from "#units/address";
import { writeU16 } from "#vrrp/wire/bytes";
import { checksumOf, isIntact, sum16, sumPseudoHeader } from "#vrrp/wire/checksum";
import {
  IPV4_HEADER_LENGTH,
  ipv4DestinationAt,
  ipv4ProtocolAt,
  ipv4SourceAt,
  ipv4TtlAt,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "#vrrp/wire/ipv4-fields";
import { emitIpv4Header } from "#vrrp/wire/ipv4-packet";
import { decrementTtl, replaceAddress } from "#vrrp/wire/ipv4-rewrite";
import { bytesFromHex, hexFromBytes } from "../../support/hex.ts";

/** Bytes before the IPv4 header, as an Ethernet header would be. */
const AT = 14;
const PAYLOAD = AT + IPV4_HEADER_LENGTH;
const CHECKSUM_AT: Readonly<Record<number, number>> = {
  [PROTOCOL_TCP]: PAYLOAD + 16,
  [PROTOCOL_UDP]: PAYLOAD + 6,
};

const address = fc.integer({ min: 0, max: 0xffffffff }).map(ipv4);
const packet = fc.record({
  source: address,
  destination: address,
  ttl: fc.integer({ min: 1, max: 255 }),
  protocol: fc.constantFrom(PROTOCOL_TCP, PROTOCOL_UDP, 1, 112),
  payload: fc.uint8Array({ minLength: 20, maxLength: 60 }),
});

const transportSum = (bytes: Uint8Array): number =>
  sum16(bytes, PAYLOAD, bytes.length) +
  sumPseudoHeader(
    ipv4SourceAt(bytes, AT),
    ipv4DestinationAt(bytes, AT),
    ipv4ProtocolAt(bytes, AT),
    bytes.length - PAYLOAD,
  );

function emit({ payload, ...fields }: typeof packet extends fc.Arbitrary<infer T> ? T : never) {
  const bytes = new Uint8Array(PAYLOAD + payload.length);
  bytes.set(payload, PAYLOAD);
  emitIpv4Header(bytes.subarray(AT), { ...fields, id: 7 }, payload.length);
  const at = CHECKSUM_AT[fields.protocol];
  if (at !== undefined) {
    writeU16(bytes, at, 0);
    writeU16(bytes, at, checksumOf(transportSum(bytes)) || 0xffff);
  }
  return bytes;
}

const isHeaderIntact = (bytes: Uint8Array): boolean => isIntact(sum16(bytes, AT, PAYLOAD));

test("a replaced address: header, TCP and UDP checksums are those of the whole packet", () => {
  const which = fc.constantFrom("source" as const, "destination" as const);
  fc.assert(
    fc.property(packet, which, address, (one, field, to) => {
      const bytes = emit(one);
      replaceAddress(bytes, AT, field, to);
      assert.equal((field === "source" ? ipv4SourceAt : ipv4DestinationAt)(bytes, AT), to);
      assert.ok(isHeaderIntact(bytes));
      if (CHECKSUM_AT[one.protocol] !== undefined) assert.ok(isIntact(transportSum(bytes)));
    }),
  );
});

test("a hop: the TTL is one less and the header's checksum right; at 1 nothing is changed", () => {
  fc.assert(
    fc.property(packet, (one) => {
      const bytes = emit(one);
      const before = hexFromBytes(bytes);
      const isForwarded = decrementTtl(bytes, AT);
      assert.equal(isForwarded, one.ttl > 1);
      if (!isForwarded) return assert.equal(hexFromBytes(bytes), before);
      assert.equal(ipv4TtlAt(bytes, AT), one.ttl - 1);
      return assert.ok(isHeaderIntact(bytes));
    }),
  );
});

test("a wrong checksum stays wrong: the receiver is to refuse it", () => {
  fc.assert(
    fc.property(packet, address, (one, to) => {
      const bytes = emit({ ...one, protocol: PROTOCOL_TCP });
      bytes[PAYLOAD] = (bytes[PAYLOAD] ?? 0) ^ 0x40;
      bytes[AT + 5] = (bytes[AT + 5] ?? 0) ^ 0x40;
      replaceAddress(bytes, AT, "destination", to);
      assert.ok(!isHeaderIntact(bytes));
      assert.ok(!isIntact(transportSum(bytes)));
    }),
  );
});

const TO = ipv4(0x01020304);

test("UDP without a checksum keeps none, and one that becomes zero is written as all ones", () => {
  const none = bytesFromHex("4500 001c 0000 0000 4011 0000 0a000001 0a000002 1111 2222 0008 0000");
  replaceAddress(none, 0, "source", TO);
  assert.equal(hexFromBytes(none.subarray(26, 28)), "0000");
  // 0x0a00 + 0x0001 replaced by 0x0102 + 0x0304: the sum falls by 0x05fb, so the checksum 0xfa04
  // rises to 0xffff, which is the other zero.
  const zero = bytesFromHex("4500 001c 0000 0000 4011 0000 0a000001 0a000002 1111 2222 0008 fa04");
  replaceAddress(zero, 0, "source", TO);
  assert.equal(hexFromBytes(zero.subarray(26, 28)), "ffff");
});

test("a later fragment has no header of TCP, and a short one none to change", () => {
  const fragment = "4500 0028 0000 0010 4006 0000 0a000001 0a000002";
  const payload = "11".repeat(20);
  const later = bytesFromHex(`${fragment} ${payload}`);
  replaceAddress(later, 0, "source", TO);
  assert.equal(hexFromBytes(later.subarray(20)), payload);
  const short = bytesFromHex(`${fragment.replace("0010", "0000")} ${"11".repeat(17)}`);
  replaceAddress(short, 0, "source", TO);
  assert.equal(hexFromBytes(short.subarray(20)), "11".repeat(17));
});
