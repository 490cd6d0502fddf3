/**
 * What is ours on a kernel that does not mark addresses: the record, and what it says about a
 * machine.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { leftoversOf, type Place, printPlaces, readPlaces } from "#daemon/owned-places";
import { keepsMarks } from "#linux/rtnetlink";
import { type AddressInfo, BATON_PROTO } from "#vrrp/engine/world";
import { ETH0, ip, own } from "../support/fake-world.ts";

const HERE = { boot: "3b3b0ad5-0b2f-4a6e-9d0f-2f0e3c1a9c11", namespace: "net:[4026531840]" };
const VIP = "192.0.2.100";
const place = (more: Partial<Place> = {}): Place => ({
  device: "eth0",
  index: 2,
  address: ip(VIP),
  prefix: 24,
  ...more,
});
const lent = (more: Partial<AddressInfo> = {}): AddressInfo => ({
  ...own(2, VIP),
  expires: true,
  ...more,
});

test("a record is read back where it was made, and nowhere else", () => {
  const places = [place(), place({ device: "eth1", index: undefined, prefix: 32 })];
  const text = printPlaces(HERE, places);
  assert.deepEqual(readPlaces(text, HERE), places);
  assert.deepEqual(readPlaces(text, { ...HERE, boot: "another" }), []);
  assert.deepEqual(readPlaces(text, { ...HERE, namespace: "net:[1]" }), []);
});

test("a record that is damaged says nothing, whatever was damaged", () => {
  const text = printPlaces(HERE, [place()]);
  for (let length = 0; length < text.length - 2; length++)
    assert.deepEqual(readPlaces(text.slice(0, length), HERE), []);
  const bad = [null, 1, "x", {}, { device: 1 }, { ...place(), address: "192.0.2" }];
  for (const one of [...bad, { ...place(), address: VIP, prefix: "24" }]) {
    assert.deepEqual(readPlaces(JSON.stringify({ ...HERE, places: [one] }), HERE), []);
    assert.deepEqual(readPlaces(JSON.stringify({ ...HERE, places: one }), HERE), []);
    assert.deepEqual(readPlaces(JSON.stringify(one), HERE), []);
  }
});

const FOUND = [{ index: 2, address: ip(VIP), prefix: 24 }];
const cases: readonly [string, AddressInfo, readonly Place[], readonly string[], boolean][] = [
  ["at a recorded place", lent(), [place()], [], true],
  ["the device was renamed", lent(), [place({ device: "wan0" })], [], true],
  ["the device was made anew", lent(), [place({ index: 9 })], [], true],
  ["the device came after the record", lent(), [place({ index: undefined })], [], true],
  ["guarded, nothing is recorded", lent(), [], [VIP], true],
  ["it has no end", own(2, VIP), [place()], [VIP], false],
  ["nothing is known of it", lent(), [], [], false],
  ["on another device", lent(), [place({ index: 9, device: "wan0" })], [], false],
  ["with another prefix", lent(), [place({ prefix: 32 })], [], false],
  ["another address is recorded", lent(), [place({ address: ip("192.0.2.1") })], [], false],
  ["it has somebody's mark", lent({ proto: 4 }), [place()], [VIP], false],
  ["it has our mark, which is enough", lent({ proto: BATON_PROTO }), [place()], [], false],
];
for (const [what, info, places, guarded, isOurs] of cases)
  test(`left over, ${what}: ${isOurs}`, () => {
    const found = leftoversOf([ETH0], [own(2, "192.0.2.1"), info], places, guarded.map(ip));
    assert.deepEqual(found, isOurs ? FOUND : []);
  });

test("kernels that keep the mark are known by their number", () => {
  for (const one of ["5.18.0", "5.19.17-1-amd64", "6.1.0-44-amd64", "10.0"])
    assert.ok(keepsMarks(one), one);
  for (const one of ["5.17.15", "5.4.0-216-generic", "4.18.0-553.el8.x86_64", "3.10", "", "x"])
    assert.equal(keepsMarks(one), false, one);
});
