import assert from "node:assert/strict";
import { test } from "node:test";
import { emitIcmpEcho, parseIcmpEcho } from "#vrrp/wire/icmp-echo";
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
