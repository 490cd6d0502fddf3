/**
 * Netlink messages as bytes (linux/netlink.h, linux/rtnetlink.h). Pure: builds requests, walks
 * answers, never throws on what it reads. Numbers are in host order, which is little-endian on
 * every platform we run on.
 */
import { type IpAddress, ipv4, ipv6At, isIpv6, writeIp } from "#units/address";
import { assert } from "#units/assert";

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLM_F_REQUEST = 0x1;
export const NLM_F_MULTI = 0x2;
export const NLM_F_ACK = 0x4;
/** In the messages of a dump: something changed meanwhile, entries may be missing. */
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;

const HEADER = 16;
const align = (length: number): number => (length + 3) & ~3;

const encoder = new TextEncoder();
/** Names of tables, sets and devices are the same few in all messages. */
const texts = new Map<string, Uint8Array>();
const TEXTS_MAX = 64;

/** With a zero behind it. */
function encoded(text: string): Uint8Array {
  const known = texts.get(text);
  if (known !== undefined) return known;
  const bytes = encoder.encode(`${text}\0`);
  if (texts.size < TEXTS_MAX) texts.set(text, bytes);
  return bytes;
}

/** Builds one message; attributes nest. The buffer grows as needed and is used again by `start`. */
export class MessageBuilder {
  #bytes = new Uint8Array(512);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  readonly #nests: number[] = [];

  start(type: number, flags: number, sequence: number): this {
    this.#length = 0;
    return this.append(type, flags, sequence);
  }

  /** No message, to `append` all of them. */
  clear(): this {
    this.#length = 0;
    return this;
  }

  /** Begins another message behind the first: a batch. */
  append(type: number, flags: number, sequence: number): this {
    this.#begin = this.#length;
    this.#reserve(HEADER);
    this.#view.setUint16(this.#begin + 4, type, true);
    this.#view.setUint16(this.#begin + 6, flags, true);
    this.#view.setUint32(this.#begin + 8, sequence, true);
    this.#view.setUint32(this.#begin + 12, 0, true);
    return this.#seal();
  }
  #begin = 0;

  u8(value: number): this {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
    return this.#seal();
  }

  u16(value: number): this {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value, true);
    return this.#seal();
  }

  u32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value >>> 0, true);
    return this.#seal();
  }

  /** Network order: addresses. */
  be32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value >>> 0);
    return this.#seal();
  }

  attribute(type: number, value: Uint8Array): this {
    const at = this.#attribute(type, value.length);
    this.#bytes.set(value, at);
    return this.#seal();
  }

  attributeU8(type: number, value: number): this {
    const at = this.#attribute(type, 1);
    this.#view.setUint8(at, value);
    return this.#seal();
  }

  attributeU32(type: number, ...values: readonly number[]): this {
    const at = this.#attribute(type, values.length * 4);
    for (let place = 0; place < values.length; place++)
      this.#view.setUint32(at + place * 4, (values[place] ?? 0) >>> 0, true);
    return this.#seal();
  }

  attributeBe32(type: number, value: number): this {
    const at = this.#attribute(type, 4);
    this.#view.setUint32(at, value >>> 0);
    return this.#seal();
  }

  /** Four bytes or sixteen. */
  attributeIp(type: number, address: IpAddress): this {
    if (!isIpv6(address)) return this.attributeBe32(type, address);
    const at = this.#attribute(type, 16);
    writeIp(address, this.#bytes, at);
    return this.#seal();
  }

  /** A whole number, which a double holds up to 53 bits. */
  attributeBe64(type: number, value: number): this {
    const at = this.#attribute(type, 8);
    this.#view.setUint32(at, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(at + 4, value >>> 0);
    return this.#seal();
  }

  attributeText(type: number, value: string): this {
    return this.attribute(type, encoded(value));
  }

  /** Room for the value of an attribute; where it begins. */
  #attribute(type: number, length: number): number {
    const at = this.#reserve(align(4 + length));
    this.#view.setUint16(at, 4 + length, true);
    this.#view.setUint16(at + 2, type, true);
    return at + 4;
  }

  /** Begins a struct rtnexthop, which `end` closes as it does an attribute. */
  hop(flags: number, hops: number, index: number): this {
    const at = this.#reserve(8);
    this.#view.setUint8(at + 2, flags);
    this.#view.setUint8(at + 3, hops);
    this.#view.setInt32(at + 4, index, true);
    this.#nests.push(at);
    return this.#seal();
  }

  nest(type: number): this {
    const at = this.#reserve(4);
    this.#view.setUint16(at + 2, type, true);
    this.#nests.push(at);
    return this.#seal();
  }

  end(): this {
    const at = this.#nests.pop();
    if (at === undefined) return this;
    assert(this.#length - at <= 0xffff, "an attribute's length has 16 bits");
    this.#view.setUint16(at, this.#length - at, true);
    return this;
  }

  get length(): number {
    return this.#length;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #seal(): this {
    this.#view.setUint32(this.#begin, this.#length - this.#begin, true);
    return this;
  }

  #reserve(length: number): number {
    const at = this.#length;
    if (at + length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, at + length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#bytes.fill(0, at, at + length);
    this.#length = at + length;
    return at;
  }
}

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** The messages of one datagram; a message that claims more than there is ends the walk. */
export function* messagesOf(datagram: Uint8Array): Generator<NetlinkMessage> {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  let at = 0;
  while (at + HEADER <= datagram.length) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > datagram.length) return;
    yield {
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      payload: datagram.subarray(at + HEADER, at + length),
    };
    at += align(length);
  }
}

/** Attributes from `start` on, by type; the last of a kind counts, as in the kernel. */
export function attributesOf(payload: Uint8Array, start: number): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  let at = start;
  while (at + 4 <= payload.length) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > payload.length) break;
    // The upper bits mark nesting and byte order.
    found.set(view.getUint16(at + 2, true) & 0x3fff, payload.subarray(at + 4, at + length));
    at += align(length);
  }
  return found;
}

/** Attributes one after the other, whatever their types. */
export function listOf(payload: Uint8Array): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  let at = 0;
  while (at + 4 <= payload.length) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > payload.length) break;
    found.push(payload.subarray(at + 4, at + length));
    at += align(length);
  }
  return found;
}

export function textOf(value: Uint8Array | undefined): string | undefined {
  if (value === undefined) return undefined;
  const end = value.indexOf(0);
  return new TextDecoder().decode(end === -1 ? value : value.subarray(0, end));
}

export function u32Of(value: Uint8Array | undefined): number | undefined {
  if (value === undefined || value.length < 4) return undefined;
  return new DataView(value.buffer, value.byteOffset, 4).getUint32(0, true);
}

export function be32Of(value: Uint8Array | undefined): number | undefined {
  if (value === undefined || value.length < 4) return undefined;
  return new DataView(value.buffer, value.byteOffset, 4).getUint32(0);
}

/** Of four bytes or sixteen. */
export function ipOf(value: Uint8Array | undefined): IpAddress | undefined {
  if (value?.length === 16) return ipv6At(value, 0);
  const number = value?.length === 4 ? be32Of(value) : undefined;
  return number === undefined ? undefined : ipv4(number);
}
