import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  attributesOf,
  be32Of,
  MessageBuilder,
  messagesOf,
  type NetlinkMessage,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  textOf,
  u32Of,
} from "#linux/netlink";
import { acknowledged } from "#linux/netlink-socket";
import { addressOf, eventOf, linkOf, neighbourOf } from "#linux/rtnetlink-messages";
import { bytesFromHex, hexFromBytes } from "../support/hex.ts";

test("a message: header, body, attributes padded to four, nests with their length", () => {
  const bytes = new MessageBuilder()
    .start(16, 0x605, 7)
    .u8(2)
    .u8(24)
    .u16(0x1234)
    .u32(5)
    .attributeText(3, "eth0")
    .nest(18)
    .attributeU8(1, 0xaa)
    .nest(2 | 0x8000)
    .attributeU32(1, 4)
    .end()
    .end()
    .attributeBe32(2, 0xc0000264)
    .attributeBe64(4, 500)
    .bytes();
  assert.equal(
    hexFromBytes(bytes),
    [
      "50000000" + "1000" + "0506" + "07000000" + "00000000",
      "02" + "18" + "3412" + "05000000",
      "0900" + "0300" + "6574683000" + "000000",
      "1800" + "1200",
      "0500" + "0100" + "aa" + "000000",
      "0c00" + "0280",
      "0800" + "0100" + "04000000",
      "0800" + "0200" + "c0000264",
      "0c00" + "0400" + "00000000000001f4",
    ].join(""),
  );
});

test("a builder used again starts empty, and appends behind what is there", () => {
  const builder = new MessageBuilder();
  builder.start(1, 1, 1).attribute(1, new Uint8Array(5_000).fill(0xff));
  const alone = builder.start(2, 0, 2).u32(0).bytes().slice();
  assert.equal(alone.length, 20);
  assert.equal(hexFromBytes(alone.subarray(16)), "00000000", "no remains of the former message");
  builder.append(3, 0, 3).u8(9);
  const found = [...messagesOf(builder.bytes())];
  assert.deepEqual(
    found.map(({ type, sequence, payload }) => [type, sequence, payload.length]),
    [
      [2, 2, 4],
      [3, 3, 1],
    ],
  );
});

test("walking: two messages, the second cut at every length, is one message", () => {
  const builder = new MessageBuilder();
  builder.start(20, 0, 1).u32(1);
  const first = builder.bytes().length;
  builder.append(21, 0, 2).u32(2);
  const whole = builder.bytes().slice();
  assert.equal([...messagesOf(whole)].length, 2);
  for (let length = first; length < whole.length; length++) {
    assert.equal([...messagesOf(whole.subarray(0, length))].length, 1, `${length} bytes`);
  }
  for (let length = 0; length < first; length++) {
    assert.equal([...messagesOf(whole.subarray(0, length))].length, 0, `${length} bytes`);
  }
});

test("lengths that lie end the walk instead of running on the spot", () => {
  const zero = new Uint8Array(32);
  assert.deepEqual([...messagesOf(zero)], []);
  assert.equal(attributesOf(zero, 0).size, 0);
  const short = bytesFromHex("03000100 00000000");
  assert.equal(attributesOf(short, 0).size, 0);
});

test("the flags in the upper bits of an attribute's type are not part of it", () => {
  const found = attributesOf(bytesFromHex("08000580 01000000 08000640 00000002"), 0);
  assert.equal(u32Of(found.get(5)), 1);
  assert.equal(be32Of(found.get(6)), 2);
});

test("values that are too short are absent", () => {
  assert.equal(u32Of(bytesFromHex("010203")), undefined);
  assert.equal(be32Of(undefined), undefined);
  assert.equal(textOf(bytesFromHex("65746830")), "eth0");
  assert.equal(textOf(bytesFromHex("6574 00 30")), "et");
});

const message = (flags: number, hex: string): NetlinkMessage => ({
  type: 2,
  flags,
  sequence: 1,
  payload: bytesFromHex(hex),
});

test("acknowledgements: success, an error, an error with the kernel's text", () => {
  assert.deepEqual(acknowledged(message(0, "00000000"), "X"), { ok: true });
  assert.deepEqual(acknowledged(message(0, `eaffffff${"00".repeat(16)}`), "X"), {
    ok: false,
    errno: "EINVAL",
    call: "X",
  });
  const text = "0a00 0100 6e6f706521 00 0000".replaceAll(" ", "");
  const capped = message(
    NLM_F_ACK_TLVS | NLM_F_CAPPED,
    `eaffffff 14000000 ${"00".repeat(12)} ${text}`,
  );
  assert.deepEqual(acknowledged(capped, "X"), {
    ok: false,
    errno: "EINVAL",
    call: "X",
    detail: "nope!",
  });
  const quoting = message(NLM_F_ACK_TLVS, `eaffffff 14000000 ${"00".repeat(12)} ffffffff ${text}`);
  assert.deepEqual(acknowledged(quoting, "X"), {
    ok: false,
    errno: "EINVAL",
    call: "X",
    detail: "nope!",
  });
});

test("an acknowledgement cut at every length is an outcome", () => {
  const text = "0a0001006e6f7065210000 00";
  const whole = bytesFromHex(`eaffffff 14000000 ${"00".repeat(12)} ${text}`);
  for (let length = 0; length <= whole.length; length++) {
    const cut = {
      type: 2,
      flags: NLM_F_ACK_TLVS | NLM_F_CAPPED,
      sequence: 1,
      payload: whole.subarray(0, length),
    };
    assert.equal(acknowledged(cut, "X").ok, length < 4, `${length} bytes`);
  }
});

test("no bytes whatsoever make the readers throw", () => {
  const flags = fc.constantFrom(0, NLM_F_CAPPED, NLM_F_ACK_TLVS, NLM_F_CAPPED | NLM_F_ACK_TLVS);
  const type = fc.constantFrom(16, 17, 20, 21, 28, 2, 3);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), flags, type, (payload, flags, type) => {
      for (const one of messagesOf(payload)) attributesOf(one.payload, 0);
      linkOf(payload);
      addressOf(payload);
      neighbourOf(payload);
      eventOf({ type, flags, sequence: 1, payload });
      const outcome = acknowledged({ type: 2, flags, sequence: 1, payload }, "X");
      return outcome.ok || outcome.errno.startsWith("E");
    }),
    { numRuns: 2_000 },
  );
});
