/** BFD control packets: literal bytes of RFC 5880 4.1, and every refusal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { micros } from "#units/time";
import {
  CONTROL_PACKET_LENGTH,
  type ControlPacket,
  emitControlPacket,
  parseControlPacket,
} from "#vrrp/bfd/control-packet";

/** Up, poll, multiplier 3, discriminators 1 and 0x80000002, 50 ms, 300 ms, no echo. */
const BYTES = "20e003180000000180000002" + "0000c350" + "000493e0" + "00000000";
const PACKET: ControlPacket = {
  state: "up",
  diagnostic: 0,
  isPoll: true,
  isFinal: false,
  isDemand: false,
  detectMultiplier: 3,
  myDiscriminator: 1,
  yourDiscriminator: 0x80000002,
  desiredMinTx: micros(50_000),
  requiredMinRx: micros(300_000),
  requiredMinEchoRx: micros(0),
};

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const changed = (changes: Readonly<Record<number, number>>): Uint8Array => {
  const all = bytes(BYTES);
  for (const [at, value] of Object.entries(changes)) all[Number(at)] = value;
  return all;
};

test("bytes and values of one packet", () => {
  assert.deepEqual(parseControlPacket(bytes(BYTES)), { kind: "control", packet: PACKET });
  const into = new Uint8Array(30);
  assert.equal(emitControlPacket(into, PACKET, 3), CONTROL_PACKET_LENGTH);
  assert.equal(Buffer.from(into.subarray(3, 27)).toString("hex"), BYTES);
});

test("whatever is emitted is read back", () => {
  const number = fc.integer({ min: 0, max: 0xffffffff });
  const packets: fc.Arbitrary<ControlPacket> = fc.record({
    state: fc.constantFrom("admin-down", "down", "init", "up"),
    diagnostic: fc.integer({ min: 0, max: 31 }),
    isPoll: fc.boolean(),
    isFinal: fc.boolean(),
    isDemand: fc.boolean(),
    detectMultiplier: fc.integer({ min: 1, max: 255 }),
    myDiscriminator: fc.integer({ min: 1, max: 0xffffffff }),
    yourDiscriminator: fc.integer({ min: 1, max: 0xffffffff }),
    desiredMinTx: number.map(micros),
    requiredMinRx: number.map(micros),
    requiredMinEchoRx: number.map(micros),
  });
  fc.assert(
    fc.property(packets, (packet) => {
      const into = new Uint8Array(CONTROL_PACKET_LENGTH);
      emitControlPacket(into, packet);
      assert.deepEqual(parseControlPacket(into), { kind: "control", packet: { ...packet } });
    }),
  );
});

const REFUSED: readonly [Uint8Array, unknown][] = [
  [bytes("20c0"), { kind: "too-short", actual: 2, needed: 24 }],
  [changed({ 0: 0x40 }), { kind: "bad-version", theirs: 2 }],
  [changed({ 3: 23 }), { kind: "bad-length", said: 23, actual: 24 }],
  [changed({ 3: 25 }), { kind: "bad-length", said: 25, actual: 24 }],
  [changed({ 2: 0 }), { kind: "zero-detect-multiplier" }],
  [changed({ 1: 0xe1 }), { kind: "multipoint" }],
  [changed({ 7: 0 }), { kind: "zero-discriminator" }],
  [changed({ 8: 0, 11: 0 }), { kind: "no-discriminator-in-state", state: "up" }],
  [changed({ 1: 0xe4 }), { kind: "authentication-not-supported" }],
];

test("each refusal says what was found", () => {
  for (const [packet, drop] of REFUSED)
    assert.deepEqual(parseControlPacket(packet), { kind: "drop", drop });
  const down = changed({ 1: 0x40, 8: 0, 11: 0 });
  assert.equal(parseControlPacket(down).kind, "control", "who is down need not know us");
  const longer = new Uint8Array([...bytes(BYTES), 0, 0, 0]);
  assert.equal(parseControlPacket(longer).kind, "control", "what follows is ignored");
});

test("any bytes give a packet or a reason", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(70), (any, offset) => {
      assert.match(parseControlPacket(any, offset).kind, /^(?:control|drop)$/);
    }),
  );
});
