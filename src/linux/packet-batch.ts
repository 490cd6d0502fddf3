/**
 * Many packets of one socket with one system call: recvmmsg(2) and sendmmsg(2). All structures lie
 * in buffers that are made once and used again, so nothing is allocated for a packet. The
 * instruments' batches, with times of arrival, are in message-batch.ts.
 *
 * A raw socket of IPv6 gives what stands behind the header; source, destination and hop limit come
 * beside it (RFC 3542 section 6). `Ipv6Packets` puts a header in front of it, so that everybody
 * else sees whole packets of both versions.
 */
import { type IpAddress, writeIp } from "#units/address";
import { assert } from "#units/assert";
import { type Failure, OK, type Outcome } from "#vrrp/engine/world";
import { PROTOCOL_VRRP } from "#vrrp/wire/ipv4-fields";
import { IPV6_HEADER_LENGTH, IPV6_OFFSET } from "#vrrp/wire/ipv6-fields";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";

/** Packets of one call; also what one socket may take before others have their turn. */
export const BATCH = 64;
/** The longest advertisement has 1,056 bytes, behind 60 bytes of IPv4 header at the most. */
const SLOT = 2_048;
/** 255 addresses of 16 bytes, and what stands in front of and behind them. */
const SLOT_IPV6 = 4_352;
/** The longest IPv4 packet. */
const LENGTH_MAX = 65_535;

/** `BATCH` messages of one slot each. */
class Messages {
  readonly headers: Uint8Array = new Uint8Array(BATCH * abi.MMSGHDR.size);
  readonly view: DataView = new DataView(this.headers.buffer);
  readonly slot: number;
  readonly slots: Uint8Array;
  readonly #vectors = new BigUint64Array(BATCH * 2);

  /**
   * @param slot bytes of each
   * @param headroom bytes of a slot that stay free at its beginning
   */
  constructor(slot: number, headroom = 0) {
    this.slot = slot;
    this.slots = new Uint8Array(BATCH * slot);
    const slots = libc.addressOf(this.slots);
    const vectors = libc.addressOf(new Uint8Array(this.#vectors.buffer));
    for (let place = 0; place < BATCH; place++) {
      const at = place * abi.MMSGHDR.size;
      this.view.setBigUint64(
        at + abi.MMSGHDR.vector,
        vectors + BigInt(place * abi.IOVEC.size),
        true,
      );
      this.view.setBigUint64(at + abi.MMSGHDR.vectorLength, 1n, true);
      this.#vectors[place * 2] = slots + BigInt(place * slot + headroom);
      this.#vectors[place * 2 + 1] = BigInt(slot - headroom);
    }
  }

  /** Memory for each: names or control data. */
  attach(field: number, lengthField: number, size: number): Uint8Array {
    const bytes = new Uint8Array(BATCH * size);
    const from = libc.addressOf(bytes);
    for (let place = 0; place < BATCH; place++) {
      const at = place * abi.MMSGHDR.size;
      this.view.setBigUint64(at + field, from + BigInt(place * size), true);
      this.view.setUint32(at + lengthField, size, true);
    }
    return bytes;
  }

  setLength(place: number, length: number): void {
    // The upper half is zero: a slot is shorter than 4 GB.
    this.#lengths[place * 4 + 2] = length;
  }
  readonly #lengths = new Uint32Array(this.#vectors.buffer);

  /** Of what was received. */
  lengthOf(place: number): number {
    return this.view.getUint32(place * abi.MMSGHDR.size + abi.MMSGHDR.length, true);
  }

  /** Takes what waits in the socket, `most` packets at the most; 0: nothing does. */
  receive(fd: number, most: number): number {
    const flags = abi.MSG_DONTWAIT | abi.MSG_TRUNC;
    return Math.max(0, libc.recvmmsg(fd, this.headers, most, flags, null));
  }
}

/** Packets as they lie in the slots, each by a view that is made when a length is new. */
class Views {
  readonly #messages: Messages;
  readonly #views: Uint8Array[] = [];
  readonly #large = new Uint8Array(LENGTH_MAX);

  constructor(messages: Messages) {
    this.#messages = messages;
    for (let place = 0; place < BATCH; place++) this.#views.push(this.#slot(place, messages.slot));
  }

  packet(place: number, length: number): Uint8Array {
    const known = this.#views[place];
    if (known?.length === length) return known;
    if (length > this.#messages.slot) return this.#longPacket(place, length);
    const packet = this.#slot(place, length);
    this.#views[place] = packet;
    return packet;
  }

  /** No advertisement is as long; what refuses it looks at its beginning and its length. */
  #longPacket(place: number, length: number): Uint8Array {
    this.#large.fill(0).set(this.#slot(place, this.#messages.slot));
    return this.#large.subarray(0, Math.min(length, LENGTH_MAX));
  }

  #slot(place: number, length: number): Uint8Array {
    const from = place * this.#messages.slot;
    return this.#messages.slots.subarray(from, from + length);
  }
}

/** What was received last; valid until the next `receive`. */
export interface PacketSource {
  /** How many; `BATCH` at the most, or `most`. */
  receive(fd: number, most?: number): number;
  packet(place: number): Uint8Array;
}

/** As the socket gives them: IPv4, and whole frames. */
export class IncomingPackets implements PacketSource {
  readonly #messages = new Messages(SLOT);
  readonly #views = new Views(this.#messages);

