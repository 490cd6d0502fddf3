/** News of links and addresses, and what happens when there are more of them than fit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { now } from "#linux/clock";
import { changeLink, createBridge, createVeth, deleteLink } from "#linux/links";
import { createNamespace } from "#linux/namespace";
import { Reactor } from "#linux/reactor";
import { must, mustDo } from "#linux/result";
import { openMonitor, openRtnetlink, type RtnetlinkMonitor } from "#linux/rtnetlink";
import { type IpAddress, printIp } from "#units/address";
import { after, fromSeconds } from "#units/time";
import type { WorldEvent } from "#vrrp/engine/world";
import { layCable, linkOf, virtual } from "../support/linux-net.ts";

const kinds = (events: readonly WorldEvent[]): readonly string[] => events.map(({ kind }) => kind);
const VIP = virtual("192.0.2.100");
const VIP6 = virtual("2001:db8::100");

// News of what a request changes is delivered inside the request's system call: nothing needs
// to be waited for. A new IPv6 address is reported a moment later.

for (const vip of [VIP, VIP6]) {
  test(`addresses: added, removed (${printIp(vip.address)})`, () => {
    using cable = layCable();
    const { left } = cable;
    const monitor = left.namespace.within(() => must(openMonitor()));
    const reactor = new Reactor();
    const events: WorldEvent[] = [];
    reactor.add(monitor.fd, () => events.push(...monitor.read()));
    const next = (count: number): void => {
      const until = after(now(), fromSeconds(10));
      while (events.length < count && now() < until) reactor.wait(until);
    };
    mustDo(left.rtnetlink.setAddress(left.link.index, vip, 60));
    next(1);
    mustDo(left.rtnetlink.removeAddress(left.link.index, vip));
    next(2);
    assert.deepEqual(kinds(events), ["address", "addressGone"]);
    for (const event of events) {
      assert.ok(event.kind === "address" || event.kind === "addressGone");
      assert.equal(event.address.address, vip.address);
      assert.equal(event.address.index, left.link.index);
    }
    assert.deepEqual(monitor.read(), [], "nothing is reported twice");
    monitor.close();
  });
}

test("a link loses its carrier when its other end goes down; when that is deleted, the link is gone", () => {
  using cable = layCable();
  const { left, right } = cable;
  const monitor = left.namespace.within(() => must(openMonitor()));
  mustDo(changeLink(right.rtnetlink, right.link.index, { up: false }));
  // The kernel's link watch reports a lost carrier on its own time, up to a second later.
  const reactor = new Reactor();
  let isDown = false;
  reactor.add(monitor.fd, () => {
    for (const event of monitor.read()) {
      isDown ||= event.kind === "link" && event.link.index === left.link.index && !event.link.up;
    }
  });
  const until = after(now(), fromSeconds(10));
  while (!isDown && now() < until) reactor.wait(until);
  assert.ok(isDown);
  assert.equal(linkOf(left.rtnetlink, "eth0").up, false);
  mustDo(deleteLink(right.rtnetlink, right.link.index));
  const gone = monitor.read().filter((event) => event.kind === "linkGone");
  assert.deepEqual(gone, [{ kind: "linkGone", index: left.link.index, name: "eth0" }]);
  monitor.close();
});

test("a device that enters or leaves a bridge is not gone", () => {
  using namespace = createNamespace("bridged");
  const { rtnetlink, monitor } = namespace.within(() => ({
    rtnetlink: must(openRtnetlink()),
    monitor: must(openMonitor()),
  }));
  mustDo(createBridge(rtnetlink, "br0"));
  mustDo(createVeth(rtnetlink, { name: "a" }, { name: "b" }));
  const [bridge, a] = [linkOf(rtnetlink, "br0"), linkOf(rtnetlink, "a")];
  monitor.read();
  mustDo(changeLink(rtnetlink, a.index, { master: bridge.index }));
  mustDo(changeLink(rtnetlink, a.index, { master: 0 }));
  const events = monitor.read();
  assert.ok(events.length > 0);
  assert.deepEqual(
    kinds(events).filter((kind) => kind !== "link"),
    [],
  );
  monitor.close();
  rtnetlink.close();
});

/** Reads until nothing comes, and says what one would believe who applied every event in order. */
function believed(monitor: RtnetlinkMonitor): {
  readonly addresses: Set<IpAddress>;
  resyncs: number;
} {
  let addresses = new Set<IpAddress>();
  let resyncs = 0;
  for (let events = monitor.read(); events.length > 0; events = monitor.read()) {
    for (const event of events) {
      if (event.kind === "address") addresses.add(event.address.address);
      if (event.kind === "addressGone") addresses.delete(event.address.address);
      if (event.kind !== "resync") continue;
      resyncs++;
      addresses = new Set(event.addresses.map((one) => one.address));
    }
  }
  return { addresses, resyncs };
}

test("lost news: one resync, and nothing older than it is believed afterwards", () => {
  using cable = layCable();
  const { left } = cable;
  const { index } = left.link;
  // The smallest buffer the kernel gives: some messages fit, the rest is lost.
  const monitor = left.namespace.within(() => must(openMonitor(1)));
  // The messages that fit say that the address came; those that say that it went are among the
  // lost.
  for (let i = 0; i < 200; i++) {
    mustDo(left.rtnetlink.setAddress(index, virtual(`198.51.100.${i}`), 60));
  }
  for (let i = 0; i < 200; i++) {
    mustDo(left.rtnetlink.removeAddress(index, virtual(`198.51.100.${i}`)));
  }
  mustDo(left.rtnetlink.setAddress(index, VIP, 60));
  const { addresses, resyncs } = believed(monitor);
  assert.equal(resyncs, 1);
  const real = must(left.rtnetlink.addresses()).map((one) => one.address);
  assert.deepEqual(addresses, new Set(real));
  // And it goes on as before.
  mustDo(left.rtnetlink.removeAddress(index, VIP));
  assert.deepEqual(kinds(monitor.read()), ["addressGone"]);
  monitor.close();
});

test("a flood that fits is read in portions, completely and in order", () => {
  using cable = layCable();
  const { left } = cable;
  const { index } = left.link;
  const monitor = left.namespace.within(() => must(openMonitor()));
  for (let i = 0; i < 400; i++) mustDo(left.rtnetlink.setAddress(index, VIP, 60 + i));
  mustDo(left.rtnetlink.removeAddress(index, VIP));
  const first = monitor.read();
  assert.ok(first.length < 400, "others in the reactor have their turn");
  const all = [...first];
  for (let events = monitor.read(); events.length > 0; events = monitor.read()) all.push(...events);
  assert.equal(all.length, 401);
  assert.equal(all.at(-1)?.kind, "addressGone");
  monitor.close();
});
