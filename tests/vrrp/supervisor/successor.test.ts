/** Which advertisement ends a hand-over, and what is sent for a dead engine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { printIp } from "#units/address";
import { instant } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import type { InstanceConfig } from "#vrrp/router/config";
import { releasePackets } from "#vrrp/supervisor/release-packets";
import { isSuccessor } from "#vrrp/supervisor/successor";
import { type AdvertFields, emitAdvert } from "#vrrp/wire/emit-advert";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { ADVERT_LENGTH_MAX } from "#vrrp/wire/vrrp-packet";
import { instance, PEER } from "../../support/bench.ts";
import { ip } from "../../support/fake-world.ts";
import { hexOf, OTHER_KEY, SIGNING, signed } from "../../support/signed.ts";

const OURS = ip("192.0.2.1");
/** By the calendar. */
const NOW = 1_767_225_600_000_000;
const A = instance({ router: { name: "A" }, excluded: ["192.0.2.110"] });

function packet(changes: Partial<AdvertFields> = {}): Uint8Array {
  const bytes = new Uint8Array(ADVERT_LENGTH_MAX);
  const length = emitAdvert(bytes, {
    source: ip(PEER),
    destination: OURS,
    ttl: 255,
    id: 1,
    version: 3,
    vrid: vrid(1),
    priority: priority(90),
    interval: A.router.advertInterval,
    addresses: [ip("192.0.2.100")],
    password: undefined,
    checksum: "pseudo-header",
    ...changes,
  });
  return bytes.slice(0, length);
}

const isHeard = (bytes: Uint8Array, config: InstanceConfig = A): boolean =>
  isSuccessor(
    {
      id: 1,
      config,
      source: OURS,
      places: [],
      spared: { places: [], absent: [], devices: [] },
      until: instant(1),
      removeAt: undefined,
    },
    bytes,
    NOW,
  );

test("a valid advertisement of another router, stronger or weaker", () => {
  assert.ok(isHeard(packet()));
  assert.ok(isHeard(packet({ priority: priority(254) })));
});

test("not our own, priority 0, another router's, or what an engine would refuse", () => {
  assert.ok(!isHeard(packet({ source: OURS })));
  assert.ok(!isHeard(packet({ priority: priority(0) })));
  assert.ok(!isHeard(packet({ vrid: vrid(2) })));
  assert.ok(!isHeard(packet({ version: 2 })));
  assert.ok(!isHeard(packet({ source: ip("192.0.2.77") })), "no peer of ours");
  const broken = packet();
  broken[broken.length - 1] = 0xff;
  assert.ok(!isHeard(broken), "checksum");
  assert.ok(!isHeard(new Uint8Array(0)));
});

test("our own, which a group's socket may hear", () => {
  const group = ip("224.0.0.18");
  const config = { ...A, transport: { kind: "multicast", group } } as const;
  assert.ok(isHeard(packet({ destination: group }), config));
  assert.ok(!isHeard(packet({ destination: group, source: OURS }), config));
  assert.ok(!isHeard(packet({ destination: group, ttl: 254 }), config));
});

test("a router of no device hears what is addressed to it", () => {
  const { interface: _, ...unbound } = A;
  assert.ok(isHeard(packet(), unbound));
  assert.ok(!isHeard(packet({ destination: ip("192.0.2.5") }), unbound));
  assert.ok(isHeard(packet({ destination: ip("192.0.2.5") })), "a device's socket may have more");
});

test("priority 0 goes to every peer, with the addresses that are advertised", () => {
  const peers = [{ address: ip(PEER) }, { address: ip("192.0.2.3") }];
  const config = {
    ...A,
    transport: { kind: "unicast", peers, ttl: 64, checkSource: true },
  } as const satisfies InstanceConfig;
  const packets = releasePackets(config, OURS, NOW);
  assert.deepEqual(
    packets.map(({ destination }) => printIp(destination)),
    [PEER, "192.0.2.3"],
  );
  const parsed = parseAdvert(packets[1]?.bytes ?? new Uint8Array(0));
  assert.ok(parsed.kind === "advert");
  const { advert } = parsed;
  assert.deepEqual(
    [advert.priority, advert.vrid, advert.ttl, advert.addresses.map(printIp)],
    [0, 1, 64, ["192.0.2.100"]],
  );
  assert.deepEqual([advert.source, advert.destination], [OURS, ip("192.0.2.3")]);
});

test("or to the group, with TTL 255", () => {
  const group = ip("224.0.0.18");
  const config = { ...A, transport: { kind: "multicast", group } } as const;
  const [only, ...more] = releasePackets(config, OURS, NOW);
  assert.deepEqual([only?.destination, more.length], [group, 0]);
  const parsed = parseAdvert(only?.bytes ?? new Uint8Array(0));
  assert.ok(parsed.kind === "advert" && parsed.advert.ttl === 255);
});

const SIGNED = { ...A, signing: SIGNING };
const room = (changes: Partial<AdvertFields> = {}): Uint8Array =>
  packet({ isSigned: true, ...changes });

test("with auth_hmac only what a peer has signed, and not long ago", () => {
  assert.ok(isHeard(signed(room(), { unixTime: NOW }), SIGNED));
  assert.ok(!isHeard(packet(), SIGNED), "no signature");
  assert.ok(!isHeard(signed(room(), { unixTime: NOW, key: OTHER_KEY }), SIGNED), "forged");
  assert.ok(!isHeard(signed(room(), { unixTime: NOW - 6_000_000 }), SIGNED), "recorded");
  assert.ok(!isHeard(signed(room({ source: ip("192.0.2.77") }), { unixTime: NOW }), SIGNED));
  assert.ok(!isHeard(signed(room(), { unixTime: NOW })), "not configured here");
  const permissive = { ...A, signing: { ...SIGNING, mode: "permissive" as const } };
  assert.ok(isHeard(packet(), permissive));
});

test("priority 0 for an engine that died is signed, one signature for all peers", () => {
  const peers = [{ address: ip(PEER) }, { address: ip("192.0.2.3") }];
  const transport = { kind: "unicast", peers, ttl: 255, checkSource: true } as const;
  const packets = releasePackets({ ...SIGNED, transport }, OURS, NOW);
  for (const { bytes } of packets)
    assert.equal(hexOf(bytes), hexOf(signed(bytes, { unixTime: NOW })));
  const [mode] = ["receive-only"] as const;
  const [plain] = releasePackets({ ...A, signing: { ...SIGNING, mode } }, OURS, NOW);
  const parsed = parseAdvert(plain?.bytes ?? new Uint8Array(0));
  assert.ok(parsed.kind === "advert" && parsed.advert.signed === undefined);
});
