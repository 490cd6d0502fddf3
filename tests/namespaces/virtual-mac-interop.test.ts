/**
 * Baton beside keepalived with virtual MAC addresses, both ways round: each takes over from the
 * other, no client has to learn another MAC address, and the machine of one looks as that of the
 * other, but for the settings that docs/virtual-mac.md names.
 *
 * Needs: keepalived
 */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { DaemonKind } from "#lab/measure/daemon";
import { CLIENT, type Lab, VIRTUAL_ADDRESS } from "#lab/measure/lab";
import type { LabNode } from "#lab/measure/node";
import { FAST_MULTICAST, type Profile } from "#lab/measure/profile";
import { runFault } from "#lab/measure/scenario";
import { must } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";
import { printMac } from "#units/address";
import { createRng } from "#units/rng";
import { outputOf, withLab } from "../support/lab.ts";
import { address } from "../support/linux-net.ts";

const PLAIN: Profile = { ...FAST_MULTICAST, name: "plain", extraInstanceLines: ["use_vmac"] };
const BASE: Profile = {
  ...FAST_MULTICAST,
  name: "vmac_xmit_base",
  extraInstanceLines: ["use_vmac", "vmac_xmit_base"],
};

const SETTINGS = ["arp_ignore", "arp_filter", "rp_filter", "accept_local", "promote_secondaries"];
const OWN_SETTINGS = ["drop_gratuitous_arp", "arp_announce"];

interface LinkShown {
  readonly address: string;
  readonly flags: readonly string[];
  readonly inet6_addr_gen_mode: string;
  readonly linkinfo: { readonly info_kind: string; readonly info_data: { readonly mode: string } };
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}

/** What the kernel has for it on a node. */
async function viewOf(node: LabNode, names: readonly string[]): Promise<unknown> {
  const text = await outputOf(node, "ip", "-json", "-details", "address", "show", "dev", "vrrp.51");
  const [link] = JSON.parse(text) as readonly LinkShown[];
  assert.ok(link !== undefined);
  const setting = async (device: string, name: string): Promise<string> =>
    `${device} ${name} ${await outputOf(node, "cat", `/proc/sys/net/ipv4/conf/${device}/${name}`)}`;
  const settings = ["eth0", "vrrp.51"].flatMap((device) =>
    names.map((name) => setting(device, name)),
  );
  return {
    mac: link.address,
    flags: link.flags.toSorted(),
    ipv6: link.inet6_addr_gen_mode,
    kind: [link.linkinfo.info_kind, link.linkinfo.info_data.mode],
    addresses: link.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    settings: await Promise.all(settings),
  };
}

/** What the client has learned. */
function learned(lab: Lab): string | undefined {
  using rtnetlink = lab.network.namespaceOf(CLIENT).within(() => must(openRtnetlink()));
  const known = must(rtnetlink.neighbours());
  const entry = known.find((one) => one.address === address(VIRTUAL_ADDRESS));
  return entry?.mac === undefined ? undefined : printMac(entry.mac);
}

function interop(profile: Profile, kinds: readonly [DaemonKind, DaemonKind]): void {
  test(`${profile.name}: ${kinds.join(" and ")}`, async (context: TestContext) => {
    await withLab(context, { profile, kinds }, async (lab) => {
      const [a, b] = lab.nodes;
      assert.ok(a && b);
      const random = createRng(1).real;
      const owner = await lab.startDaemons();
      assert.equal(owner.name, "a");
      assert.equal(learned(lab), "00:00:5e:00:01:33");
      const [first, backup] = [await viewOf(a, SETTINGS), await viewOf(b, SETTINGS)];
      const own = [await viewOf(a, OWN_SETTINGS), await viewOf(b, OWN_SETTINGS)];
      const result = await runFault(lab, "stop", { random });
      assert.ok(result.passed, `owner after: ${result.after.join(" + ") || "nobody"}`);
      assert.equal(learned(lab), "00:00:5e:00:01:33");
      const [former, second] = [await viewOf(a, SETTINGS), await viewOf(b, SETTINGS)];
      assert.deepEqual(second, first, "the owner's machine");
      assert.deepEqual(former, backup, "the backup's machine");
      const keepalived = kinds.indexOf("keepalived");
      assert.notDeepEqual(own[1 - keepalived], own[keepalived], "what docs/virtual-mac.md names");
      const link = await runFault(lab, "link", { random });
      assert.ok(link.passed, `owner after: ${link.after.join(" + ") || "nobody"}`);
      assert.equal(learned(lab), "00:00:5e:00:01:33");
    });
  });
}

describe("virtual MAC addresses beside keepalived", { concurrency: 2 }, () => {
  interop(PLAIN, ["keepalived", "baton"]);
  interop(PLAIN, ["baton", "keepalived"]);
  interop(BASE, ["baton", "keepalived"]);
});
