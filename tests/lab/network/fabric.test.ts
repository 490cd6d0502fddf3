import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ipv4, macFromBytes } from "#units/address";
import { arpProbe, arpReply, gratuitousArp, parseArp } from "#vrrp/wire/arp";
import { ETHERNET_HEADER_LENGTH } from "#vrrp/wire/ethernet";
import { ipv4TtlAt } from "#vrrp/wire/ipv4-fields";
import {
  A,
  areChecksumsRight,
  arpFrame,
  B,
  bench,
  C,
  EIP,
  GATEWAY_MAC,
  INTERNET,
  INTERNET_MAC,
  INTERNET_PORT,
  ip,
  ipFrame,
  later,
  planOf,
  question,
  VIP,
} from "./harness.ts";

const destinationOf = (frame: Uint8Array | undefined): number =>
  frame === undefined ? -1 : macFromBytes(frame, 0);

const ttlOf = (frame: Uint8Array | undefined): number =>
  frame === undefined ? -1 : ipv4TtlAt(frame, ETHERNET_HEADER_LENGTH);

test("ARP at the switch: answers itself for a neighbour, and nobody else hears the question", () => {
  const one = bench();
  one.receive(A.port, question(A, B.address));
  assert.deepEqual(one.ports(), [A.port]);
  const parsed = parseArp(one.sent[0]?.frame ?? new Uint8Array());
  assert.ok(parsed.kind === "arp");
  assert.equal(parsed.arp.operation, "reply");
  assert.equal(parsed.arp.senderMac, B.mac);
  assert.equal(parsed.arp.senderAddress, B.address);
  assert.equal(parsed.arp.targetMac, A.mac);
});

test("ARP at the switch: answers for the gateway and for a bound HAVIP, not for an unbound one or an unknown one", () => {
  const answers = (target: Ipv4, holder?: string): readonly number[] => {
    const one = bench(holder === undefined ? {} : { holder });
    one.receive(A.port, question(A, target));
    return one.sent.map(({ frame }) => macFromBytes(frame, 22));
  };
  assert.deepEqual(answers(ip("172.16.0.1")), [GATEWAY_MAC]);
  assert.deepEqual(answers(VIP, "eni-b"), [B.mac]);
  assert.deepEqual(answers(VIP), []);
  assert.deepEqual(answers(ip("172.16.0.77")), []);
  assert.deepEqual(answers(C.address), []);
});

test("ARP at the switch: leaves a probe for a holder's address answered, a probe for the asker's own HAVIP not", () => {
  const one = bench({ holder: "eni-b" });
  one.receive(A.port, arpFrame(arpProbe(A.mac, VIP)));
  one.receive(B.port, arpFrame(arpProbe(B.mac, VIP)));
  assert.deepEqual(one.ports(), [A.port]);
  assert.deepEqual(one.claims, []);
});

test("ARP at the switch: takes an announcement of a HAVIP as a claim, as request and as reply", () => {
  const one = bench();
  one.receive(A.port, arpFrame(gratuitousArp(A.mac, VIP, "request")));
  one.receive(B.port, arpFrame(gratuitousArp(B.mac, VIP, "reply")));
  assert.deepEqual(one.claims, [`eni-a ${VIP}`, `eni-b ${VIP}`]);
  assert.deepEqual(one.sent, []);
});

test("ARP at the switch: refuses a claim for another guest's address and from another subnet", () => {
  const one = bench();
  one.receive(A.port, arpFrame(gratuitousArp(A.mac, B.address, "request")));
  one.receive(C.port, arpFrame(gratuitousArp(C.mac, VIP, "request")));
  assert.deepEqual(one.claims, []);
  assert.deepEqual(one.drops, [
    { port: A.port, drop: { kind: "not-a-havip", address: B.address } },
    { port: C.port, drop: { kind: "not-a-havip", address: VIP } },
  ]);
});

test("ARP at the switch: refuses a foreign MAC in the Ethernet header and in the ARP body", () => {
  const one = bench();
  one.receive(A.port, arpFrame(gratuitousArp(B.mac, VIP, "request")));
  const body = { ...gratuitousArp(B.mac, VIP, "request"), etherSource: A.mac };
  one.receive(A.port, arpFrame(body));
  assert.deepEqual(one.kinds(), ["spoofed-mac", "spoofed-mac"]);
});

test("ARP at the switch: does not answer an answer", () => {
  const one = bench();
  const asked = parseArp(question(B, A.address));
  assert.ok(asked.kind === "arp");
  one.receive(A.port, arpFrame(arpReply(A.mac, A.address, asked.arp)));
  assert.deepEqual(one.sent, []);
});

