/** Advertisements and neighbour discovery over IPv6. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Ipv6, ipv6At, type Mac, readIpv6, readMac } from "#units/address";
import { centis } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import { checkAdvert } from "#vrrp/wire/check-advert";
import { type AdvertFields, emitAdvert } from "#vrrp/wire/emit-advert";
import {
  emitNeighbour,
  multicastMac,
  NEIGHBOUR_FRAME_LENGTH,
  type Neighbour,
  neighbourSolicitation,
  parseNeighbour,
  solicitedNode,
  UNSPECIFIED,
  unsolicitedAdvertisement,
} from "#vrrp/wire/neighbour";
import { parseAdvert, VRRP_GROUP_IPV6 } from "#vrrp/wire/parse-advert";
import { ADVERT_LENGTH_MAX } from "#vrrp/wire/vrrp-packet";
import { hexFromBytes } from "../../support/hex.ts";

const ip = (text: string): Ipv6 => readIpv6(text) as Ipv6;
const MAC = readMac("02:00:00:00:00:01") as Mac;

/** keepalived 2.2.7 was seen to send it. */
const KEEPALIVED: AdvertFields = {
  source: ip("fe80::ff:fe00:1"),
  destination: VRRP_GROUP_IPV6,
  ttl: 255,
  id: 7,
  version: 3,
  vrid: vrid(61),
  priority: priority(100),
  interval: centis(50),
  addresses: [ip("fe80::100"), ip("2001:db8:9::100")],
  password: undefined,
  checksum: "pseudo-header",
};
const packetOf = (fields: AdvertFields): Uint8Array => {
  const into = new Uint8Array(ADVERT_LENGTH_MAX);
  return into.slice(0, emitAdvert(into, fields));
};
const EXPECTED = {
  version: 3,
  interval: centis(50),
  password: undefined,
  transport: { kind: "multicast" },
  mayBeEmpty: false,
  addresses: KEEPALIVED.addresses,
} as const;

test("an advertisement is keepalived's, byte for byte", () => {
  const rows = [
    // Version 6, traffic class 0xc0, 40 bytes, next header 112, hop limit 255.
    "6c000000002870ff",
    "fe80000000000000000000fffe000001",
    "ff020000000000000000000000000012",
    "313d640200323f1c",
    "fe800000000000000000000000000100",
    "20010db8000900000000000000000100",
  ];
  assert.equal(hexFromBytes(packetOf(KEEPALIVED)), rows.join(""));
});

test("it is read, accepted, and refused for what is wrong with it", () => {
  const packet = packetOf(KEEPALIVED);
  const parsed = parseAdvert(packet);
  assert.ok(parsed.kind === "advert");
  assert.deepEqual(parsed.advert.addresses, KEEPALIVED.addresses);
  assert.equal(parsed.advert.source, KEEPALIVED.source);
  assert.equal(checkAdvert(packet, parsed.advert, EXPECTED).kind, "accepted");
  const wrong = (at: number, value: number): unknown => {
    const other = packet.slice();
    other[at] = value;
    const again = parseAdvert(other);
    return again.kind === "drop" ? again.drop : checkAdvert(other, again.advert, EXPECTED);
  };
  assert.deepEqual(wrong(7, 64), { kind: "drop", drop: { kind: "ttl-not-255", ttl: 64 } });
  assert.deepEqual(wrong(6, 17), { kind: "not-vrrp", protocol: 17 });
  assert.deepEqual(wrong(40, 0x21), { kind: "bad-version", theirs: 2, ours: 3 });
  assert.deepEqual(wrong(43, 3), { kind: "bad-length", expected: 56, actual: 40 });
  assert.deepEqual(wrong(5, 41), { kind: "truncated", expected: 81, actual: 80 });
  assert.deepEqual(wrong(47, 0x1d), {
    kind: "drop",
    drop: { kind: "bad-checksum", found: 0x3f1d, expected: 0x3f1c },
  });
  // The sum covers the addresses of the header.
  assert.deepEqual(wrong(23, 2), {
    kind: "drop",
    drop: { kind: "bad-checksum", found: 0x3f1c, expected: 0x3f1b },
  });
  assert.deepEqual(parseAdvert(packet.subarray(0, 39)), {
    kind: "drop",
    drop: { kind: "too-short", actual: 39, needed: 40 },
    source: undefined,
    vrid: undefined,
  });
});

const address = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => ipv6At(bytes, 0));
const anyAdvert: fc.Arbitrary<AdvertFields> = fc.record({
  source: address,
  destination: address,
  ttl: fc.integer({ min: 1, max: 255 }),
  id: fc.constant(1),
  version: fc.constant(3 as const),
  vrid: fc.integer({ min: 1, max: 255 }).map(vrid),
  priority: fc.integer({ min: 0, max: 255 }).map(priority),
  interval: fc.integer({ min: 1, max: 4095 }).map(centis),
  addresses: fc.array(address, { maxLength: 255 }),
  password: fc.constant(undefined),
  checksum: fc.constant("pseudo-header" as const),
});

