/**
 * SHA-256 and HMAC by the examples of RFC 6234 and RFC 4231 and by node:crypto; the signature by
 * the examples of draft-cassen-vrrp-auth-hmac and one of keepalived 2.4.2 for version 2.
 */
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { hmacKey, hmacRoom, hmacSha256 } from "#vrrp/wire/hmac-sha256";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { sha256 } from "#vrrp/wire/sha256";
import {
  countUp,
  isLater,
  isSignedWith,
  readStamp,
  type Stamp,
  secondsBetween,
  sign,
  stampAt,
} from "#vrrp/wire/signature";
import { ip } from "../../support/fake-world.ts";
import { bytesOf, hexOf, KEY, OTHER_KEY } from "../../support/signed.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function hmac(key: Uint8Array, message: Uint8Array): string {
  const room = new Uint8Array(hmacRoom(message.length));
  room.set(message);
  const into = new Uint8Array(32);
  hmacSha256(hmacKey(key), room, message.length, into, 0);
  return hexOf(into);
}

test("RFC 6234: SHA-256 of its examples", () => {
  const examples: readonly (readonly [string, string])[] = [
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    ["01234567".repeat(80), "594847328451bdfa85056225462cc1d867d877fb388df0ce35f25ab5562bfbb5"],
    ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  ];
  for (const [message, digest] of examples) assert.equal(hexOf(sha256(text(message))), digest);
});

