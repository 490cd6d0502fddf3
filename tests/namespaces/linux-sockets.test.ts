/** VRRP, ARP and packet sockets over a real cable. */
import assert from "node:assert/strict";
import { test as nodeTest, test } from "node:test";
import { ETH_P_ALL, ETH_P_ARP, PACKET_HOST, PACKET_OUTGOING } from "#linux/abi";
import { now } from "#linux/clock";
import { deleteLink } from "#linux/links";
import { openNeighbourSender, openNeighbourSocket } from "#linux/neighbour-socket";
import { BATCH, IncomingPackets, Ipv6Packets, OutgoingPackets } from "#linux/packet-batch";
import { openPacketSocket } from "#linux/packet-socket";
import { Reactor } from "#linux/reactor";
import { must, mustDo } from "#linux/result";
import { openVrrpSocket, type VrrpSocket } from "#linux/vrrp-socket";
import {
  BROADCAST_MAC,
  type IpAddress,
  ipv6At,
  isIpv6,
  printIp,
  printIpv4,
  writeMac,
} from "#units/address";
import { after, fromMillis, fromSeconds } from "#units/time";
import { emitArp, gratuitousArp, parseArp } from "#vrrp/wire/arp";
import { writeU16 } from "#vrrp/wire/bytes";
import { ipVersionAt, PROTOCOL_VRRP } from "#vrrp/wire/ipv4-fields";
import { emitIpv4Header, parseIpv4Packet } from "#vrrp/wire/ipv4-packet";
import { IPV6_HEADER_LENGTH, IPV6_OFFSET } from "#vrrp/wire/ipv6-fields";
import { emitIpv6Header } from "#vrrp/wire/ipv6-packet";
import {
  emitNeighbour,
  NEIGHBOUR_FRAME_LENGTH,
  neighbourSolicitation,
  parseNeighbour,
  unsolicitedAdvertisement,
} from "#vrrp/wire/neighbour";
import { VRRP_GROUP } from "#vrrp/wire/parse-advert";
import { address, address6, type Cable, ip, layCable, type Side } from "../support/linux-net.ts";

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

interface Version {
  readonly version: 4 | 6;
  readonly group: IpAddress;
  /** Of the header. */
  readonly length: number;
  readonly own: (side: Side) => IpAddress;
}
const VERSIONS: readonly Version[] = [
  { version: 4, group: VRRP_GROUP, length: 20, own: ({ address: own }) => own },
  {
    version: 6,
    group: ip("ff02::12"),
    length: IPV6_HEADER_LENGTH,
    own: ({ address6 }) => address6,
  },
];

/** The mark stands behind the header. */
function packet(source: IpAddress, destination: IpAddress, mark: number): Uint8Array {
  const bytes = new Uint8Array((isIpv6(source) ? IPV6_HEADER_LENGTH : 20) + PAYLOAD);
  if (isIpv6(source) && isIpv6(destination)) {
    const header = { source, destination, hopLimit: 255, nextHeader: PROTOCOL_VRRP };
    emitIpv6Header(bytes, header, PAYLOAD);
    bytes[IPV6_HEADER_LENGTH] = mark;
  } else if (!isIpv6(source) && !isIpv6(destination)) {
    emitIpv4Header(bytes, { source, destination, ttl: 255, id: 1 }, PAYLOAD);
    bytes[20] = mark;
  }
  return bytes;
}

/** Source, destination, hop limit and mark of a whole packet. */
function readPacket(bytes: Uint8Array): readonly [string, string, number, number | undefined] {
  if (ipVersionAt(bytes, 0) === 6) {
    const at = (offset: number): string => printIp(ipv6At(bytes, offset));
    const hopLimit = bytes[IPV6_OFFSET.hopLimit] ?? 0;
    return [
      at(IPV6_OFFSET.source),
      at(IPV6_OFFSET.destination),
      hopLimit,
      bytes[IPV6_HEADER_LENGTH],
    ];
  }
  const parsed = parseIpv4Packet(bytes);
  assert.ok(parsed.kind === "packet");
  const { source, destination, ttl } = parsed.packet;
  return [printIp(source), printIp(destination), ttl, bytes[20]];
}

const vrrp = (side: Side, version: 4 | 6 = 4): VrrpSocket =>
  side.namespace.within(() => must(openVrrpSocket(side.link.index, "eth0", version)));

function withSockets(
  version: 4 | 6,
  run: (cable: Cable, left: VrrpSocket, right: VrrpSocket) => void,
): void {
  using cable = layCable();
  const [left, right] = [vrrp(cable.left, version), vrrp(cable.right, version)];
  try {
    run(cable, left, right);
  } finally {
    left.close();
    right.close();
  }
}

