/** Devices with a virtual MAC address, made and removed in the kernel. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { changeLink, createMacvlan, deleteLink } from "#linux/links";
import { must, mustDo } from "#linux/result";
import { LinuxVirtualMacs } from "#linux/virtual-mac-devices";
import { linkNamed, readLinks } from "#linux/virtual-mac-links";
import { type Mac, readMac } from "#units/address";
import type { VirtualMacDevice } from "#vrrp/engine/world";
import { address, layCable, linkOf, type Side } from "../support/linux-net.ts";

const path = (device: string, name: string): string => `/proc/sys/net/ipv4/conf/${device}/${name}`;
const setting = (device: string, name: string): number =>
  Number(readFileSync(path(device, name), "latin1"));
const BASE = ["arp_ignore", "arp_filter", "arp_announce"];
const ofBase = (): readonly number[] => BASE.map((name) => setting("eth0", name));

function mac(text: string): Mac {
  const value = readMac(text);
  assert.ok(value !== undefined);
  return value;
}

const device = (vrid: number, more: Partial<VirtualMacDevice> = {}): VirtualMacDevice => ({
  name: `vrrp.${vrid}`,
  mac: (mac("00:00:5e:00:01:00") + vrid) as Mac,
  addresses: [address(`198.51.100.${vrid}`)],
  ...more,
});

const devices = (side: Side): LinuxVirtualMacs =>
  new LinuxVirtualMacs(side.rtnetlink, { start: () => {}, stop: () => {} });

const namesOf = ({ rtnetlink }: Side): readonly string[] =>
  must(readLinks(rtnetlink))
    .map(({ link }) => link.name)
    .filter((name) => name !== "lo" && name !== "eth0");

function inLeft(use: (left: Side) => void): void {
  using cable = layCable();
  cable.left.namespace.within(() => use(cable.left));
}

describe("a device with a virtual MAC address", () => {
  test("has keepalived's settings, no IPv6, and answers no announcement", () => {
    inLeft((left) => {
      const opened = devices(left).open(device(51), left.link);
      assert.ok(opened.ok);
      assert.equal(opened.link.mac, device(51).mac);
      const found = must(linkNamed(left.rtnetlink, "vrrp.51"));
      assert.equal(found.base, left.link.index, "private, on the interface");
      const settings = {
        arp_ignore: 1,
        accept_local: 1,
        rp_filter: 0,
        promote_secondaries: 1,
        drop_gratuitous_arp: 1,
      };
      for (const [name, value] of Object.entries(settings))
        assert.equal(setting("vrrp.51", name), value, name);
      assert.deepEqual(ofBase(), [1, 1, 2]);
      const ipv6 = readFileSync("/proc/sys/net/ipv6/conf/vrrp.51/disable_ipv6", "latin1");
      assert.equal(ipv6.trim(), "1");
    });
  });

  test("of several the last one puts the interface's settings back", () => {
    inLeft((left) => {
      writeFileSync(path("eth0", "arp_announce"), "1");
      const before = ofBase();
      const all = devices(left);
      for (const vrid of [51, 52]) assert.ok(all.open(device(vrid), left.link).ok);
      mustDo(all.close("vrrp.51"));
      assert.deepEqual(ofBase(), [1, 1, 2]);
      mustDo(all.close("vrrp.52"));
      assert.deepEqual(ofBase(), before);
      assert.deepEqual(namesOf(left), []);
    });
  });

  test("what somebody else has set meanwhile stays, and what was enough is not touched", () => {
    inLeft((left) => {
      writeFileSync(path("eth0", "arp_ignore"), "2");
      const all = devices(left);
      assert.ok(all.open(device(51), left.link).ok);
      assert.deepEqual(ofBase(), [2, 1, 2]);
      writeFileSync(path("eth0", "arp_announce"), "1");
      mustDo(all.close("vrrp.51"));
      assert.deepEqual(ofBase(), [2, 0, 1]);
    });
  });

  test("left by a dead process it is taken over, or removed with its settings", () => {
    inLeft((left) => {
      const before = ofBase();
      const dead = devices(left);
      for (const vrid of [51, 52]) assert.ok(dead.open(device(vrid), left.link).ok);
      const { index } = linkOf(left.rtnetlink, "vrrp.51");
      const next = devices(left);
      const opened = next.open(device(51), left.link);
      assert.ok(opened.ok && opened.link.index === index, "the same device");
      mustDo(next.clean((name) => name === "vrrp.51"));
      assert.deepEqual(namesOf(left), ["vrrp.51"]);
      mustDo(next.close("vrrp.51"));
      assert.deepEqual(ofBase(), before);
    });
  });
});

describe("another program", () => {
  test("one that was changed or set down is made again what it should be", () => {
    inLeft((left) => {
      const all = devices(left);
      assert.ok(all.open(device(51), left.link).ok);
      const { index } = linkOf(left.rtnetlink, "vrrp.51");
      mustDo(changeLink(left.rtnetlink, index, { up: false }));
      const again = all.open(device(51), left.link);
      assert.ok(again.ok && again.link.index === index && again.link.up);
      mustDo(changeLink(left.rtnetlink, index, { mac: mac("02:00:00:00:00:01") }));
      const anew = all.open(device(51), left.link);
      assert.ok(anew.ok && anew.link.mac === device(51).mac);
      mustDo(all.close("vrrp.51"));
    });
  });

  test("after one that somebody removed the interface's settings are put back all the same", () => {
    inLeft((left) => {
      const before = ofBase();
      const all = devices(left);
      assert.ok(all.open(device(51), left.link).ok);
      mustDo(deleteLink(left.rtnetlink, linkOf(left.rtnetlink, "vrrp.51").index));
      assert.ok(all.open(device(51), left.link).ok);
      mustDo(all.close("vrrp.51"));
      assert.deepEqual(ofBase(), before);
    });
  });

  test("a device of somebody else is neither taken nor removed", () => {
    inLeft((left) => {
      mustDo(createMacvlan(left.rtnetlink, left.link.index, { name: "vrrp.51" }));
      const all = devices(left);
      const outcome = all.open(device(51), left.link);
      assert.ok(!outcome.ok);
      assert.equal(outcome.errno, "EEXIST");
      assert.match(outcome.detail ?? "", /another device is called vrrp\.51/);
      mustDo(all.close("vrrp.51"));
      mustDo(all.clean(() => false));
      assert.deepEqual(namesOf(left), ["vrrp.51"]);
    });
  });

  test("where all interfaces are strict about the way back, it is not", () => {
    inLeft((left) => {
      writeFileSync(path("all", "rp_filter"), "1");
      assert.ok(devices(left).open(device(51), left.link).ok);
      assert.equal(setting("vrrp.51", "rp_filter"), 2);
      assert.equal(setting("all", "rp_filter"), 1);
    });
  });
});