test("RFC 4231: HMAC-SHA256 of its examples", () => {
  const fill = (byte: number, length: number): Uint8Array => new Uint8Array(length).fill(byte);
  const examples: readonly (readonly [Uint8Array, Uint8Array, string])[] = [
    [
      fill(0x0b, 20),
      text("Hi There"),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ],
    [
      text("Jefe"),
      text("what do ya want for nothing?"),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ],
    [
      fill(0xaa, 20),
      fill(0xdd, 50),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ],
    [
      fill(0xaa, 131),
      text("Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
  ];
  for (const [key, message, digest] of examples) assert.equal(hmac(key, message), digest);
});

test("any message and any key as node:crypto has it, one key after the other", () => {
  const any = fc.uint8Array({ maxLength: 400 });
  fc.assert(
    fc.property(any, any, (key, message) => {
      assert.equal(hexOf(sha256(message)), createHash("sha256").update(message).digest("hex"));
      const expected = createHmac("sha256", key).update(message).digest("hex");
      assert.equal(hmac(key, message), expected);
    }),
  );
});

interface Example {
  readonly name: string;
  readonly header: string;
  readonly pdu: string;
  readonly trailer: string;
  readonly hmac: string;
}

const V3: Example = {
  name: "version 3 over IPv4, from 198.51.100.10",
  header: "45c0003c00010000ff700000c633640ae0000012",
  pdu: "3133c80100644402c0000264",
  trailer: "010100006800000080000000",
  hmac: "1b84bc4e8e43892dc6d98448f8ee2265",
};
const EXAMPLES: readonly Example[] = [
  V3,
  {
    name: "version 3 over IPv6, from fe80::10",
    header:
      `6c00000000347 0ff${"fe80000000000000000000000000 0010"}${"ff020000000000000000000000000012"}`.replaceAll(
        " ",
        "",
      ),
    pdu: "3133c8010064a2e9fe800000000000000000000000000100",
    trailer: "010100006800000080000000",
    hmac: "c8c56146ebfd66ee10ec4d8186461b78",
  },
  {
    name: "version 2, from 10.9.0.1",
    header: "45c0004400010000ff7000000a090001e0000012",
    pdu: "213364010001705d0a0900640000000000000000",
    trailer: "010100006800000080000000",
    hmac: "a4b411a57fc20f043a8f482c282e6036",
  },
];

const packetOf = ({ header, pdu, trailer, hmac: mac }: Example): Uint8Array =>
  bytesOf(header + pdu + trailer + mac);
const partsOf = ({ header, pdu }: Example) => ({
  pdu: header.length / 2,
  trailer: (header.length + pdu.length) / 2,
});

test("signatures of the draft and of keepalived are recognised, and made again", () => {
  for (const example of EXAMPLES) {
    const packet = packetOf(example);
    const parts = partsOf(example);
    assert.ok(isSignedWith(packet, parts, hmacKey(KEY)), example.name);
    assert.ok(!isSignedWith(packet, parts, hmacKey(OTHER_KEY)), example.name);
    const stamp: Stamp = { seconds: 0, low: 0 };
    readStamp(packet, parts.trailer, stamp);
    assert.deepEqual(stamp, { seconds: 0x68000000, low: 0x80000000 });
    const again = packet.slice();
    again.fill(0xee, parts.trailer);
    sign(again, parts, hmacKey(KEY), 1, stamp);
    assert.equal(hexOf(again), hexOf(packet), example.name);
  }
});

test("every bit of message, trailer and source is signed, but the checksum; TTL is not", () => {
  for (const example of EXAMPLES) {
    const packet = packetOf(example);
    const parts = partsOf(example);
    const isIpv6 = example.header.startsWith("6");
    const source = isIpv6 ? { at: 8, length: 16 } : { at: 12, length: 4 };
    const key = hmacKey(KEY);
    for (let at = 0; at < packet.length; at++) {
      const isSource = at >= source.at && at < source.at + source.length;
      const isChecksum = at === parts.pdu + 6 || at === parts.pdu + 7;
      const isSigned = isSource || (at >= parts.pdu && !isChecksum);
      // The low half of the first byte is the message's type; it is signed, too.
      for (let bit = 0; bit < 8; bit++) {
        const flipped = packet.slice();
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        // Another family moves the place of the source.
        if (at === 0) continue;
        assert.equal(isSignedWith(flipped, parts, key), !isSigned, `byte ${at}, bit ${bit}`);
      }
    }
  }
});

test("the message is read as without a signature, and its checksum does not cover that", () => {
  const packet = packetOf(V3);
  // The example's is the message's alone, as RFC 9568 5.2.8 has it; here is that of the header.
  const sum = [...Array(10).keys()].reduce(
    (total, word) => total + (packet[word * 2] ?? 0) * 256 + (packet[word * 2 + 1] ?? 0),
    0,
  );
  const folded = (sum & 0xffff) + (sum >>> 16);
  packet[10] = (~folded >>> 8) & 255;
  packet[11] = ~folded & 255;
  const parsed = parseAdvert(packet);
  assert.ok(parsed.kind === "advert");
  assert.deepEqual(parsed.advert.signed, { pdu: 20, trailer: 32 });
  assert.deepEqual(parsed.advert.addresses, [ip("192.0.2.100")]);
  assert.deepEqual(parsed.advert.checksum, { kind: "intact", form: "no-pseudo-header" });
});

test("stamps grow: with the clock, by one within it, and across the end of 32 bits", () => {
  const at = (micros: number): Stamp => {
    const stamp = { seconds: 0, low: 0 };
    stampAt(micros, stamp);
    return stamp;
  };
  assert.deepEqual(at(1_500_000), { seconds: 1, low: 0x80000000 });
  assert.deepEqual(at(1_999_999), { seconds: 1, low: 0xffff0000 });
  assert.ok(isLater(at(2_000_000), at(1_999_999)));
  assert.ok(!isLater(at(2_000_000), at(2_000_000)));
  const end = { seconds: 0xffffffff, low: 0xffffffff };
  const before = { ...end };
  countUp(end);
  assert.deepEqual(end, { seconds: 0, low: 0 });
  assert.ok(isLater(end, before) && !isLater(before, end));
  assert.equal(secondsBetween(3, 0xffffffff), 4);
  assert.deepEqual(at(0x1_0000_0000 * 1_000_000), { seconds: 0, low: 0 });
});
