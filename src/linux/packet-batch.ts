/**
 * Many packets of one socket with one system call: recvmmsg(2) and sendmmsg(2). All structures lie
 * in buffers that are made once and used again, so nothing is allocated for a packet. The
 * instruments' batches, with times of arrival, are in message-batch.ts.
 */
import type { Ipv4 } from "#units/address";
import { assert } from "#units/assert";
import { type Failure, OK, type Outcome } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";

/** Packets of one call; also what one socket may take before others have their turn. */
export const BATCH = 64;
/** The longest advertisement has 1,056 bytes, behind 60 bytes of IPv4 header at the most. */
const SLOT = 2_048;
/** The longest IPv4 packet. */
const LENGTH_MAX = 65_535;

/** `BATCH` messages of one slot each. */
class Messages {
  readonly headers: Uint8Array = new Uint8Array(BATCH * abi.MMSGHDR.size);
  readonly slots: Uint8Array = new Uint8Array(BATCH * SLOT);
  readonly view: DataView = new DataView(this.headers.buffer);
  readonly #vectors = new BigUint64Array(BATCH * 2);

  constructor() {
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
      this.#vectors[place * 2] = slots + BigInt(place * SLOT);
      this.#vectors[place * 2 + 1] = BigInt(SLOT);
    }
  }

  setLength(place: number, length: number): void {
    // The upper half is zero: a slot is shorter than 4 GB.
    this.#lengths[place * 4 + 2] = length;
  }
  readonly #lengths = new Uint32Array(this.#vectors.buffer);
}

/** What was received last; valid until the next `receive`. */
export class IncomingPackets {
  readonly #messages = new Messages();
  readonly #views: Uint8Array[] = [];
  readonly #large = new Uint8Array(LENGTH_MAX);

  constructor() {
    for (let place = 0; place < BATCH; place++) this.#views.push(this.#slot(place, SLOT));
  }

  /** Takes what waits in the socket, `BATCH` packets at the most; 0: nothing does. */
  receive(fd: number): number {
    const flags = abi.MSG_DONTWAIT | abi.MSG_TRUNC;
    return Math.max(0, libc.recvmmsg(fd, this.#messages.headers, BATCH, flags, null));
  }

  packet(place: number): Uint8Array {
    const { view } = this.#messages;
    const length = view.getUint32(place * abi.MMSGHDR.size + abi.MMSGHDR.length, true);
    const known = this.#views[place];
    if (known?.length === length) return known;
    if (length > SLOT) return this.#longPacket(place, length);
    const packet = this.#slot(place, length);
    this.#views[place] = packet;
    return packet;
  }

  /** No advertisement is as long; what refuses it looks at its beginning and its length. */
  #longPacket(place: number, length: number): Uint8Array {
    this.#large.fill(0).set(this.#slot(place, SLOT));
    return this.#large.subarray(0, Math.min(length, LENGTH_MAX));
  }

  #slot(place: number, length: number): Uint8Array {
    return this.#messages.slots.subarray(place * SLOT, place * SLOT + length);
  }
}

/** Packets for one socket, each with its destination: `add` up to `BATCH`, then `send`. */
export class OutgoingPackets {
  readonly #messages = new Messages();
  readonly #destinations = new Uint8Array(BATCH * abi.SOCKADDR_IN.size);
  readonly #view = new DataView(this.#destinations.buffer);
  #count = 0;

  constructor() {
    const destinations = libc.addressOf(this.#destinations);
    const { view } = this.#messages;
    for (let place = 0; place < BATCH; place++) {
      const at = place * abi.MMSGHDR.size;
      const name = place * abi.SOCKADDR_IN.size;
      view.setBigUint64(at + abi.MMSGHDR.name, destinations + BigInt(name), true);
      view.setUint32(at + abi.MMSGHDR.nameLength, abi.SOCKADDR_IN.size, true);
      this.#view.setUint16(name + abi.SOCKADDR_IN.family, abi.AF_INET, true);
    }
  }

  get count(): number {
    return this.#count;
  }

  /** Copies the packet. */
  add(packet: Uint8Array, to: Ipv4): void {
    assert(this.#count < BATCH && packet.length <= SLOT, "more than a batch has room for");
    const place = this.#count++;
    this.#messages.slots.set(packet, place * SLOT);
    this.#messages.setLength(place, packet.length);
    this.#view.setUint32(place * abi.SOCKADDR_IN.size + abi.SOCKADDR_IN.address, to);
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
