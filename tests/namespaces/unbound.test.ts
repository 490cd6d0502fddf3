/**
 * A pair without `interface`: two cables, and what one node says leaves by one and what it
 * hears comes by the other.
 *
 *   a ── eth0 ══> eth0 ── b    10.9.9.2 is routed by eth0; VRRP coming back by it is dropped
 *   a ── eth1 <══ eth1 ── b    10.9.9.1 is routed by eth1; likewise
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import type { FaultName } from "#lab/measure/faults";
import { type Lab, VIRTUAL_ADDRESS } from "#lab/measure/lab";
import type { LabNode } from "#lab/measure/node";
import { FAST, type Profile, printConfig, TUTORIAL } from "#lab/measure/profile";
import { runFault } from "#lab/measure/scenario";
import { createVeth } from "#linux/links";
import { must, mustDo } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";
import { createRng } from "#units/rng";
import { withLab } from "../support/lab.ts";

const SOURCES: Readonly<Record<string, string>> = { a: "10.9.9.1", b: "10.9.9.2" };

async function shell(node: LabNode, script: string): Promise<void> {
  const child = node.spawn(["/bin/sh", "-ec", script], "pipe");
  let said = "";
  child.stderr?.on("data", (data: Buffer) => (said += data.toString()));
  const [status] = await once(child, "exit");
  assert.equal(status, 0, said);
}

/** The second cable, a source address on no cable, and the one way to the other's. */
async function layCables({ nodes }: Lab): Promise<void> {
  const [a, b] = nodes;
  assert.ok(a && b);
  using rtnetlink = a.namespace.within(() => must(openRtnetlink()));
  mustDo(createVeth(rtnetlink, { name: "eth1" }, { name: "eth1", namespace: b.namespace.fd }));
  const ways = [
    { node: a, other: b, near: "10.8.8.1", gateway: b.address, out: "eth0" },
    { node: b, other: a, near: "10.8.8.2", gateway: "10.8.8.1", out: "eth1" },
  ];
  for (const { node, near, out } of ways) {
    await shell(
      node,
      `ip link set lo up; ip link set eth1 up
       for each in all eth0 eth1; do echo 0 > /proc/sys/net/ipv4/conf/$each/rp_filter; done
       ip address add ${SOURCES[node.name]}/32 dev lo
       ip address add ${near}/24 dev eth1
       nft add table ip way
       nft 'add chain ip way in { type filter hook input priority 0; }'
       nft add rule ip way in iifname ${out} ip protocol 112 drop`,
    );
  }
  for (const { node, other, gateway, out } of ways)
    await shell(node, `ip route add ${SOURCES[other.name]}/32 via ${gateway} dev ${out}`);
}

function configOf(profile: Profile, node: LabNode, priority: number): string {
  const [own, other] = node.name === "a" ? ["a", "b"] : ["b", "a"];
  return printConfig(profile, {
    address: SOURCES[own] ?? "",
    peers: [SOURCES[other] ?? ""],
    virtualAddress: VIRTUAL_ADDRESS,
    priority,
  }).replace("    interface eth0\n", "");
}

const FAULTS: readonly FaultName[] = ["stop", "kill-engine", "kill-supervisor", "kill-all"];

for (const profile of [TUTORIAL, FAST]) {
  test(`${profile.name} without an interface, one way there and another back: one owner`, async (context: TestContext) => {
    const askEach = profile.advertSeconds < 1;
    await withLab(context, { profile, kinds: ["baton", "baton"], askEach }, async (lab) => {
      await layCables(lab);
      for (const node of lab.nodes) node.configure(configOf(profile, node, 50));
      const owner = await lab.startDaemons();
      assert.equal(owner.name, "a", "the other one hears it, by whatever way");
      const random = createRng(FAULTS.length).real;
      for (const name of FAULTS) {
        const result = await runFault(lab, name, { random });
        assert.ok(result.passed, `${name}: ${result.after.join(" + ") || "nobody"}`);
        // Below a second the address of a dead owner stays for a moment, unanswered: who
        // answers is what counts.
        const held = { milliseconds: result.dualMilliseconds, open: result.dualOpen };
        const dual = result.dualAnswers ?? held;
        assert.equal(dual.open, false, `${name}: two owners at the end`);
        if (name === "kill-all") assert.equal(dual.milliseconds, 0, "two owners");
        else assert.equal(result.unheldMilliseconds, 0, `${name}: nobody held the address`);
        context.diagnostic(
          `${name}: two owners ${dual.milliseconds} ms, nobody ${result.unheldMilliseconds} ms`,
        );
      }
    });
  });
}
