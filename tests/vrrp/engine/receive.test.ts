/** What is refused is counted always, reported once a minute, and changes nothing else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "#units/secret";
import { centis } from "#units/time";
import { IPV4_HEADER_LENGTH } from "#vrrp/wire/ipv4-fields";
import { passwordData } from "#vrrp/wire/password";
import { VRRP_OFFSET } from "#vrrp/wire/vrrp-packet";
import { Bench, instance, PEER } from "../../support/bench.ts";
import { ETH0, ip } from "../../support/fake-world.ts";

const PASS = { kind: "pass", secret: new Secret("1111") } as const;

function master(config = instance()): Bench {
  const bench = new Bench();
  bench.configure([config]);
  bench.until(4);
  assert.equal(bench.phase(), "master");
  bench.world.take();
  bench.world.takeEmitted();
  return bench;
}

test("a refused packet is reported once a minute, with the number so far", () => {
  const bench = master();
  const unknown = { source: ip("192.0.2.66"), priority: 200 };
  for (let i = 0; i < 10; i++) bench.hear(unknown);
  assert.equal(bench.phase(), "master");
  assert.equal(bench.counters()["not_a_peer"], 10);
  const drops = bench.emitted("drop");
  assert.equal(drops.length, 1);
  assert.deepEqual(drops[0]?.drop, { kind: "not-a-peer", source: ip("192.0.2.66") });
  assert.equal(drops[0]?.from, ip("192.0.2.66"));
  assert.equal(drops[0]?.count, 1);
  bench.until(63.9);
  bench.hear(unknown);
  assert.equal(bench.emitted("drop").length, 1);
  bench.until(64);
  bench.hear(unknown);
  assert.equal(bench.emitted("drop").length, 2);
  assert.equal(bench.emitted("drop")[1]?.count, 12);
});

test("a reload that changes nothing but the password changes the password", () => {
  const config = { router: { version: 2, advertInterval: centis(100) } } as const;
  const bench = master(instance({ ...config, authentication: PASS }));
  bench.configure([
    instance({ ...config, authentication: { kind: "pass", secret: new Secret("2222") } }),
  ]);
  const advert = { version: 2, interval: centis(100) } as const;
  bench.hear({ ...advert, password: passwordData("1111") });
  assert.equal(bench.counters()["auth_failure"], 1);
  bench.hear({ ...advert, password: passwordData("2222") });
  assert.equal(bench.counters()["auth_failure"], 1);
  assert.equal(bench.counters()["advert_rcvd"], 1);
});

test("each kind of refusal has its own minute and its own counter", () => {
  const version2 = {
    version: 2,
    interval: centis(100),
    password: passwordData("1111"),
  } as const;
  const bench = master(
    instance({ router: { version: 2, advertInterval: centis(100) }, authentication: PASS }),
  );
  bench.hear({ ...version2, password: passwordData("2222") });
  bench.hear({ ...version2, password: undefined });
  bench.hear({ ...version2, interval: centis(200) });
  bench.hear({ interval: centis(100) });
  bench.hear({ ...version2, source: ip("192.0.2.66") });
  const kinds = bench.emitted("drop").map(({ drop }) => drop.kind);
  assert.deepEqual(kinds, [
    "auth-failure",
    "auth-type-mismatch",
    "interval-mismatch",
    "bad-version",
    "not-a-peer",
  ]);
  const counters = bench.counters();
  for (const name of [
    "auth_failure",
    "authtype_mismatch",
    "advert_interval_err",
    "version_err",
    "not_a_peer",
  ]) {
    assert.equal(counters[name], 1, name);
  }
  assert.equal(counters["advert_rcvd"], 0);
  assert.equal(bench.phase(), "master");
});

test("a damaged packet for our VRID is counted, for another's VRID it is ignored", () => {
  const bench = master();
  const packet = (vrid: number): Uint8Array => {
    const bytes = bench.advert({ vrid, priority: 255 });
    // Counts two addresses, has one.
    bytes[IPV4_HEADER_LENGTH + VRRP_OFFSET.addressCount] = 2;
    return bytes;
  };
  bench.event({ kind: "packet", interfaceIndex: 2, bytes: packet(9) });
  bench.event({ kind: "packet", interfaceIndex: 9, bytes: packet(1) });
  assert.deepEqual(bench.world.takeEmitted(), []);
  bench.event({ kind: "packet", interfaceIndex: 2, bytes: packet(1) });
  assert.deepEqual(
    bench.emitted("drop").map(({ drop }) => drop.kind),
    ["bad-length"],
  );
  assert.equal(bench.counters()["packet_len_err"], 1);
});

test("a packet of another VRID, or on another interface, is nobody's", () => {
  const bench = master();
  bench.hear({ vrid: 7, priority: 255 });
  assert.equal(bench.phase(), "master");
  assert.deepEqual(bench.world.takeEmitted(), []);
});

test("refused packets do not shift the rhythm of a master (keepalived: it stops sending)", () => {
  const bench = master();
  const sent: number[] = [];
  bench.world.carry = (kind) => {
    if (kind === "packet") sent.push(bench.now);
  };
  for (let at = 4.25; at < 10; at += 0.25) {
    bench.until(at);
    bench.hear({ source: ip("192.0.2.66"), priority: 200 });
  }
  bench.until(10);
  assert.deepEqual(
    sent,
    [4, 5, 6, 7, 8, 9].map((second) => second * 1_000_000 + 609_375),
  );
});

test("differing address lists are accepted, counted and reported (keepalived since 2.3.3)", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.until(0.5);
  bench.hear({ priority: 150, addresses: [ip("192.0.2.101")] });
  const [warning] = bench.emitted("drop");
  assert.equal(warning?.drop.kind, "address-list-mismatch");
  assert.equal(bench.counters()["addr_list_err"], 1);
  assert.equal(bench.counters()["advert_rcvd"], 1);
  bench.until(3.7);
  assert.equal(bench.phase(), "backup", "it was obeyed all the same");
});

test("skip_check_adv_addr compares the list of the first advertisement of each master only", () => {
  const bench = new Bench();
  const peers = [{ address: ip(PEER) }, { address: ip("192.0.2.3") }];
  const transport = { kind: "unicast", peers, ttl: 255, checkSource: true } as const;
  bench.configure([instance({ transport, skipCheckAdvAddr: true })]);
  const wrong = { priority: 150, addresses: [ip("192.0.2.101")] };
  for (let i = 0; i < 3; i++) bench.hear(wrong);
  assert.equal(bench.counters()["addr_list_err"], 1);
  bench.hear({ ...wrong, source: ip("192.0.2.3") });
  assert.equal(bench.counters()["addr_list_err"], 2);
  bench.hear(wrong);
  assert.equal(bench.counters()["addr_list_err"], 3);
});

test("counters of what is accepted, sent and said as priority 0", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.hear({ priority: 150 });
  bench.hear({ priority: 0 });
  bench.until(2.5);
  bench.supervisor({ type: "stop" });
  const counters = bench.counters();
  assert.equal(counters["advert_rcvd"], 2);
  assert.equal(counters["pri_zero_rcvd"], 1);
  assert.equal(counters["advert_sent"], 4);
  assert.equal(counters["pri_zero_sent"], 1);
  assert.equal(counters["become_master"], 1);
  assert.equal(counters["release_master"], 1);
  assert.equal(counters["announcements_sent"], 1);
});

test("unknown peers are remembered, but not without end", () => {
  const group = ip("224.0.0.18");
  const bench = new Bench();
  bench.configure([instance({ transport: { kind: "multicast", group } })]);
  for (let i = 0; i < 300; i++)
    bench.hear({ source: ip(`198.51.100.${i % 250}`), destination: group });
  assert.equal(bench.engine.instances[0]?.peers.size, 32);
});

test("a send error is counted each time and logged once a minute", () => {
  const bench = master();
  bench.world.sendError = "ENETUNREACH";
  bench.until(14);
  assert.equal(bench.counters()["send_errors"], 10);
  const texts = bench.logs();
  assert.equal(texts.length, 1);
  assert.match(texts[0] ?? "", /advertisement to 192\.0\.2\.2 not sent: sendto: ENETUNREACH/);
});

test("somebody else's ARP for our address is answered, our own is not", () => {
  const bench = master();
  bench.hearArp("192.0.2.100");
  bench.hearArp("192.0.2.50");
  bench.until(4.01);
  assert.deepEqual(bench.world.take(), ["arp request 192.0.2.100"]);
  bench.until(4.25);
  assert.deepEqual(bench.world.take(), ["arp request 192.0.2.100"], "and once more");
  bench.hearArp("192.0.2.100", ETH0.mac);
  bench.until(4.5);
  assert.deepEqual(bench.world.take(), []);
});

test("a backup does not care about ARP for the address", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.world.take();
  bench.hearArp("192.0.2.100");
  bench.until(1);
  assert.deepEqual(bench.world.take(), []);
});

test("rubbish on either socket changes nothing", () => {
  const bench = master();
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * 37) & 255);
  for (let length = 0; length <= 64; length++) {
    bench.event({ kind: "packet", interfaceIndex: 2, bytes: bytes.subarray(0, length) });
    bench.event({ kind: "neighbour", interfaceIndex: 2, bytes: bytes.subarray(0, length) });
  }
  assert.equal(bench.phase(), "master");
});

test("log_unknown_vrids: reported once a minute with the number so far, and only when it is wanted", () => {
  const bench = new Bench();
  const reported = (): string[] =>
    bench.world
      .takeEmitted()
      .flatMap((one) =>
        one.type === "unknownVrid" ? [`${one.interface} ${one.vrid} ${one.count}`] : [],
      );
  bench.configure([instance()]);
  bench.hear({ vrid: 52 });
  assert.deepEqual(reported(), []);
  bench.configure([instance()], { logUnknownVrids: true });
  for (const at of [1, 2, 59, 61, 62]) {
    bench.until(at);
    bench.hear({ vrid: 52 });
    bench.hear({ vrid: 1 });
  }
  assert.deepEqual(reported(), ["eth0 52 1", "eth0 52 4"]);
});

test("version 3 without an address moves nothing, unless we advertise none ourselves", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.until(4);
  bench.hear({ priority: 200, addresses: [] });
  bench.hear({ priority: 0, addresses: [] });
  assert.equal(bench.phase(), "master");
  assert.equal(bench.counters()["addr_list_err"], 2);
  assert.equal(bench.counters()["advert_rcvd"], 0);
  assert.deepEqual(
    bench.emitted("drop").map(({ drop }) => drop.kind),
    ["no-addresses"],
  );

  const excluded = new Bench();
  excluded.configure([instance({ addresses: [], excluded: ["192.0.2.100"] })]);
  excluded.until(4);
  excluded.hear({ priority: 200, addresses: [] });
  assert.equal(excluded.phase(), "backup");
});
