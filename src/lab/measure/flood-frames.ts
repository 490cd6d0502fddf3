/**
 * What an unknown peer on the same wire may send, as whole Ethernet frames. Pure. Frames come from
 * many addresses; nothing here is an advertisement that a daemon of `DAEMON_PRIORITY` ought to give
 * way to.
 */

import { mustReadIpv4 } from "#probes/must-read";
import { BROADCAST_MAC, type Ipv4, ipv4, type Mac } from "#units/address";
import type { Rng } from "#units/rng";
import { centis as toCentis } from "#units/time";
import { priority as toPriority, vrid as toVrid } from "#units/vrrp";
import { arpRequest, emitArp, gratuitousArp } from "#vrrp/wire/arp";
import { type AdvertFields, emitAdvert } from "#vrrp/wire/emit-advert";
import {
  ETHER_TYPE_ARP,
  ETHER_TYPE_IPV4,
  ETHERNET_HEADER_LENGTH,
  emitEthernetHeader,
} from "#vrrp/wire/ethernet";
import { IPV4_HEADER_LENGTH } from "#vrrp/wire/ipv4-fields";
import { emitIpv4Header } from "#vrrp/wire/ipv4-packet";
import { VRRP_GROUP } from "#vrrp/wire/parse-advert";
import { passwordData } from "#vrrp/wire/password";
import { ADVERT_LENGTH_MAX, VRRP_OFFSET } from "#vrrp/wire/vrrp-packet";
import { HOST_PREFIX, INSTANCES_PER_INTERFACE, type ScaleInterface } from "./scale-config.ts";

export type WireFlood = "unknown" | "lower" | "refused" | "garbage" | "arp" | "elsewhere";

export interface FloodTarget {
  readonly plan: ScaleInterface;
  readonly centis: number;
  /** Version 2 with this password; version 3 without one. */
  readonly password: string | undefined;
}

const FRAMES = 1_024;
const PAYLOAD_MAX = 1_480;
const GROUP_MAC = 0x01005e000012 as Mac;
const OTHER_GROUP = mustReadIpv4("224.0.0.99");

export function floodFrames(flood: WireFlood, target: FloodTarget, rng: Rng): Uint8Array[] {
  const make = MAKERS[flood];
  return Array.from({ length: FRAMES }, (_, place) => make(target, rng, place));
}

const MAKERS: Readonly<
  Record<WireFlood, (target: FloodTarget, rng: Rng, place: number) => Uint8Array>
> = {
  unknown: (target, rng) => {
    const vrid = rng.between(INSTANCES_PER_INTERFACE + 1, 255);
    return advert(target, rng, { vrid: toVrid(vrid), priority: toPriority(rng.between(1, 254)) });
  },
  lower: (target, rng) => advert(target, rng, { priority: toPriority(rng.between(1, 90)) }),
  refused: (target, rng, place) => {
    const higher = { priority: toPriority(254) };
    switch (place % 3) {
      case 0:
        return advert(target, rng, { ...higher, ttl: rng.between(1, 254) });
      case 1: {
        const version = target.password === undefined ? 2 : 3;
        const interval = toCentis(100);
        return advert(target, rng, { ...higher, version, interval, password: undefined });
      }
      default:
        return advert(target, rng, {
          ...higher,
          version: 2,
          interval: toCentis(100),
          password: passwordData(`wrong${place % 100}`),
        });
    }
  },
  garbage: (target, rng, place) => garbage(target, rng, place),
  arp: (target, rng, place) => arp(target, rng, place),
  elsewhere: (target, rng, place) => {
    const destination = place % 2 === 0 ? OTHER_GROUP : mustReadIpv4(target.plan.address);
    return advert(target, rng, { priority: toPriority(254), ttl: 64, destination });
  },
};

/** Some address of the same network, neither the daemon's nor the peer's. */
function unknownAddress({ plan }: FloodTarget, rng: Rng): Ipv4 {
  const hosts = 2 ** (32 - HOST_PREFIX);
  return ipv4(mustReadIpv4(plan.address) - 1 + rng.between(hosts / 2, hosts - 2));
}

const unknownMac = (rng: Rng): Mac =>
  (0x020000000000 + rng.between(1, 0xffff) * 0x10000 + rng.between(0, 0xffff)) as Mac;