for (const { version, group, own } of VERSIONS) {
  const test = (name: string, run: () => void): void =>
    void nodeTest(`IPv${version}: ${name}`, run);

  test("multicast: whole packets arrive at members, with the TTL they were sent with, and not at ourselves", () => {
    withSockets(version, ({ left: sender }, left, right) => {
      mustDo(left.joinGroup(group));
      mustDo(right.joinGroup(group));
      mustDo(right.joinGroup(group));
      const sent = packet(own(sender), group, 0x21);
      mustDo(left.send(sent, group));
      const [received, ...more] = collect(right, true);
      assert.ok(received);
      assert.equal(more.length, 0);
      assert.deepEqual(readPacket(received), [printIp(own(sender)), printIp(group), 255, 0x21]);
      assert.equal(received.length, sent.length);
      assert.deepEqual(collect(left, false), [], "own multicast comes back");
    });
  });

  test("multicast: a socket that has not joined hears nothing, though another on the machine has", () => {
    withSockets(version, (cable, left, right) => {
      const other = vrrp(cable.right, version);
      mustDo(other.joinGroup(group));
      mustDo(left.send(packet(own(cable.left), group, 1), group));
      assert.equal(collect(other, true).length, 1);
      assert.deepEqual(collect(right, false), []);
      other.leaveGroup(group);
      mustDo(left.send(packet(own(cable.left), group, 1), group));
      assert.deepEqual(collect(other, false), [], "after it has left");
      other.close();
    });
  });

  test("unicast both ways", () => {
    withSockets(version, (cable, left, right) => {
      const [a, b] = [own(cable.left), own(cable.right)];
      mustDo(left.send(packet(a, b, 1), b));
      const [first = new Uint8Array()] = collect(right, true);
      assert.deepEqual(readPacket(first), [printIp(a), printIp(b), 255, 1]);
      mustDo(right.send(packet(b, a, 2), a));
      const [second = new Uint8Array()] = collect(left, true);
      assert.deepEqual(readPacket(second), [printIp(b), printIp(a), 255, 2]);
    });
  });

  test("many packets with one call, each with its own destination, read with one call", () => {
    withSockets(version, (cable, left, right) => {
      const [a, b] = [own(cable.left), own(cable.right)];
      mustDo(right.joinGroup(group));
      const sending = new OutgoingPackets(version);
      for (let mark = 1; mark <= BATCH; mark++) {
        const to = mark % 2 === 0 ? group : b;
        sending.add(packet(a, to, mark), to);
      }
      assert.equal(sending.send(left.fd), undefined);
      const received = version === 4 ? new IncomingPackets() : new Ipv6Packets();
      const found: (readonly [string, string, number, number | undefined])[] = [];
      for (const until = after(now(), fromSeconds(10)); found.length < BATCH && now() < until; )
        for (let place = received.receive(right.fd), from = 0; from < place; from++)
          found.push(readPacket(received.packet(from)));
      const wanted = Array.from({ length: BATCH }, (_, at) => {
        return [printIp(a), printIp((at + 1) % 2 === 0 ? group : b), 255, at + 1];
      });
      assert.deepEqual(
        found.toSorted((x, y) => (x[3] ?? 0) - (y[3] ?? 0)),
        wanted,
      );
    });
  });
}

test("nothing to receive is 0, at once", () => {
  withSockets(4, (_, left) => {
    assert.equal(left.receive(new Uint8Array(2048)), 0);
  });
});

test("failures are values: no such device, no such way, a device that went", () => {
  withSockets(4, (cable, left) => {
    const none = cable.left.namespace.within(() => openVrrpSocket(99, "eth99"));
    assert.ok(!none.ok);
    assert.equal(none.errno, "ENODEV");
    assert.equal(none.call, "setsockopt(SO_BINDTODEVICE)");
    const arp = cable.left.namespace.within(() => openNeighbourSocket(99));
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
  const open = (side: Side) =>
    side.namespace.within(() => must(openNeighbourSocket(side.link.index)));
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

test("neighbour discovery: questions and answers of others arrive, and nothing else", () => {
  using cable = layCable();
  const { left, right } = cable;
  const open = (side: Side) =>
    side.namespace.within(() => must(openNeighbourSocket(side.link.index, 6)));
  const [sender, receiver] = [open(left), open(right)];
  const frame = new Uint8Array(NEIGHBOUR_FRAME_LENGTH);
  const vip = address6("2001:db8::100");
  const vrrpSocket = vrrp(left, 6);
  mustDo(vrrpSocket.send(packet(left.address6, right.address6, 1), right.address6));
  emitNeighbour(frame, unsolicitedAdvertisement(left.link.mac, vip, true));
  mustDo(sender.send(frame));
  emitNeighbour(frame, neighbourSolicitation(left.link.mac, left.address6, vip));
  mustDo(sender.send(frame));
  const seen: string[] = [];
  const until = after(now(), fromSeconds(10));
  while (seen.length < 2 && now() < until)
    for (const one of collect(receiver, true)) {
      const parsed = parseNeighbour(one);
      assert.ok(parsed.kind === "neighbour", "the filter lets through");
      // The kernels ask for each other, and look for duplicates of their link-local addresses.
      if (parsed.neighbour.target === vip) seen.push(parsed.neighbour.kind);
    }
  assert.deepEqual(seen, ["advertisement", "solicitation"]);
  const own = collect(sender, false).map((one) => parseNeighbour(one));
  assert.ok(
    own.every((one) => one.kind === "neighbour" && one.neighbour.etherSource !== left.link.mac),
    "our own are not received",
  );
  for (const socket of [sender, receiver, vrrpSocket]) socket.close();
});

test("IPv6: a packet that another sends with a smaller hop limit says so", () => {
  withSockets(6, (cable, left, right) => {
    const [a, b] = [cable.left.address6, cable.right.address6];
    const bytes = packet(a, b, 1);
    bytes[IPV6_OFFSET.hopLimit] = 64;
    mustDo(left.send(bytes, b));
    const [received = new Uint8Array()] = collect(right, true);
    assert.deepEqual(readPacket(received), [printIp(a), printIp(b), 64, 1]);
  });
});

test("an ARP sender sends and never receives", () => {
  using cable = layCable();
  const { left, right } = cable;
  const sender = left.namespace.within(() => must(openNeighbourSender(left.link.index)));
  const receiver = right.namespace.within(() => must(openNeighbourSocket(right.link.index)));
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
  const sender = left.namespace.within(() => must(openNeighbourSender(left.link.index)));
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
