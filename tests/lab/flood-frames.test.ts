/** What the benchmark floods with is what it says: well-formed, refused, or garbage. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "#units/rng";
import { parseArp } from "#vrrp/wire/arp";
import { ETHERNET_HEADER_LENGTH } from "#vrrp/wire/ethernet";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import type { Advert } from "#vrrp/wire/vrrp-packet";
import {
  type FloodTarget,
  floodFrames,
  type WireFlood,
} from "../../src/lab/measure/flood-frames.ts";
import { DAEMON_PRIORITY, scaleInterfaces } from "../../src/lab/measure/scale-config.ts";

const [plan] = scaleInterfaces(50);
assert.ok(plan !== undefined);
const V3: FloodTarget = { plan, centis: 10, password: undefined };
const V2: FloodTarget = { plan, centis: 100, password: "secret" };

const framesOf = (flood: WireFlood, target: FloodTarget): Uint8Array[] =>
  floodFrames(flood, target, createRng(1));

/** Those that can be read; the other frames are undefined. */
const advertsOf = (flood: WireFlood, target: FloodTarget): (Advert | undefined)[] =>
  framesOf(flood, target).map((frame) => {
    const parsed = parseAdvert(frame, ETHERNET_HEADER_LENGTH);
    return parsed.kind === "advert" ? parsed.advert : undefined;
  });

for (const [name, target] of [
  ["version 3", V3],
  ["version 2", V2],
] as const) {
  const version = name === "version 3" ? 3 : 2;

  test(`${name}: unknown routers, and ours with a lower priority, advertise well`, () => {
    for (const advert of advertsOf("unknown", target)) {
      assert.ok(advert !== undefined && advert.checksum.kind === "intact" && advert.ttl === 255);
      assert.ok(advert.version === version && advert.vrid > 250);
    }
    for (const advert of advertsOf("lower", target)) {
      assert.ok(advert !== undefined && advert.checksum.kind === "intact" && advert.ttl === 255);
      assert.ok(advert.version === version && advert.vrid <= 50);
      assert.ok(advert.priority > 0 && advert.priority < DAEMON_PRIORITY);
    }
  });

  test(`${name}: nothing of a higher priority is without a fault`, () => {
    for (const flood of ["refused", "garbage", "elsewhere"] as const) {
      for (const advert of advertsOf(flood, target)) {
        const isAcceptable =
          advert?.version === version &&
          advert.vrid <= 50 &&
          advert.ttl === 255 &&
          advert.checksum.kind === "intact" &&
          target.password === undefined;
        assert.ok(!isAcceptable, flood);
      }
    }
  });
}

test("garbage is of four kinds, and ARP too; a seed gives the same again", () => {
  const garbage = advertsOf("garbage", V3);
  assert.ok(garbage.some((one) => one === undefined));
  assert.ok(garbage.some((one) => one?.checksum.kind === "broken"));
  assert.ok(framesOf("garbage", V3).some(({ length }) => length === 1_514));
  const arps = framesOf("arp", V3).map((frame) => parseArp(frame));
  const kinds = new Set(arps.map((one) => (one.kind === "drop" ? one.drop.kind : one.kind)));
  assert.ok(kinds.has("arp") && kinds.has("too-short") && kinds.has("bad-arp-format"));
  assert.deepEqual(framesOf("arp", V3), framesOf("arp", V3));
});