test("what is emitted is read back, and no changed byte of it goes unnoticed", () => {
  fc.assert(
    fc.property(anyAdvert, fc.nat(), fc.integer({ min: 1, max: 255 }), (fields, where, change) => {
      const packet = packetOf(fields);
      const parsed = parseAdvert(packet);
      assert.ok(parsed.kind === "advert" && parsed.advert.checksum.kind === "intact");
      for (const key of ["source", "destination", "ttl", "vrid", "priority", "interval"] as const)
        assert.equal(parsed.advert[key], fields[key], key);
      assert.deepEqual(parsed.advert.addresses, fields.addresses);
      // From the source address on: what stands before it is no part of the sum.
      const at = 8 + (where % (packet.length - 8));
      packet[at] = (packet[at] ?? 0) ^ change;
      const again = parseAdvert(packet);
      assert.ok(again.kind === "drop" || again.advert.checksum.kind === "broken", `byte ${at}`);
    }),
  );
});

test("any bytes are read or refused", () => {
  const headed = fc.uint8Array({ maxLength: 300 }).map((bytes) => {
    if (bytes.length > 6) bytes.set([0x60, 0, 0, 0, 0, Math.max(0, bytes.length - 40), 112], 0);
    return bytes;
  });
  fc.assert(
    fc.property(headed, (bytes) => {
      const parsed = parseAdvert(bytes);
      if (parsed.kind === "advert") checkAdvert(bytes, parsed.advert, EXPECTED);
      parseNeighbour(bytes);
    }),
    { numRuns: 2_000 },
  );
});

const frameOf = (message: Neighbour): Uint8Array => {
  const into = new Uint8Array(NEIGHBOUR_FRAME_LENGTH);
  return into.slice(0, emitNeighbour(into, message));
};

test("an unsolicited advertisement is keepalived's: to all nodes, override, not solicited", () => {
  const rows = [
    "333300000001020000000001" + "86dd",
    "6c00000000203aff",
    "20010db8000900000000000000000100",
    "ff020000000000000000000000000001",
    "8800",
  ];
  const frame = frameOf(unsolicitedAdvertisement(MAC, ip("2001:db8:9::100"), false));
  const hex = hexFromBytes(frame);
  assert.ok(hex.startsWith(rows.join("")), hex);
  // Flags, target, and the option with the MAC address, behind the checksum.
  assert.equal(
    hex.slice(116),
    `20000000${"20010db8000900000000000000000100"}${"0201020000000001"}`,
  );
  assert.equal(
    hexFromBytes(frameOf(unsolicitedAdvertisement(MAC, ip("::1"), true))).slice(116, 118),
    "a0",
  );
  const parsed = parseNeighbour(frame);
  assert.ok(parsed.kind === "neighbour" && parsed.neighbour.kind === "advertisement");
  assert.deepEqual(parsed.neighbour, unsolicitedAdvertisement(MAC, ip("2001:db8:9::100"), false));
});

test("a question goes to the solicited-node group; from :: it says no MAC address", () => {
  assert.equal(solicitedNode(ip("2001:db8::1:2:345")), "ff02::1:ff02:345");
  assert.equal(multicastMac(ip("ff02::1:ff02:345")), readMac("33:33:ff:02:03:45"));
  for (const source of [UNSPECIFIED, ip("fe80::1")]) {
    const asked = neighbourSolicitation(MAC, source, ip("2001:db8::1:2:345"));
    const parsed = parseNeighbour(frameOf(asked));
    assert.ok(parsed.kind === "neighbour");
    assert.deepEqual(parsed.neighbour, asked);
    assert.equal(parsed.neighbour.mac, source === UNSPECIFIED ? undefined : MAC);
  }
});

test("a neighbour's message that has passed a router, or is malformed, is refused", () => {
  const frame = frameOf(unsolicitedAdvertisement(MAC, ip("2001:db8::1"), false));
  const wrong = (at: number, value: number): string => {
    const other = frame.slice();
    other[at] = value;
    const parsed = parseNeighbour(other);
    return parsed.kind === "drop" ? parsed.drop.kind : "accepted";
  };
  assert.equal(wrong(21, 254), "hop-limit-not-255");
  assert.equal(wrong(12, 0x08), "not-neighbour");
  assert.equal(wrong(20, 6), "not-neighbour");
  assert.equal(wrong(19, 200), "too-short");
  assert.equal(wrong(70, 0xff), "bad-checksum");
  assert.equal(parseNeighbour(frame.subarray(0, 77)).kind, "drop");
});

test("255 addresses of 16 bytes fit", () => {
  const addresses = Array.from({ length: 255 }, (_, at) => ip(`2001:db8::${at.toString(16)}`));
  const packet = packetOf({ ...KEEPALIVED, addresses, isSigned: true });
  assert.equal(packet.length, ADVERT_LENGTH_MAX);
  const parsed = parseAdvert(packet);
  assert.ok(parsed.kind === "advert");
  assert.deepEqual(parsed.advert.addresses, addresses);
});
