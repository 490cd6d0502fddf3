/** An advertisement that repeats the last one is accepted unread; whatever differs is read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { centis } from "#units/time";
import { Bench, instance } from "../../support/bench.ts";
import { ip } from "../../support/fake-world.ts";

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
  bench.until(0.1);
  bench.hear({ priority: 154 });
  assert.equal(remembered(), 154);
});
