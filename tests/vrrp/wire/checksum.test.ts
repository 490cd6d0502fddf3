import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ipv4, readIpv4 } from "#units/address";
import { checksumOf, isIntact, sum16, sumPseudoHeader } from "#vrrp/wire/checksum";
import { bytesFromHex } from "../../support/hex.ts";

const address = (text: string): Ipv4 => readIpv4(text) as Ipv4;

test("the example of RFC 1071 section 3 sums to ddf2", () => {
  const bytes = bytesFromHex("0001 f203 f4f5 f6f7");
  assert.equal(checksumOf(sum16(bytes, 0, bytes.length)), 0xffff & ~0xddf2);
});

test("an odd last byte counts as the high half of a word", () => {
  assert.equal(sum16(bytesFromHex("0102 03"), 0, 3), 0x0102 + 0x0300);
});

test("a part of a buffer is summed without its neighbours", () => {
  assert.equal(sum16(bytesFromHex("ffff 0102 ffff"), 2, 4), 0x0102);
});

test("the carry is folded as often as needed", () => {
  const bytes = new Uint8Array(65_535).fill(0xff);
  assert.equal(checksumOf(sum16(bytes, 0, 65_534)), 0);
});

test("both zeros of ones' complement are intact", () => {
  assert.equal(isIntact(0x1234 + 0xedcb + 0xffff), true);
  assert.equal(isIntact(0x1234 + 0xedcb + 0x0000), true);
  assert.equal(isIntact(0x1234 + 0xedcb + 0x0001), false);
});

test("the pseudo header is source, destination, protocol and length", () => {
  const sum = sumPseudoHeader(address("10.9.0.1"), address("224.0.0.18"), 112, 12);
  assert.equal(sum, 0x0a09 + 0x0001 + 0xe000 + 0x0012 + 112 + 12);
});
