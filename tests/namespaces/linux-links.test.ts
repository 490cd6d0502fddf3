/** Devices, routes and the ARP table, as the lab uses them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addHostAddress,
  addRoute,
  changeLink,
  createBridge,
  createMacvlan,
  createVeth,
  deleteLink,
  flushNeighbours,
} from "#linux/links";
import { createNamespace } from "#linux/namespace";
import { must, mustDo } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";
import { type IpAddress, printMac, readMac } from "#units/address";
import { address, address6, layCable, linkOf, type Side, virtual } from "../support/linux-net.ts";
import { Probe } from "../support/linux-probe.ts";

test("a link gets its MAC, its MTU and its place in a bridge, and loses them", () => {
  using namespace = createNamespace("a");
  using rtnetlink = namespace.within(() => must(openRtnetlink()));
  const mac = readMac("02:00:5e:00:53:01") ?? assert.fail();
  mustDo(createBridge(rtnetlink, "br0"));
  mustDo(createVeth(rtnetlink, { name: "a", mac }, { name: "b" }));
  const a = linkOf(rtnetlink, "a");
  assert.equal(printMac(a.mac), "02:00:5e:00:53:01");
  assert.equal(a.up, false);
  const other = readMac("02:00:5e:00:53:02") ?? assert.fail();
  mustDo(
    changeLink(rtnetlink, a.index, {
      mtu: 1400,
      mac: other,
      master: linkOf(rtnetlink, "br0").index,
    }),
  );
  assert.equal(linkOf(rtnetlink, "a").mtu, 1400);
  assert.equal(linkOf(rtnetlink, "a").mac, other);
  mustDo(deleteLink(rtnetlink, a.index));
  assert.deepEqual(
    must(rtnetlink.links())
      .map(({ name }) => name)
      .toSorted(),
    ["br0", "lo"],
  );
  assert.deepEqual(deleteLink(rtnetlink, a.index), { ok: true }, "gone already");
});

test("a name that is taken is refused with the kernel's error", () => {
  using namespace = createNamespace("a");
  using rtnetlink = namespace.within(() => must(openRtnetlink()));
  mustDo(createBridge(rtnetlink, "br0"));
  const again = createBridge(rtnetlink, "br0");
  assert.ok(!again.ok);
  assert.equal(again.errno, "EEXIST");
  assert.equal(again.call, "RTM_NEWLINK(bridge br0)");
});

test("a macvlan in a namespace of its own answers under its own MAC", () => {
  using cable = layCable();
  using guest = createNamespace("guest");
  using inside = guest.within(() => must(openRtnetlink()));
  const mac = readMac("02:00:5e:00:53:0a") ?? assert.fail();
  const { left, right } = cable;
  mustDo(createMacvlan(left.rtnetlink, left.link.index, { name: "mv0", mac, namespace: guest.fd }));
  const { index } = linkOf(inside, "mv0");
  mustDo(changeLink(inside, index, { up: true }));
  mustDo(addHostAddress(inside, index, address("192.0.2.50"), 24));
  const host = {
    namespace: guest,
    rtnetlink: inside,
    link: linkOf(inside, "mv0"),
    address: address("192.0.2.50"),
    address6: address6("2001:db8::50"),
  };
  using probe = new Probe(right, host, host.address);
  // The first frames may find a device that is not ready yet.
  let heard = probe.answers(100);
  for (let tries = 0; tries < 20 && !(heard.arp && heard.echo); tries++) heard = probe.answers(100);
  assert.deepEqual(heard, { echo: true, arp: true });
  const learned = must(right.rtnetlink.neighbours()).find((one) => one.address === host.address);
  if (learned?.mac !== undefined) assert.equal(learned.mac, mac);
});

for (const version of ["IPv4", "IPv6"] as const) {
  test(`the table of neighbours is read and emptied (${version})`, () => {
    using cable = layCable();
    const { left, right } = cable;
    const own = (side: Side): IpAddress => (version === "IPv4" ? side.address : side.address6);
    // The asker's address is learned from its question by the one that answers.
    using probe = new Probe(right, left, own(left));
    assert.equal(probe.answers(200).echo, true);
    const find = () => must(left.rtnetlink.neighbours()).find((one) => one.address === own(right));
    assert.equal(find()?.mac, right.link.mac);
    assert.equal(find()?.index, left.link.index);
    mustDo(flushNeighbours(left.rtnetlink, left.link.index));
    assert.equal(find()?.mac, undefined);
    mustDo(flushNeighbours(left.rtnetlink, left.link.index));
  });
}

test("a default route makes far senders answerable", () => {
  using cable = layCable();
  const { left, right } = cable;
  const far = address("198.51.100.7");
  mustDo(right.rtnetlink.setAddress(right.link.index, virtual("198.51.100.7"), 0));
  using probe = new Probe({ ...right, address: far }, left, left.address);
  assert.equal(probe.answers(200).echo, false, "no way back yet");
  mustDo(addRoute(left.rtnetlink, undefined, right.address, left.link.index));
  assert.equal(probe.answers(200).echo, true);
  const unreachable = addRoute(
    left.rtnetlink,
    { address: address("203.0.113.0"), prefix: 24 },
    far,
    left.link.index,
  );
  assert.deepEqual(unreachable.ok, false);
});
