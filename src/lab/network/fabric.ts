/**
 * The network of one or more VPCs as a state machine: frames in, frames out.
 *
 * The path of a frame from a guest:
 *   1. its port: cut, not forwarding yet, an unknown source MAC (anti-spoofing) end it here;
 *   2. ARP with the guest's own address, or a question: the network answers itself, from what
 *      it knows; ARP with a HAVIP of the subnet as sender: a claim, for the control plane to
 *      decide; ARP for any other address: refused;
 *   3. IPv4 from an address that is neither the guest's own nor a HAVIP it holds: refused;
 *   4. forwarding by destination address, not by MAC: guests' ARP caches do not matter when a
 *      HAVIP moves;
 *   5. the receiver's security group, then the receiver's port with its faults.
 *
 * Addresses outside the VPC leave through the gateway, as an elastic address if one is bound.
 */

import { type Ipv4, ipv4, isInNetwork, type Mac } from "#units/address";
import { createRng, type Rng } from "#units/rng";
import { earliest, type Instant } from "#units/time";
import { ARP_FRAME_LENGTH, type Arp, arpReply, emitArp, parseArp } from "#vrrp/wire/arp";
import {
  ETHER_TYPE_ARP,
  ETHER_TYPE_IPV4,
  ETHERNET_HEADER_LENGTH as ETHERNET,
  etherSourceOf,
  etherTypeOf,
  writeMacs,
} from "#vrrp/wire/ethernet";
import { isEchoRequest } from "#vrrp/wire/icmp-echo";
import {
  IPV4_HEADER_LENGTH,
  ipVersionAt,
  ipv4DestinationAt,
  ipv4HeaderLengthAt,
  ipv4ProtocolAt,
  ipv4SourceAt,
  PROTOCOL_ICMP,
  PROTOCOL_TCP,
} from "#vrrp/wire/ipv4-fields";
import { decrementTtl, replaceAddress } from "#vrrp/wire/ipv4-rewrite";
import { destinationPortAt, hasPorts, isTcpAcknowledgement } from "#vrrp/wire/transport";
import { arrivals, blocked, type PortFault } from "./impair.ts";
import type {
  ElasticPlan,
  FabricDrop,
  FabricPlan,
  GuestPlan,
  HavipBinding,
  SubnetPlan,
} from "./plan.ts";

export interface FabricOutput {
  /** Must not be kept after the call. */
  send(port: number, frame: Uint8Array): void;
  claim(interfaceId: string, vip: Ipv4): void;
  dropped(port: number, drop: FabricDrop): void;
}

const BROADCAST: Ipv4 = ipv4(0xffffffff);
const HEALTHY: PortFault = {};
/** The limiter for announcements of one port that are passed on to the control plane. */
const CLAIMS = { burst: 500, perSecond: 200 } as const;

interface Waiting {
  readonly at: Instant;
  readonly order: number;
  readonly port: number;
  readonly frame: Uint8Array;
}

interface Bucket {
  tokens: number;
  at: Instant;
}

const key = (subnetId: string, of: Ipv4): string => `${subnetId}/${of}`;

export class Fabric {
  readonly #output: FabricOutput;
  readonly #rng: Rng;
  readonly #faults = new Map<number, PortFault>();
  readonly #lateUntil = new Map<number, Instant>();
  readonly #buckets = new Map<number, Bucket>();
  readonly #reply = new Uint8Array(ARP_FRAME_LENGTH);
  #waiting: Waiting[] = [];
  #order = 0;
  #subnets = new Map<string, SubnetPlan>();
  #guests = new Map<number, GuestPlan>();
  #byInterface = new Map<string, GuestPlan>();
  #byAddress = new Map<string, GuestPlan>();
  #havips = new Map<string, HavipBinding>();
  #elasticInside = new Map<string, ElasticPlan>();
  #elasticPublic = new Map<Ipv4, ElasticPlan>();
  #internetPort: number | undefined;
  /**
   * Which host asked from the internet's port, so that answers can be delivered: one host is
   * enough for a lab.
   */
  readonly #internetMacs = new Map<Ipv4, Mac>();

  constructor(output: FabricOutput, seed: number) {
    this.#output = output;
    this.#rng = createRng(seed);
  }