function advert(target: FloodTarget, rng: Rng, changes: Partial<AdvertFields>): Uint8Array {
  const { vrid, address } = rng.pick(target.plan.routers);
  const { password, centis } = target;
  return framed(rng, (into) =>
    emitAdvert(into, {
      source: unknownAddress(target, rng),
      destination: VRRP_GROUP,
      ttl: 255,
      id: rng.between(0, 0xffff),
      version: password === undefined ? 3 : 2,
      vrid: toVrid(vrid),
      priority: toPriority(1),
      interval: toCentis(centis),
      addresses: [mustReadIpv4(address)],
      password: password === undefined ? undefined : passwordData(password),
      checksum: "pseudo-header",
      ...changes,
    }),
  );
}

/** The group's address on the wire, also before unicast: the daemon's own is not known here. */
function framed(rng: Rng, emit: (into: Uint8Array) => number): Uint8Array {
  const packet = new Uint8Array(Math.max(ADVERT_LENGTH_MAX, IPV4_HEADER_LENGTH + PAYLOAD_MAX));
  const length = emit(packet);
  const frame = new Uint8Array(ETHERNET_HEADER_LENGTH + length);
  emitEthernetHeader(frame, GROUP_MAC, unknownMac(rng), ETHER_TYPE_IPV4);
  frame.set(packet.subarray(0, length), ETHERNET_HEADER_LENGTH);
  return frame;
}

function fill(bytes: Uint8Array, rng: Rng): void {
  for (let at = 0; at < bytes.length; at++) bytes[at] = rng.between(0, 255);
}

function garbage(target: FloodTarget, rng: Rng, place: number): Uint8Array {
  const { vrid } = rng.pick(target.plan.routers);
  const higher = { priority: toPriority(254) };
  const vrrp = ETHERNET_HEADER_LENGTH + IPV4_HEADER_LENGTH;
  switch (place % 4) {
    // Bytes of any kind, of any length, the longest included.
    case 0:
      return payload(target, rng, place % 8 === 0 ? PAYLOAD_MAX : rng.between(0, PAYLOAD_MAX));
    // A checksum that is wrong.
    case 1: {
      const frame = advert(target, rng, higher);
      const at = vrrp + VRRP_OFFSET.checksum;
      frame[at] = (frame[at] ?? 0) ^ rng.between(1, 255);
      return frame;
    }
    // Cut short, with a header that says so.
    case 2: {
      const frame = payload(target, rng, rng.between(1, 11));
      frame[vrrp] = 0x31;
      if (frame.length > vrrp + 1) frame[vrrp + VRRP_OFFSET.vrid] = vrid;
      return frame;
    }
    // A header that counts more addresses than there are.
    default: {
      const frame = advert(target, rng, higher);
      frame[vrrp + VRRP_OFFSET.addressCount] = rng.between(2, 255);
      return frame;
    }
  }
}

function payload(target: FloodTarget, rng: Rng, length: number): Uint8Array {
  const source = unknownAddress(target, rng);
  return framed(rng, (into) => {
    const header = { source, destination: VRRP_GROUP, ttl: 255, id: rng.between(0, 0xffff) };
    const at = emitIpv4Header(into, header, length);
    fill(into.subarray(at, at + length), rng);
    return at + length;
  });
}

function arp(target: FloodTarget, rng: Rng, place: number): Uint8Array {
  const mac = unknownMac(rng);
  const address = mustReadIpv4(rng.pick(target.plan.routers).address);
  const frame = new Uint8Array(64);
  switch (place % 4) {
    // Somebody else claims an address of ours.
    case 0: {
      const operation = place % 8 === 0 ? "request" : "reply";
      return frame.subarray(0, emitArp(frame, gratuitousArp(mac, address, operation)));
    }
    case 1:
      return frame.subarray(
        0,
        emitArp(frame, arpRequest(mac, unknownAddress(target, rng), address)),
      );
    // The right header, any body.
    case 2:
      fill(frame, rng);
      emitEthernetHeader(frame, BROADCAST_MAC, mac, ETHER_TYPE_ARP);
      return frame;
    // Cut short.
    default:
      emitArp(frame, gratuitousArp(mac, address, "request"));
      return frame.subarray(0, rng.between(ETHERNET_HEADER_LENGTH + 1, 41));
  }
}
