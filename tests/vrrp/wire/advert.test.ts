import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ipv4, readIpv4 } from "#units/address";
import { centis } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import { type AdvertExpectation, checkAdvert } from "#vrrp/wire/check-advert";
import { type AdvertFields, emitAdvert } from "#vrrp/wire/emit-advert";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { passwordData } from "#vrrp/wire/password";
import { ADVERT_LENGTH_MAX, type Advert, type DropReason } from "#vrrp/wire/vrrp-packet";
import { hexFromBytes } from "../../support/hex.ts";

const address = (text: string): Ipv4 => readIpv4(text) as Ipv4;
const GROUP = address("224.0.0.18");
const SOURCE = address("10.9.0.1");

const V2: AdvertFields = {
  source: SOURCE,
  destination: GROUP,
  ttl: 255,
  id: 1,
  version: 2,
  vrid: vrid(51),
  priority: priority(100),
  interval: centis(100),
  addresses: [address("10.9.0.100"), address("10.9.0.101")],
  password: passwordData("1111"),
  checksum: "v2",
};
const V3: AdvertFields = {
  ...V2,
  version: 3,
  vrid: vrid(62),
  interval: centis(25),
  addresses: [address("10.9.0.110")],
  password: undefined,
  checksum: "pseudo-header",
};
const V3_UNICAST: AdvertFields = {
  ...V3,
  destination: address("10.9.0.2"),
  vrid: vrid(71),
  interval: centis(100),
  addresses: [address("10.9.0.171")],
};
const EXPECT_V2: AdvertExpectation = {
  version: 2,
  interval: centis(100),
  password: passwordData("1111"),
  transport: { kind: "multicast" },
  mayBeEmpty: true,
  addresses: V2.addresses,
};
const EXPECT_V3: AdvertExpectation = {
  version: 3,
  interval: centis(25),
  password: undefined,
  transport: { kind: "multicast" },
  mayBeEmpty: false,
  addresses: V3.addresses,
};

function packetOf(fields: AdvertFields): Uint8Array {
  const into = new Uint8Array(ADVERT_LENGTH_MAX);
  return into.slice(0, emitAdvert(into, fields));
}

/** Changes one byte of the VRRP message and makes its checksum right again (message-only form). */
function altered(fields: AdvertFields, at: number, value: number): Uint8Array {
  const bytes = packetOf({ ...fields, checksum: "no-pseudo-header" });
  const before = ((bytes[20 + (at & ~1)] ?? 0) << 8) | (bytes[21 + (at & ~1)] ?? 0);
  bytes[20 + at] = value;
  const now = ((bytes[20 + (at & ~1)] ?? 0) << 8) | (bytes[21 + (at & ~1)] ?? 0);
  const old = ((bytes[26] ?? 0) << 8) | (bytes[27] ?? 0);
  // RFC 1624: HC' = ~(~HC + ~m + m')
  let sum = (~old & 0xffff) + (~before & 0xffff) + now;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  bytes[26] = (~sum >>> 8) & 255;
  bytes[27] = ~sum & 255;
  return bytes;
}

function advertIn(bytes: Uint8Array): Advert {
  const parsed = parseAdvert(bytes);
  assert.ok(parsed.kind === "advert", JSON.stringify(parsed));
  return parsed.advert;
}
const check = (bytes: Uint8Array, expectation: AdvertExpectation) =>
  checkAdvert(bytes, advertIn(bytes), expectation);
const refusal = (bytes: Uint8Array, expectation: AdvertExpectation): DropReason => {
  const checked = check(bytes, expectation);
  assert.ok(checked.kind === "drop", JSON.stringify(checked));
  return checked.drop;
};

const VECTORS: readonly (readonly [string, AdvertFields, string])[] = [
  ["v2 with a password", V2, "213364020101028c0a0900640a0900653131313100000000"],
  [
    "v2 at stop",
    { ...V2, priority: priority(0) },
    "213300020101668c0a0900640a0900653131313100000000",
  ],
  ["v3 multicast", V3, "313e6401001975970a09006e"],
  ["v3 unicast", V3_UNICAST, "3147640100644b0e0a0900ab"],
];
for (const [name, fields, hex] of VECTORS) {
  test(`${name} is emitted as keepalived 2.2.7 does, and read back`, () => {
    const bytes = packetOf(fields);
    assert.equal(hexFromBytes(bytes.subarray(20)), hex);
    const advert = advertIn(bytes);
    assert.deepEqual(advert, {
      source: fields.source,
      destination: fields.destination,
      ttl: 255,
      version: fields.version,
      type: 1,
      vrid: fields.vrid,
      priority: fields.priority,
      interval: fields.interval,
      addresses: fields.addresses,
      checksum: { kind: "intact", form: fields.version === 2 ? "v2" : "pseudo-header" },
      authentication: fields.version === 2 ? { type: 1, dataOffset: 36 } : undefined,
    });
  });
}

