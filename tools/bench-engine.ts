/**
 * How much of a CPU the engine's own work costs, with the world taken away: `node
 * tools/bench-engine.ts [INSTANCES]`.
 *
 *   step      the pure core: one backup, advertisements and wake-ups
 *   backups   INSTANCES backups, each hears its master ten times a second; the loop asks for the
 *             deadline after each packet
 *   masters   INSTANCES masters, each advertises ten times a second; the loop wakes the engine at
 *             each deadline
 *
 * "load" is the share of one CPU that this rate takes. System calls come on top (a raw sendto is
 * about 6 µs).
 */

import { type Ipv4, ipv4, type Mac, readIpv4 } from "#units/address";
import { centis, type Instant, instant, micros } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import { Engine } from "#vrrp/engine/engine";
import { type LinkInfo, OK, type World } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { initialState, step } from "#vrrp/router/router";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import { ADVERT_LENGTH_MAX } from "#vrrp/wire/vrrp-packet";
import { CONFIG } from "../tests/support/vector.ts";

const INSTANCES = Number(process.argv[2] ?? 1000);
const PER_INTERFACE = 250;
const INTERVAL = centis(10);
const SECONDS = 10;
const PEER = readIpv4("10.0.0.2") as Ipv4;
const OWN = readIpv4("10.0.0.1") as Ipv4;

let sent = 0;
const nothing: World = {
  listen: () => OK,
  unlisten: () => undefined,
  sendAdverts: (adverts) => {
    sent += adverts.length;
    return undefined;
  },
  isUnresolved: () => false,
  sendArp: () => OK,
  setAddress: () => OK,
  prolongAddresses: () => undefined,
  removeAddress: () => OK,
  promoteSecondaries: () => OK,
  claimed: () => new Set(),
  guard: undefined,
  emit: () => undefined,
};

const interfaceOf = (number: number): number => 2 + Math.floor(number / PER_INTERFACE);
const vridOf = (number: number): number => 1 + (number % PER_INTERFACE);
const addressOf = (number: number): Ipv4 => ipv4(0x0a010000 + number);

function config(number: number): InstanceConfig {
  return {
    router: {
      ...CONFIG,
      name: `VI_${number}`,
      vrid: vrid(vridOf(number)),
      advertInterval: INTERVAL,
      peerCount: 1,
    },
    interface: `eth${interfaceOf(number)}`,
    transport: { kind: "unicast", peers: [{ address: PEER }], ttl: 255, checkSource: true },
    checksum: "pseudo-header",
    addresses: [{ address: addressOf(number), prefix: 16, scope: 0 }],
    excludedAddresses: [],
    skipCheckAdvAddr: false,
    arp: "request",
    pacing: { burst: 0, perSecond: 0, gap: micros(0) },
  };
}

function engine(): Engine {
  const made = new Engine(nothing);
  const indexes = [...new Set(Array.from({ length: INSTANCES }, (_, i) => interfaceOf(i)))];
  const links = indexes.map(
    (index): LinkInfo => ({
      index,
      name: `eth${index}`,
      mac: index as number as Mac,
      mtu: 1500,
      up: true,
      arp: true,
      multicast: true,
    }),
  );
  const addresses = indexes.map((index) => ({
    index,
    address: OWN,
    prefix: 16,
    secondary: false,
    proto: 0,
  }));
  made.onWorld({ kind: "resync", links, addresses }, instant(0));
  const instances = Array.from({ length: INSTANCES }, (_, i) => config(i));
  made.onSupervisor(
    { type: "configure", instances, groups: [], resume: [], trackers: [] },
    instant(0),
  );
  return made;
}

function packetOf(number: number): Uint8Array {
  const bytes = new Uint8Array(ADVERT_LENGTH_MAX);
  const length = emitAdvert(bytes, {
    source: PEER,
    destination: OWN,
    ttl: 255,
    id: 1,
    version: 3,
    vrid: vrid(vridOf(number)),
    priority: priority(150),
    interval: INTERVAL,
    addresses: [addressOf(number)],
    password: undefined,
    checksum: "pseudo-header",
  });
  return bytes.subarray(0, length);
}

/**
 * Runs `work` and returns its count and what one cost, in microseconds of CPU time: other programs
 * do not count.
 */
function measure(work: () => number): { readonly count: number; readonly cost: number } {
  const start = process.cpuUsage();
  const count = work();
  const { user, system } = process.cpuUsage(start);
  return { count, cost: (user + system) / count };
}

function steps(): number {
  const { router } = config(0);
  let { state } = step(router, initialState(router, true, OWN), { kind: "startup" }, instant(0));
  const heard = {
    kind: "advertReceived",
    priority: priority(150),
    interval: INTERVAL,
    from: PEER,
  } as const;
  let now = 0;
  const count = 2_000_000;
  for (let i = 0; i < count; i++) {
    now += 50_000;
    const event = i % 2 === 0 ? heard : ({ kind: "timeReached" } as const);
    ({ state } = step(router, state, event, now as Instant));
  }
  return count;
}

function backups(): number {
  const one = engine();
  const packets = Array.from({ length: INSTANCES }, (_, i) => packetOf(i));
  let count = 0;
  for (let round = 0; round < SECONDS * 10; round++) {
    for (const [number, bytes] of packets.entries()) {
      const now = instant(round * 100_000 + Math.floor((number * 100_000) / INSTANCES));
      one.onWorld({ kind: "packet", interfaceIndex: interfaceOf(number), bytes }, now);
      const due = one.deadline();
      if (due !== undefined && due <= now) one.onTime(now);
      count += 1;
    }
  }
  return count;
}

function masters(): number {
  const one = engine();
  let now = instant(0);
  // Becoming master and announcing is not what is measured here.
  while (now < 10_000_000) {
    now = one.deadline() ?? now;
    one.onTime(now);
  }
  const before = sent;
  const end = now + SECONDS * 1_000_000;
  while (now < end) {
    now = one.deadline() ?? now;
    one.onTime(now);
  }
  return sent - before;
}

const lines: string[] = [];
const rate = INSTANCES * 10;
for (const [name, work, perSecond] of [
  ["step", steps, undefined],
  ["backups", backups, rate],
  ["masters", masters, rate],
] as const) {
  work();
  const { count, cost } = measure(work);
  const load = perSecond === undefined ? "" : `${((cost * perSecond) / 10_000).toFixed(2)} %`;
  lines.push(
    `${name.padEnd(8)} ${String(count).padStart(9)} ${cost.toFixed(3).padStart(9)} µs ${String(Math.round(1e6 / cost)).padStart(10)}/s ${load.padStart(8)}`,
  );
}
process.stdout.write(`${INSTANCES} instances, 10 advertisements a second each\n`);
process.stdout.write(`            count      each    at most/s     load\n${lines.join("\n")}\n`);
