/**
 * When connections of a server ended on the wire, by the kernel's time of each frame: what a
 * program reads it may read late. Pure.
 */
import type { Ipv4, Mac } from "#units/address";
import { parseArp } from "#vrrp/wire/arp";
import {
  ETHER_TYPE_IPV4,
  ETHERNET_HEADER_LENGTH,
  etherSourceOf,
  etherTypeOf,
} from "#vrrp/wire/ethernet";
import {
  ipv4HeaderLengthAt,
  ipv4ProtocolAt,
  ipv4SourceAt,
  ipv4TotalLengthAt,
  PROTOCOL_TCP,
} from "#vrrp/wire/ipv4-fields";
import { destinationPortAt, sourcePortAt, tcpEndAt, tcpHeaderLengthAt } from "#vrrp/wire/transport";

type End = ReturnType<typeof tcpEndAt>;

/** A stream has sent so many parts; a request's answer has not. */
const PARTS_LEAST = 20;

/** A connection that many frames with data came on. Times are microseconds. */
export interface SeenStream {
  readonly lastDataAt: number;
  readonly endedAt: number | undefined;
  readonly end: End;
}

export interface SeenFrames {
  /** The first ARP of another machine than the one that sent the first data. */
  readonly announcedAt: number | undefined;
  readonly streams: readonly SeenStream[];
}

interface Flow {
  parts: number;
  lastDataAt: number;
  endedAt: number | undefined;
  end: End;
}

export class FrameWatch {
  readonly #address: Ipv4;
  readonly #port: number;
  /** By the client's port. */
  readonly #flows = new Map<number, Flow>();
  #owner: Mac | undefined;
  #announcedAt: number | undefined;

  constructor(address: Ipv4, port: number) {
    this.#address = address;
    this.#port = port;
  }

  /** A frame that the client's machine received; it may be cut behind its headers. */
  take(frame: Uint8Array, at: number): void {
    if (etherTypeOf(frame) === ETHER_TYPE_IPV4) return this.#takePacket(frame, at);
    const read = parseArp(frame);
    if (read.kind !== "arp" || read.arp.senderAddress !== this.#address) return;
    if (this.#owner !== undefined && read.arp.etherSource !== this.#owner) this.#announcedAt ??= at;
  }

  #takePacket(frame: Uint8Array, at: number): void {
    const ip = ETHERNET_HEADER_LENGTH;
    if (ipv4ProtocolAt(frame, ip) !== PROTOCOL_TCP) return;
    const tcp = ip + ipv4HeaderLengthAt(frame, ip);
    const isOurs =
      ipv4SourceAt(frame, ip) === this.#address && sourcePortAt(frame, tcp) === this.#port;
    if (!isOurs) return;
    const flow = this.#flowOf(destinationPortAt(frame, tcp), at);
    if (flow.end !== undefined) return;
    if (ip + ipv4TotalLengthAt(frame, ip) > tcp + tcpHeaderLengthAt(frame, tcp)) {
      this.#owner ??= etherSourceOf(frame);
      flow.parts += 1;
      flow.lastDataAt = at;
    }
    flow.end = tcpEndAt(frame, tcp);
    if (flow.end !== undefined) flow.endedAt = at;
  }

  #flowOf(clientPort: number, at: number): Flow {
    const known = this.#flows.get(clientPort);
    if (known !== undefined) return known;
    const flow = { parts: 0, lastDataAt: at, endedAt: undefined, end: undefined };
    this.#flows.set(clientPort, flow);
    return flow;
  }

  seen(): SeenFrames {
    const streams = [...this.#flows.values()].filter(({ parts }) => parts >= PARTS_LEAST);
    return {
      announcedAt: this.#announcedAt,
      streams: streams.map(({ lastDataAt, endedAt, end }) => ({ lastDataAt, endedAt, end })),
    };
  }
}
