/**
 * A growing pcap file (classic format, microseconds, Ethernet): readable by tcpdump and
 * Wireshark while it grows.
 */
import { closeSync, openSync, writeSync } from "node:fs";

const MAGIC_MICROS = 0xa1b2c3d4;
const LINKTYPE_ETHERNET = 1;
const SNAPLEN = 65_535;

export class Capture implements Disposable {
  readonly #fd: number;
  readonly #header = new Uint8Array(16);
  readonly #view = new DataView(this.#header.buffer);

  /** Replaces an existing file. Throws what `open` throws. */
  constructor(file: string) {
    this.#fd = openSync(file, "w");
    const header = new Uint8Array(24);
    const view = new DataView(header.buffer);
    view.setUint32(0, MAGIC_MICROS, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, SNAPLEN, true);
    view.setUint32(20, LINKTYPE_ETHERNET, true);
    writeSync(this.#fd, header);
  }

  /** @param wallMillis since 1970, with a fraction */
  write(frame: Uint8Array, wallMillis: number): void {
    const seconds = Math.floor(wallMillis / 1000);
    this.#view.setUint32(0, seconds, true);
    this.#view.setUint32(4, Math.floor((wallMillis - seconds * 1000) * 1000), true);
    this.#view.setUint32(8, frame.length, true);
    this.#view.setUint32(12, frame.length, true);
    writeSync(this.#fd, this.#header);
    writeSync(this.#fd, frame);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
