import assert from "node:assert/strict";
import { test } from "node:test";
import {
  emitIcmpEcho,
  emitIcmpv6Request,
  isIcmpv6Reply,
  isReplyInIpv4,
  parseIcmpEcho,
} from "#vrrp/wire/icmp-echo";
import { bytesFromHex, hexFromBytes } from "../../support/hex.ts";

/** 0800 + 1234 + 0007 + dead + beef = 1b7d7, folded b7d8, complement 4827. */
const REQUEST = "0800 4827 1234 0007 deadbeef";

test("a request is written around its payload", () => {
  const into = new Uint8Array(16);
  into.set([0xde, 0xad, 0xbe, 0xef], 8);
  const length = emitIcmpEcho(into, { kind: "request", id: 0x1234, sequence: 7, payloadLength: 4 });
  assert.equal(hexFromBytes(into.subarray(0, length)), REQUEST.replaceAll(" ", ""));
});

test("request and reply are read", () => {
  const bytes = bytesFromHex(`ff ${REQUEST}`);
  assert.deepEqual(parseIcmpEcho(bytes, 1, 12), {
    kind: "echo",
    echo: { kind: "request", id: 0x1234, sequence: 7, payloadOffset: 9, payloadLength: 4 },
  });
  const reply = parseIcmpEcho(bytesFromHex(REQUEST.replace("0800 4827", "0000 5027")), 0, 12);
  assert.equal(reply.kind === "echo" && reply.echo.kind, "reply");
});

test("identifier and sequence wrap at 16 bits", () => {
  const into = new Uint8Array(8);
  emitIcmpEcho(into, { kind: "request", id: 0x1_0001, sequence: 0x1_0002, payloadLength: 0 });
  const parsed = parseIcmpEcho(into, 0, 8);
  assert.ok(parsed.kind === "echo");
  assert.deepEqual([parsed.echo.id, parsed.echo.sequence], [1, 2]);
});

test("a refusal names the numbers", () => {
  assert.deepEqual(parseIcmpEcho(bytesFromHex("0800 4827"), 0, 12), {
    kind: "drop",
    drop: { kind: "too-short", actual: 4, needed: 8 },
  });
  assert.deepEqual(parseIcmpEcho(bytesFromHex(REQUEST.replace("4827", "4828")), 0, 12), {
    kind: "drop",
    drop: { kind: "bad-checksum", found: 0x4828, expected: 0x4827 },
  });
  assert.deepEqual(parseIcmpEcho(bytesFromHex("0301 0000 0000 0000"), 0, 8), {
    kind: "drop",
    drop: { kind: "not-echo", type: 3, code: 1 },
  });
});

test("replies to us: by the identifier, in a whole IPv4 packet or without a header in IPv6", () => {
  const message = new Uint8Array(16);
  emitIcmpEcho(message, { kind: "reply", id: 7, sequence: 1, payloadLength: 8 });
  const packet = new Uint8Array(24 + message.length);
  // A header of 24 bytes: with options.
  packet[0] = 0x46;
  packet.set(message, 24);
  assert.equal(isReplyInIpv4(packet, 7), true);
  assert.equal(isReplyInIpv4(packet, 8), false);
  for (let length = 0; length < 32; length += 1)
    assert.equal(isReplyInIpv4(packet.subarray(0, length), 7), false);
  emitIcmpEcho(message, { kind: "request", id: 7, sequence: 1, payloadLength: 8 });
  packet.set(message, 24);
  assert.equal(isReplyInIpv4(packet, 7), false, "our own request on the loopback interface");

  const six = new Uint8Array(8);
  emitIcmpv6Request(six, 7, 258);
  assert.deepEqual([...six], [128, 0, 0, 0, 0, 7, 1, 2]);
  assert.equal(isIcmpv6Reply(six, 7), false);
  six[0] = 129;
  assert.equal(isIcmpv6Reply(six, 7), true);
  assert.equal(isIcmpv6Reply(six, 8), false);
  assert.equal(isIcmpv6Reply(six.subarray(0, 7), 7), false);
});
