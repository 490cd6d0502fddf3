/**
 * A capture file, piece by piece: `feed` what was read, take packets with `next` until there is
 * none, and call `end` when the file has ended. Whatever the bytes are, it needs the memory of one
 * block (1 MiB at the most) and what is fed. What it cannot read is a `CaptureError` with the
 * place.
 */
import { ByteWindow } from "./byte-window.ts";
import { type CaptureCounts, type Captured, CaptureError } from "./captured.ts";
import { PcapReader, pcapForm } from "./pcap.ts";
import { PcapngReader, SECTION_HEADER } from "./pcapng.ts";

const MAGIC_LENGTH = 4;

export class CaptureReader {
  readonly counts: CaptureCounts = { packets: 0, otherLinks: 0, cut: 0 };
  readonly #window = new ByteWindow();
  #reader: PcapReader | PcapngReader | undefined;

  feed(chunk: Uint8Array): void {
    this.#window.feed(chunk);
  }

  /** Undefined: `feed` more, or it was all. Throws `CaptureError`. */
  next(): Captured | undefined {
    this.#reader ??= this.#choose();
    return this.#reader?.next();
  }

  /** Throws if the file ends in the middle of something. */
  end(): void {
    const { length, position } = this.#window;
    if (this.#reader === undefined) {
      if (length === 0) throw new CaptureError({ kind: "cut-short", at: 0, missing: MAGIC_LENGTH });
      throw new CaptureError({ kind: "cut-short", at: 0, missing: MAGIC_LENGTH - length });
    }
    const { missing } = this.#reader;
    if (missing > 0) throw new CaptureError({ kind: "cut-short", at: position, missing });
    if (length > 0) throw new CaptureError({ kind: "cut-short", at: position, missing: 1 });
  }

  #choose(): PcapReader | PcapngReader | undefined {
    if (this.#window.length < MAGIC_LENGTH) return undefined;
    // The same in both byte orders.
    if (this.#window.u32(0, true) === SECTION_HEADER)
      return new PcapngReader(this.#window, this.counts);
    if (pcapForm(this.#window) !== undefined) return new PcapReader(this.#window, this.counts);
    const magic = this.#window.u32(0, false);
    throw new CaptureError({ kind: "not-a-capture", at: 0, magic });
  }
}
