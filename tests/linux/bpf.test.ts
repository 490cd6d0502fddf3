import assert from "node:assert/strict";
import { test } from "node:test";
import { emitBpf, NOT_OUTGOING } from "#linux/bpf";
import { hexFromBytes } from "../support/hex.ts";

test("the filter against our own frames, as `tcpdump -dd` would print it", () => {
  assert.equal(
    hexFromBytes(emitBpf(NOT_OUTGOING)),
    [
      "2000" + "00" + "00" + "04f0ffff", // ldw pkttype
      "1500" + "00" + "01" + "04000000", // jeq #PACKET_OUTGOING, next, skip one
      "0600" + "00" + "00" + "00000000", // ret #0
      "0600" + "00" + "00" + "ffffffff", // ret #-1
    ].join(""),
  );
});

test("a program of no instructions, or of more than the kernel takes, is our mistake", () => {
  const [first] = NOT_OUTGOING;
  assert.ok(first);
  assert.throws(() => emitBpf([]), /0 instructions/);
  assert.throws(() => emitBpf(Array.from({ length: 4097 }, () => first)), /4097 instructions/);
});