const vrrp = (from: typeof A, destination: Ipv4, source = from.address): Uint8Array =>
  ipFrame({ fromMac: from.mac, source, destination, ttl: 255 });

test("forwarding: goes by address within a subnet, TTL untouched", () => {
  const one = bench();
  one.receive(A.port, vrrp(A, B.address));
  const [out] = one.sent;
  assert.equal(out?.port, B.port);
  assert.equal(destinationOf(out?.frame), B.mac);
  assert.equal(ttlOf(out?.frame), 255);
  assert.ok(areChecksumsRight(out?.frame ?? new Uint8Array(34)));
});

test("forwarding: follows a binding at once, whatever the sender's ARP cache says", () => {
  const one = bench({ holder: "eni-a" });
  const send = (): void => one.receive(C.port, vrrp(C, VIP));
  send();
  one.fabric.bind({ subnetId: "front", address: VIP, interfaceId: "eni-b" });
  send();
  assert.deepEqual(one.ports(), [A.port, B.port]);
});

test("forwarding: takes one hop between subnets, with the gateway's MAC, and ends at TTL 1", () => {
  const one = bench();
  one.receive(A.port, vrrp(A, C.address));
  const [out] = one.sent;
  assert.equal(out?.port, C.port);
  assert.equal(ttlOf(out?.frame), 254);
  assert.equal(macFromBytes(out?.frame ?? new Uint8Array(14), 6), GATEWAY_MAC);
  assert.ok(areChecksumsRight(out?.frame ?? new Uint8Array(34)));
  one.receive(
    A.port,
    ipFrame({ fromMac: A.mac, source: A.address, destination: C.address, ttl: 1 }),
  );
  assert.deepEqual(one.kinds(), ["ttl-exceeded"]);
});

test("forwarding: lets a HAVIP be a source only for its holder", () => {
  const one = bench({ holder: "eni-a" });
  one.receive(A.port, vrrp(A, B.address, VIP));
  one.receive(B.port, vrrp(B, A.address, VIP));
  assert.deepEqual(one.ports(), [B.port]);
  assert.deepEqual(one.drops, [{ port: B.port, drop: { kind: "spoofed-address", found: VIP } }]);
});

test("forwarding: drops multicast unless the subnet has it, and never floods another subnet", () => {
  const group = ip("224.0.0.18");
  const off = bench();
  off.receive(A.port, vrrp(A, group));
  assert.deepEqual(off.kinds(), ["multicast-off"]);
  const on = bench({ multicast: true });
  on.receive(A.port, vrrp(A, group));
  assert.deepEqual(on.ports(), [B.port]);
});

test("forwarding: multicast passes a receiver's security group only where that lets the protocol in", () => {
  const group = ip("224.0.0.18");
  const icmp = { protocol: 1, ports: undefined, source: undefined };
  const vrrpRule = { protocol: 112, ports: undefined, source: undefined };
  const closed = bench({ multicast: true, ingressOfB: [icmp] });
  closed.receive(A.port, vrrp(A, group));
  assert.deepEqual(closed.ports(), []);
  assert.deepEqual(closed.drops, [
    { port: A.port, drop: { kind: "security-group", protocol: 112, source: A.address } },
  ]);
  const open = bench({ multicast: true, ingressOfB: [icmp, vrrpRule] });
  open.receive(A.port, vrrp(A, group));
  assert.deepEqual(open.ports(), [B.port]);
});

test("forwarding: announcements without end reach the control plane at a bounded rate, and are counted", () => {
  const one = bench();
  for (let index = 0; index < 50_000; index++)
    one.receive(A.port, question(A, VIP, VIP), later(index / 10));
  // A burst, and five seconds of the rate.
  assert.ok(one.claims.length >= 1_400 && one.claims.length <= 1_600, `${one.claims.length}`);
  assert.equal(one.drops.length, 50_000 - one.claims.length);
  assert.ok(one.kinds().every((kind) => kind === "claim-limited"));
});

test("forwarding: says why nothing arrives", () => {
  const one = bench();
  one.receive(A.port, vrrp(A, VIP));
  one.receive(A.port, vrrp(A, ip("172.16.0.99")));
  one.receive(A.port, vrrp(A, ip("172.16.0.255")));
  one.receive(A.port, vrrp(A, ip("255.255.255.255")));
  one.receive(A.port, vrrp(A, ip("8.8.8.8")));
  one.receive(77, vrrp(A, B.address));
  one.receive(A.port, new Uint8Array(20));
  const six = vrrp(A, B.address);
  six.set([0x86, 0xdd], 12);
  one.receive(A.port, six);
  assert.deepEqual(one.kinds(), [
    "havip-unbound",
    "no-such-address",
    "broadcast",
    "broadcast",
    "no-elastic-address",
    "unknown-port",
    "too-short",
    "not-ipv4",
  ]);
  assert.deepEqual(one.sent, []);
});

