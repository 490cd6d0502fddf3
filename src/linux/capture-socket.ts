/**
 * What passes an interface in both directions, VRRP and ARP alone, with the kernel's time of each
 * frame. The interface does not become promiscuous and joins no group: nothing is sent, and only
 * what this machine gets anyway is seen.
 */
import type { Instant } from "#units/time";
import { PROTOCOL_VRRP } from "#vrrp/wire/ipv4-fields";
import { arpAndProtocol } from "./bpf.ts";
import { now, wallClock } from "./clock.ts";
import { ReceiveBatch, stampArrivals } from "./message-batch.ts";
import { openPacketSocket, type PacketSocket } from "./packet-socket.ts";
import { type Result, success } from "./result.ts";

const BATCH = 64;
/** The longest advertisement has 1,056 bytes, behind 60 bytes of IPv4 header at the most. */
const FRAME_MAX = 2_048;
const BUFFER = 1_048_576;
/** Batches of one reading: a flood does not keep others waiting. */
const BATCHES_MAX = 16;

export interface CapturedFrame {
  readonly at: Instant;
  readonly frame: Uint8Array;
}

export class CaptureSocket implements Disposable {
  readonly #socket: PacketSocket;
  readonly #batch = new ReceiveBatch(BATCH, FRAME_MAX);

  constructor(socket: PacketSocket) {
    this.#socket = socket;
    stampArrivals(socket.fd);
  }

  /** What has arrived, oldest first. */
  read(): readonly CapturedFrame[] {
    const found: CapturedFrame[] = [];
    const batch = this.#batch;
    const offset = wallClock() - now();
    for (let count = 0, batches = 0; batches < BATCHES_MAX; batches++) {
      count = batch.receive(this.#socket.fd);
      for (let place = 0; place < count; place++) {
        const from = batch.frameAt(place);
        const frame = batch.frames.slice(from, from + Math.min(batch.lengthOf(place), FRAME_MAX));
        const stamp = batch.arrivedAt(place);
        const at = stamp === undefined ? now() : Math.floor(stamp - offset);
        found.push({ at: Math.min(at, now()) as Instant, frame });
      }
      if (count < BATCH) break;
    }
    return found;
  }

  /** False: its device is gone for good. */
  isBound(): boolean {
    return this.#socket.isBound();
  }

  /** Frames that found no room since the last call. */
  drops(): number {
    const read = this.#socket.statistics();
    return read.ok ? read.value.drops : 0;
  }

  close(): void {
    this.#socket.close();
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

/** @param interfaceIndex 0: every interface */
export function openCaptureSocket(interfaceIndex: number): Result<CaptureSocket> {
  const opened = openPacketSocket(interfaceIndex, {
    ignoreOutgoing: false,
    filter: arpAndProtocol(PROTOCOL_VRRP),
    receiveBuffer: BUFFER,
  });
  return opened.ok ? success(new CaptureSocket(opened.value)) : opened;
}
