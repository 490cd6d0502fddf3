/** The engine's world on Linux: what it hears, what it sends, and what it lets go. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { O_CLOEXEC } from "#linux/abi";
import { openAddressLifetimes } from "#linux/address-lifetimes";
import { now } from "#linux/clock";
import * as libc from "#linux/ffi";
import { LinePipe } from "#linux/line-pipe";
import { changeLink, createVeth, deleteLink } from "#linux/links";
import { LinuxWorld } from "#linux/linux-world";
import { openNeighbourSocket } from "#linux/neighbour-socket";
import { Reactor } from "#linux/reactor";
import { must, mustDo } from "#linux/result";
import { openVrrpSocket } from "#linux/vrrp-socket";
import { type IpAddress, writeIp } from "#units/address";
import { after, fromMillis, fromSeconds } from "#units/time";
import { type Listening, OK, type Outcome, type WorldEvent } from "#vrrp/engine/world";
import type { IpVersion } from "#vrrp/router/config";
import { emitArp, gratuitousArp } from "#vrrp/wire/arp";
import { ipVersionAt, PROTOCOL_VRRP } from "#vrrp/wire/ipv4-fields";
import { emitIpv4Header } from "#vrrp/wire/ipv4-packet";
import { IPV6_HEADER_LENGTH, IPV6_OFFSET } from "#vrrp/wire/ipv6-fields";
import { emitIpv6Header } from "#vrrp/wire/ipv6-packet";
import { emitNeighbour, unsolicitedAdvertisement } from "#vrrp/wire/neighbour";
import { VRRP_GROUP } from "#vrrp/wire/parse-advert";
import {
  address,
  address6,
  type Cable,
  layCable,
  linkOf,
  type Side,
  virtual,
} from "../support/linux-net.ts";

interface Node {
  readonly world: LinuxWorld;
  readonly reactor: Reactor;
  readonly heard: WorldEvent["kind"][];
  onEvent: () => void;
  onPacket: (bytes: Uint8Array) => void;
  [Symbol.dispose](): void;
}

function nodeOn(side: Side): Node {
  const ends = new Int32Array(2);
  assert.equal(libc.pipe2(ends, O_CLOEXEC), 0);
  const heard: WorldEvent["kind"][] = [];
  const reactor = new Reactor();
  const node: Node = {
    world: new LinuxWorld({
      reactor,
      rtnetlink: side.rtnetlink,
      lifetimes: side.namespace.within(() => must(openAddressLifetimes(true))),
      pipe: new LinePipe(ends[1] ?? -1),
      guard: undefined,
      repeats: () => false,
      receive: (event) => {
        heard.push(event.kind);
        node.onEvent();
        if (event.kind === "packet") node.onPacket(event.bytes);
      },
    }),
    reactor,
    heard,
    onEvent: () => undefined,
    onPacket: () => undefined,
    [Symbol.dispose]() {
      node.world.unlisten(side.link.index);
      for (const fd of ends) libc.close(fd);
    },
  };
  return node;
}

const GROUPS = { 4: VRRP_GROUP, 6: address6("ff02::12") } as const;
/** A router of this version. */
const routerOf = (version: IpVersion): Listening => ({
  vrrp: [version],
  neighbours: [version],
  groups: [GROUPS[version]],
});
const NEIGHBOURS: Listening = { vrrp: [], neighbours: [4], groups: [] };

const listen = (node: Node, { namespace, link }: Side, wanted = routerOf(4)): void =>
  namespace.within(() => mustDo(node.world.listen(link.index, "eth0", wanted)));

function advert(from: Side, version: IpVersion = 4, id = 1): Uint8Array {
  if (version === 4) {
    const packet = new Uint8Array(28);
    const header = { source: from.address, destination: VRRP_GROUP, ttl: 255, id };
    emitIpv4Header(packet, header, 8);
    return packet;
  }
  const packet = new Uint8Array(IPV6_HEADER_LENGTH + 8);
  const header = { source: from.address6, destination: GROUPS[6], hopLimit: 255 };
  emitIpv6Header(packet, { ...header, nextHeader: PROTOCOL_VRRP }, 8);
  packet[IPV6_HEADER_LENGTH] = id;
  return packet;
}

function announcement(from: Side, version: IpVersion = 4): Uint8Array {
  const frame = new Uint8Array(128);
  const { mac } = from.link;
  const length =
    version === 4
      ? emitArp(frame, gratuitousArp(mac, address("192.0.2.100"), "request"))
      : emitNeighbour(frame, unsolicitedAdvertisement(mac, address6("2001:db8::100"), false));
  return frame.subarray(0, length);
}

