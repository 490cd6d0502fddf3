/**
 * Classic pcap files with Ethernet frames, both byte orders and both resolutions; written
 * little-endian in microseconds.
 */

export interface CapturedFrame {
  /** Microseconds since the file's own zero. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

const LINKTYPE_ETHERNET = 1;
const MAGIC_MICROS = 0xa1b2c3d4;
const MAGIC_NANOS = 0xa1b23c4d;

export function parsePcap(file: Uint8Array): CapturedFrame[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const little = [MAGIC_MICROS, MAGIC_NANOS].includes(view.getUint32(0, true));
  const magic = view.getUint32(0, little);
  if (magic !== MAGIC_MICROS && magic !== MAGIC_NANOS) throw new Error("not a pcap file");
  if (view.getUint32(20, little) !== LINKTYPE_ETHERNET) throw new Error("not Ethernet");
  const frames: CapturedFrame[] = [];
  for (let at = 24; at < file.length; ) {
    const [seconds, fraction] = [view.getUint32(at, little), view.getUint32(at + 4, little)];
    const [stored, original] = [view.getUint32(at + 8, little), view.getUint32(at + 12, little)];
    if (stored !== original) throw new Error(`frame ${frames.length + 1} was cut by the capture`);
    const micros = magic === MAGIC_NANOS ? Math.round(fraction / 1000) : fraction;
    frames.push({
      at: seconds * 1_000_000 + micros,
      bytes: file.slice(at + 16, at + 16 + stored),
    });
    at += 16 + stored;
  }
  return frames;
}

export function emitPcap(frames: readonly CapturedFrame[]): Uint8Array {
  const file = new Uint8Array(24 + frames.reduce((sum, { bytes }) => sum + 16 + bytes.length, 0));
  const view = new DataView(file.buffer);
  view.setUint32(0, MAGIC_MICROS, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 65_535, true);
  view.setUint32(20, LINKTYPE_ETHERNET, true);
  let at = 24;
  for (const frame of frames) {
    view.setUint32(at, Math.floor(frame.at / 1_000_000), true);
    view.setUint32(at + 4, frame.at % 1_000_000, true);
    view.setUint32(at + 8, frame.bytes.length, true);
    view.setUint32(at + 12, frame.bytes.length, true);
    file.set(frame.bytes, at + 16);
    at += 16 + frame.bytes.length;
  }
  return file;
}
