/** An advertisement that repeats the last one is accepted unread; whatever differs is read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Secret } from "#units/secret";
import { centis, micros } from "#units/time";
import { Engine } from "#vrrp/engine/engine";
import { passwordData } from "#vrrp/wire/password";
import { Bench, instance, PEER } from "../../support/bench.ts";
import { ETH0, FakeWorld, ip, own } from "../../support/fake-world.ts";

function backup(): Bench {
  const bench = new Bench();
  bench.configure([instance()]);
  return bench;
}

/** Counters that are not zero, after the packets. */
function counted(bench: Bench, packets: readonly Uint8Array[]): Record<string, number> {
  for (const bytes of packets) bench.event({ kind: "packet", interfaceIndex: 2, bytes });
  const found = Object.entries(bench.counters()).filter(([, count]) => count > 0);
  return Object.fromEntries(found);
}

const heardAt = (bench: Bench): number | undefined =>
  bench.engine.instances[0]?.peers.get(ip("192.0.2.2"))?.heardAt;

test("a repetition with another identification is received, and prolongs the wait for the master", () => {
  const bench = backup();
  const packets = [1, 2, 3].map(() => bench.advert({ priority: 150 }));
  assert.deepEqual(counted(bench, packets), { advert_rcvd: 3 });
  for (const second of [1, 2, 3, 4, 5, 6]) {
    bench.until(second);
    bench.hear({ priority: 150 });
    assert.equal(heardAt(bench), second * 1_000_000);
  }
  assert.equal(bench.phase(), "backup");
  assert.deepEqual(counted(bench, []), { advert_rcvd: 9 });
});

test("each bit of a packet after the same one: counted as if it were the first", () => {
  const { length } = backup().advert();
  for (let bit = 0; bit < length * 8; bit++) {
    const [first, second] = [backup(), backup()];
    const good = first.advert({ priority: 150 });
    const bad = first.advert({ priority: 150 });
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const { advert_rcvd: received = 0, ...refused } = counted(first, [good, good, bad]);
    const { advert_rcvd: alone = 0, ...refusedAlone } = counted(second, [bad]);
    assert.equal(received - 2, alone, `bit ${bit}`);
    assert.deepEqual(refused, refusedAlone, `bit ${bit}`);
  }
});

test("a packet with more or less behind the same beginning: counted as if it were the first", () => {
  for (const more of [-8, -1, 1, 8]) {
    const [first, second] = [backup(), backup()];
    const good = first.advert({ priority: 150 });
    const bad = new Uint8Array(good.length + more);
    bad.set(good.subarray(0, bad.length));
    const { advert_rcvd: received = 0, ...refused } = counted(first, [good, good, good, bad]);
    const { advert_rcvd: alone = 0, ...refusedAlone } = counted(second, [bad]);
    assert.equal(received - 3, alone, `${more} bytes`);
    assert.deepEqual(refused, refusedAlone, `${more} bytes`);
  }
});

test("the same packet by two devices is for the router of each", () => {
  const eth1 = { ...ETH0, index: 3, name: "eth1" };
  const bench = new Bench([ETH0, eth1], [own(2, "192.0.2.1"), own(3, "192.0.2.1")]);
  bench.configure([instance(), instance({ interface: "eth1", router: { name: "VI_2" } })]);
  const packet = bench.advert({ priority: 150 });
  for (const interfaceIndex of [2, 2, 2, 3, 2, 3, 3, 3, 2])
    bench.event({ kind: "packet", interfaceIndex, bytes: packet });
  const received = ["VI_1", "VI_2"].map((name) => bench.counters(name)["advert_rcvd"]);
  assert.deepEqual(received, [5, 4]);
});

test("packets that lie in the same memory one after the other are not taken for repetitions", () => {
  const bench = backup();
  const memory = new Uint8Array(100);
  for (const priority of [150, 150, 150, 151, 150]) {
    const packet = bench.advert({ priority });
    memory.set(packet);
    counted(bench, [memory.subarray(0, packet.length)]);
    assert.equal(bench.engine.instances[0]?.state.heard?.priority, priority);
  }
});

