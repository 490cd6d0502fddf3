/**
 * Many packets with one system call (sendmmsg(2), recvmmsg(2)). The structures and the packets lie
 * in memory that is made once: a call allocates nothing.
 */
import type { Ipv4 } from "#units/address";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";
import { LinuxError } from "./result.ts";

/** struct timespec behind a struct cmsghdr. */
const CONTROL_SIZE = abi.CMSGHDR.size + abi.TIMESPEC_SIZE;

/** V8 may move arrays of up to 64 bytes, and the kernel is given addresses. */
const stable = (length: number): Uint8Array => new Uint8Array(Math.max(length, 256));

/** Frames received together, each with the time at which the kernel received it. */
export class ReceiveBatch {
  readonly #headers: Uint8Array;
  readonly #view: DataView;
  readonly #frames: Uint8Array;
  readonly #control: Uint8Array;
  readonly #controlView: DataView;
  readonly #vectors: Uint8Array;
  readonly #frameLength: number;
  readonly #count: number;

  /** @param frameLength longer frames are cut */
  constructor(count: number, frameLength: number) {
    this.#count = count;
    this.#frameLength = frameLength;
    this.#headers = stable(count * abi.MMSGHDR.size);
    this.#view = new DataView(this.#headers.buffer);
    this.#frames = stable(count * frameLength);
    this.#control = stable(count * CONTROL_SIZE);
    this.#controlView = new DataView(this.#control.buffer);
    this.#vectors = stable(count * abi.IOVEC.size);
    const vectors = new DataView(this.#vectors.buffer);
    const frames = libc.addressOf(this.#frames);
    const control = libc.addressOf(this.#control);
    const vector = libc.addressOf(this.#vectors);
    for (let place = 0; place < count; place++) {
      const header = place * abi.MMSGHDR.size;
      const iovec = place * abi.IOVEC.size;
      vectors.setBigUint64(iovec + abi.IOVEC.base, frames + BigInt(place * frameLength), true);
      vectors.setBigUint64(iovec + abi.IOVEC.length, BigInt(frameLength), true);
      this.#view.setBigUint64(header + abi.MMSGHDR.vector, vector + BigInt(iovec), true);
      this.#view.setBigUint64(header + abi.MMSGHDR.vectorLength, 1n, true);
      const to = control + BigInt(place * CONTROL_SIZE);
      this.#view.setBigUint64(header + abi.MMSGHDR.control, to, true);
    }
  }

  get frames(): Uint8Array {
    return this.#frames;
  }

  /** How many there were; `frames`, `frameAt` and `arrivedAt` are theirs until the next call. */
  receive(fd: number): number {
    for (let place = 0; place < this.#count; place++) {
      const at = place * abi.MMSGHDR.size + abi.MMSGHDR.controlLength;
      // The low word: the lengths are small, and a bigint for each would be garbage.
      this.#view.setUint32(at, CONTROL_SIZE, true);
    }
    const count = libc.recvmmsg(fd, this.#headers, this.#count, abi.MSG_DONTWAIT, null);
    return Math.max(0, count);
  }

  /** Where the frame begins in `frames`. */
  frameAt(place: number): number {
    return place * this.#frameLength;
  }

  lengthOf(place: number): number {
    return this.#view.getUint32(place * abi.MMSGHDR.size + abi.MMSGHDR.length, true);
  }

  /** Microseconds of CLOCK_REALTIME, with SO_TIMESTAMPNS on the socket; undefined without. */
  arrivedAt(place: number): number | undefined {
    const header = place * abi.MMSGHDR.size;
    if (this.#view.getUint32(header + abi.MMSGHDR.controlLength, true) < CONTROL_SIZE) {
      return undefined;
    }
    const at = place * CONTROL_SIZE;
    if (this.#controlView.getInt32(at + abi.CMSGHDR.type, true) !== abi.SO_TIMESTAMPNS) {
      return undefined;
    }
    const time = at + abi.CMSGHDR.size;
    // Seconds fit in the low word until 2106.
    const seconds = this.#controlView.getUint32(time, true);
    return seconds * 1_000_000 + this.#controlView.getUint32(time + 8, true) / 1_000;
  }
}

/** The kernel notes when it receives each packet of this socket. */
export function stampArrivals(fd: number): void {
  const done = libc.setsockopt(fd, abi.SOL_SOCKET, abi.SO_TIMESTAMPNS, Int32Array.of(1), 4);
  if (done !== 0) throw new LinuxError(libc.failure("setsockopt(SO_TIMESTAMPNS)"));
}

/** Packets that are sent again and again, any run of them with one call. */
export class SendBatch {
  readonly count: number;
  readonly #headers: Uint8Array;
  /** What the headers point to: alive as long as they are. */
  readonly #memory: readonly Uint8Array[];

  /**
   * @param packets whole IPv4 packets for a raw socket that wants headers (IP_HDRINCL), or frames
   * @param to undefined for a socket that is bound to where all of them go
   */
  constructor(packets: readonly Uint8Array[], to: Ipv4 | undefined) {
    this.count = packets.length;
    this.#headers = stable(packets.length * abi.MMSGHDR.size);
    const bytes = stable(packets.reduce((sum, { length }) => sum + length, 0));
    const vectors = stable(packets.length * abi.IOVEC.size);
    const address = stable(abi.SOCKADDR_IN.size);
    this.#memory = [bytes, vectors, address];
    const destination = new DataView(address.buffer);
    destination.setUint16(abi.SOCKADDR_IN.family, abi.AF_INET, true);
    destination.setUint32(abi.SOCKADDR_IN.address, to ?? 0);
    const headers = new DataView(this.#headers.buffer);
    const vector = new DataView(vectors.buffer);
    let place = 0;
    for (const [index, packet] of packets.entries()) {
      bytes.set(packet, place);
      const header = index * abi.MMSGHDR.size;
      const iovec = index * abi.IOVEC.size;
      const from = libc.addressOf(bytes) + BigInt(place);
      vector.setBigUint64(iovec + abi.IOVEC.base, from, true);
      vector.setBigUint64(iovec + abi.IOVEC.length, BigInt(packet.length), true);
      if (to !== undefined) {
        headers.setBigUint64(header + abi.MMSGHDR.name, libc.addressOf(address), true);
        headers.setUint32(header + abi.MMSGHDR.nameLength, abi.SOCKADDR_IN.size, true);
      }
      const pointer = libc.addressOf(vectors) + BigInt(iovec);
      headers.setBigUint64(header + abi.MMSGHDR.vector, pointer, true);
      headers.setBigUint64(header + abi.MMSGHDR.vectorLength, 1n, true);
      place += packet.length;
    }
  }

  /** Packets `from` to `from + count`; how many the kernel took. Throws if not one. */
  send(fd: number, from: number, count: number): number {
    const headers = this.#headers.subarray(from * abi.MMSGHDR.size);
    const sent = libc.sendmmsg(fd, headers, count, 0);
    if (sent < 0) throw new LinuxError(libc.failure("sendmmsg"));
    // The memory that the headers point to has to outlive the call.
    return this.#memory.length > 0 ? sent : 0;
  }
}
