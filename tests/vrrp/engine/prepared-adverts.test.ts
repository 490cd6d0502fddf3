/** An advertisement is made once and sent again; whatever it is made of makes another one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ipv4, printIp, printIpv4 } from "#units/address";
import { Bench, instance, PEER } from "../../support/bench.ts";
import { ETH0, FakeWorld, ip, own } from "../../support/fake-world.ts";

const OTHER = "192.0.2.3";
const peers = [{ address: ip(PEER) }, { address: ip(OTHER) }];
const TWO_PEERS = { kind: "unicast", peers, ttl: 255, checkSource: true } as const;

/** Packets as "source > destination, device", since the last call. */
function master(options: Parameters<typeof instance>[0] = {}): {
  readonly bench: Bench;
  readonly sent: () => readonly string[];
} {
  const world = new FakeWorld();
  const bench = new Bench(undefined, undefined, world);
  const packets: string[] = [];
  world.carry = (kind, index, bytes, to) => {
    if (kind !== "packet" || to === undefined) return;
    const source = new DataView(bytes.buffer, bytes.byteOffset).getUint32(12) as Ipv4;
    packets.push(`${printIpv4(source)} > ${printIp(to)}, ${index}`);
  };
  bench.configure([instance({ transport: TWO_PEERS, ...options })]);
  bench.until(6);
  assert.equal(bench.phase(), "master");
  packets.length = 0;
  return { bench, sent: () => packets.splice(0) };
}

const both = (source: string, index = 2): readonly string[] =>
  [PEER, OTHER].map((peer) => `${source} > ${peer}, ${index}`);

test("after the machine's address has changed, its advertisements come from the new one", () => {
  const { bench, sent } = master();
  bench.until(7);
  assert.deepEqual(sent(), both("192.0.2.1"));
  bench.event({ kind: "address", address: own(2, "192.0.2.7") });
  bench.event({ kind: "addressGone", address: own(2, "192.0.2.1") });
  sent();
  bench.until(8);
  assert.deepEqual(sent(), both("192.0.2.7"));
});

test("by a device that was made anew with another index they leave from then on", () => {
  const { bench, sent } = master();
  const links = [{ ...ETH0, index: 7 }];
  bench.event({ kind: "resync", links, addresses: [own(7, "192.0.2.1")] });
  bench.until(14);
  assert.equal(bench.phase(), "master");
  sent();
  bench.until(15);
  assert.deepEqual(sent(), both("192.0.2.1", 7));
});
