/** `interface_up_down_delays`: a link's change counts after a while, or not at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromMillis } from "#units/time";
import type { LinkInfo } from "#vrrp/engine/world";
import { Bench, instance } from "../../support/bench.ts";
import { ETH0, own } from "../../support/fake-world.ts";

const DOWN: LinkInfo = { ...ETH0, up: false };
const DELAYS = [{ name: "eth0", down: fromMillis(1_500), up: fromMillis(500) }];

function master(linkDelays = DELAYS): Bench {
  const bench = new Bench();
  bench.configure([instance()], { linkDelays });
  bench.until(4);
  assert.equal(bench.phase(), "master");
  bench.world.take();
  bench.world.takeEmitted();
  return bench;
}

test("a link that is back in time was never away", () => {
  const bench = master();
  bench.event({ kind: "link", link: DOWN });
  bench.until(5.4);
  bench.event({ kind: "link", link: ETH0 });
  bench.until(20);
  assert.equal(bench.phase(), "master");
  assert.deepEqual(bench.transitions(), []);
});

test("each loss counts by itself, however many there were before", () => {
  const bench = master();
  for (const at of [5, 6, 7, 8]) {
    bench.event({ kind: "link", link: DOWN });
    bench.until(at);
    bench.event({ kind: "link", link: ETH0 });
  }
  bench.event({ kind: "link", link: DOWN });
  // The kernel reports it once more, with another flag changed: its time goes on.
  bench.until(9);
  bench.event({ kind: "link", link: { ...DOWN, arp: false } });
  bench.until(9.49);
  assert.equal(bench.phase(), "master");
  bench.until(9.5);
  assert.equal(bench.phase(), "fault");
});

test("a link that is up again counts after its own delay", () => {
  const bench = master();
  bench.event({ kind: "link", link: DOWN });
  bench.until(12);
  assert.equal(bench.phase(), "fault");
  bench.event({ kind: "link", link: ETH0 });
  bench.until(12.49);
  assert.equal(bench.phase(), "fault");
  bench.until(12.5);
  assert.equal(bench.phase(), "backup");
});

test("a loss that counts late leaves no ownership that others have taken by then", () => {
  const bench = master([{ name: "eth0", down: fromMillis(3_000), up: fromMillis(0) }]);
  bench.event({ kind: "link", link: DOWN });
  bench.until(7);
  assert.equal(bench.phase(), "fault");
  bench.event({ kind: "link", link: ETH0 });
  assert.equal(bench.phase(), "backup", "a peer has heard nothing for 3 s");
});

test("what is new, gone or renamed counts at once", () => {
  const bench = master();
  bench.event({ kind: "linkGone", index: 2, name: "eth0" });
  assert.equal(bench.phase(), "fault");
  bench.world.kernel.clear();
  bench.event({ kind: "link", link: ETH0 });
  bench.event({ kind: "address", address: own(2, "192.0.2.1") });
  assert.equal(bench.phase(), "backup");
  bench.until(10);
  assert.equal(bench.phase(), "master");
  bench.event({ kind: "link", link: { ...DOWN, name: "eth9" } });
  assert.equal(bench.phase(), "fault");
});

test("after lost messages of the kernel the same holds", () => {
  const bench = master();
  bench.event({ kind: "resync", links: [DOWN], addresses: [own(2, "192.0.2.1")] });
  bench.until(5.4);
  assert.equal(bench.phase(), "master");
  bench.until(5.5);
  assert.equal(bench.phase(), "fault");
});

test("a reload that takes the delay away lets the loss count", () => {
  const bench = master();
  bench.event({ kind: "link", link: DOWN });
  bench.until(4.2);
  bench.configure([instance()]);
  bench.until(4.3);
  assert.equal(bench.phase(), "fault");
});

test("tracked interfaces wait as well", () => {
  const eth1: LinkInfo = { ...ETH0, index: 3, name: "eth1" };
  const bench = new Bench([ETH0, eth1], [own(2, "192.0.2.1")]);
  const tracker = { kind: "interface", name: "eth1", weight: 0, reverse: false } as const;
  const linkDelays = [{ name: "eth1", down: fromMillis(800), up: fromMillis(0) }];
  bench.configure([instance({ router: { trackers: [tracker] } })], { linkDelays });
  bench.until(4);
  assert.equal(bench.phase(), "master");
  bench.event({ kind: "link", link: { ...eth1, up: false } });
  bench.until(4.79);
  assert.equal(bench.phase(), "master");
  bench.until(4.8);
  assert.equal(bench.phase(), "fault");
});
