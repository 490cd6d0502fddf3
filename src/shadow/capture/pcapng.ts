/**
 * pcapng files (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-04.html): sections of
 * either byte order, each with interfaces that have a link layer and a unit of time of their own.
 */
import { linkTypeOf } from "#vrrp/wire/captured-frame";
import type { ByteWindow } from "./byte-window.ts";
import { type CaptureCounts, type Captured, CaptureError } from "./captured.ts";

export const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;
const OLD_PACKET = 2;
const SIMPLE_PACKET = 3;
const PACKET = 6;
const ORDER_MAGIC = 0x1a2b3c4d;
/** Type and length before the body, the length once more behind it. */
const FRAME_LENGTH = 12;
const BODY = 8;
const ORDER_AT = 8;
/** Bytes of a section header up to and with its byte order. */
const ORDER_END = 12;
const SECTION_MIN = 28;
/** Of a block that may hold a packet; others are passed over without being kept. */
const BLOCK_MAX = 1_048_576;
const INTERFACES_MAX = 4_096;
const OPTION_END = 0;
const OPTION_RESOLUTION = 9;
const OPTION_OFFSET = 14;
const INTERFACE_OPTIONS = BODY + 8;
const ENHANCED = { interface: 8, high: 12, low: 16, stored: 20, original: 24, data: 28 } as const;

interface Source {
  readonly link: number;
  /** Of the unit of time, in a second: a power of ten, or of two. */
  readonly perSecond: number;
  readonly offsetSeconds: number;
}

export class PcapngReader {
  readonly #window: ByteWindow;
  readonly #counts: CaptureCounts;
  #isLittle = true;
  #sources: Source[] = [];
  /** Of a block that is passed over. */
  #toSkip = 0;

  constructor(window: ByteWindow, counts: CaptureCounts) {
    this.#window = window;
    this.#counts = counts;
  }

  /** Bytes of a block that is being passed over and have not come yet. */
  get missing(): number {
    return this.#toSkip;
  }

  /** Undefined: more bytes are needed. */
  next(): Captured | undefined {
    for (;;) {
      const window = this.#window;
      if (this.#toSkip > 0) {
        const now = Math.min(this.#toSkip, window.length);
        window.skip(now);
        this.#toSkip -= now;
        if (this.#toSkip > 0) return undefined;
      }
      if (window.length < ORDER_END) return undefined;
      const type = window.u32(0, this.#isLittle);
      if (type === SECTION_HEADER) this.#readOrder();
      const length = window.u32(4, this.#isLittle);
      const least = type === SECTION_HEADER ? SECTION_MIN : FRAME_LENGTH;
      if (length < least || length % 4 !== 0)
        throw new CaptureError({ kind: "bad-length", at: window.position + 4, length });
      const isWanted = type === PACKET || type === INTERFACE || type === OLD_PACKET;
      if (!isWanted) {
        if (type === SIMPLE_PACKET)
          throw new CaptureError({ kind: "no-time", at: window.position });
        this.#toSkip = length;
        continue;
      }
      if (length > BLOCK_MAX)
        throw new CaptureError({ kind: "bad-length", at: window.position + 4, length });
      if (window.length < length) return undefined;
      const found = type === INTERFACE ? this.#addSource(length) : this.#packet(type, length);
      window.skip(length);
      if (found !== undefined) return found;
    }
  }

  #readOrder(): void {
    const window = this.#window;
    this.#isLittle = window.u32(ORDER_AT, true) === ORDER_MAGIC;
    if (!this.#isLittle && window.u32(ORDER_AT, false) !== ORDER_MAGIC) {
      const at = window.position + ORDER_AT;
      throw new CaptureError({ kind: "not-a-capture", at, magic: window.u32(ORDER_AT, false) });
    }
    this.#sources = [];
  }

  #addSource(length: number): undefined {
    const window = this.#window;
    if (length < FRAME_LENGTH + 8 || this.#sources.length >= INTERFACES_MAX)
      throw new CaptureError({ kind: "bad-block", at: window.position, type: INTERFACE });
    let [perSecond, offsetSeconds] = [1_000_000, 0];
    const end = length - 4;
    for (let at = INTERFACE_OPTIONS; at + 4 <= end; ) {
      const code = window.u16(at, this.#isLittle);
      const size = window.u16(at + 2, this.#isLittle);
      if (code === OPTION_END || at + 4 + size > end) break;
      if (code === OPTION_RESOLUTION && size >= 1) perSecond = unitOf(window.bytes(at + 4, 1)[0]);
      if (code === OPTION_OFFSET && size >= 8) offsetSeconds = this.#number64(at + 4);
      at += 4 + Math.ceil(size / 4) * 4;
    }
    this.#sources.push({ link: window.u16(BODY, this.#isLittle), perSecond, offsetSeconds });
    return undefined;
  }

  /** Seconds: the upper half is that of a signed number. */
  #number64(at: number): number {
    const [first, second] = [
      this.#window.u32(at, this.#isLittle),
      this.#window.u32(at + 4, this.#isLittle),
    ];
    const [high, low] = this.#isLittle ? [second, first] : [first, second];
    return (high | 0) * 4_294_967_296 + low;
  }

  #packet(type: number, length: number): Captured | undefined {
    const window = this.#window;
    const isLittle = this.#isLittle;
    const stored = length < FRAME_LENGTH + 20 ? length : window.u32(ENHANCED.stored, isLittle);
    if (stored > length - FRAME_LENGTH - 20)
      throw new CaptureError({ kind: "bad-block", at: window.position, type });
    const place =
      type === OLD_PACKET
        ? window.u16(ENHANCED.interface, isLittle)
        : window.u32(ENHANCED.interface, isLittle);
    const source = this.#sources[place];
    if (source === undefined)
      throw new CaptureError({ kind: "bad-block", at: window.position, type });
    this.#counts.packets += 1;
    const linkType = linkTypeOf(source.link);
    if (linkType === undefined) {
      this.#counts.otherLinks += 1;
      return undefined;
    }
    if (window.u32(ENHANCED.original, isLittle) > stored) this.#counts.cut += 1;
    const at = timeOf(
      window.u32(ENHANCED.high, isLittle),
      window.u32(ENHANCED.low, isLittle),
      source,
    );
    const bytes = window.bytes(ENHANCED.data, stored);
    return { number: this.#counts.packets, at, linkType, bytes };
  }
}

/** if_tsresol: a negative power of ten, or of two if the highest bit is set. */
function unitOf(value = 6): number {
  const exponent = value & 0x7f;
  const perSecond = (value & 0x80) === 0 ? 10 ** exponent : 2 ** exponent;
  return Math.min(perSecond, 2 ** 64);
}

/** In whole numbers as far as they are exact: nanoseconds since 1970 have 61 bits. */
function timeOf(high: number, low: number, { perSecond, offsetSeconds }: Source): number {
  const ticks = (BigInt(high) << 32n) | BigInt(low);
  const micros = (ticks * 1_000_000n) / BigInt(perSecond);
  return Number(micros) + offsetSeconds * 1_000_000;
}