test("a priority 0 is read and counted as such each time", () => {
  const bench = backup();
  const packet = bench.advert({ priority: 0 });
  const heard = [1, 2, 3].map((second) => {
    bench.until(second);
    return counted(bench, [packet])["pri_zero_rcvd"];
  });
  assert.deepEqual(heard, [1, 2, 3]);
});

test("what is valid and says something else is read: another priority, another interval", () => {
  const bench = backup();
  bench.hear({ priority: 150 });
  bench.hear({ priority: 151 });
  assert.equal(bench.engine.instances[0]?.state.heard?.priority, 151);
  bench.hear({ priority: 151, interval: centis(50) });
  assert.equal(bench.emitted("drop").at(-1)?.drop.kind, "interval-differs");
});

test("after a reload that refuses it, a repetition is refused", () => {
  const bench = backup();
  const packet = bench.advert({ priority: 150 });
  assert.deepEqual(counted(bench, [packet, packet]), { advert_rcvd: 2 });
  const peers = [{ address: ip("192.0.2.3") }];
  bench.configure([
    instance({ transport: { kind: "unicast", peers, ttl: 255, checkSource: true } }),
  ]);
  assert.deepEqual(counted(bench, [packet]), { advert_rcvd: 2, not_a_peer: 1 });
});

test("after a reload that adds a router with the same VRID, a repetition goes to whom it is meant for", () => {
  const bench = backup();
  const packet = bench.advert({ priority: 150 });
  counted(bench, [packet, packet]);
  const group = instance({ transport: { kind: "multicast", group: ip("224.0.0.18") } });
  const other = { ...group, router: { ...group.router, name: "VI_2" } };
  bench.configure([
    instance(),
    { ...other, addresses: instance({ addresses: ["192.0.2.101"] }).addresses },
  ]);
  counted(bench, [packet, packet]);
  assert.equal(bench.counters("VI_1")["advert_rcvd"], 4);
  assert.equal(bench.counters("VI_2")["advert_rcvd"], 0);
});

test("after a reload that adds a router without a device, it gets what is sent to its address", () => {
  const bench = new Bench([ETH0], [own(2, "192.0.2.1"), own(2, "192.0.2.9")]);
  bench.configure([instance()]);
  const packet = bench.advert({ priority: 150, destination: ip("192.0.2.9") });
  assert.deepEqual(counted(bench, [packet, packet, packet]), { advert_rcvd: 3 });
  const { interface: _, ...other } = instance({ router: { name: "VI_2" } });
  const peers = [{ address: ip(PEER) }];
  const source = ip("192.0.2.9");
  const transport = { kind: "unicast", source, peers, ttl: 255, checkSource: true } as const;
  const addresses = instance({ addresses: ["192.0.2.101"] }).addresses;
  bench.configure([instance(), { ...other, transport, addresses }]);
  counted(bench, [packet, packet]);
  assert.equal(bench.counters("VI_1")["advert_rcvd"], 3);
});

test("vrrp_skip_check_adv_addr: a repetition makes its sender the master with a list that was compared", () => {
  const bench = new Bench();
  const peers = [{ address: ip(PEER) }, { address: ip("192.0.2.3") }];
  const transport = { kind: "unicast", peers, ttl: 255, checkSource: true } as const;
  bench.configure([instance({ transport, skipCheckAdvAddr: true })]);
  const hear = (more: Parameters<Bench["hear"]>[0]): number => {
    bench.hear({ priority: 150, ...more });
    return bench.counters()["advert_rcvd"] ?? 0;
  };
  hear({});
  hear({ source: ip("192.0.2.3") });
  assert.equal(hear({}), 3);
  assert.equal(hear({ priority: 151, addresses: [ip("192.0.2.111")] }), 4, "not compared again");
});

