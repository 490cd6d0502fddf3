/** What a lab that somebody watches decides and draws, without the lab. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withVirtualAddress } from "#lab/vpc/daemon-orders";
import { isBreaking, printOrder, readFault } from "#lab/vpc/fault-orders";
import { isMeasured } from "#lab/vpc/fault-row";
import { divideProbes } from "#probes/probe-parts";
import { fromMillis, type Instant, instant } from "#units/time";

const at = (milliseconds: number): Instant => instant(milliseconds * 1000);

test("parts keep the fastest and the slowest answer, and what was lost", () => {
  const probes = Array.from({ length: 30 }, (_, index) => ({
    sentAt: at(100 + index),
    answeredAt: index === 12 ? undefined : instant((100 + index) * 1000 + 50 + index),
    mac: index < 20 ? 1 : 2,
  }));
  assert.deepEqual(divideProbes(probes, at(100), fromMillis(10)), [
    { from: at(100), sent: 10, lost: 0, fastest: 50, slowest: 59, mac: 1 },
    { from: at(110), sent: 10, lost: 1, fastest: 60, slowest: 69, mac: 1 },
    { from: at(120), sent: 10, lost: 0, fastest: 70, slowest: 79, mac: 2 },
  ]);
});

test("a part without an answer has neither times nor a sender; one without probes is left out", () => {
  const probes = [
    { sentAt: at(100), answeredAt: undefined, mac: 0 },
    { sentAt: at(125), answeredAt: at(126), mac: 7 },
  ];
  assert.deepEqual(divideProbes(probes, at(100), fromMillis(10)), [
    { from: at(100), sent: 1, lost: 1, fastest: undefined, slowest: undefined, mac: undefined },
    { from: at(120), sent: 1, lost: 0, fastest: 1000, slowest: 1000, mac: 7 },
  ]);
});

test("a fault is measured until the address has moved and every probe is answered again", () => {
  const brokenAt = at(0);
  const watched = (movedAt: number | undefined, unansweredAt: number | undefined) => ({
    brokenAt,
    movedAt: movedAt === undefined ? undefined : at(movedAt),
    unansweredAt: unansweredAt === undefined ? undefined : at(unansweredAt),
  });
  assert.ok(!isMeasured(watched(4_000, 4_000), at(5_400)));
  assert.ok(isMeasured(watched(4_000, 4_000), at(5_500)));
  // A planned move: nothing was lost.
  assert.ok(isMeasured(watched(100, undefined), at(1_600)));
  // It stays where it is.
  assert.ok(!isMeasured(watched(undefined, undefined), at(11_900)));
  assert.ok(isMeasured(watched(undefined, undefined), at(12_000)));
  // Nobody answers at all.
  assert.ok(!isMeasured(watched(undefined, 29_000), at(29_900)));
  assert.ok(isMeasured(watched(undefined, 29_990), at(30_000)));
});

test("an order is shown as it is written, and one that heals breaks nothing", () => {
  const lines = ["loss 30% vrrp", "cut", "unplug", "apart b", "heal", "plug", "late 6s"];
  const shown = lines.map((line) => {
    const order = readFault(line.split(" "));
    assert.ok(order.kind !== "wrong", line);
    return [printOrder(order), isBreaking(order)];
  });
  assert.deepEqual(shown, [
    ["loss 30% vrrp", true],
    ["cut", true],
    ["unplug", true],
    ["apart b", true],
    ["heal", false],
    ["plug", false],
    ["late 6s", true],
  ]);
});

test("the virtual address of a file is the one that was applied for", () => {
  const text = "vrrp_instance V {\n    virtual_ipaddress {\n        10.0.0.1 dev eth0\n    }\n}\n";
  assert.equal(withVirtualAddress(text, "10.0.0.9"), text.replace("10.0.0.1", "10.0.0.9"));
  assert.equal(withVirtualAddress("vrrp_instance V {\n}\n", "10.0.0.9"), undefined);
});
