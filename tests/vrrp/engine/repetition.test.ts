/** An advertisement that repeats the last one is accepted unread; whatever differs is read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { centis } from "#units/time";
import { Engine } from "#vrrp/engine/engine";
import { Bench, instance } from "../../support/bench.ts";
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

  hear(priority: number): void {
    const packets = [1, 2].map((vrid) => this.noting.advert({ vrid, priority }));
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

const two = [instance(), instance({ vrid: 2, router: { name: "VI_2" } })];
const GROUPS = [{ name: "G", members: ["VI_1", "VI_2"] }];

function obey(twins: Twins, verb: string, value: number): void {
  const [first = instance(), ...others] = two;
  if (verb === "hear") return twins.hear(value);
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
  if (verb === "reload") {
    const changed = instance({ priority: value, router: { ...first.router } });
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
    command(8, "repeat", [3, 6, 9]),
    command(6, "wait", [1, 300, 900, 1_000]),
    command(2, "sleep", [1_600, 2_000]),
    command(1, "link", [0, 1]),
    command(1, "reload", [100, 160]),
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
