/**
 * Addresses of ours that somebody else has added on this machine: copies go with the hand-over for
 * a dead engine, what was there before it stays.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Mac } from "#units/address";
import type { AddressInfo } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { instance } from "../../support/bench.ts";
import { ETH0, own } from "../../support/fake-world.ts";
import { ETH1, ownerOf, REFUSED, type SupervisorBench } from "../../support/supervisor-bench.ts";

const VIP = "192.0.2.100";
const A = instance({ router: { name: "A" } });
const WAIT = 2.001094;
const ON_ETH1 = own(3, VIP);
const AS_HOST = own(2, VIP, 32);

/** The engine reports it: as a copy, if it owns the address. */
function reports(bench: SupervisorBench, info: AddressInfo, isOwner = true): void {
  const { index, address, prefix } = info;
  const where = { interface: "eth1", index, prefix };
  const report = { kind: "foreign-address", address, ...where, isOwner } as const;
  bench.happen({ kind: "engineSaid", message: { type: "report", instance: "A", report } });
}

/** Somebody adds it under an engine that runs. */
function adds(bench: SupervisorBench, info: AddressInfo, isOwner = true): void {
  bench.addresses.push(info);
  reports(bench, info, isOwner);
}

/** Without the machine's own addresses. */
const left = (bench: SupervisorBench): readonly string[] =>
  bench.addresses
    .filter(({ address }) => address === ON_ETH1.address)
    .map(({ index, prefix }) => `${index}/${prefix}`);

const removals = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => /^(removeAddresses|clearGuard)/.test(line));

test("a copy goes with the address at the end of the hand-over, before the rule", () => {
  const bench = ownerOf(A);
  adds(bench, ON_ETH1);
  adds(bench, AS_HOST);
  reports(bench, AS_HOST);
  const lines = bench.exit();
  assert.ok(lines.includes(`holdAddresses ${VIP}@2 4s`), "no lifetime of its own");
  assert.deepEqual(left(bench), ["2/24", "3/24", "2/32"]);
  assert.deepEqual(removals(bench.until(WAIT)), [
    `removeAddresses ${VIP}@2`,
    `removeAddresses ${VIP}@2 ${VIP}@3`,
    `clearGuard ${VIP}`,
  ]);
  assert.deepEqual(left(bench), []);
});

test("one that was there before this node owned the address stays", () => {
  const bench = ownerOf();
  bench.start(A);
  adds(bench, ON_ETH1, false);
  bench.becomes(A, "MASTER");
  bench.exit();
  bench.until(WAIT);
  assert.deepEqual(left(bench), ["3/24"]);
});

test("one that was added when the engine died, before it could say so, is a copy", () => {
  const bench = ownerOf(A);
  bench.addresses = bench.addresses.filter(({ address }) => address !== ON_ETH1.address);
  bench.addresses.push(AS_HOST);
  bench.exit();
  assert.deepEqual(left(bench), []);
});

test("one of several addresses moved by hand, and the engine died before it could say so", () => {
  for (const handover of ["make-before-break", "break-before-make"] as const) {
    const addresses = [VIP, "192.0.2.101"];
    const bench = ownerOf(instance({ router: { name: "A", handover }, addresses }));
    bench.addresses = bench.addresses.filter(({ address }) => address !== ON_ETH1.address);
    bench.addresses.push(ON_ETH1);
    bench.exit();
    bench.until(WAIT);
    assert.deepEqual(left(bench), []);
  }
});

test("one that is added while the address is held is a copy, whether an engine runs or not", () => {
  for (const at of [0.01, 1]) {
    const bench = ownerOf(A);
    bench.exit();
    bench.until(at);
    // Moved by hand: ours is gone.
    bench.addresses = bench.addresses.filter(({ address }) => address !== ON_ETH1.address);
    bench.addresses.push(ON_ETH1);
    bench.until(WAIT);
    assert.deepEqual(left(bench), []);
  }
});

test("on a loopback device or one without ARP, and of the address owner, nothing is a copy", () => {
  const LO = { ...ETH0, index: 1, name: "lo", mac: 0 as Mac };
  const owner = instance({ priority: 255, router: { name: "A" } });
  const cases: readonly (readonly [InstanceConfig, AddressInfo])[] = [
    [A, own(1, VIP, 32)],
    [A, own(4, VIP, 32)],
    [owner, ON_ETH1],
  ];
  for (const [config, info] of cases) {
    const bench = ownerOf(config);
    bench.links = [LO, ETH0, ETH1, { ...ETH1, index: 4, name: "dummy0", arp: false }];
    bench.exit();
    bench.addresses.push(info);
    bench.until(WAIT);
    assert.deepEqual(left(bench), [`${info.index}/${info.prefix}`]);
  }
});

test("where nothing can be held the copies go at once", () => {
  const broken = instance({ router: { name: "A", handover: "break-before-make" } });
  const ways: readonly (readonly [InstanceConfig, (bench: SupervisorBench) => void])[] = [
    [broken, () => undefined],
    [A, (bench) => Object.assign(bench, { listenFails: REFUSED })],
    // The lease was over.
    [
      A,
      (bench) => {
        bench.addresses = bench.addresses.filter(({ index, address }) =>
          index === 2 ? address !== ON_ETH1.address : true,
        );
      },
    ],
    // No address to send from.
    [A, (bench) => void bench.addresses.splice(0, 1)],
  ];
  for (const [config, prepare] of ways) {
    const bench = ownerOf(config);
    adds(bench, ON_ETH1);
    prepare(bench);
    bench.exit();
    assert.deepEqual(bench.state.holds, []);
    assert.deepEqual(left(bench), []);
    assert.ok(bench.lines.some((line) => line.startsWith("clearGuard")));
  }
});

test("a copy that the kernel does not remove keeps its rule, and better does not answer", () => {
  const bench = ownerOf(A);
  adds(bench, ON_ETH1);
  bench.exit();
  bench.stuckOn = 3;
  assert.deepEqual(removals(bench.until(WAIT)), [
    `removeAddresses ${VIP}@2`,
    `removeAddresses ${VIP}@3`,
  ]);
});

test("given up, and owned again: what was a copy then is none now", () => {
  const bench = ownerOf(A);
  adds(bench, ON_ETH1);
  bench.addresses = bench.addresses.filter(({ address }) => address !== ON_ETH1.address);
  bench.becomes(A, "BACKUP");
  adds(bench, ON_ETH1, false);
  bench.becomes(A, "MASTER");
  bench.exit();
  bench.until(WAIT);
  assert.deepEqual(left(bench), ["3/24"]);
});

test("the next engine gets what is spared, and its copies are known when it dies too", () => {
  const bench = ownerOf();
  bench.start(A);
  adds(bench, AS_HOST, false);
  bench.becomes(A, "MASTER");
  adds(bench, ON_ETH1);
  bench.exit();
  const { holds } = bench.state;
  assert.deepEqual(
    holds.flatMap(({ spared }) => spared.places.map(({ index, prefix }) => `${index}/${prefix}`)),
    ["2/32"],
  );
  bench.until(0.05);
  bench.take();
  // It finds both, becomes MASTER, and dies.
  reports(bench, AS_HOST, false);
  reports(bench, ON_ETH1);
  bench.becomes(A, "MASTER");
  assert.deepEqual(left(bench).toSorted(), ["2/24", "2/32", "3/24"], "it owns the address again");
  bench.exit();
  bench.until(0.05 + WAIT);
  assert.deepEqual(left(bench), ["2/32"]);
});