test("v2 without a password still ends with eight zero bytes", () => {
  const bytes = packetOf({ ...V2, password: undefined });
  assert.equal(bytes.length, 20 + 8 + 8 + 8);
  assert.equal(hexFromBytes(bytes.subarray(36)), "0000000000000000");
  assert.equal(check(bytes, { ...EXPECT_V2, password: undefined }).kind, "accepted");
});

test("255 addresses fit, and nothing behind the packet is written", () => {
  const addresses = Array.from({ length: 255 }, (_, i) => address(`10.1.0.${i}`));
  const needed = 20 + 8 + 255 * 4 + 8 + 28;
  const into = new Uint8Array(needed + 4).fill(0x55);
  const length = emitAdvert(into, { ...V2, addresses, isSigned: true });
  assert.equal(length, needed);
  assert.equal(hexFromBytes(into.subarray(length)), "55555555");
  const advert = advertIn(into.slice(0, length));
  assert.deepEqual(advert.addresses, addresses);
  assert.deepEqual(advert.signed, { pdu: 20, trailer: length - 28 });
});

test("a password is eight bytes of UTF-8, longer ones cut, shorter ones padded", () => {
  assert.equal(hexFromBytes(passwordData("1111")), "3131313100000000");
  assert.equal(hexFromBytes(passwordData("123456789")), "3132333435363738");
  assert.equal(hexFromBytes(passwordData("é")), "c3a9000000000000");
});

test("all three checksums of v3 are accepted, and the form is returned", () => {
  for (const form of ["pseudo-header", "no-pseudo-header", "multicast-pseudo-header"] as const) {
    const bytes = packetOf({ ...V3_UNICAST, checksum: form });
    assert.deepEqual(advertIn(bytes).checksum, { kind: "intact", form });
  }
});

test("what we send as v2 has no pseudo header whatever form is asked for", () => {
  const forms = ["v2", "pseudo-header", "no-pseudo-header", "multicast-pseudo-header"] as const;
  const packets = forms.map((checksum) => hexFromBytes(packetOf({ ...V2, checksum })));
  assert.equal(new Set(packets).size, 1);
});

test("structure is refused with the numbers", () => {
  const drop = (bytes: Uint8Array) => {
    const parsed = parseAdvert(bytes);
    assert.ok(parsed.kind === "drop", JSON.stringify(parsed));
    return { ...parsed };
  };
  const withTotalLength = (bytes: Uint8Array, total: number): Uint8Array => {
    const out = new Uint8Array(Math.max(total, bytes.length));
    out.set(bytes);
    const old = out[3] ?? 0;
    out[3] = total;
    // Only the low byte of a word changes, so the header checksum moves by the difference.
    let sum = (((out[10] ?? 0) << 8) | (out[11] ?? 0)) + old - total;
    if (sum < 0) sum += 0xffff;
    out[10] = sum >>> 8;
    out[11] = sum & 255;
    return out.slice(0, total);
  };
  const v3 = packetOf(V3);
  const who = { source: SOURCE, vrid: 62 };
  assert.deepEqual(drop(withTotalLength(v3, 27)), {
    kind: "drop",
    drop: { kind: "too-short", actual: 7, needed: 8 },
    source: SOURCE,
    vrid: undefined,
  });
  assert.deepEqual(drop(withTotalLength(v3, 31)), {
    kind: "drop",
    drop: { kind: "bad-length", expected: 12, actual: 11 },
    ...who,
  });
  assert.deepEqual(drop(withTotalLength(v3, 34)).drop, {
    kind: "bad-length",
    expected: 12,
    actual: 14,
  });
  assert.deepEqual(drop(altered(V3, 0, 0x41)).drop, {
    kind: "bad-version",
    theirs: 4,
    ours: undefined,
  });
  assert.deepEqual(drop(altered(V3, 1, 0)).drop, { kind: "bad-vrid", vrid: 0 });
  assert.deepEqual(drop(altered(V3, 5, 0)).drop, { kind: "bad-interval", interval: 0 });
  assert.deepEqual(drop(altered(V2, 5, 0)).drop, { kind: "bad-interval", interval: 0 });
});

test("28 bytes more are a signature, which is refused where none is expected", () => {
  const bytes = packetOf({ ...V3, isSigned: true });
  bytes.set([1, 7, 0, 0], 32);
  assert.deepEqual(advertIn(bytes).checksum, { kind: "intact", form: "pseudo-header" });
  assert.equal(check(bytes, { ...EXPECT_V3, isSigned: true }).kind, "accepted");
  assert.deepEqual(refusal(bytes, EXPECT_V3), { kind: "unexpected-signature", keyId: 7 });
  bytes[34] = 1;
  assert.deepEqual(refusal(bytes, EXPECT_V3), { kind: "bad-length", expected: 12, actual: 40 });
});