function sendAdvert(
  node: Node,
  interfaceIndex: number,
  packet: Uint8Array,
  to: IpAddress,
): Outcome {
  return node.world.sendAdverts([{ interfaceIndex, packet, to }])?.[0] ?? OK;
}

function waitFor(node: Node, isDone: () => boolean): void {
  const until = after(now(), fromSeconds(10));
  while (!isDone() && now() < until) node.reactor.wait(until);
  assert.ok(isDone(), `heard only ${node.heard.join(", ")}`);
}

function withNodes(run: (cable: Cable, left: Node, right: Node) => void): void {
  using cable = layCable();
  using left = nodeOn(cable.left);
  using right = nodeOn(cable.right);
  run(cable, left, right);
}

for (const version of [4, 6] as const) {
  test(`adverts and announcements of one node are heard by the other, not by itself (IPv${version})`, () => {
    withNodes((cable, left, right) => {
      listen(left, cable.left, routerOf(version));
      listen(right, cable.right, routerOf(version));
      listen(right, cable.right, routerOf(version));
      const { index } = cable.left.link;
      mustDo(sendAdvert(left, index, advert(cable.left, version), GROUPS[version]));
      mustDo(left.world.sendFrame(index, announcement(cable.left, version)));
      waitFor(right, () => right.heard.includes("packet") && right.heard.includes("neighbour"));
      left.reactor.wait(after(now(), fromMillis(50)));
      // The kernels look whether others have their link-local addresses.
      const own = left.heard.filter((kind) => version === 4 || kind !== "neighbour");
      assert.deepEqual(own, []);
    });
  });
}

test("what is announced answers already: a new IPv6 address has no route for a moment", () => {
  withNodes((cable, left) => {
    listen(left, cable.left, routerOf(6));
    const { link, rtnetlink, namespace } = cable.left;
    for (let n = 0; n < 30; n++) {
      const vip = virtual(`2001:db8::${(0x100 + n).toString(16)}`);
      namespace.within(() => {
        mustDo(left.world.setAddress(link.index, vip, 60));
        mustDo(left.world.sendFrame(link.index, announcement(cable.left, 6)));
      });
      assert.ok(rtnetlink.isLocal(link.index, vip.address));
      mustDo(left.world.removeAddress(link.index, vip));
      assert.ok(!rtnetlink.isLocal(link.index, vip.address));
    }
    const linkLocal = virtual("fe80::100", { prefix: 64 });
    mustDo(left.world.setAddress(link.index, linkLocal, 60));
    mustDo(left.world.sendFrame(link.index, announcement(cable.left, 6)));
    assert.ok(rtnetlink.isLocal(link.index, linkLocal.address));
  });
});

test("both versions on one interface, and each alone when the other is not wanted any more", () => {
  withNodes((cable, left, right) => {
    const { index } = cable.left.link;
    const versions: IpVersion[] = [];
    right.onPacket = (bytes) => versions.push(ipVersionAt(bytes, 0) === 6 ? 6 : 4);
    listen(left, cable.left, routerOf(4));
    listen(left, cable.left, routerOf(6));
    const both: Listening = { vrrp: [4, 6], neighbours: [], groups: [GROUPS[4], GROUPS[6]] };
    listen(right, cable.right, both);
    const adverts = [4, 6, 4, 6].map((one, at) => {
      const version = one === 4 ? 4 : 6;
      const packet = advert(cable.left, version, at + 1);
      return { interfaceIndex: index, packet, to: GROUPS[version] };
    });
    assert.equal(left.world.sendAdverts(adverts), undefined);
    waitFor(right, () => versions.length === 4);
    assert.deepEqual(versions.map(String).toSorted(), ["4", "4", "6", "6"]);
    versions.length = 0;
    listen(right, cable.right, { ...both, groups: [GROUPS[6]] });
    assert.equal(left.world.sendAdverts(adverts), undefined);
    waitFor(right, () => versions.length === 2);
    right.reactor.wait(after(now(), fromMillis(50)));
    assert.deepEqual(versions, [6, 6]);
  });
});

