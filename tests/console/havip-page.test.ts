/** What the HAVIP page knows before it asks the platform. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findAddressProblem } from "#console/pages/havip/subnet-address";

test("an address is one of the subnet that can be had, or it is said why not", () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ["172.16.0.135", "172.16.0.0/24", undefined],
    ["172.16.0.254", "172.16.0.0/24", undefined],
    ["172.16.1.135", "172.16.0.0/24", "outside"],
    ["172.16.0.0", "172.16.0.0/24", "reserved"],
    ["172.16.0.1", "172.16.0.0/24", "reserved"],
    ["172.16.0.255", "172.16.0.0/24", "reserved"],
    ["172.16.0", "172.16.0.0/24", "not-an-address"],
    ["", "172.16.0.0/24", "not-an-address"],
    ["192.168.200.9", "192.168.192.0/20", undefined],
    ["192.168.208.9", "192.168.192.0/20", "outside"],
    ["192.168.207.255", "192.168.192.0/20", "reserved"],
  ];
  for (const [address, cidr, problem] of cases)
    assert.equal(findAddressProblem(address, cidr), problem, `${address} in ${cidr}`);
});
