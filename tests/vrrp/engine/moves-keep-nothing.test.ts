/**
 * Own process: it collects garbage, and measures the heap.
 *
 * A thousand routers that give way and take over again, many times: nothing is kept of it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { IpAddress, Mac } from "#units/address";
import { ipv4 } from "#units/address";
import { centis, instant, micros } from "#units/time";
import { type Priority, priority, vrid } from "#units/vrrp";
import { Engine } from "#vrrp/engine/engine";
import { type AddressInfo, BATON_PROTO, OK, type World, type WorldEvent } from "#vrrp/engine/world";
import type { InstanceConfig, VirtualAddress } from "#vrrp/router/config";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import { ADVERT_LENGTH_MAX } from "#vrrp/wire/vrrp-packet";
import { ip } from "../../support/fake-world.ts";
import { CONFIG } from "../../support/vector.ts";

const ROUTERS = 1_000;
const MOVES = 15;
const PER_INTERFACE = 250;
const INTERVAL = centis(10);
const PEER = ip("10.0.0.2");
const OWN = ip("10.0.0.1");
const GROUP = ip("224.0.0.18");

const interfaceOf = (number: number): number => 2 + Math.floor(number / PER_INTERFACE);
const vridOf = (number: number): number => 1 + (number % PER_INTERFACE);
const addressOf = (number: number): IpAddress => ipv4(0x0a_01_00_00 + number);

function configOf(number: number): InstanceConfig {
  const router = { ...CONFIG, name: `VI_${number}`, vrid: vrid(vridOf(number)) };
  return {
    router: { ...router, advertInterval: INTERVAL },
    interface: `eth${interfaceOf(number)}`,
    transport: { kind: "multicast", group: GROUP },
    checksum: "pseudo-header",
    addresses: [{ address: addressOf(number), prefix: 32, scope: 0 }],
    excludedAddresses: [],
    skipCheckAdvAddr: false,
    arp: "request",
    pacing: { burst: 0, perSecond: 0, gap: micros(0) },
  };
}

/** A kernel that does everything and reports it. */
class Machine {
  readonly engine: Engine;
  readonly news: WorldEvent[] = [];
  readonly addresses = new Set<IpAddress>();
  now = instant(0);

  constructor() {
    this.engine = new Engine(this.#world());
    const indexes = Array.from({ length: ROUTERS / PER_INTERFACE }, (_, place) => place + 2);
    const links = indexes.map((index) => {
      const flags = { up: true, arp: true, multicast: true };
      return { index, name: `eth${index}`, mac: index as number as Mac, mtu: 1_500, ...flags };
    });
    const own = { address: OWN, prefix: 16, secondary: false, proto: 0 };
    const addresses = indexes.map((index) => ({ index, ...own }));
    this.engine.onWorld({ kind: "resync", links, addresses }, this.now);
    const instances = Array.from({ length: ROUTERS }, (_, number) => configOf(number));
    const rest = { groups: [], resume: [], trackers: [] };
    this.engine.onSupervisor({ type: "configure", instances, ...rest }, this.now);
  }

  #world(): World {
    const changed = (
      kind: "address" | "addressGone",
      index: number,
      to: VirtualAddress,
    ): typeof OK => {
      const { address: virtual, prefix } = to;
      const address: AddressInfo = {
        index,
        address: virtual,
        prefix,
        secondary: false,
        proto: BATON_PROTO,
      };
      this.news.push({ kind, address });
      if (kind === "address") this.addresses.add(virtual);
      else this.addresses.delete(virtual);
      return OK;
    };
    return {
      forwardsIpv6: () => false,
      listen: () => OK,
      unlisten: () => undefined,
      sendAdverts: () => undefined,
      isUnresolved: () => false,
      sendFrame: () => OK,
      setAddress: (index, address) => changed("address", index, address),
      prolongAddresses: () => undefined,
      removeAddress: (index, address) => changed("addressGone", index, address),
      promoteSecondaries: () => OK,
      claimed: () => new Set(),
      guard: undefined,
      unixTime: () => 0,
      emit: () => undefined,
    };
  }

  /** Until there are so many addresses. */
  runUntil(count: number): void {
    const end = this.now + 30_000_000;
    while (this.addresses.size !== count || this.news.length > 0) {
      assert.ok(this.now < end, `${this.addresses.size} addresses`);
      for (const event of this.news.splice(0)) this.engine.onWorld(event, this.now);
      const due = this.engine.deadline();
      if (due !== undefined && due > this.now) this.now = due;
      this.engine.onTime(this.now);
    }
  }

  hearAll(from: Priority): void {
    for (let number = 0; number < ROUTERS; number++) {
      const bytes = advertOf(number, from);
      this.engine.onWorld({ kind: "packet", interfaceIndex: interfaceOf(number), bytes }, this.now);
    }
  }
}

function advertOf(number: number, from: Priority): Uint8Array {
  const bytes = new Uint8Array(ADVERT_LENGTH_MAX);
  const length = emitAdvert(bytes, {
    source: PEER,
    destination: GROUP,
    ttl: 255,
    id: 1,
    version: 3,
    vrid: vrid(vridOf(number)),
    priority: from,
    interval: INTERVAL,
    addresses: [addressOf(number)],
    password: undefined,
    checksum: "pseudo-header",
  });
  return bytes.subarray(0, length);
}

test("a thousand routers move many times, and nothing is kept", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const machine = new Machine();
  machine.runUntil(ROUTERS);
  const move = (): void => {
    machine.hearAll(priority(200));
    machine.runUntil(0);
    machine.hearAll(priority(0));
    machine.runUntil(ROUTERS);
  };
  const measure = (moves: number): number => {
    for (let count = 0; count < moves; count++) move();
    collect();
    collect();
    return getHeapStatistics().used_heap_size;
  };
  // Until V8 has compiled what it will: that stays, and is no memory of a move.
  measure(10);
  const before = measure(3);
  const grown = measure(MOVES) - before;
  const each = grown / (MOVES * ROUTERS);
  assert.ok(each < 8, `${each.toFixed(1)} bytes for each router that moved`);
});