test("AH and other protocols are refused by name", () => {
  const withProtocol = (protocol: number): Uint8Array => {
    const bytes = packetOf(V2);
    const sum = (((bytes[10] ?? 0) << 8) | (bytes[11] ?? 0)) + 112 - protocol;
    bytes[9] = protocol;
    bytes[10] = sum >>> 8;
    bytes[11] = sum & 255;
    return bytes;
  };
  assert.deepEqual(parseAdvert(withProtocol(51)), {
    kind: "drop",
    drop: { kind: "ah-not-supported" },
    source: SOURCE,
    vrid: undefined,
  });
  const other = parseAdvert(withProtocol(1));
  assert.deepEqual(other.kind === "drop" && other.drop, { kind: "not-vrrp", protocol: 1 });
});

test("a sound advertisement is accepted without a word", () => {
  assert.deepEqual(check(packetOf(V2), EXPECT_V2), {
    kind: "accepted",
    checksum: "v2",
    warnings: [],
  });
  assert.deepEqual(check(packetOf(V3), EXPECT_V3), {
    kind: "accepted",
    checksum: "pseudo-header",
    warnings: [],
  });
});

test("multicast needs TTL 255", () => {
  assert.deepEqual(refusal(packetOf({ ...V2, ttl: 254 }), EXPECT_V2), {
    kind: "ttl-not-255",
    ttl: 254,
  });
});

test("unicast takes any TTL unless the peer has limits", () => {
  const bytes = packetOf({ ...V3_UNICAST, ttl: 3 });
  const unicast = (peer: { minTtl?: number; maxTtl?: number }, checkSource = false) => ({
    ...EXPECT_V3,
    transport: { kind: "unicast" as const, peers: [{ address: SOURCE, ...peer }], checkSource },
  });
  assert.equal(check(bytes, unicast({})).kind, "accepted");
  assert.equal(check(bytes, unicast({ minTtl: 3, maxTtl: 3 })).kind, "accepted");
  assert.deepEqual(refusal(bytes, unicast({ minTtl: 4 })), {
    kind: "ttl-out-of-range",
    ttl: 3,
    min: 4,
    max: 255,
  });
  assert.deepEqual(refusal(bytes, unicast({ maxTtl: 2 })), {
    kind: "ttl-out-of-range",
    ttl: 3,
    min: 0,
    max: 2,
  });
});

test("unknown peers are refused when sources are checked, or any peer has TTL limits", () => {
  const bytes = packetOf(V3_UNICAST);
  const unicast = (checkSource: boolean, minTtl?: number) => ({
    ...EXPECT_V3,
    transport: {
      kind: "unicast" as const,
      peers: [{ address: address("10.9.0.3"), ...(minTtl === undefined ? {} : { minTtl }) }],
      checkSource,
    },
  });
  assert.equal(check(bytes, unicast(false)).kind, "accepted");
  assert.deepEqual(refusal(bytes, unicast(true)), { kind: "not-a-peer", source: SOURCE });
  assert.deepEqual(refusal(bytes, unicast(false, 255)), { kind: "not-a-peer", source: SOURCE });
});

test("version 3 without an address is refused (RFC 9568 5.2.5, erratum 8299), version 2 is not", () => {
  assert.deepEqual(refusal(packetOf({ ...V3, addresses: [] }), EXPECT_V3), {
    kind: "no-addresses",
  });
  const own = { ...EXPECT_V3, mayBeEmpty: true, addresses: [] };
  assert.equal(check(packetOf({ ...V3, addresses: [] }), own).kind, "accepted");
  assert.equal(check(packetOf({ ...V2, addresses: [] }), EXPECT_V2).kind, "accepted");
});

