/**
 * A network of two subnets with three guests, an internet port, and a list of everything that
 * came out.
 */
import { Fabric } from "#lab/network/fabric";
import type { PortFault } from "#lab/network/impair";
import type { FabricDrop, FabricPlan, GuestPlan, SecurityRule } from "#lab/network/plan";
import { type Ipv4, type Mac, readIpv4, readMac } from "#units/address";
import { type Instant, instant } from "#units/time";
import { type Arp, arpRequest, emitArp } from "#vrrp/wire/arp";
import { writeU16 } from "#vrrp/wire/bytes";
import { checksumOf, sum16, sumPseudoHeader } from "#vrrp/wire/checksum";
import { ETHER_TYPE_IPV4, ETHERNET_HEADER_LENGTH, emitEthernetHeader } from "#vrrp/wire/ethernet";
import {
  IPV4_HEADER_LENGTH,
  ipv4DestinationAt,
  ipv4ProtocolAt,
  ipv4SourceAt,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "#vrrp/wire/ipv4-fields";
import { emitIpv4Header } from "#vrrp/wire/ipv4-packet";

export const ip = (text: string): Ipv4 => {
  const address = readIpv4(text);
  if (address === undefined) throw new Error(text);
  return address;
};
const mac = (text: string): Mac => {
  const value = readMac(text);
  if (value === undefined) throw new Error(text);
  return value;
};

export const GATEWAY_MAC: Mac = mac("02:fe:00:00:00:01");
export const INTERNET_MAC: Mac = mac("02:cc:00:00:00:09");
export const VIP: Ipv4 = ip("172.16.0.135");
export const EIP: Ipv4 = ip("203.0.113.1");
export const INTERNET: Ipv4 = ip("198.18.0.9");
export const INTERNET_PORT = 9;

export interface Guest {
  readonly port: number;
  readonly mac: Mac;
  readonly address: Ipv4;
}
export const A: Guest = { port: 1, mac: mac("02:00:00:00:00:01"), address: ip("172.16.0.16") };
export const B: Guest = { port: 2, mac: mac("02:00:00:00:00:02"), address: ip("172.16.0.14") };
/** In the other subnet of the same VPC. */
export const C: Guest = { port: 3, mac: mac("02:00:00:00:00:03"), address: ip("172.16.1.20") };

export interface PlanOptions {
  readonly holder?: string;
  readonly multicast?: boolean;
  readonly ingressOfB?: readonly SecurityRule[];
}

export function planOf({ holder, multicast = false, ingressOfB }: PlanOptions = {}): FabricPlan {
  const subnet = (id: string, network: string, gateway: string) => ({
    id,
    vpcId: "vpc",
    network: ip(network),
    prefix: 24,
    gateway: ip(gateway),
    gatewayMac: GATEWAY_MAC,
    multicast,
  });
  const guest = (one: Guest, id: string, subnetId: string, ingress?: readonly SecurityRule[]) =>
    ({
      port: one.port,
      interfaceId: id,
      subnetId,
      mac: one.mac,
      addresses: [one.address],
      ingress,
    }) satisfies GuestPlan;
  return {
    subnets: [
      subnet("front", "172.16.0.0", "172.16.0.1"),
      subnet("back", "172.16.1.0", "172.16.1.1"),
    ],
    guests: [
      guest(A, "eni-a", "front"),
      guest(B, "eni-b", "front", ingressOfB),
      guest(C, "eni-c", "back"),
    ],
    elastic: [{ public: EIP, vpcId: "vpc", inside: VIP }],
    havips: [{ subnetId: "front", address: VIP, interfaceId: holder }],
    internetPort: INTERNET_PORT,
  };
}

export interface Bench {
  readonly fabric: Fabric;
  readonly sent: { readonly port: number; readonly frame: Uint8Array }[];
  readonly claims: string[];
  readonly drops: { readonly port: number; readonly drop: FabricDrop }[];
  receive(port: number, frame: Uint8Array, at?: Instant): void;
  fault(guest: Guest, fault: PortFault): void;
  ports(): readonly number[];
  kinds(): readonly string[];
}

export const T0: Instant = instant(1_000_000);
export const later = (milliseconds: number): Instant => instant(T0 + milliseconds * 1000);

export function bench(options: PlanOptions = {}): Bench {
  const sent: { port: number; frame: Uint8Array }[] = [];
  const claims: string[] = [];
  const drops: { port: number; drop: FabricDrop }[] = [];
  const fabric = new Fabric(
    {
      send: (port, frame) => sent.push({ port, frame: frame.slice() }),
      claim: (interfaceId, vip) => claims.push(`${interfaceId} ${vip}`),
      dropped: (port, drop) => drops.push({ port, drop }),
    },
    7,
  );
  fabric.plan(planOf(options));
  return {
    fabric,
    sent,
    claims,
    drops,
    receive: (port, frame, at = T0) => fabric.receive(port, frame, at),
    fault: (guest, fault) => fabric.fault(guest.port, fault, T0),
    ports: () => sent.map((one) => one.port),
    kinds: () => drops.map((one) => one.drop.kind),
  };
}

export function arpFrame(arp: Arp): Uint8Array {
  const frame = new Uint8Array(42);
  emitArp(frame, arp);
  return frame;
}

export const question = (from: Guest, target: Ipv4, source: Ipv4 = from.address): Uint8Array =>
  arpFrame(arpRequest(from.mac, source, target));

const IP = ETHERNET_HEADER_LENGTH;
const PAYLOAD = IP + IPV4_HEADER_LENGTH;

export interface Ip {
  readonly fromMac: Mac;
  readonly source: Ipv4;
  readonly destination: Ipv4;
  readonly protocol?: number;
  readonly ttl?: number;
  readonly payload?: Uint8Array;
}

/**
 * An IPv4 packet with right checksums (of its header, and of UDP and TCP over the pseudo
 * header).
 */
export function ipFrame(packet: Ip): Uint8Array {
  const { protocol = 112, ttl = 64, payload = new Uint8Array(20) } = packet;
  const frame = new Uint8Array(PAYLOAD + payload.length);
  const { source, destination } = packet;
  emitEthernetHeader(frame, GATEWAY_MAC, packet.fromMac, ETHER_TYPE_IPV4);
  const fields = { source, destination, ttl, id: 0, protocol };
  emitIpv4Header(frame.subarray(IP), fields, payload.length);
  frame.set(payload, PAYLOAD);
  const at = transportChecksumAt(protocol);
  if (at !== undefined) writeU16(frame, at, checksumOf(transportSum(frame)));
  return frame;
}

const transportChecksumAt = (protocol: number): number | undefined =>
  protocol === PROTOCOL_UDP ? PAYLOAD + 6 : protocol === PROTOCOL_TCP ? PAYLOAD + 16 : undefined;

function transportSum(frame: Uint8Array): number {
  const [source, destination] = [ipv4SourceAt(frame, IP), ipv4DestinationAt(frame, IP)];
  const length = frame.length - PAYLOAD;
  return (
    sumPseudoHeader(source, destination, ipv4ProtocolAt(frame, IP), length) +
    sum16(frame, PAYLOAD, frame.length)
  );
}

/** Of the IPv4 header and of TCP or UDP: a receiver's own arithmetic, over everything. */
export function areChecksumsRight(frame: Uint8Array): boolean {
  const isTransport = transportChecksumAt(ipv4ProtocolAt(frame, IP)) !== undefined;
  return (
    checksumOf(sum16(frame, IP, PAYLOAD)) === 0 &&
    (!isTransport || checksumOf(transportSum(frame)) === 0)
  );
}
