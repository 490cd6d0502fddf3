/**
 * `auth_hmac`: what is forged, altered or sent again changes nothing, is counted and reported;
 * clocks that are set, restarts, reloads and new keys do not make a second master.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type IpAddress, type Ipv4, readIp } from "#units/address";
import { Secret } from "#units/secret";
import { centis } from "#units/time";
import { priority } from "#units/vrrp";
import type { InstanceConfig, SigningConfig } from "#vrrp/router/config";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { type AdvertOptions, Bench, instance, PEER } from "../../support/bench.ts";
import { ETH0, ip } from "../../support/fake-world.ts";
import { bytesOf, hexOf, OTHER_KEY, SIGNING, type SignedAs, signed } from "../../support/signed.ts";

const GROUP = ip("224.0.0.18");

interface Changes {
  readonly signing?: Partial<SigningConfig>;
  readonly transport?: InstanceConfig["transport"];
}

const configOf = ({ signing, transport }: Changes = {}): InstanceConfig => ({
  ...instance(),
  signing: { ...SIGNING, ...signing },
  ...(transport === undefined ? {} : { transport }),
});

function backup(changes: Changes = {}): Bench {
  const bench = new Bench();
  bench.configure([configOf(changes)]);
  hear(bench, { priority: 200 });
  bench.world.takeEmitted();
  return bench;
}

function master(changes: Changes = {}): Bench {
  const bench = new Bench();
  bench.configure([configOf(changes)]);
  bench.until(4);
  assert.equal(bench.phase(), "master");
  bench.world.take();
  bench.world.takeEmitted();
  return bench;
}

function packetOf(
  bench: Bench,
  fields: AdvertOptions = {},
  as: Partial<SignedAs> = {},
): Uint8Array {
  const unixTime = bench.world.unixTime();
  return signed(bench.advert({ ...fields, isSigned: true }), { unixTime, ...as });
}

const put = (bench: Bench, bytes: Uint8Array): void =>
  bench.event({ kind: "packet", interfaceIndex: 2, bytes });

function hear(bench: Bench, fields: AdvertOptions = {}, as: Partial<SignedAs> = {}): Uint8Array {
  const bytes = packetOf(bench, fields, as);
  put(bench, bytes);
  return bytes;
}

const kinds = (bench: Bench): readonly string[] =>
  bench.emitted("drop").map(({ drop }) => drop.kind);

test("a signed advertisement is accepted, an unsigned one is not", () => {
  const bench = backup();
  assert.equal(bench.phase(), "backup");
  assert.equal(bench.counters()["advert_rcvd"], 1);
  bench.hear({ priority: 255 });
  assert.deepEqual(kinds(bench), ["missing-signature"]);
  assert.equal(bench.counters()["auth_ext_missing"], 1);
  assert.equal(bench.counters()["advert_rcvd"], 1);
});

test("forged, altered, and sent again: no move, counted, reported once a minute", () => {
  for (const bench of [backup(), master()]) {
    const phase = bench.phase();
    const before = bench.now;
    const good = packetOf(bench, { priority: 90 });
    const other = packetOf(bench, { priority: 255 }, { key: OTHER_KEY, counter: 1 });
    const release = packetOf(bench, { priority: 0 }, { key: OTHER_KEY, counter: 2 });
    const raised = good.slice();
    raised[22] = 255;
    const unknown = packetOf(bench, { priority: 255 }, { keyId: 9 });
    const odd = packetOf(bench, { priority: 255 });
    odd[odd.length - 28] = 2;
    for (const bytes of [other, release, raised, unknown, odd, other]) put(bench, bytes);
    assert.equal(bench.phase(), phase);
    assert.equal(bench.now, before);
    const { auth_ext_invalid_hmac, auth_ext_unknown_key, auth_ext_malformed } = bench.counters();
    assert.deepEqual([auth_ext_invalid_hmac, auth_ext_unknown_key, auth_ext_malformed], [4, 1, 1]);
    assert.deepEqual(kinds(bench), ["wrong-signature", "unknown-key", "malformed-signature"]);
  }
});

test("every advertisement is taken once: a release that is sent again changes nothing", () => {
  const bench = backup();
  bench.until(1);
  const release = hear(bench, { priority: 0 });
  bench.until(1.2);
  hear(bench, { priority: 200 });
  for (const at of [1.3, 1.4, 4.1]) {
    bench.until(at);
    put(bench, release);
  }
  assert.equal(bench.phase(), "backup");
  assert.equal(bench.counters()["auth_ext_replay"], 3);
  assert.equal(bench.counters()["pri_zero_rcvd"], 1);
});

test("what it has signed itself, before a restart, is no other's when it is sent back", () => {
  for (const antiReplay of ["time", "monotonic"] as const) {
    const bench = backup({ ...multicast, signing: { antiReplay } });
    const own = { source: ip("192.0.2.1"), destination: GROUP };
    hear(bench, { ...own, priority: 0 });
    hear(bench, { ...own, priority: 255 }, { counter: 1 });
    assert.equal(bench.counters()["auth_ext_replay"], 2);
    assert.equal(bench.counters()["pri_zero_rcvd"], 0);
  }
});

test("what a dead master sent is no sign of life, however often it is sent again", () => {
  for (const antiReplay of ["time", "monotonic"] as const) {
    const bench = backup({ signing: { antiReplay } });
    const last: Uint8Array[] = [];
    for (let at = 1; at < 4; at++) {
      bench.until(at);
      last.push(hear(bench, { priority: 200 }));
    }
    for (let at = 3.1; at < 12; at += 0.1) {
      bench.until(at);
      for (const bytes of last) put(bench, bytes);
    }
    assert.equal(bench.phase(), "master", antiReplay);
    const { auth_ext_replay, auth_ext_stale } = bench.counters();
    assert.ok((auth_ext_replay ?? 0) > 0);
    assert.equal((auth_ext_stale ?? 0) > 0, antiReplay === "time");
  }
});

test("the same again is still heard as the master's, with a signature of its own", () => {
  const bench = backup();
  for (let at = 1; at < 60; at++) {
    bench.until(at);
    hear(bench, { priority: 200 });
    const altered = packetOf(bench, { priority: 200 }, { counter: 1 });
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    put(bench, altered);
  }
  assert.equal(bench.phase(), "backup");
  assert.equal(bench.counters()["advert_rcvd"], 60);
  assert.equal(bench.counters()["auth_ext_invalid_hmac"], 59);
});

test("unicast: who is no peer is refused, whatever `check_unicast_src` says", () => {
  const transport = {
    kind: "unicast",
    peers: [{ address: ip(PEER) }],
    ttl: 255,
    checkSource: false,
  } as const;
  const bench = master({ transport });
  hear(bench, { priority: 255, source: ip("192.0.2.66") });
  assert.deepEqual(kinds(bench), ["not-a-peer"]);
  assert.equal(bench.phase(), "master");
});

const multicast = { transport: { kind: "multicast", group: GROUP } } as const;

test("multicast: the marks of 32 senders are kept, forgeries displace none", () => {
  const bench = master(multicast);
  const senders = Array.from({ length: 40 }, (_, n): Ipv4 => ip(`192.0.2.${100 + n}`));
  const sent = senders.map((source) => {
    bench.until(bench.now / 1_000_000 + 0.001);
    return hear(bench, { priority: 1, source, destination: GROUP });
  });
  for (let n = 0; n < 100; n++) {
    const source = ip(`192.0.2.${n}`);
    hear(bench, { priority: 1, source, destination: GROUP }, { key: OTHER_KEY });
  }
  const before = bench.counters()["auth_ext_replay"];
  for (const bytes of sent.slice(8)) put(bench, bytes);
  assert.equal(bench.counters()["auth_ext_replay"], (before ?? 0) + 32);
});

test("permissive and receive-only accept what has none, and refuse what is wrong", () => {
  for (const mode of ["permissive", "receive-only"] as const) {
    const bench = master({ signing: { mode } });
    bench.hear({ priority: 90 });
    assert.equal(bench.counters()["advert_rcvd"], 1);
    bench.until(4.5);
    hear(bench, { priority: 90 });
    assert.equal(bench.counters()["advert_rcvd"], 2);
    hear(bench, { priority: 255 }, { key: OTHER_KEY });
    assert.equal(bench.phase(), "master");
    assert.deepEqual(kinds(bench), ["wrong-signature"]);
    bench.until(5);
    assert.equal(sentBy(bench).signed !== undefined, mode === "permissive");
  }
});

function sentBy(bench: Bench) {
  const sent: Uint8Array[] = [];
  bench.world.carry = (kind, _, bytes) => {
    if (kind === "packet") sent.push(bytes.slice());
  };
  bench.until(bench.now / 1_000_000 + 1);
  bench.world.carry = undefined;
  const parsed = parseAdvert(sent.at(-1) ?? new Uint8Array(0));
  assert.ok(parsed.kind === "advert");
  return { ...parsed.advert, bytes: sent.at(-1) ?? new Uint8Array(0), all: sent };
}

test("what it sends is signed as the draft says, with a number that grows", () => {
  const bench = master();
  const { all } = sentBy(bench);
  const { all: later } = sentBy(bench);
  for (const bytes of [...all, ...later]) {
    const trailer = bytes.subarray(bytes.length - 28);
    const seconds = new DataView(trailer.buffer, trailer.byteOffset).getUint32(4);
    const fraction = new DataView(trailer.buffer, trailer.byteOffset).getUint16(8);
    const counter = new DataView(trailer.buffer, trailer.byteOffset).getUint16(10);
    const micros = seconds * 1_000_000 + Math.ceil((fraction * 1_000_000) / 65_536);
    assert.equal(hexOf(signed(bytes, { unixTime: micros, counter })), hexOf(bytes));
  }
  const numbers = [...all, ...later].map((bytes) => hexOf(bytes.subarray(-24, -16)));
  assert.deepEqual(numbers, [...new Set(numbers)].toSorted());
});

test("two peers get one signature, and each is accepted", () => {
  const peers = [{ address: ip(PEER) }, { address: ip("192.0.2.3") }];
  const bench = master({ transport: { kind: "unicast", peers, ttl: 255, checkSource: true } });
  const { all } = sentBy(bench);
  const [first, second] = all.slice(-2);
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(hexOf(first.subarray(-28)), hexOf(second.subarray(-28)));
  assert.notEqual(hexOf(first.subarray(16, 20)), hexOf(second.subarray(16, 20)));
});

test("its numbers grow also where its clock is set back, within the window", () => {
  const bench = master();
  const before = hexOf(sentBy(bench).bytes.subarray(-24, -16));
  bench.world.calendarOffset -= 4_000_000;
  const after = hexOf(sentBy(bench).bytes.subarray(-24, -16));
  assert.ok(after > before);
  // Further back than what a peer's clock may differ, they begin anew.
  bench.world.calendarOffset -= 60_000_000;
  assert.ok(hexOf(sentBy(bench).bytes.subarray(-24, -16)) < before);
});

test("our clock is set by an hour: a peer that goes on is not refused", () => {
  for (const step of [3_600_000_000, -3_600_000_000]) {
    const bench = backup();
    bench.until(1);
    const recorded = hear(bench, { priority: 200 });
    const right = bench.world.calendarOffset;
    bench.world.calendarOffset += step;
    for (let at = 2; at < 30; at++) {
      bench.until(at);
      hear(bench, { priority: 200 }, { unixTime: right + bench.now });
      put(bench, recorded);
    }
    assert.equal(bench.phase(), "backup");
    assert.equal(bench.counters()["advert_rcvd"], 30);
    assert.ok(kinds(bench).includes("clock-differs"));
    // It dies, and what it sent is no sign of life by this clock either.
    const last = packetOf(bench, { priority: 200 }, { unixTime: right + bench.now - 1_000_000 });
    for (let at = 30; at < 60; at++) {
      bench.until(at);
      put(bench, last);
    }
    assert.equal(bench.phase(), "master");
  }
});

test("a clock that was wrong from the beginning is refused, with the difference", () => {
  const bench = master();
  const unixTime = bench.world.unixTime() - 6_000_000;
  hear(bench, { priority: 255 }, { unixTime });
  assert.deepEqual(bench.emitted("drop")[0]?.drop, {
    kind: "stale-signature",
    seconds: 6,
    window: 5,
  });
  hear(bench, { priority: 90 }, { unixTime: unixTime + 3_000_000 });
  const warnings = bench.emitted("drop").map(({ drop }) => drop);
  assert.deepEqual(warnings[1], { kind: "clock-differs", seconds: 3, window: 5 });
  assert.equal(bench.counters()["advert_rcvd"], 1);
  const monotonic = master({ signing: { antiReplay: "monotonic" } });
  hear(monotonic, { priority: 90 }, { unixTime: 1_000_000 });
  assert.equal(monotonic.counters()["advert_rcvd"], 1);
});

test("both clocks are set back: the peer is heard again after one window at the latest", () => {
  const bench = backup();
  bench.until(1);
  hear(bench, { priority: 200 });
  bench.world.calendarOffset -= 60_000_000;
  for (let at = 2; at < 8; at++) {
    bench.until(at);
    hear(bench, { priority: 200 });
  }
  assert.equal(bench.counters()["auth_ext_replay"], 5);
  assert.equal(bench.counters()["advert_rcvd"], 3);
});

const key = (id: number, hex: string) => ({ id, secret: new Secret(hex) });
const [FIRST, SECOND] = [hexOf(bytesOf("ab".repeat(32))), hexOf(OTHER_KEY)];

test("keys change by reloads, without a moment in which nobody is heard", () => {
  const bench = new Bench();
  const steps: readonly (readonly [Partial<SigningConfig>, number, string])[] = [
    [{ keys: [key(1, FIRST)], active: 1 }, 1, FIRST],
    [{ keys: [key(1, FIRST), key(2, SECOND)], active: 1 }, 1, FIRST],
    [{ keys: [key(1, FIRST), key(2, SECOND)], active: 2 }, 2, SECOND],
    [{ keys: [key(2, SECOND)], active: 2 }, 2, SECOND],
  ];
  let at = 0;
  for (const [signing, keyId, hex] of steps) {
    bench.configure([configOf({ signing })]);
    for (const end = at + 3; at < end; at++) {
      bench.until(at);
      hear(bench, { priority: 200 }, { keyId, key: bytesOf(hex) });
    }
    assert.equal(bench.phase(), "backup");
  }
  assert.equal(bench.counters()["advert_rcvd"], 12);
  hear(bench, { priority: 200 }, { keyId: 1, key: bytesOf(FIRST), counter: 1 });
  assert.deepEqual(kinds(bench), ["unknown-key"]);
});

test("a reload does not forget what was heard: nothing can be sent again after it", () => {
  const bench = backup({ signing: { antiReplay: "monotonic" } });
  bench.until(1);
  const old = hear(bench, { priority: 200 });
  bench.configure([configOf({ signing: { antiReplay: "monotonic", window: 9 } })]);
  bench.until(2);
  put(bench, old);
  assert.equal(bench.counters()["auth_ext_replay"], 1);
});

test("the same key with another secret is another configuration", () => {
  const bench = master();
  bench.configure([configOf({ signing: { keys: [key(1, SECOND)] } })]);
  hear(bench, { priority: 90 });
  assert.equal(bench.counters()["auth_ext_invalid_hmac"], 1);
  hear(bench, { priority: 90 }, { key: OTHER_KEY });
  assert.equal(bench.counters()["advert_rcvd"], 1);
});

test("with auth_hmac removed by a reload, a signature is refused by its length", () => {
  const bench = master();
  bench.configure([instance()]);
  hear(bench, { priority: 255 });
  assert.deepEqual(kinds(bench), ["unexpected-signature"]);
  assert.equal(bench.counters()["packet_len_err"], 1);
  assert.equal(sentBy(bench).signed, undefined);
});

test("version 2 is signed, too, without a password", () => {
  const router = { version: 2, advertInterval: centis(100) } as const;
  const bench = new Bench();
  bench.configure([{ ...instance({ router }), signing: SIGNING }]);
  hear(bench, { version: 2, interval: centis(100), priority: 200 });
  assert.equal(bench.counters()["advert_rcvd"], 1);
});

test("over IPv6 the checksum covers the signature, and a repetition is still heard", () => {
  const source = readIp("fe80::1") ?? assert.fail();
  const peer = readIp("fe80::2") ?? assert.fail();
  const ofNode = (priority_: number): InstanceConfig => ({
    ...configOf(),
    family: 6,
    router: { ...configOf().router, priority: priority(priority_) },
    transport: { kind: "multicast", group: readIp("ff02::12") ?? assert.fail() },
    addresses: [{ address: readIp("fe80::100") ?? assert.fail(), prefix: 64, scope: 0 }],
  });
  const own = (address: IpAddress) => [
    { index: 2, address, prefix: 64, secondary: false, proto: 0 },
  ];
  const [a, b] = [new Bench([ETH0], own(source)), new Bench([ETH0], own(peer))];
  a.configure([ofNode(200)]);
  b.configure([ofNode(100)]);
  a.world.carry = (kind, _, bytes) => {
    if (kind === "packet") put(b, bytes.slice());
  };
  let sent: Uint8Array = new Uint8Array(0);
  const carry = a.world.carry;
  a.world.carry = (kind, index, bytes, to) => {
    if (kind === "packet") sent = bytes.slice();
    carry(kind, index, bytes, to);
  };
  for (let at = 0.5; at < 20; at += 0.5) {
    a.until(at);
    b.until(at);
  }
  assert.deepEqual([a.phase(), b.phase()], ["master", "backup"]);
  const { advert_rcvd, checksum_err } = b.counters();
  assert.ok((advert_rcvd ?? 0) >= 14);
  assert.equal(checksum_err, 0);
  assert.deepEqual(kinds(b), []);
  const parsed = parseAdvert(sent);
  assert.ok(parsed.kind === "advert");
  assert.deepEqual(parsed.advert.checksum, { kind: "intact", form: "pseudo-header" });
  const stamp = sent.subarray(sent.length - 24, sent.length - 16);
  const view = new DataView(stamp.buffer, stamp.byteOffset);
  const unixTime =
    view.getUint32(0) * 1_000_000 + Math.ceil((view.getUint16(4) * 1_000_000) / 65_536);
  assert.equal(hexOf(signed(sent, { unixTime, counter: view.getUint16(6) })), hexOf(sent));
});