test("a version 2 master with a password is noted like any other", () => {
  const bench = new Bench();
  const secret = new Secret("s3cr3t");
  const router = { version: 2 } as const;
  bench.configure([instance({ router, authentication: { kind: "pass", secret } })]);
  const packet = bench.advert({ version: 2, priority: 150, password: passwordData("s3cr3t") });
  const noted = [1, 2, 3, 4].map(() => {
    if (bench.engine.onRepetition(2, packet, bench.now)) return true;
    bench.event({ kind: "packet", interfaceIndex: 2, bytes: packet });
    return false;
  });
  assert.deepEqual(noted, [false, false, true, true]);
  assert.equal(bench.counters()["advert_rcvd"], 4);
});

test("a backup that only notes its master tries again what the kernel refused", () => {
  const bench = backup();
  bench.until(4);
  let tries = 0;
  bench.world.removeAddress = () => {
    tries += 1;
    return { ok: false, errno: "EBUSY", call: "RTM_DELADDR" };
  };
  // A kernel that does not even end a lifetime.
  bench.world.expire = () => undefined;
  for (let half = 8; half < 18; half++) {
    bench.hear({ priority: 150 });
    bench.until((half + 1) / 2);
    assert.equal(tries, half < 17 ? 1 : 2, `after ${(half + 1) / 2} s`);
  }
  assert.equal(bench.phase(), "backup");
});

test("advertisements that differ each time are not remembered each time, and all are heard", () => {
  const bench = backup();
  const remembered = (): number | undefined => bench.engine.instances[0]?.accepted?.event.priority;
  bench.hear({ priority: 150 });
  for (const priority of [151, 152, 150, 153]) {
    bench.hear({ priority });
    assert.equal(bench.engine.instances[0]?.state.heard?.priority, priority);
    assert.equal(remembered(), 150);
  }
  bench.hear({ priority: 150 });
  assert.equal(bench.engine.instances[0]?.peers.get(ip("192.0.2.2"))?.priority, 150);
  bench.until(0.1);
  bench.hear({ priority: 154 });
  assert.equal(remembered(), 154);
});

/** Two engines live the same life; the second one is recorded, so that each packet steps. */
class Twins {
  readonly noting = new Bench();
  readonly stepping: Bench;
  /** Packets that the first one only noted. */
  noted = 0;
  /** What the peers advertise with. */
  version: 2 | 3 = 3;
  password: Uint8Array | undefined;
  #now = 0;

  constructor() {
    const world = new FakeWorld();
    const engine = new Engine(world, () => undefined);
    this.stepping = new Bench([ETH0], [own(2, "192.0.2.1")], world, engine);
  }

  both(work: (bench: Bench) => void): void {
    for (const bench of [this.noting, this.stepping]) work(bench);
    const [one, other] = [this.noting, this.stepping].map(({ engine, world }) => ({
      deadline: engine.deadline(),
      emitted: world.takeEmitted(),
    }));
    assert.deepEqual(one, other);
  }

  /** Not after each command: then there is never more than one packet to catch up with. */
  compareStates(): void {
    const [one, other] = [this.noting, this.stepping].map(({ engine, now }) => ({
      snapshot: engine.snapshot(now),
      states: engine.instances.map(({ state }) => state),
    }));
    assert.deepEqual(one, other);
  }

  hear(priority: number, source = PEER): void {
    const from = { priority, source: ip(source), version: this.version, password: this.password };
    const packets = [1, 2].map((vrid) => this.noting.advert({ vrid, ...from }));
    this.both((bench) => {
      for (const bytes of packets) {
        if (!bench.engine.onRepetition(2, bytes, bench.now))
          bench.event({ kind: "packet", interfaceIndex: 2, bytes });
        else if (bench === this.noting) this.noted += 1;
        else assert.fail("a recorded engine steps");
      }
    });
  }

