/** VRRP, ARP and packet sockets over a real cable. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ETH_P_ALL, ETH_P_ARP, PACKET_HOST, PACKET_OUTGOING } from "#linux/abi";
import { openArpSender, openArpSocket } from "#linux/arp-socket";
import { now } from "#linux/clock";
import { deleteLink } from "#linux/links";
import { openPacketSocket } from "#linux/packet-socket";
import { Reactor } from "#linux/reactor";
import { must, mustDo } from "#linux/result";
import { openVrrpSocket, type VrrpSocket } from "#linux/vrrp-socket";
import { BROADCAST_MAC, type Ipv4, printIpv4, writeMac } from "#units/address";
import { after, fromMillis, fromSeconds } from "#units/time";
import { emitArp, gratuitousArp, parseArp } from "#vrrp/wire/arp";
import { writeU16 } from "#vrrp/wire/bytes";
import { emitIpv4Header, parseIpv4Packet } from "#vrrp/wire/ipv4-packet";
import { VRRP_GROUP } from "#vrrp/wire/parse-advert";
import { address, type Cable, layCable, type Side } from "../support/linux-net.ts";

const PAYLOAD = 12;
/** Long enough for a packet to have arrived that should not. */
const QUIET = fromMillis(100);

interface Receiver {
  readonly fd: number;
  receive(into: Uint8Array): number;
}

/**
 * What arrives: at least one datagram within ten seconds if `some`, everything in a quiet
 * moment otherwise.
 */
function collect(receiver: Receiver, some: boolean): readonly Uint8Array[] {
  const reactor = new Reactor();
  const buffer = new Uint8Array(2048);
  const found: Uint8Array[] = [];
  reactor.add(receiver.fd, () => {
    for (let length = receiver.receive(buffer); length > 0; length = receiver.receive(buffer)) {
      found.push(buffer.slice(0, length));
    }
  });
  const until = after(now(), some ? fromSeconds(10) : QUIET);
  while (now() < until && !(some && found.length > 0)) reactor.wait(until);
  return found;
}

function packet(source: Ipv4, destination: Ipv4, mark: number): Uint8Array {
  const bytes = new Uint8Array(20 + PAYLOAD);
  emitIpv4Header(bytes, { source, destination, ttl: 255, id: 1 }, PAYLOAD);
  bytes[20] = mark;
  return bytes;
}

const vrrp = (side: Side): VrrpSocket =>
  side.namespace.within(() => must(openVrrpSocket(side.link.index, "eth0")));

function withSockets(run: (cable: Cable, left: VrrpSocket, right: VrrpSocket) => void): void {
  using cable = layCable();
  const [left, right] = [vrrp(cable.left), vrrp(cable.right)];
  try {
    run(cable, left, right);
  } finally {
    left.close();
    right.close();
  }
}

test("multicast: whole IPv4 packets arrive at members, with the TTL they were sent with, and not at ourselves", () => {
  withSockets(({ left: sender }, left, right) => {
    mustDo(left.joinGroup(VRRP_GROUP));
    mustDo(right.joinGroup(VRRP_GROUP));
    mustDo(right.joinGroup(VRRP_GROUP));
    mustDo(left.send(packet(sender.address, VRRP_GROUP, 0x21), VRRP_GROUP));
    const [received, ...more] = collect(right, true);
    assert.ok(received);
    assert.equal(more.length, 0);
    const parsed = parseIpv4Packet(received);
    assert.ok(parsed.kind === "packet");
    assert.equal(printIpv4(parsed.packet.source), "192.0.2.1");
    assert.equal(printIpv4(parsed.packet.destination), "224.0.0.18");
    assert.equal(parsed.packet.ttl, 255);
    assert.equal(received[20], 0x21);
    assert.deepEqual(collect(left, false), [], "own multicast comes back");
  });
});

test("multicast: a socket that has not joined hears nothing, though another on the machine has", () => {
  withSockets((cable, left, right) => {
    const other = vrrp(cable.right);
    mustDo(other.joinGroup(VRRP_GROUP));
    mustDo(left.send(packet(cable.left.address, VRRP_GROUP, 1), VRRP_GROUP));
    assert.equal(collect(other, true).length, 1);
    assert.deepEqual(collect(right, false), []);
    other.close();
  });
});

test("unicast both ways", () => {
  withSockets((cable, left, right) => {
    const [a, b] = [cable.left.address, cable.right.address];
    mustDo(left.send(packet(a, b, 1), b));
    assert.equal(collect(right, true)[0]?.[20], 1);
    mustDo(right.send(packet(b, a, 2), a));
    assert.equal(collect(left, true)[0]?.[20], 2);
  });
});

test("nothing to receive is 0, at once", () => {
  withSockets((_, left) => {
    assert.equal(left.receive(new Uint8Array(2048)), 0);
  });
});

test("failures are values: no such device, no such way, a device that went", () => {
  withSockets((cable, left) => {
    const none = cable.left.namespace.within(() => openVrrpSocket(99, "eth99"));
    assert.ok(!none.ok);
    assert.equal(none.errno, "ENODEV");
    assert.equal(none.call, "setsockopt(SO_BINDTODEVICE)");
    const arp = cable.left.namespace.within(() => openArpSocket(99));
    assert.ok(!arp.ok);
    assert.equal(arp.errno, "ENODEV");
    mustDo(deleteLink(cable.left.rtnetlink, cable.left.link.index));
    const sent = left.send(packet(cable.left.address, VRRP_GROUP, 1), VRRP_GROUP);
    assert.ok(!sent.ok);
    assert.equal(sent.call, "sendto(VRRP)");
    assert.equal(left.receive(new Uint8Array(64)), 0);
  });
});

