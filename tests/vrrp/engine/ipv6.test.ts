/** Routers of IPv6: source, advertisements and announcements, and who claims an address. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ipv6, type Mac, readIpv6 } from "#units/address";
import { centis } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import type { AddressInfo } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import {
  emitNeighbour,
  NEIGHBOUR_FRAME_LENGTH,
  neighbourSolicitation,
  UNSPECIFIED,
  unsolicitedAdvertisement,
} from "#vrrp/wire/neighbour";
import { VRRP_GROUP_IPV6 } from "#vrrp/wire/parse-advert";
import { ADVERT_LENGTH_MAX } from "#vrrp/wire/vrrp-packet";
import { Bench, instance } from "../../support/bench.ts";
import { ETH0, mac, own } from "../../support/fake-world.ts";

const ip = (text: string): Ipv6 => readIpv6(text) as Ipv6;
const OURS = ip("fe80::9");
const VIPS = [ip("fe80::100"), ip("2001:db8::100")] as const;
const OTHER_MAC = mac("02:00:00:00:00:02");

const link = (address: Ipv6, more: Partial<AddressInfo> = {}): AddressInfo => ({
  index: 2,
  address,
  prefix: 64,
  secondary: false,
  proto: 0,
  ...more,
});

const router = (more: Partial<InstanceConfig> = {}): InstanceConfig => {
  const made = instance({ router: { version: 3 } });
  return {
    ...made,
    family: 6,
    transport: { kind: "multicast", group: VRRP_GROUP_IPV6 },
    addresses: VIPS.map((address) => ({ address, prefix: 64, scope: 0 })),
    ...more,
  };
};

/** eth0 with an IPv4 address, one of the network and two of the link. */
const benchOf = (...more: readonly AddressInfo[]): Bench =>
  new Bench([ETH0], [own(2, "192.0.2.1"), link(ip("2001:db8::9")), ...more, link(OURS)]);

interface Heard {
  readonly from?: Ipv6;
  readonly priority?: number;
}

function hear(bench: Bench, { from = ip("fe80::10"), priority: of = 100 }: Heard = {}): void {
  const bytes = new Uint8Array(ADVERT_LENGTH_MAX);
  const length = emitAdvert(bytes, {
    source: from,
    destination: VRRP_GROUP_IPV6,
    ttl: 255,
    id: 0,
    version: 3,
    vrid: vrid(1),
    priority: priority(of),
    interval: centis(100),
    addresses: VIPS,
    password: undefined,
    checksum: "pseudo-header",
  });
  bench.event({ kind: "packet", interfaceIndex: 2, bytes: bytes.slice(0, length) });
}

function claim(bench: Bench, address: Ipv6, from: Mac): void {
  const bytes = new Uint8Array(NEIGHBOUR_FRAME_LENGTH);
  emitNeighbour(bytes, unsolicitedAdvertisement(from, address, false));
  bench.event({ kind: "neighbour", interfaceIndex: 2, bytes });
}

function master(bench: Bench): Bench {
  bench.configure([router()]);
  bench.until(4);
  assert.equal(bench.phase(), "master");
  return bench;
}

test("it listens to its group and to neighbours, and speaks from the device's address of the link", () => {
  const bench = benchOf(
    link(ip("fe80::1"), { duplicate: true }),
    link(ip("fe80::2"), { secondary: true }),
  );
  master(bench);
  const calls = bench.world.take();
  assert.ok(calls.includes("listen eth0/2 ff02::12"), calls.join("\n"));
  assert.ok(calls.includes("advert vrid 1 priority 100 to ff02::12"), calls.join("\n"));
  assert.equal(bench.engine.instances[0]?.state.source, OURS);
});

test("without an address of the link there is no source, and it does not speak", () => {
  const bench = new Bench([ETH0], [own(2, "192.0.2.1"), link(ip("2001:db8::9"))]);
  bench.configure([router()]);
  bench.until(4);
  assert.ok(!bench.world.take().some((call) => call.startsWith("advert")));
});

test("each address is announced by neighbour advertisements, of a router if it forwards", () => {
  for (const forwards of [false, true]) {
    const bench = benchOf();
    if (forwards) bench.world.forwarding.add(2);
    master(bench);
    const calls = bench.world.take().filter((call) => call.startsWith("nd"));
    const flag = forwards ? " router" : "";
    assert.equal(
      calls.filter((one) => one === `nd advertisement fe80::100${flag} override`).length,
      1,
    );
    assert.equal(
      calls.filter((one) => one === `nd advertisement 2001:db8::100${flag} override`).length,
      1,
    );
  }
});

test("addresses of both families in one router: each is announced in its own way", () => {
  const bench = benchOf();
  const address = own(2, "192.0.2.100").address;
  bench.configure([
    router({ excludedAddresses: [{ address, prefix: 24, scope: 0 }], arp: "both" }),
  ]);
  bench.until(4);
  const calls = bench.world.take();
  for (const [call, count] of [
    ["arp request 192.0.2.100", 1],
    ["arp reply 192.0.2.100", 1],
    ["nd advertisement fe80::100 override", 1],
  ] as const) {
    assert.equal(calls.filter((one) => one === call).length, count, `${call}\n${calls.join("\n")}`);
  }
});

test("of equal priorities the higher address wins, by its bits and not by its text", () => {
  for (const [from, phase] of [
    ["fe80::10", "backup"],
    ["fe80::8", "master"],
    ["fe80::a", "backup"],
  ] as const) {
    const bench = master(benchOf());
    hear(bench, { from: ip(from) });
    assert.equal(bench.phase(), phase, from);
  }
});

test("a backup hears a master that says the same again, and takes over when it is gone", () => {
  const bench = benchOf();
  bench.configure([router()]);
  for (let second = 0; second < 8; second++) {
    bench.until(second);
    hear(bench, { priority: 200 });
  }
  assert.equal(bench.phase(), "backup");
  assert.equal(bench.engine.instances[0]?.counters.advert_rcvd, 8);
  bench.until(12);
  assert.equal(bench.phase(), "master");
});

test("a VRID of IPv4 and one of IPv6 are two routers", () => {
  const bench = benchOf();
  const four = instance({
    router: { name: "VI_4", version: 3 },
    transport: { kind: "multicast", group: own(2, "224.0.0.18").address },
  });
  bench.configure([router(), four]);
  for (let second = 0; second < 6; second++) {
    bench.until(second);
    hear(bench, { priority: 200 });
  }
  assert.equal(bench.phase(), "backup");
  assert.equal(bench.phase("VI_4"), "master");
});

test("somebody else's advertisement of the address is a claim; a question before it is none", () => {
  const bench = master(benchOf());
  const [first] = VIPS;
  const bytes = new Uint8Array(NEIGHBOUR_FRAME_LENGTH);
  const length = emitNeighbour(bytes, neighbourSolicitation(OTHER_MAC, UNSPECIFIED, first));
  bench.event({ kind: "neighbour", interfaceIndex: 2, bytes: bytes.subarray(0, length) });
  assert.equal(bench.engine.instances[0]?.counters.foreign_claims, 0);
  claim(bench, first, OTHER_MAC);
  claim(bench, first, ETH0.mac);
  assert.equal(bench.engine.instances[0]?.counters.foreign_claims, 1);
});