  wait(milliseconds: number): void {
    this.#now += milliseconds / 1_000;
    this.both((bench) => bench.until(this.#now));
  }

  sleep(milliseconds: number): void {
    this.#now += milliseconds / 1_000;
    this.both((bench) => bench.sleepUntil(this.#now));
  }
}

const OTHER = "192.0.2.3";
const transport = {
  kind: "unicast",
  peers: [{ address: ip(PEER) }, { address: ip(OTHER) }],
  ttl: 255,
  checkSource: true,
} as const;
const router = {
  trackers: [{ kind: "file", name: "load", weight: 1, reverse: false }],
} as const;
const two = [
  instance({ transport, router }),
  instance({ vrid: 2, transport, router: { ...router, name: "VI_2" } }),
];
/** What a reload may make of the first one, besides another priority. */
const SECRET = "s3cr3t";
const CHANGES: readonly Parameters<typeof instance>[0][] = [
  {},
  { router: { preempt: false } },
  { router: { preemptDelay: micros(2_000_000) } },
  { router: { holdDown: { first: micros(5_000_000), max: micros(60_000_000) } } },
  { router: { downTimerAdverts: 2 } },
  { addresses: ["192.0.2.100", "192.0.2.101"] },
  { skipCheckAdvAddr: true },
  { router: { version: 2 } },
  { router: { version: 2 }, authentication: { kind: "pass", secret: new Secret(SECRET) } },
];
const GROUPS = [{ name: "G", members: ["VI_1", "VI_2"] }];

function obey(twins: Twins, verb: string, value: number): void {
  const [, ...others] = two;
  if (verb === "hear") return twins.hear(value);
  if (verb === "other") return twins.hear(value, OTHER);
  if (verb === "repeat") {
    for (let i = 0; i < value; i++) {
      twins.hear(150);
      twins.wait(800 + 100 * i);
    }
    return twins.hear(150);
  }
  if (verb === "wait") return twins.wait(value);
  if (verb === "sleep") return twins.sleep(value);
  if (verb === "link")
    return twins.both((bench) => {
      bench.event({ kind: "link", link: { ...ETH0, up: value === 1 } });
    });
  if (verb === "tracker")
    twins.both((bench) => {
      bench.supervisor({ type: "tracker", kind: "file", name: "load", result: value });
    });
  if (verb === "reload" || verb === "change") {
    const change = verb === "change" ? CHANGES[value] : { priority: value };
    const both = { ...router, ...change?.router };
    const changed = instance({ transport, ...change, router: both });
    twins.version = both.version ?? 3;
    twins.password = change?.authentication && passwordData(SECRET);
    twins.both((bench) => bench.configure([changed, ...others], { groups: bench.groups }));
  }
  if (verb === "group")
    twins.both((bench) => bench.configure(two, value === 1 ? { groups: GROUPS } : {}));
  twins.compareStates();
}

test("whatever happens between, a router that is noted as heard is the one that stepped", () => {
  const command = (weight: number, verb: string, values: readonly number[]) => ({
    weight,
    arbitrary: fc.record({ verb: fc.constant(verb), value: fc.constantFrom(...values) }),
  });
  const commands = fc.oneof(
    command(6, "hear", [150, 150, 50, 0]),
    command(2, "other", [150, 200, 50, 0]),
    command(8, "repeat", [3, 6, 9]),
    command(6, "wait", [1, 300, 900, 1_000]),
    command(2, "sleep", [1_600, 2_000]),
    command(1, "link", [0, 1]),
    command(1, "tracker", [0, 60, -20]),
    command(1, "reload", [100, 160]),
    command(2, "change", [...CHANGES.keys()]),
    command(1, "group", [0, 1]),
    command(2, "compare", [0]),
  );
  let noted = 0;
  const property = fc.property(fc.array(commands, { maxLength: 40 }), (life) => {
    const twins = new Twins();
    twins.both((bench) => bench.configure(two));
    for (const { verb, value } of life) obey(twins, verb, value);
    twins.compareStates();
    noted += twins.noted;
  });
  fc.assert(property, { numRuns: 300 });
  assert.ok(noted > 500, `${noted} were noted`);
});
