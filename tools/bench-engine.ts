/**
 * How much of a CPU the engine's own work costs, with the world taken away: `node
 * tools/bench-engine.ts [INSTANCES] [signed]`; `signed`: with `auth_hmac`.
 *
 *   step      the pure core: one backup, advertisements and wake-ups
 *   backups   INSTANCES backups, each hears its master ten times a second; the loop asks for the
 *             deadline after each packet
 *   masters   INSTANCES masters, each advertises ten times a second; the loop wakes the engine at
 *             each deadline
 *
 * "bytes" is what V8's heap grows by with a thousand advertisements. "load" is the share of one CPU
 * that this rate takes. System calls come on top (a raw sendto is about 6 µs).
 */

import { getHeapStatistics } from "node:v8";
import { type Ipv4, ipv4, type Mac, readIpv4 } from "#units/address";
import { centis, type Instant, instant, micros } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import { Engine } from "#vrrp/engine/engine";
import { Signing } from "#vrrp/engine/signing";
import { type LinkInfo, OK, type World } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { initialState, step } from "#vrrp/router/router";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import { ADVERT_LENGTH_MAX } from "#vrrp/wire/vrrp-packet";
import { SIGNING } from "../tests/support/signed.ts";
import { CONFIG } from "../tests/support/vector.ts";

const INSTANCES = Number(process.argv[2] ?? 1000);
const IS_SIGNED = process.argv[3] === "signed";
const PER_INTERFACE = 250;
const INTERVAL = centis(10);
const SECONDS = 10;
const PEER = readIpv4("10.0.0.2") as Ipv4;
const OWN = readIpv4("10.0.0.1") as Ipv4;

/** Of the calendar, at the beginning of each work. */
const CALENDAR = 1_767_225_600_000_000;
let clock = CALENDAR;
let sent = 0;
const nothing: World = {
  listen: () => OK,
  unlisten: () => undefined,
  sendAdverts: (adverts) => {
    sent += adverts.length;
    return undefined;
  },
  isUnresolved: () => false,
  forwardsIpv6: () => false,
  sendFrame: () => OK,
  setAddress: () => OK,
  prolongAddresses: () => undefined,
  removeAddress: () => OK,
  promoteSecondaries: () => OK,
  claimed: () => new Set(),
  guard: undefined,
  unixTime: () => clock,
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
    ...(IS_SIGNED ? { signing: SIGNING } : {}),
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
    isSigned: IS_SIGNED,
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

const ROUNDS = SECONDS * 10;
const NONE = new Uint8Array(28);

/** What the peers sign, made beforehand: their work is not measured. */
function signRounds(packets: readonly Uint8Array[]): readonly Uint8Array[] {
  const peer = new Signing(SIGNING);
  return Array.from({ length: ROUNDS * INSTANCES }, (_, at) => {
    const packet = packets[at % INSTANCES] as Uint8Array;
    peer.sign([{ packet }], CALENDAR + Math.floor(at / INSTANCES) * 100_000);
    return packet.slice(packet.length - 28);
  });
}

function backups(): number {
  const one = engine();
  const packets = Array.from({ length: INSTANCES }, (_, i) => packetOf(i));
  const trailers = IS_SIGNED ? signRounds(packets) : [];
  const round = (number: number): number => {
    for (let place = 0; place < packets.length; place++) {
      const now = instant(number * 100_000 + Math.floor((place * 100_000) / INSTANCES));
      const bytes = packets[place] as Uint8Array;
      if (IS_SIGNED) {
        clock = CALENDAR + now;
        bytes.set(trailers[(number % ROUNDS) * INSTANCES + place] ?? NONE, bytes.length - 28);
      }
      one.onWorld({ kind: "packet", interfaceIndex: interfaceOf(place), bytes }, now);
      const due = one.deadline();
      if (due !== undefined && due <= now) one.onTime(now);
    }
    return packets.length;
  };
  return rounds("backups", round);
}

function masters(): number {
  const one = engine();
  let now = instant(0);
  // Becoming master and announcing is not what is measured here.
  while (now < 10_000_000) {
    now = one.deadline() ?? now;
    one.onTime(now);
  }
  const begin = now;
  const round = (number: number): number => {
    const before = sent;
    const end = begin + (number + 1) * 100_000;
    while (now < end) {
      now = one.deadline() ?? now;
      one.onTime(now);
    }
    return sent - before;
  };
  return rounds("masters", round);
}

/** Bytes of V8's heap for a thousand advertisements, by the name of the work. */
const allocated = new Map<string, number>();

/**
 * As many rounds of a tenth of a second as there are, and what one allocates: the median, for a
 * collection in between takes some away.
 */
function rounds(name: string, round: (number: number) => number): number {
  const grown: number[] = [];
  let count = 0;
  for (let number = 0; number < SECONDS * 10; number++) {
    const before = getHeapStatistics().used_heap_size;
    const adverts = round(number);
    const bytes = getHeapStatistics().used_heap_size - before;
    if (adverts > 0) grown.push((bytes * 1_000) / adverts);
    count += adverts;
  }
  allocated.set(name, grown.toSorted((a, b) => a - b)[grown.length >> 1] ?? Number.NaN);
  return count;
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
  const bytes = allocated.get(name);
  const heap = bytes === undefined ? "" : String(Math.round(bytes));
  const load = perSecond === undefined ? "" : `${((cost * perSecond) / 10_000).toFixed(2)} %`;
  lines.push(
    `${name.padEnd(8)} ${String(count).padStart(9)} ${cost.toFixed(3).padStart(9)} µs ${String(Math.round(1e6 / cost)).padStart(10)}/s ${load.padStart(8)} ${heap.padStart(14)}`,
  );
}
process.stdout.write(
  `${INSTANCES} instances, 10 advertisements a second each${IS_SIGNED ? ", signed" : ""}\n`,
);
process.stdout.write(
  `            count      each    at most/s     load   bytes / 1000\n${lines.join("\n")}\n`,
);
