/**
 * A raw socket for ICMP echo (RFC 792, RFC 4443) to one address. It receives the replies to
 * everybody on this machine, so an identifier says which are ours.
 */
import { isIP } from "node:net";
import { readIpv4 } from "#units/address";
import { OK, type Outcome } from "#vrrp/engine/world";
import {
  emitIcmpEcho,
  emitIcmpv6Request,
  ICMP_ECHO_HEADER_LENGTH,
  isIcmpv6Reply,
  isReplyInIpv4,
  TYPE_ECHO_REPLY,
  TYPE_ECHO_REPLY_V6,
} from "#vrrp/wire/icmp-echo";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";
import { type Result, success } from "./result.ts";

export interface EchoSocket {
  send(sequence: number): Outcome;
  /** Reads what is there; whether a reply to one of ours was among it. */
  isAnswered(): boolean;
  close(): void;
}

const PAYLOAD_LENGTH = 24;
const MESSAGE_LENGTH = ICMP_ECHO_HEADER_LENGTH + PAYLOAD_LENGTH;
const PACKET_MAX = 1_500;
/** Somebody's flood of replies does not keep the caller. */
const READS_MAX = 64;

/**
 * @param address IPv4 or IPv6, without a zone
 * @param id 16 bits
 */
export const openEchoSocket = (address: string, id: number): Result<EchoSocket> =>
  isIP(address) === 6 ? open6(address, id) : open4(address, id);

function open4(address: string, id: number): Result<EchoSocket> {
  const to = new Uint8Array(abi.SOCKADDR_IN.size);
  const view = new DataView(to.buffer);
  view.setUint16(abi.SOCKADDR_IN.family, abi.AF_INET, true);
  view.setUint32(abi.SOCKADDR_IN.address, readIpv4(address) ?? 0);
  const { SOL_RAW, ICMP_FILTER } = abi;
  const filter = Int32Array.of(~(1 << TYPE_ECHO_REPLY));
  const opened = openRaw(abi.AF_INET, abi.IPPROTO_ICMP, [SOL_RAW, ICMP_FILTER, filter]);
  if (!opened.ok) return opened;
  const own = to.subarray(abi.SOCKADDR_IN.address, abi.SOCKADDR_IN.address + 4);
  const message = new Uint8Array(MESSAGE_LENGTH);
  return success(
    new RawEcho(opened.value, to, {
      request(sequence) {
        emitIcmpEcho(message, { kind: "request", id, sequence, payloadLength: PAYLOAD_LENGTH });
        return message;
      },
      isOurs: (packet, from) => isReplyInIpv4(packet, id) && isSame(from.subarray(4, 8), own),
    }),
  );
}

function open6(address: string, id: number): Result<EchoSocket> {
  const to = new Uint8Array(abi.SOCKADDR_IN6.size);
  new DataView(to.buffer).setUint16(abi.SOCKADDR_IN6.family, abi.AF_INET6, true);
  const own = bytesOf(address);
  to.set(own, abi.SOCKADDR_IN6.address);
  const filter = Int32Array.from({ length: 8 }, () => -1);
  filter[TYPE_ECHO_REPLY_V6 >> 5] = ~(1 << (TYPE_ECHO_REPLY_V6 & 31));
  const { AF_INET6, IPPROTO_ICMPV6, ICMPV6_FILTER } = abi;
  const opened = openRaw(AF_INET6, IPPROTO_ICMPV6, [IPPROTO_ICMPV6, ICMPV6_FILTER, filter]);
  if (!opened.ok) return opened;
  const message = new Uint8Array(MESSAGE_LENGTH);
  return success(
    new RawEcho(opened.value, to, {
      request(sequence) {
        emitIcmpv6Request(message, id, sequence);
        return message;
      },
      isOurs(packet, from) {
        const { address: at } = abi.SOCKADDR_IN6;
        return isIcmpv6Reply(packet, id) && isSame(from.subarray(at, at + own.length), own);
      },
    }),
  );
}

type Option = readonly [level: number, name: number, value: Int32Array];

function openRaw(family: number, protocol: number, [level, name, value]: Option): Result<number> {
  const type = abi.SOCK_RAW | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC;
  const fd = libc.socket(family, type, protocol);
  if (fd < 0) return libc.failure("socket(ICMP)");
  if (libc.setsockopt(fd, level, name, value, value.byteLength) === 0) return success(fd);
  const failure = libc.failure("setsockopt(ICMP_FILTER)");
  libc.close(fd);
  return failure;
}

interface Format {
  request(sequence: number): Uint8Array;
  isOurs(packet: Uint8Array, from: Uint8Array): boolean;
}

class RawEcho implements EchoSocket {
  readonly #fd: number;
  readonly #to: Uint8Array;
  readonly #format: Format;
  readonly #packet = new Uint8Array(PACKET_MAX);
  readonly #from = new Uint8Array(abi.SOCKADDR_IN6.size);
  #isClosed = false;

  constructor(fd: number, to: Uint8Array, format: Format) {
    this.#fd = fd;
    this.#to = to;
    this.#format = format;
  }

  send(sequence: number): Outcome {
    const message = this.#format.request(sequence);
    const { MSG_DONTWAIT } = abi;
    const to = this.#to;
    const sent = libc.sendto(this.#fd, message, message.length, MSG_DONTWAIT, to, to.length);
    return sent < 0 ? libc.failure("sendto(ICMP)") : OK;
  }

  isAnswered(): boolean {
    const packet = this.#packet;
    for (let reads = 0; reads < READS_MAX; reads += 1) {
      const length = Int32Array.of(this.#from.length);
      const { MSG_DONTWAIT } = abi;
      const size = libc.recvfrom(this.#fd, packet, packet.length, MSG_DONTWAIT, this.#from, length);
      if (size < 0) return false;
      if (this.#format.isOurs(packet.subarray(0, size), this.#from)) return true;
    }
    return false;
  }

  close(): void {
    if (!this.#isClosed) libc.close(this.#fd);
    this.#isClosed = true;
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, at) => byte === b[at]);

/** Of an address that `isIP` takes. */
function bytesOf(address: string): Uint8Array {
  // The URL has it in hexadecimal groups, also where the end was written as IPv4.
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [left = "", right] = text.split("::");
  const groups = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [before, behind] = [groups(left), groups(right ?? "")];
  const all = [...before, ...Array<number>(8 - before.length - behind.length).fill(0), ...behind];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
