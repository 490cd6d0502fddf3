import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ipv4, readIpv4 } from "#units/address";
import { emitIpv4Header, parseIpv4Packet } from "#vrrp/wire/ipv4-packet";
import { bytesFromHex, hexFromBytes } from "../../support/hex.ts";

const address = (text: string): Ipv4 => readIpv4(text) as Ipv4;

/** The usual worked example of the header checksum, with a total length of 24 instead of 115. */
const EXAMPLE = "4500 0018 0000 4000 4011 b8bc c0a8 0001 c0a8 00c7 deadbeef";

const packetOf = (hex: string) => {
  const result = parseIpv4Packet(bytesFromHex(hex));
  assert.ok(result.kind === "packet", JSON.stringify(result));
  return result.packet;
};
const dropOf = (hex: string, length?: number) => {
  const bytes = bytesFromHex(hex);
  const result = parseIpv4Packet(bytes, 0, length ?? bytes.length);
  assert.ok(result.kind === "drop", JSON.stringify(result));
  return result.drop;
};

test("a plain header is read field by field", () => {
  assert.deepEqual(packetOf(EXAMPLE), {
    source: address("192.168.0.1"),
    destination: address("192.168.0.199"),
    protocol: 17,
    ttl: 64,
    tos: 0,
    id: 0,
    dontFragment: true,
    hasOptions: false,
    payloadOffset: 20,
    payloadLength: 4,
  });
});

test("Ethernet padding is not payload", () => {
  assert.equal(packetOf(`${EXAMPLE} 0000 0000 0000`).payloadLength, 4);
});

test("options are skipped", () => {
  // A header of 6 times 4 bytes, the last of them router alert.
  const packet = packetOf("4600 001c 0000 4000 4070 2355 c0a8 0001 c0a8 00c7 9404 0000 deadbeef");
  assert.deepEqual([packet.hasOptions, packet.payloadOffset, packet.payloadLength], [true, 24, 4]);
});

test("an offset into a larger buffer is honoured", () => {
  const bytes = bytesFromHex(`aabbcc ${EXAMPLE}`);
  const result = parseIpv4Packet(bytes, 3);
  assert.ok(result.kind === "packet");
  assert.equal(result.packet.payloadOffset, 23);
});

test("fragments are refused, first and later ones", () => {
  assert.deepEqual(dropOf("4500 0018 0000 2000 4070 d85d c0a8 0001 c0a8 00c7 deadbeef"), {
    kind: "fragment",
    offset: 0,
    more: true,
  });
  assert.deepEqual(dropOf("4500 0018 0000 0002 4070 f85b c0a8 0001 c0a8 00c7 deadbeef"), {
    kind: "fragment",
    offset: 16,
    more: false,
  });
});

test("a refusal names the numbers", () => {
  assert.deepEqual(dropOf("4500"), { kind: "too-short", actual: 2, needed: 20 });
  assert.deepEqual(dropOf(EXAMPLE.replace("4500", "6500")), { kind: "bad-ip-version", version: 6 });
  assert.deepEqual(dropOf(EXAMPLE.replace("4500", "4400")), {
    kind: "bad-ip-header-length",
    length: 16,
  });
  assert.deepEqual(dropOf(EXAMPLE.replace("4500", "4f00")), {
    kind: "bad-ip-header-length",
    length: 60,
  });
  assert.deepEqual(dropOf(EXAMPLE, 22), { kind: "truncated", expected: 24, actual: 22 });
  assert.deepEqual(dropOf(EXAMPLE.replace("b8bc", "b8bd")), {
    kind: "bad-ip-checksum",
    found: 0xb8bd,
    expected: 0xb8bc,
  });
});

test("the header we send is keepalived's: TOS c0, no DF, protocol 112", () => {
  const into = new Uint8Array(32);
  const fields = {
    source: address("10.9.0.1"),
    destination: address("10.9.0.2"),
    ttl: 255,
    id: 65_537,
  };
  assert.equal(emitIpv4Header(into, fields, 12), 20);
  assert.equal(hexFromBytes(into.subarray(0, 10)), "45c0002000010000ff70");
  const packet = packetOf(hexFromBytes(into));
  assert.deepEqual(
    [packet.tos, packet.id, packet.ttl, packet.dontFragment, packet.payloadLength],
    [0xc0, 1, 255, false, 12],
  );
});
