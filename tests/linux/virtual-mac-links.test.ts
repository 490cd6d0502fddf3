/** What a device of a virtual MAC address says of itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { printMark, readMark } from "#linux/virtual-mac-links";
import { readIpv4 } from "#units/address";

const ADDRESS = readIpv4("10.0.0.100");

test("a mark is read as it was printed", () => {
  for (const base of [{}, { arp_ignore: 0 }, { arp_ignore: 0, arp_filter: 0, arp_announce: 1 }]) {
    for (const address of [ADDRESS, undefined])
      assert.deepEqual(readMark(printMark({ address, base })), { address, base });
  }
  assert.equal(
    printMark({ address: ADDRESS, base: { arp_announce: 0 } }),
    "baton 10.0.0.100 arp_announce=0",
  );
});

test("an alias of somebody else is no mark, and odd tokens are none of it", () => {
  for (const text of [undefined, "", "uplink", "batons 1", " baton"])
    assert.equal(readMark(text), undefined);
  assert.deepEqual(readMark("baton 10.0.0 arp_ignore=x arp_filter=-1 other=3"), {
    address: undefined,
    base: {},
  });
});
