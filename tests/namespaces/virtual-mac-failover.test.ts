/**
 * Two Batons with a virtual MAC address, real packets, real failures: what holds for a pair without
 * one (failover.test.ts) holds here, and no client has to learn another MAC address.
 */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { FaultName } from "#lab/measure/faults";
import { CLIENT, type Lab, VIRTUAL_ADDRESS } from "#lab/measure/lab";
import { FAST, FAST_MULTICAST, type Profile } from "#lab/measure/profile";
import { runFault } from "#lab/measure/scenario";
import { must } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";
import { printMac } from "#units/address";
import { createRng } from "#units/rng";
import { withLab } from "../support/lab.ts";
import { address } from "../support/linux-net.ts";

const VIRTUAL_MAC = "00:00:5e:00:01:33";
const SEAMLESS: readonly FaultName[] = ["stop", "kill-engine", "kill-supervisor"];

const PLAIN: Profile = {
  ...FAST_MULTICAST,
  name: "virtual MAC",
  extraInstanceLines: ["use_vmac"],
};
const BASE: Profile = {
  ...FAST_MULTICAST,
  name: "virtual MAC, advertised from the interface",
  extraInstanceLines: ["use_vmac vip0", "vmac_xmit_base"],
};
const UNICAST: Profile = {
  ...FAST,
  name: "virtual MAC with unicast",
  extraInstanceLines: ["use_vmac", "vmac_xmit_base"],
};

/** What the client has learned; undefined: nothing yet. */
function learned(lab: Lab): string | undefined {
  using rtnetlink = lab.network.namespaceOf(CLIENT).within(() => must(openRtnetlink()));
  const entry = must(rtnetlink.neighbours()).find(
    (one) => one.address === address(VIRTUAL_ADDRESS),
  );
  return entry?.mac === undefined ? undefined : printMac(entry.mac);
}

function faultTests(profile: Profile, names: readonly FaultName[]): void {
  test(`${profile.name}: one owner through every fault`, async (context: TestContext) => {
    await withLab(context, { profile, kinds: ["baton", "baton"], askEach: true }, async (lab) => {
      const random = createRng(names.length).real;
      const owner = await lab.startDaemons();
      assert.equal(owner.name, "a");
      for (const name of names) {
        await context.test(name, async () => {
          const result = await runFault(lab, name, { random });
          context.diagnostic(
            `${name}: outage ${result.outageMilliseconds} ms, two owners ${result.dualAnswers?.milliseconds ?? result.dualMilliseconds} ms, nobody ${result.unheldMilliseconds} ms`,
          );
          assert.ok(result.passed, `owner after: ${result.after.join(" + ") || "nobody"}`);
          assert.equal((result.dualAnswers ?? { open: result.dualOpen }).open, false);
          if (SEAMLESS.includes(name)) assert.equal(result.unheldMilliseconds, 0);
          assert.equal(learned(lab), VIRTUAL_MAC, "the client's ARP entry");
        });
      }
    });
  });
}

describe("a pair of Batons with a virtual MAC address", { concurrency: 3 }, () => {
  faultTests(PLAIN, ["stop", "kill-engine", "kill-all", "link"]);
  faultTests(BASE, ["stop", "kill-supervisor", "hang"]);
  faultTests(UNICAST, ["stop", "kill-all"]);
});