test("what the kernel says of forwarding is read for each device", () => {
  withNodes((cable, left) => {
    listen(left, cable.left, routerOf(6));
    const { link, namespace } = cable.left;
    const forwards = (): boolean => namespace.within(() => left.world.forwardsIpv6(link.index));
    assert.equal(forwards(), false);
    const asked = namespace.within(() =>
      spawnSync("sysctl", ["-w", "net.ipv6.conf.eth0.forwarding=1"], { encoding: "utf8" }),
    );
    assert.equal(asked.status, 0, asked.stderr);
    assert.equal(forwards(), true);
    assert.equal(left.world.forwardsIpv6(999), false);
  });
});

test("where no router speaks only ARP is heard, until a router speaks there too", () => {
  withNodes((cable, left, right) => {
    listen(left, cable.left);
    const { index } = cable.left.link;
    const other = cable.right.link.index;
    const send = (): void => {
      mustDo(sendAdvert(left, index, advert(cable.left), VRRP_GROUP));
      mustDo(left.world.sendFrame(index, announcement(cable.left)));
    };
    cable.right.namespace.within(() => mustDo(right.world.listen(other, "eth0", NEIGHBOURS)));
    assert.equal(sendAdvert(right, other, advert(cable.right), VRRP_GROUP).ok, false);
    send();
    waitFor(right, () => right.heard.includes("neighbour"));
    right.reactor.wait(after(now(), fromMillis(50)));
    assert.deepEqual(right.heard, ["neighbour"]);
    listen(right, cable.right);
    cable.right.namespace.within(() => mustDo(right.world.listen(other, "eth0", NEIGHBOURS)));
    send();
    waitFor(right, () => right.heard.length === 3);
    assert.deepEqual(right.heard.toSorted(), ["neighbour", "neighbour", "packet"]);
    mustDo(right.world.sendFrame(other, announcement(cable.right)));
    waitFor(left, () => left.heard.includes("neighbour"));
  });
});

test("a device that does not exist can be listened on in neither way, and nothing is left of the try", () => {
  withNodes((cable, left) => {
    for (const wanted of [NEIGHBOURS, routerOf(4), routerOf(6)]) {
      const refused = cable.left.namespace.within(() => left.world.listen(999, "eth9", wanted));
      assert.ok(!refused.ok);
      assert.equal(refused.errno, "ENODEV");
    }
    const sent = sendAdvert(left, 999, advert(cable.left), VRRP_GROUP);
    assert.ok(!sent.ok && sent.errno === "ENOTCONN");
  });
});

test("sending where nobody listens: an advert is refused, an announcement goes out", () => {
  withNodes((cable, left, right) => {
    listen(right, cable.right);
    const { index } = cable.left.link;
    const refused = sendAdvert(left, index, advert(cable.left), VRRP_GROUP);
    assert.ok(!refused.ok);
    assert.equal(refused.errno, "ENOTCONN");
    for (let i = 0; i < 3; i++) {
      cable.left.namespace.within(() =>
        mustDo(left.world.sendFrame(index, announcement(cable.left))),
      );
    }
    waitFor(right, () => right.heard.filter((kind) => kind === "neighbour").length === 3);
  });
});

test("a peer is unresolved while the kernel asks for it, and from its answer on it is not", () => {
  withNodes((cable, left, right) => {
    listen(left, cable.left);
    listen(right, cable.right);
    const { index } = cable.left.link;
    const [peer, nobody] = [cable.right.address, address("192.0.2.77")];
    assert.equal(left.world.isUnresolved(index, nobody), false, "nothing was sent to it yet");
    for (const to of [peer, nobody]) {
      const packet = advert(cable.left);
      emitIpv4Header(packet, { source: cable.left.address, destination: to, ttl: 255, id: 1 }, 8);
      mustDo(sendAdvert(left, index, packet, to));
    }
    waitFor(right, () => right.heard.includes("packet"));
    assert.equal(left.world.isUnresolved(index, peer), false);
    assert.equal(left.world.isUnresolved(index, nobody), true);
    assert.equal(left.world.isUnresolved(index, VRRP_GROUP), false);
    listen(left, cable.left, routerOf(6));
    const absent = address6("2001:db8::77");
    assert.equal(left.world.isUnresolved(index, absent), false);
    const packet = advert(cable.left, 6);
    writeIp(absent, packet, IPV6_OFFSET.destination);
    mustDo(sendAdvert(left, index, packet, absent));
    assert.equal(left.world.isUnresolved(index, absent), true);
  });
});

