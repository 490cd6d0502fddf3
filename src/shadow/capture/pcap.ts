/**
 * Classic pcap files (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-06.html): both byte
 * orders, microseconds and nanoseconds, also with the longer records of old Linux captures.
 */
import { linkTypeOf } from "#vrrp/wire/captured-frame";
import type { ByteWindow } from "./byte-window.ts";
import { type CaptureCounts, type Captured, CaptureError } from "./captured.ts";

const FILE_HEADER = { length: 24, linkType: 20 } as const;
const RECORD = { length: 16, fraction: 4, stored: 8, original: 12 } as const;
const MAGIC_MICROS = 0xa1b2c3d4;
const MAGIC_NANOS = 0xa1b23c4d;
/** The largest snapshot length that libpcap accepts, MAXIMUM_SNAPLEN. */
const STORED_MAX = 262_144;
/** The upper bits of the link type say whether frames end with a checksum. */
const LINK_TYPE_MASK = 0x0fffffff;

/** Which way round `magic` is, and its unit; undefined: it is not pcap's. */
export function pcapForm(
  window: ByteWindow,
): { readonly isLittle: boolean; readonly isNanos: boolean } | undefined {
  for (const isLittle of [true, false]) {
    const magic = window.u32(0, isLittle);
    if (magic === MAGIC_MICROS || magic === MAGIC_NANOS)
      return { isLittle, isNanos: magic === MAGIC_NANOS };
  }
  return undefined;
}

export class PcapReader {
  readonly #window: ByteWindow;
  readonly #counts: CaptureCounts;
  #form: ReturnType<typeof pcapForm>;
  #linkNumber = 0;

  constructor(window: ByteWindow, counts: CaptureCounts) {
    this.#window = window;
    this.#counts = counts;
  }

  /** Bytes of the file header that have not come yet. */
  get missing(): number {
    return this.#form === undefined ? FILE_HEADER.length - this.#window.length : 0;
  }

  /** Undefined: more bytes are needed. */
  next(): Captured | undefined {
    const window = this.#window;
    if (this.#form === undefined) {
      if (window.length < FILE_HEADER.length) return undefined;
      this.#form = pcapForm(window);
      this.#linkNumber =
        window.u32(FILE_HEADER.linkType, this.#form?.isLittle ?? true) & LINK_TYPE_MASK;
      if (linkTypeOf(this.#linkNumber) === undefined) {
        const { linkType: at } = FILE_HEADER;
        throw new CaptureError({ kind: "link-type", at, number: this.#linkNumber });
      }
      window.skip(FILE_HEADER.length);
    }
    const { isLittle, isNanos } = this.#form ?? { isLittle: true, isNanos: false };
    if (window.length < RECORD.length) return undefined;
    const stored = window.u32(RECORD.stored, isLittle);
    if (stored > STORED_MAX) {
      const at = window.position + RECORD.stored;
      throw new CaptureError({ kind: "bad-length", at, length: stored });
    }
    if (window.length < RECORD.length + stored) return undefined;
    const fraction = window.u32(RECORD.fraction, isLittle);
    const at = window.u32(0, isLittle) * 1_000_000 + (isNanos ? fraction / 1_000 : fraction);
    if (window.u32(RECORD.original, isLittle) > stored) this.#counts.cut += 1;
    const bytes = window.bytes(RECORD.length, stored);
    window.skip(RECORD.length + stored);
    this.#counts.packets += 1;
    const linkType = linkTypeOf(this.#linkNumber) ?? "ethernet";
    return { number: this.#counts.packets, at: Math.round(at), linkType, bytes };
  }
}