test("version, authentication, interval, checksum and type are compared in keepalived's order", () => {
  assert.deepEqual(refusal(packetOf(V3), EXPECT_V2), { kind: "bad-version", theirs: 3, ours: 2 });
  assert.deepEqual(refusal(packetOf({ ...V2, password: undefined }), EXPECT_V2), {
    kind: "auth-type-mismatch",
    theirs: 0,
    ours: 1,
  });
  assert.deepEqual(refusal(packetOf(V2), { ...EXPECT_V2, password: undefined }), {
    kind: "auth-type-mismatch",
    theirs: 1,
    ours: 0,
  });
  assert.deepEqual(refusal(packetOf({ ...V2, password: passwordData("1112") }), EXPECT_V2), {
    kind: "auth-failure",
  });
  assert.deepEqual(refusal(packetOf({ ...V2, interval: centis(200) }), EXPECT_V2), {
    kind: "interval-mismatch",
    theirs: 200,
    ours: 100,
  });
  const broken = packetOf(V2);
  broken[26] = 0xff;
  assert.deepEqual(refusal(broken, EXPECT_V2), {
    kind: "bad-checksum",
    found: 0xff8c,
    expected: 0x028c,
  });
  assert.deepEqual(refusal(altered(V2, 0, 0x22), EXPECT_V2), { kind: "bad-type", type: 2 });

  // Everything wrong at once: each repair uncovers the next complaint.
  const all = altered({ ...V2, ttl: 9, interval: centis(300), password: undefined }, 0, 0x23);
  all[27] = (all[27] ?? 0) ^ 1;
  const multicast = EXPECT_V2;
  const unicast: AdvertExpectation = {
    ...EXPECT_V2,
    transport: { kind: "unicast", peers: [], checkSource: true },
  };
  const seen = [
    refusal(all, multicast).kind,
    refusal(all, { ...unicast, version: 3 }).kind,
    refusal(all, unicast).kind,
    refusal(all, { ...unicast, password: undefined }).kind,
    refusal(all, { ...unicast, password: undefined, interval: centis(300) }).kind,
  ];
  assert.deepEqual(seen, [
    "ttl-not-255",
    "bad-version",
    "auth-type-mismatch",
    "interval-mismatch",
    "bad-checksum",
  ]);
  all[27] = (all[27] ?? 0) ^ 1;
  const last = { ...unicast, password: undefined, interval: centis(300) };
  assert.equal(refusal(all, last).kind, "bad-type");
  const good = packetOf({ ...V2, ttl: 9, interval: centis(300), password: undefined });
  assert.equal(refusal(good, last).kind, "not-a-peer");
});

test("no refusal and no advert holds the password", () => {
  const secret = passwordData("s3cr3t!!");
  const bytes = packetOf({ ...V2, password: secret });
  const texts = [
    advertIn(bytes),
    check(bytes, EXPECT_V2),
    check(bytes, { ...EXPECT_V2, password: secret }),
  ];
  for (const text of texts.map((value) => JSON.stringify(value))) {
    assert.doesNotMatch(text, /s3cr3t|115,51,99/);
  }
});

test("type 0 ignores what stands in the authentication data", () => {
  const bytes = altered({ ...V2, password: undefined }, 16, 0x41);
  assert.equal(check(bytes, { ...EXPECT_V2, password: undefined }).kind, "accepted");
});

test("different address lists are accepted and reported", () => {
  const warn = (addresses: readonly Ipv4[]) => {
    const checked = check(packetOf(V2), { ...EXPECT_V2, addresses });
    assert.ok(checked.kind === "accepted");
    return checked.warnings;
  };
  const [first, second] = V2.addresses as [Ipv4, Ipv4];
  const other = address("10.9.0.9");
  assert.deepEqual(warn([second, first]), []);
  assert.deepEqual(warn([first]), [
    {
      kind: "address-list-mismatch",
      theirCount: 2,
      ourCount: 1,
      onlyTheirs: second,
      onlyOurs: undefined,
    },
  ]);
  assert.deepEqual(warn([first, other]), [
    {
      kind: "address-list-mismatch",
      theirCount: 2,
      ourCount: 2,
      onlyTheirs: second,
      onlyOurs: other,
    },
  ]);
  assert.deepEqual(warn([first, second, second]), [
    {
      kind: "address-list-mismatch",
      theirCount: 2,
      ourCount: 3,
      onlyTheirs: undefined,
      onlyOurs: undefined,
    },
  ]);
  const skipped = check(packetOf(V2), { ...EXPECT_V2, addresses: undefined });
  assert.deepEqual(skipped.kind === "accepted" && skipped.warnings, []);
});

test("version 3 accepts another interval and reports it", () => {
  const checked = check(packetOf(V3), { ...EXPECT_V3, interval: centis(100), addresses: [] });
  assert.deepEqual(checked.kind === "accepted" && checked.warnings.map((warning) => warning.kind), [
    "address-list-mismatch",
    "interval-differs",
  ]);
});

test("an interval the version cannot say is our own bug", () => {
  const into = new Uint8Array(ADVERT_LENGTH_MAX);
  assert.throws(() => emitAdvert(into, { ...V2, interval: centis(150) }), /cannot say 150 cs/);
  assert.throws(() => emitAdvert(into, { ...V2, interval: centis(25_600) }), /cannot say 25600 cs/);
  assert.throws(() => emitAdvert(into, { ...V3, interval: centis(4_096) }), /cannot say 4096 cs/);
});
