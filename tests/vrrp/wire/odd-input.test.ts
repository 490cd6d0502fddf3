/** Anything may come in from a network: no input throws, and what is accepted can be said again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Ipv4, ipv4 } from "#units/address";
import { centis } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import { emitArp, gratuitousArp, parseArp } from "#vrrp/wire/arp";
import { type AdvertExpectation, checkAdvert } from "#vrrp/wire/check-advert";
import { type AdvertFields, emitAdvert } from "#vrrp/wire/emit-advert";
import { parseIcmpEcho } from "#vrrp/wire/icmp-echo";
import { emitIpv4Header } from "#vrrp/wire/ipv4-packet";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { passwordData } from "#vrrp/wire/password";
import { ADVERT_LENGTH_MAX, type ChecksumForm } from "#vrrp/wire/vrrp-packet";

const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const address = fc.integer({ min: 0, max: 0xffffffff }).map(ipv4);
const FORMS: readonly ChecksumForm[] = [
  "pseudo-header",
  "no-pseudo-header",
  "multicast-pseudo-header",
];

const common = {
  source: address,
  destination: address,
  ttl: fc.integer({ min: 1, max: 255 }),
  id: fc.integer({ min: 0, max: 0xffff }),
  vrid: fc.integer({ min: 1, max: 255 }).map(vrid),
  priority: fc.integer({ min: 0, max: 255 }).map(priority),
  addresses: fc.array(address, { maxLength: 255 }),
};
const version2: fc.Arbitrary<AdvertFields> = fc.record({
  ...common,
  version: fc.constant(2 as const),
  interval: fc.integer({ min: 1, max: 255 }).map((seconds) => centis(seconds * 100)),
  password: fc.option(fc.string().map(passwordData), { nil: undefined }),
  checksum: fc.constant("v2" as const),
});
const version3: fc.Arbitrary<AdvertFields> = fc.record({
  ...common,
  version: fc.constant(3 as const),
  interval: fc.integer({ min: 1, max: 4095 }).map(centis),
  password: fc.constant(undefined),
  checksum: fc.constantFrom(...FORMS),
});
const anyAdvert = fc.oneof(version2, version3);

const packetOf = (fields: AdvertFields): Uint8Array => {
  const into = new Uint8Array(ADVERT_LENGTH_MAX);
  return into.slice(0, emitAdvert(into, fields));
};
/** Expects what the packet says, so that every later check is reached. */
const expecting = (fields: AdvertFields): AdvertExpectation => ({
  version: fields.version,
  interval: fields.interval,
  password: fields.password,
  transport: { kind: "unicast", peers: [{ address: fields.source }], checkSource: true },
  mayBeEmpty: true,
  addresses: fields.addresses,
});

test("random bytes never throw", () => {
  fc.assert(
    fc.property(bytes(200), fc.integer({ min: 0, max: 220 }), (input, offset) => {
      parseAdvert(input, offset);
      parseArp(input, offset);
      parseIcmpEcho(input, offset, input.length);
    }),
    { numRuns: 2000 },
  );
});

test("random VRRP behind a sound IPv4 header never throws, and is accepted or refused", () => {
  const expectation = expecting(fc.sample(version2, { numRuns: 1, seed: 1 })[0] as AdvertFields);
  const fields = { source: ipv4(1), destination: ipv4(2), ttl: 255, id: 1 };
  fc.assert(
    fc.property(bytes(80), fc.constantFrom(0x21, 0x31, undefined), (payload, first) => {
      const packet = new Uint8Array(20 + payload.length);
      packet.set(payload, emitIpv4Header(packet, fields, payload.length));
      if (first !== undefined && payload.length > 0) packet[20] = first;
      const parsed = parseAdvert(packet);
      if (parsed.kind === "advert") checkAdvert(packet, parsed.advert, expectation);
      else assert.equal(typeof parsed.drop.kind, "string");
    }),
    { numRuns: 2000 },
  );
});

test("what is emitted is read back, and accepted by who expects it", () => {
  fc.assert(
    fc.property(anyAdvert, (fields) => {
      const packet = packetOf(fields);
      const parsed = parseAdvert(packet);
      assert.ok(parsed.kind === "advert");
      const { advert } = parsed;
      for (const key of [
        "source",
        "destination",
        "ttl",
        "version",
        "vrid",
        "priority",
        "interval",
      ] as const) {
        assert.equal(advert[key], fields[key], key);
      }
      assert.deepEqual(advert.addresses, fields.addresses);
      const checked = checkAdvert(packet, advert, expecting(fields));
      assert.ok(checked.kind === "accepted", JSON.stringify(checked));
      assert.deepEqual(checked.warnings, []);
    }),
    { numRuns: 500 },
  );
});

test("one flipped bit in the message is never accepted as it was", () => {
  fc.assert(
    fc.property(anyAdvert, fc.nat(), (fields, where) => {
      const packet = packetOf(fields);
      const bit = where % (packet.length * 8);
      const at = bit >>> 3;
      packet[at] = (packet[at] ?? 0) ^ (1 << (bit & 7));
      const parsed = parseAdvert(packet);
      if (parsed.kind === "drop") return;
      const checked = checkAdvert(packet, parsed.advert, expecting(fields));
      // A single bit changes the ones' complement sum by a power of two, which the forms' pseudo
      // headers could make up for; then the form differs from the one that was sent.
      if (checked.kind === "accepted") assert.notEqual(checked.checksum, fields.checksum);
    }),
    { numRuns: 2000 },
  );
});

test("every prefix of an advertisement is refused", () => {
  fc.assert(
    fc.property(anyAdvert, fc.nat(), (fields, where) => {
      const packet = packetOf(fields);
      assert.equal(parseAdvert(packet.subarray(0, where % packet.length)).kind, "drop");
    }),
    { numRuns: 300 },
  );
});

test("an ARP frame with flipped bits never throws, and what is accepted is written byte for byte", () => {
  const claim = fc.tuple(fc.integer({ min: 0, max: 0xffffffffffff }), address);
  fc.assert(
    fc.property(claim, fc.array(fc.nat(42 * 8 - 1), { maxLength: 3 }), ([mac, claimed], bits) => {
      const frame = new Uint8Array(42);
      emitArp(
        frame,
        gratuitousArp(mac as Parameters<typeof gratuitousArp>[0], claimed as Ipv4, "request"),
      );
      for (const bit of bits) frame[bit >>> 3] = (frame[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      const parsed = parseArp(frame);
      if (parsed.kind === "drop") return;
      const again = new Uint8Array(42);
      emitArp(again, parsed.arp);
      assert.deepEqual(again, frame);
    }),
    { numRuns: 1000 },
  );
});