  receive(fd: number, most: number = BATCH): number {
    return this.#messages.receive(fd, most);
  }

  packet(place: number): Uint8Array {
    return this.#views.packet(place, this.#messages.lengthOf(place));
  }
}

/** struct in6_pktinfo, and an int, each behind its head and filled up to eight bytes. */
const CONTROL = 2 * abi.CMSGHDR.size + 24 + 8;
const NAME = abi.SOCKADDR_IN6.size;

/** Of a raw socket of IPv6 for VRRP: with the header that the kernel has taken off. */
export class Ipv6Packets implements PacketSource {
  readonly #messages = new Messages(SLOT_IPV6, IPV6_HEADER_LENGTH);
  readonly #views = new Views(this.#messages);
  readonly #names: Uint8Array;
  readonly #control: Uint8Array;
  readonly #controlView: DataView;

  constructor() {
    const { name, nameLength, control, controlLength } = abi.MMSGHDR;
    this.#names = this.#messages.attach(name, nameLength, NAME);
    this.#control = this.#messages.attach(control, controlLength, CONTROL);
    this.#controlView = new DataView(this.#control.buffer);
  }

  receive(fd: number, most: number = BATCH): number {
    const count = this.#messages.receive(fd, most);
    for (let place = 0; place < count; place++) this.#prepend(place);
    return count;
  }

  packet(place: number): Uint8Array {
    const length = IPV6_HEADER_LENGTH + this.#messages.lengthOf(place);
    return this.#views.packet(place, length);
  }

  /** What the kernel did not say is 0, and then refused: no such address, no such hop limit. */
  #prepend(place: number): void {
    const { slots, slot, view } = this.#messages;
    const at = place * slot;
    const length = Math.min(this.#messages.lengthOf(place), 0xffff);
    slots.fill(0, at, at + IPV6_HEADER_LENGTH);
    slots[at + IPV6_OFFSET.versionAndClass] = 0x60;
    slots[at + IPV6_OFFSET.payloadLength] = length >> 8;
    slots[at + IPV6_OFFSET.payloadLength + 1] = length & 0xff;
    slots[at + IPV6_OFFSET.nextHeader] = PROTOCOL_VRRP;
    const from = place * NAME + abi.SOCKADDR_IN6.address;
    for (let n = 0; n < 16; n++) slots[at + IPV6_OFFSET.source + n] = this.#names[from + n] ?? 0;
    const header = place * abi.MMSGHDR.size;
    this.#takeControl(place, at, view.getUint32(header + abi.MMSGHDR.controlLength, true));
    view.setUint32(header + abi.MMSGHDR.nameLength, NAME, true);
    view.setUint32(header + abi.MMSGHDR.controlLength, CONTROL, true);
  }

