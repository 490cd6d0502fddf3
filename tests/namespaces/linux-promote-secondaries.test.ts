/** What the kernel does with the other addresses of a subnet when its primary one goes. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { PromoteSecondaries } from "#linux/promote-secondaries";
import { must, mustDo } from "#linux/result";
import { printIp } from "#units/address";
import { layCable, type Side, virtual } from "../support/linux-net.ts";

const path = (device: string): string => `/proc/sys/net/ipv4/conf/${device}/promote_secondaries`;
const setting = (device: string): string => readFileSync(path(device), "latin1").trim();

function addressesOf({ rtnetlink, link }: Side): readonly string[] {
  const all = must(rtnetlink.addresses()).filter(({ index }) => index === link.index);
  return all.map(({ address }) => printIp(address)).filter((one) => one.startsWith("198."));
}

for (const isPromoting of [false, true]) {
  test(`${isPromoting ? "with" : "without"} promote_secondaries the others of the subnet ${isPromoting ? "stay" : "go"}`, () => {
    using cable = layCable();
    const { left } = cable;
    left.namespace.within(() => {
      writeFileSync(path("all"), "0");
      writeFileSync(path("eth0"), "0");
      const kernel = new PromoteSecondaries();
      mustDo(kernel.settle(new Set(isPromoting ? ["eth0", "eth9"] : [])));
      assert.equal(setting("eth0"), isPromoting ? "1" : "0");
      const list = ["198.51.100.10", "198.51.100.5"].map((one) => virtual(one, { prefix: 24 }));
      for (const one of list) mustDo(left.rtnetlink.setAddress(left.link.index, one, 0));
      mustDo(
        left.rtnetlink.removeAddress(left.link.index, virtual("198.51.100.10", { prefix: 24 })),
      );
      assert.deepEqual(addressesOf(left), isPromoting ? ["198.51.100.5"] : []);
      mustDo(kernel.settle(new Set()));
      assert.equal(setting("eth0"), "0", "put back");
    });
  });
}

test("what somebody else has set stays set", () => {
  using cable = layCable();
  cable.left.namespace.within(() => {
    writeFileSync(path("all"), "0");
    writeFileSync(path("eth0"), "1");
    const kernel = new PromoteSecondaries();
    mustDo(kernel.settle(new Set(["eth0"])));
    mustDo(kernel.settle(new Set()));
    assert.equal(setting("eth0"), "1");
  });
});