test("an announcement on a device that was deleted fails, and works on the one that follows it", () => {
  withNodes((cable, left) => {
    const { namespace, rtnetlink, link } = cable.left;
    const send = (index: number) =>
      namespace.within(() => left.world.sendFrame(index, announcement(cable.left)));
    mustDo(send(link.index));
    mustDo(deleteLink(rtnetlink, link.index));
    const gone = send(link.index);
    assert.ok(!gone.ok);
    const again = send(link.index);
    assert.ok(!again.ok, "the dead socket is not kept");
    assert.equal(again.errno, "ENODEV");
    mustDo(createVeth(rtnetlink, { name: "eth1" }, { name: "eth2" }));
    const [one, two] = [linkOf(rtnetlink, "eth1"), linkOf(rtnetlink, "eth2")];
    for (const { index } of [one, two]) mustDo(changeLink(rtnetlink, index, { up: true }));
    const receiver = namespace.within(() => must(openNeighbourSocket(two.index)));
    const until = after(now(), fromSeconds(10));
    // Until the link watch has run, frames are dropped without a word.
    while (receiver.receive(new Uint8Array(64)) === 0) {
      assert.ok(now() < until);
      mustDo(send(one.index));
      left.reactor.wait(after(now(), fromMillis(1)));
    }
    receiver.close();
  });
});

test("a node that stops listening in the middle of a report hears no more of it", () => {
  withNodes((cable, left, right) => {
    listen(left, cable.left);
    listen(right, cable.right);
    const { index } = cable.left.link;
    for (let i = 0; i < 5; i++) {
      mustDo(sendAdvert(left, index, advert(cable.left), VRRP_GROUP));
      mustDo(left.world.sendFrame(index, announcement(cable.left)));
    }
    right.onEvent = () => right.world.unlisten(cable.right.link.index);
    waitFor(right, () => right.heard.length > 0);
    const heard = right.heard.length;
    right.reactor.wait(after(now(), fromMillis(50)));
    assert.equal(right.heard.length, heard);
    assert.equal(heard, 1);
  });
});

test("a hundred advertisements at once: those that are refused are named, and all others are heard in order", () => {
  withNodes((cable, left, right) => {
    listen(left, cable.left);
    listen(right, cable.right);
    const ids: number[] = [];
    right.onPacket = (bytes) => ids.push((bytes[4] ?? 0) * 256 + (bytes[5] ?? 0));
    const source = cable.left.address;
    const adverts = Array.from({ length: 100 }, (_, id) => {
      const packet = new Uint8Array(28);
      emitIpv4Header(packet, { source, destination: VRRP_GROUP, ttl: 255, id: id + 1 }, 8);
      const interfaceIndex = id === 50 ? 999 : cable.left.link.index;
      // Shorter than an IPv4 header: EINVAL.
      return {
        interfaceIndex,
        packet: id === 3 || id === 80 ? packet.subarray(0, 9) : packet,
        to: VRRP_GROUP,
      };
    });
    const outcomes = left.world.sendAdverts(adverts) ?? [];
    const refused = outcomes.flatMap((one, place) => (one.ok ? [] : [`${place} ${one.errno}`]));
    assert.deepEqual(refused, ["3 EINVAL", "50 ENOTCONN", "80 EINVAL"]);
    waitFor(right, () => right.heard.length === 97);
    const expected = Array.from({ length: 100 }, (_, id) => id + 1);
    assert.deepEqual(
      ids,
      expected.filter((id) => id !== 4 && id !== 51 && id !== 81),
    );
    assert.equal(left.world.sendAdverts(adverts.slice(10, 20)), undefined, "all of these are sent");
  });
});

test("a packet that is longer than an advertisement can be is received with its length", () => {
  withNodes((cable, _left, right) => {
    for (const { rtnetlink, link } of [cable.left, cable.right])
      mustDo(changeLink(rtnetlink, link.index, { mtu: 9_000 }));
    const { namespace, link } = cable.left;
    const sender = namespace.within(() => must(openVrrpSocket(link.index, "eth0")));
    listen(right, cable.right);
    const lengths: number[] = [];
    right.onPacket = (bytes) => lengths.push(bytes.length);
    const { address: source } = cable.left;
    for (const length of [2_048, 2_049, 7_000]) {
      const packet = new Uint8Array(length);
      emitIpv4Header(packet, { source, destination: VRRP_GROUP, ttl: 255, id: 1 }, length - 20);
      mustDo(sender.send(packet, VRRP_GROUP));
    }
    mustDo(sender.send(advert(cable.left), VRRP_GROUP));
    sender.close();
    waitFor(right, () => lengths.length === 4);
    assert.deepEqual(lengths, [2_048, 2_049, 7_000, 28]);
  });
});