const rules = [
  { protocol: 6, ports: { from: 80, to: 80 }, source: undefined },
  { protocol: 112, ports: undefined, source: { network: ip("172.16.0.16"), prefix: 32 } },
];
const tcp = (port: number, flags: number): Uint8Array => {
  const payload = new Uint8Array(20);
  new DataView(payload.buffer).setUint16(2, port);
  payload[13] = flags;
  return payload;
};
const arrives = (protocol: number, payload: Uint8Array, from = A): boolean => {
  const one = bench({ ingressOfB: rules });
  const packet = { fromMac: from.mac, source: from.address, destination: B.address };
  one.receive(from.port, ipFrame({ ...packet, protocol, payload }));
  assert.deepEqual(one.kinds(), one.sent.length === 0 ? ["security-group"] : []);
  return one.sent.length === 1;
};

test("security groups: opens listed ports, and what belongs to a connection", () => {
  assert.equal(arrives(6, tcp(80, 0x02)), true);
  assert.equal(arrives(6, tcp(22, 0x02)), false);
  assert.equal(arrives(6, tcp(40_000, 0x12)), true);
});

test("security groups: lets VRRP in from the listed peer only", () => {
  assert.equal(arrives(112, new Uint8Array(20)), true);
  assert.equal(arrives(112, new Uint8Array(20), C), false);
});

test("security groups: lets ICMP answers in, not questions", () => {
  assert.equal(arrives(1, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0)), true);
  assert.equal(arrives(1, Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0)), false);
});

const udp = (): Uint8Array => Uint8Array.of(0x30, 0x39, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4);
const fromOutside = (destination: Ipv4): Uint8Array =>
  ipFrame({
    fromMac: INTERNET_MAC,
    source: INTERNET,
    destination,
    protocol: 17,
    payload: udp(),
  });

test("elastic addresses: stand for a HAVIP inside, both ways, with right checksums", () => {
  const one = bench({ holder: "eni-b" });
  one.receive(INTERNET_PORT, fromOutside(EIP));
  const [inward] = one.sent;
  assert.equal(inward?.port, B.port);
  assert.equal(destinationOf(inward?.frame), B.mac);
  assert.deepEqual(inward?.frame.slice(30, 34), Uint8Array.of(172, 16, 0, 135));
  assert.ok(areChecksumsRight(inward?.frame ?? new Uint8Array(34)));

  const packet = { fromMac: B.mac, source: VIP, destination: INTERNET };
  one.receive(B.port, ipFrame({ ...packet, protocol: 17, payload: udp() }));
  const outward = one.sent[1];
  assert.equal(outward?.port, INTERNET_PORT);
  assert.equal(destinationOf(outward?.frame), INTERNET_MAC);
  assert.deepEqual(outward?.frame.slice(26, 30), Uint8Array.of(203, 0, 113, 1));
  assert.ok(areChecksumsRight(outward?.frame ?? new Uint8Array(34)));
});

test("elastic addresses: follow the HAVIP, and lead nowhere while it is unbound", () => {
  const one = bench();
  one.receive(INTERNET_PORT, fromOutside(EIP));
  assert.deepEqual(one.kinds(), ["havip-unbound"]);
  one.fabric.plan(planOf({ holder: "eni-a" }));
  one.receive(INTERNET_PORT, fromOutside(EIP));
  assert.deepEqual(one.ports(), [A.port]);
});

test("elastic addresses: are the only ones answered for on the internet's side", () => {
  const one = bench({ holder: "eni-a" });
  const outside = { port: INTERNET_PORT, mac: INTERNET_MAC, address: INTERNET };
  one.receive(INTERNET_PORT, question(outside, ip("203.0.113.2")));
  assert.deepEqual(one.sent, []);
  one.receive(INTERNET_PORT, question(outside, EIP));
  assert.deepEqual(one.ports(), [INTERNET_PORT]);
  one.receive(INTERNET_PORT, fromOutside(ip("172.16.0.16")));
  assert.deepEqual(one.kinds(), ["no-such-address"]);
});

test("elastic addresses: keep a UDP sum of zero distinct from none", () => {
  const one = bench({ holder: "eni-b" });
  const frame = fromOutside(EIP);
  frame.set([0, 0], 40);
  one.receive(INTERNET_PORT, frame);
  assert.deepEqual(one.sent[0]?.frame.slice(40, 42), Uint8Array.of(0, 0));
});