  /** Replaces the whole plan; frames in transit stay in transit. */
  plan(plan: FabricPlan): void {
    this.#subnets = new Map(plan.subnets.map((one) => [one.id, one]));
    this.#guests = new Map(plan.guests.map((one) => [one.port, one]));
    this.#byInterface = new Map(plan.guests.map((one) => [one.interfaceId, one]));
    this.#byAddress = new Map(
      plan.guests.flatMap((guest) =>
        guest.addresses.map((own) => [key(guest.subnetId, own), guest]),
      ),
    );
    this.#havips = new Map(plan.havips.map((one) => [key(one.subnetId, one.address), one]));
    this.#elasticInside = new Map(plan.elastic.map((one) => [key(one.vpcId, one.inside), one]));
    this.#elasticPublic = new Map(plan.elastic.map((one) => [one.public, one]));
    this.#internetPort = plan.internetPort;
  }

  /** One HAVIP has been moved, bound or unbound; one that is not in the plan is added. */
  bind(binding: HavipBinding): void {
    this.#havips.set(key(binding.subnetId, binding.address), binding);
  }

  fault(port: number, fault: PortFault, now: Instant): void {
    this.#faults.set(port, fault);
    if (fault.lateMicros === undefined) this.#lateUntil.delete(port);
    else this.#lateUntil.set(port, (now + fault.lateMicros) as Instant);
    this.#buckets.delete(port);
  }

  deadline(): Instant | undefined {
    let first: Instant | undefined;
    for (const one of this.#waiting) first = earliest(first, one.at);
    return first;
  }

  /** Delivers frames with a delay that is over. */
  onTime(now: Instant): void {
    if (this.#waiting.length === 0) return;
    const due = this.#waiting.filter((one) => one.at <= now);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((one) => one.at > now);
    due.sort((a, b) => a.at - b.at || a.order - b.order);
    for (const one of due) this.#output.send(one.port, one.frame);
  }

  /** Handles a frame from a port. The frame is changed in place. */
  receive(port: number, frame: Uint8Array, now: Instant): void {
    const drop = blocked(this.#faultOf(port), "cutFrom", this.#lateUntil.get(port), now);
    if (drop !== undefined) return this.#output.dropped(port, drop);
    if (frame.length < ETHERNET + IPV4_HEADER_LENGTH) {
      return this.#output.dropped(port, { kind: "too-short", length: frame.length });
    }
    if (port === this.#internetPort) return this.#fromInternet(port, frame, now);
    const guest = this.#guests.get(port);
    if (guest === undefined) return this.#output.dropped(port, { kind: "unknown-port", port });
    const source = etherSourceOf(frame);
    if (source !== guest.mac) {
      return this.#output.dropped(port, { kind: "spoofed-mac", found: source, own: guest.mac });
    }
    const etherType = etherTypeOf(frame);
    if (etherType === ETHER_TYPE_ARP) return this.#onArp(guest, frame, now);
    if (etherType === ETHER_TYPE_IPV4) return this.#onIpv4(guest, frame, now);
    return this.#output.dropped(port, { kind: "not-ipv4", etherType });
  }

  #isUnresponsive(port: number, to: number): boolean {
    return this.#faultOf(port).notHearing?.includes(to) === true;
  }

  #faultOf(port: number): PortFault {
    return this.#faults.get(port) ?? HEALTHY;
  }

  #onArp(guest: GuestPlan, frame: Uint8Array, now: Instant): void {
    const parsed = parseArp(frame);
    if (parsed.kind === "drop") return this.#output.dropped(guest.port, { kind: "bad-header" });
    const { arp } = parsed;
    if (arp.senderMac !== guest.mac) {
      return this.#output.dropped(guest.port, {
        kind: "spoofed-mac",
        found: arp.senderMac,
        own: guest.mac,
      });
    }
    const { senderAddress } = arp;
    if (senderAddress !== 0 && !guest.addresses.includes(senderAddress)) {
      if (!this.#havips.has(key(guest.subnetId, senderAddress))) {
        return this.#output.dropped(guest.port, { kind: "not-a-havip", address: senderAddress });
      }
      this.#claim(guest, senderAddress, now);
    }
    if (arp.operation === "request" && arp.targetAddress !== senderAddress)
      this.#answer(guest, arp, now);
  }

  #claim(guest: GuestPlan, vip: Ipv4, now: Instant): void {
    const fault = this.#faultOf(guest.port);
    if (fault.swallowClaims === true) {
      return this.#output.dropped(guest.port, { kind: "claim-swallowed", address: vip });
    }
    if (!this.#mayAnnounce(guest.port, fault, now)) {
      return this.#output.dropped(guest.port, { kind: "claim-limited", address: vip });
    }
    this.#output.claim(guest.interfaceId, vip);
  }

  /**
   * The platform's limits are in the model (`#cloud/model/platform-profile`). Here are the
   * limit of a fault, for labs without a control plane, and one far above the model's: a guest
   * that announces endlessly must not keep the control plane busy with refusals.
   */
  #mayAnnounce(port: number, fault: PortFault, now: Instant): boolean {
    const perSecond = fault.arpPerSecond ?? CLAIMS.perSecond;
    const burst = fault.arpPerSecond === undefined ? CLAIMS.burst : (fault.arpBurst ?? perSecond);
    const bucket = this.#buckets.get(port) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) * perSecond) / 1_000_000);
    bucket.at = now;
    this.#buckets.set(port, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /**
   * The network answers for the gateway, for guests and for bound HAVIPs; no other port gets
   * the question.
   */
  #answer(guest: GuestPlan, arp: Arp, now: Instant): void {
    const subnet = this.#subnets.get(guest.subnetId);
    const target = arp.targetAddress;
    const owner = this.#ownerIn(guest.subnetId, target);
    const mac = subnet?.gateway === target ? subnet.gatewayMac : owner?.mac;
    if (mac === undefined || owner === guest) return;
    emitArp(this.#reply, arpReply(mac, target, arp));
    this.#deliver(guest.port, this.#reply, 0, now);
  }

  /** The guest behind an address of a subnet: its own, or a HAVIP it holds. */
  #ownerIn(subnetId: string, of: Ipv4): GuestPlan | undefined {
    const own = this.#byAddress.get(key(subnetId, of));
    if (own !== undefined) return own;
    const holder = this.#havips.get(key(subnetId, of))?.interfaceId;
    return holder === undefined ? undefined : this.#byInterface.get(holder);
  }

  #onIpv4(guest: GuestPlan, frame: Uint8Array, now: Instant): void {
    if (ipVersionAt(frame, ETHERNET) !== 4) {
      return this.#output.dropped(guest.port, { kind: "bad-header" });
    }
    const source = ipv4SourceAt(frame, ETHERNET);
    const destination = ipv4DestinationAt(frame, ETHERNET);
    if (this.#ownerIn(guest.subnetId, source) !== guest) {
      return this.#output.dropped(guest.port, { kind: "spoofed-address", found: source });
    }
    const subnet = this.#subnets.get(guest.subnetId);
    if (subnet === undefined)
      return this.#output.dropped(guest.port, { kind: "unknown-port", port: guest.port });
    if (destination >>> 28 === 14) return this.#multicast(guest, subnet, frame, destination, now);
    const last = ipv4((subnet.network | (0xffffffff >>> subnet.prefix)) >>> 0);
    if (destination === BROADCAST || destination === last) {
      return this.#output.dropped(guest.port, { kind: "broadcast", destination });
    }
    this.#forward(guest.port, subnet, frame, source, destination, now);
  }

  #multicast(
    guest: GuestPlan,
    subnet: SubnetPlan,
    frame: Uint8Array,
    destination: Ipv4,
    now: Instant,
  ): void {
    if (!subnet.multicast)
      return this.#output.dropped(guest.port, { kind: "multicast-off", destination });
    for (const other of this.#guests.values()) {
      if (other === guest || other.subnetId !== guest.subnetId) continue;
      if (this.#isUnresponsive(other.port, guest.port)) continue;
      const protocol = ipv4ProtocolAt(frame, ETHERNET);
      const source = ipv4SourceAt(frame, ETHERNET);
      // A group address gives no extra permission: each receiver's own list decides.
      if (!allows(other, frame, source)) {
        this.#output.dropped(guest.port, { kind: "security-group", protocol, source });
        continue;
      }
      this.#deliver(other.port, frame, protocol, now);
    }
  }

  #forward(
    from: number,
    subnet: SubnetPlan,
    frame: Uint8Array,
    source: Ipv4,
    destination: Ipv4,
    now: Instant,
  ): void {
    const target = this.#subnetOf(subnet.vpcId, destination);
    if (target === undefined) return this.#toInternet(from, subnet, frame, source, now);
    const routed = target !== subnet;
    if (routed && !decrementTtl(frame, ETHERNET))
      return this.#output.dropped(from, { kind: "ttl-exceeded" });
    const receiver = this.#ownerIn(target.id, destination);
    if (receiver === undefined) {
      const isHavip = this.#havips.has(key(target.id, destination));
      return this.#output.dropped(from, {
        kind: isHavip ? "havip-unbound" : "no-such-address",
        destination,
      });
    }
    if (this.#isUnresponsive(receiver.port, from)) {
      return this.#output.dropped(from, { kind: "one-way", to: receiver.port });
    }
    const protocol = ipv4ProtocolAt(frame, ETHERNET);
    if (!allows(receiver, frame, source)) {
      return this.#output.dropped(from, { kind: "security-group", protocol, source });
    }
    writeMacs(frame, receiver.mac, routed ? target.gatewayMac : etherSourceOf(frame));
    this.#deliver(receiver.port, frame, protocol, now);
  }

  #subnetOf(vpcId: string, of: Ipv4): SubnetPlan | undefined {
    for (const subnet of this.#subnets.values()) {
      if (subnet.vpcId === vpcId && isInNetwork(of, subnet.network, subnet.prefix)) return subnet;
    }
    return undefined;
  }

  #toInternet(
    from: number,
    subnet: SubnetPlan,
    frame: Uint8Array,
    source: Ipv4,
    now: Instant,
  ): void {
    const elastic = this.#elasticInside.get(key(subnet.vpcId, source));
    const destination = ipv4DestinationAt(frame, ETHERNET);
    const peer = this.#internetMacs.get(destination);
    if (elastic === undefined)
      return this.#output.dropped(from, { kind: "no-elastic-address", source });
    if (this.#internetPort === undefined || peer === undefined) {
      return this.#output.dropped(from, { kind: "no-such-address", destination });
    }
    if (!decrementTtl(frame, ETHERNET)) return this.#output.dropped(from, { kind: "ttl-exceeded" });
    replaceAddress(frame, ETHERNET, "source", elastic.public);
    writeMacs(frame, peer, subnet.gatewayMac);
    this.#deliver(this.#internetPort, frame, ipv4ProtocolAt(frame, ETHERNET), now);
  }

  /**
   * The internet's host sees every elastic address as a direct neighbour: the gateway answers
   * for all of them.
   */
  #fromInternet(port: number, frame: Uint8Array, now: Instant): void {
    const [subnet] = this.#subnets.values();
    if (etherTypeOf(frame) === ETHER_TYPE_ARP) {
      const parsed = parseArp(frame);
      if (parsed.kind === "drop" || subnet === undefined) return;
      this.#internetMacs.set(parsed.arp.senderAddress, parsed.arp.senderMac);
      if (parsed.arp.operation !== "request" || !this.#elasticPublic.has(parsed.arp.targetAddress))
        return;
      emitArp(this.#reply, arpReply(subnet.gatewayMac, parsed.arp.targetAddress, parsed.arp));
      return this.#deliver(port, this.#reply, 0, now);
    }
    if (etherTypeOf(frame) !== ETHER_TYPE_IPV4) {
      return this.#output.dropped(port, { kind: "not-ipv4", etherType: etherTypeOf(frame) });
    }
    const source = ipv4SourceAt(frame, ETHERNET);
    const destination = ipv4DestinationAt(frame, ETHERNET);
    this.#internetMacs.set(source, etherSourceOf(frame));
    const elastic = this.#elasticPublic.get(destination);
    const target =
      elastic === undefined ? undefined : this.#subnetOf(elastic.vpcId, elastic.inside);
    if (elastic === undefined || target === undefined) {
      return this.#output.dropped(port, { kind: "no-such-address", destination });
    }
    replaceAddress(frame, ETHERNET, "destination", elastic.inside);
    // As if it came from the gateway's own network: one hop, the receiver's security group, its
    // port.
    const gateway: SubnetPlan = { ...target, id: "" };
    this.#forward(port, gateway, frame, source, elastic.inside, now);
  }

  #deliver(port: number, frame: Uint8Array, protocol: number, now: Instant): void {
    const fault = this.#faultOf(port);
    const drop = blocked(fault, "cutTo", this.#lateUntil.get(port), now);
    if (drop !== undefined) return this.#output.dropped(port, drop);
    if (fault === HEALTHY) return this.#output.send(port, frame);
    const times = arrivals(fault, protocol, this.#rng, now);
    if (times.length === 0) return this.#output.dropped(port, { kind: "lost" });
    for (const at of times) {
      if (at <= now) this.#output.send(port, frame);
      else this.#waiting.push({ at, order: this.#order++, port, frame: frame.slice() });
    }
  }
}

/**
 * The receiver's allow list. VRRP is IP protocol 112 and has to be on the list, which is easily
 * forgotten.
 */
function allows(receiver: GuestPlan, frame: Uint8Array, source: Ipv4): boolean {
  if (receiver.ingress === undefined) return true;
  const protocol = ipv4ProtocolAt(frame, ETHERNET);
  const start = ETHERNET + ipv4HeaderLengthAt(frame, ETHERNET);
  // The rules list what others may ask of the guest. Answers to its own requests come to ports
  // that the rules do not list, so TCP segments that belong to a connection (ACK set) are let
  // through.
  const established = protocol === PROTOCOL_TCP && isTcpAcknowledgement(frame, start);
  if (established) return true;
  // So are ICMP replies and errors: everything but an echo request belongs to something that
  // the guest did.
  if (protocol === PROTOCOL_ICMP && !isEchoRequest(frame, start)) return true;
  return receiver.ingress.some(
    (rule) =>
      (rule.protocol === undefined || rule.protocol === protocol) &&
      (rule.source === undefined || isInNetwork(source, rule.source.network, rule.source.prefix)) &&
      (rule.ports === undefined ||
        (hasPorts(protocol) &&
          destinationPortAt(frame, start) >= rule.ports.from &&
          destinationPortAt(frame, start) <= rule.ports.to)),
  );
}