function garp(side: Side): Uint8Array {
  const frame = new Uint8Array(64);
  const length = emitArp(frame, gratuitousArp(side.link.mac, address("192.0.2.100"), "request"));
  return frame.subarray(0, length);
}

test("ARP: frames arrive on the other side, and not on a second socket of our own", () => {
  using cable = layCable();
  const { left, right } = cable;
  const open = (side: Side) => side.namespace.within(() => must(openArpSocket(side.link.index)));
  const [sender, neighbour, receiver] = [open(left), open(left), open(right)];
  mustDo(sender.send(garp(left)));
  const [frame] = collect(receiver, true);
  assert.ok(frame);
  const parsed = parseArp(frame);
  assert.ok(parsed.kind === "arp");
  assert.equal(printIpv4(parsed.arp.senderAddress), "192.0.2.100");
  assert.equal(parsed.arp.senderMac, left.link.mac);
  assert.deepEqual(collect(neighbour, false), []);
  assert.deepEqual(collect(sender, false), []);
  for (const socket of [sender, neighbour, receiver]) socket.close();
});

test("an ARP sender sends and never receives", () => {
  using cable = layCable();
  const { left, right } = cable;
  const sender = left.namespace.within(() => must(openArpSender(left.link.index)));
  const receiver = right.namespace.within(() => must(openArpSocket(right.link.index)));
  mustDo(receiver.send(garp(right)));
  mustDo(sender.send(garp(left)));
  assert.equal(collect(receiver, true).length, 1);
  assert.deepEqual(collect(sender, false), []);
  sender.close();
  receiver.close();
});

test("a sender on a deleted device says so with an error that means it", () => {
  using cable = layCable();
  const { left } = cable;
  const sender = left.namespace.within(() => must(openArpSender(left.link.index)));
  mustDo(deleteLink(left.rtnetlink, left.link.index));
  const sent = sender.send(garp(left));
  assert.ok(!sent.ok);
  assert.ok(["ENXIO", "ENODEV"].includes(sent.errno), sent.errno);
  sender.close();
});

test("capture: own frames only on request, marked as such; cut to the buffer, with the true length", () => {
  using cable = layCable();
  const { left, right } = cable;
  const [all, foreign] = left.namespace.within(() => [
    must(openPacketSocket(left.link.index, { ignoreOutgoing: false, protocol: ETH_P_ALL })),
    must(openPacketSocket(left.link.index, { protocol: ETH_P_ARP })),
  ]);
  assert.ok(all && foreign);
  const far = right.namespace.within(() =>
    must(openPacketSocket(right.link.index, { protocol: 0 })),
  );
  const buffer = new Uint8Array(20);
  const isArp = (): boolean => buffer[12] === 0x08 && buffer[13] === 0x06;
  const types: number[] = [];
  const reactor = new Reactor();
  reactor.add(all.fd, () => {
    for (let length = all.receive(buffer); length > 0; length = all.receive(buffer)) {
      if (!isArp()) continue;
      assert.equal(length, 20);
      assert.equal(all.lastLength, 42);
      types.push(all.lastType);
    }
  });
  // A socket never sees what it has sent itself; another one's frames it does.
  mustDo(foreign.send(garp(left)));
  const direct = garp(right);
  writeMac(left.link.mac, direct, 0);
  mustDo(far.send(direct));
  const until = after(now(), fromSeconds(10));
  while (types.length < 2 && now() < until) reactor.wait(until);
  assert.deepEqual(types, [PACKET_OUTGOING, PACKET_HOST]);
  assert.equal(collect(foreign, true).length, 1, "the other one saw the foreign frame only");
  for (const socket of [all, foreign, far]) socket.close();
});

test("injection and capture of any Ethernet type; frames for others need promiscuity", () => {
  using cable = layCable();
  const { left, right } = cable;
  const sender = left.namespace.within(() =>
    must(openPacketSocket(left.link.index, { protocol: 0 })),
  );
  const receiver = right.namespace.within(() =>
    must(openPacketSocket(right.link.index, { protocol: 0x88b5, promiscuous: true })),
  );
  const frame = new Uint8Array(60);
  writeMac(BROADCAST_MAC, frame, 0);
  frame[0] = 0x02;
  writeMac(left.link.mac, frame, 6);
  writeU16(frame, 12, 0x88b5);
  frame[59] = 0x77;
  mustDo(sender.send(frame));
  const [received] = collect(receiver, true);
  assert.deepEqual(received, frame);
  sender.close();
  receiver.close();
});

test("a full receive buffer is counted, not hidden", () => {
  using cable = layCable();
  const { left, right } = cable;
  const sender = left.namespace.within(() =>
    must(openPacketSocket(left.link.index, { protocol: 0 })),
  );
  const receiver = right.namespace.within(() =>
    must(openPacketSocket(right.link.index, { protocol: ETH_P_ARP, receiveBuffer: 1 })),
  );
  for (let i = 0; i < 200; i++) mustDo(sender.send(garp(left)));
  const found = collect(receiver, true);
  const until = after(now(), fromSeconds(10));
  let seen = { packets: 0, drops: 0 };
  while (seen.packets < 200 && now() < until) {
    const { packets, drops } = must(receiver.statistics());
    seen = { packets: seen.packets + packets, drops: seen.drops + drops };
  }
  assert.equal(seen.packets, 200);
  assert.ok(seen.drops > 0 && seen.drops < 200, `${seen.drops} dropped`);
  assert.ok(found.length > 0);
  sender.close();
  receiver.close();
});
