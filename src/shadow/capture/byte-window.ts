/**
 * The part of a file that is being looked at: bytes come in at one end as they are read and are
 * dropped at the other, so that a file of any size needs the memory of one packet.
 */
export class ByteWindow {
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  #at = 0;
  /** Of the first byte in `#bytes`, in the file. */
  #base = 0;

  /** Bytes that have been read and not taken. */
  get length(): number {
    return this.#bytes.length - this.#at;
  }

  /** Where the next byte is in the file. */
  get position(): number {
    return this.#base + this.#at;
  }

  feed(chunk: Uint8Array): void {
    const rest = this.#bytes.subarray(this.#at);
    const joined = new Uint8Array(rest.length + chunk.length);
    joined.set(rest);
    joined.set(chunk, rest.length);
    this.#base += this.#at;
    this.#at = 0;
    this.#bytes = joined;
    this.#view = new DataView(joined.buffer);
  }

  u16(at: number, isLittle: boolean): number {
    return this.#view.getUint16(this.#at + at, isLittle);
  }

  u32(at: number, isLittle: boolean): number {
    return this.#view.getUint32(this.#at + at, isLittle);
  }

  /** Valid until the next `feed`. */
  bytes(at: number, length: number): Uint8Array {
    return this.#bytes.subarray(this.#at + at, this.#at + at + length);
  }

  skip(length: number): void {
    this.#at += length;
  }
}