  #takeControl(place: number, at: number, length: number): void {
    const { slots } = this.#messages;
    const first = place * CONTROL;
    const end = first + Math.min(length, CONTROL);
    for (let next = first; next + abi.CMSGHDR.size <= end; ) {
      const size = this.#controlView.getUint32(next + abi.CMSGHDR.length, true);
      if (size < abi.CMSGHDR.size || next + size > end) return;
      const isIpv6 =
        this.#controlView.getInt32(next + abi.CMSGHDR.level, true) === abi.IPPROTO_IPV6;
      const type = this.#controlView.getInt32(next + abi.CMSGHDR.type, true);
      const data = next + abi.CMSGHDR.size;
      if (isIpv6 && type === abi.IPV6_HOPLIMIT)
        slots[at + IPV6_OFFSET.hopLimit] = this.#control[data] ?? 0;
      if (isIpv6 && type === abi.IPV6_PKTINFO)
        for (let n = 0; n < 16; n++)
          slots[at + IPV6_OFFSET.destination + n] = this.#control[data + n] ?? 0;
      next += (size + 7) & ~7;
    }
  }
}

const ENDS = {
  4: { family: abi.AF_INET, size: abi.SOCKADDR_IN.size, address: abi.SOCKADDR_IN.address },
  6: { family: abi.AF_INET6, size: abi.SOCKADDR_IN6.size, address: abi.SOCKADDR_IN6.address },
} as const;

/** Packets for one socket, each with its destination: `add` up to `BATCH`, then `send`. */
export class OutgoingPackets {
  readonly #messages: Messages;
  readonly #destinations: Uint8Array;
  readonly #size: number;
  readonly #address: number;
  /** Where each place went last: mostly there again. */
  readonly #to: (IpAddress | undefined)[] = Array.from({ length: BATCH }, () => undefined);
  #count = 0;

  constructor(version: 4 | 6 = 4) {
    const { family, size, address } = ENDS[version];
    this.#size = size;
    this.#address = address;
    this.#messages = new Messages(version === 4 ? SLOT : SLOT_IPV6);
    this.#destinations = this.#messages.attach(abi.MMSGHDR.name, abi.MMSGHDR.nameLength, size);
    const view = new DataView(this.#destinations.buffer);
    for (let place = 0; place < BATCH; place++) view.setUint16(place * size, family, true);
  }

  get count(): number {
    return this.#count;
  }

  /** Copies the packet. */
  add(packet: Uint8Array, to: IpAddress): void {
    const { slot } = this.#messages;
    assert(this.#count < BATCH && packet.length <= slot, "more than a batch has room for");
    const place = this.#count++;
    this.#messages.slots.set(packet, place * slot);
    this.#messages.setLength(place, packet.length);
    if (this.#to[place] === to) return;
    this.#to[place] = to;
    writeIp(to, this.#destinations, place * this.#size + this.#address);
  }

  /**
   * Sends them in order and is empty then. Undefined: all were sent; otherwise the outcome of each,
   * for one that is refused keeps none behind it from being sent.
   */
  send(fd: number): readonly Outcome[] | undefined {
    const count = this.#count;
    this.#count = 0;
    const { headers } = this.#messages;
    let outcomes: Outcome[] | undefined;
    for (let from = 0; from < count; ) {
      const rest = from === 0 ? headers : headers.subarray(from * abi.MMSGHDR.size);
      const sent = libc.sendmmsg(fd, rest, count - from, abi.MSG_DONTWAIT);
      if (sent === count) return undefined;
      outcomes ??= Array.from({ length: count }, () => OK);
      if (sent > 0) from += sent;
      else outcomes[from++] = refused();
    }
    return outcomes?.some(({ ok }) => !ok) === true ? outcomes : undefined;
  }
}

const refused = (): Failure => libc.failure("sendto(VRRP)");
