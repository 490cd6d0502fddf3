/** Capture files of every form, written by hand: what `tcpdump -w` and Wireshark would write. */

export interface Packet {
  /** Microseconds since 1970. */
  readonly at: number;
  readonly bytes: Uint8Array;
  /** Which interface of a pcapng file. */
  readonly on?: number;
}

class Writer {
  readonly #bytes: number[] = [];
  readonly #isLittle: boolean;

  constructor(isLittle: boolean) {
    this.#isLittle = isLittle;
  }

  u16(value: number): this {
    const both = [value >>> 8, value & 255];
    this.#bytes.push(...(this.#isLittle ? both.toReversed() : both));
    return this;
  }
  u32(value: number): this {
    const [high, low] = [value >>> 16, value & 0xffff];
    return this.#isLittle ? this.u16(low).u16(high) : this.u16(high).u16(low);
  }
  add(bytes: Uint8Array, multiple = 1): this {
    this.#bytes.push(...bytes);
    while (this.#bytes.length % multiple !== 0) this.#bytes.push(0);
    return this;
  }
  done(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

export function pcapFile(
  packets: readonly Packet[],
  { isLittle = true, isNanos = false, link = 1 } = {},
): Uint8Array {
  const file = new Writer(isLittle).u32(isNanos ? 0xa1b23c4d : 0xa1b2c3d4);
  file.u16(2).u16(4).u32(0).u32(0).u32(65_535).u32(link);
  for (const { at, bytes } of packets) {
    const fraction = at % 1_000_000;
    file.u32(Math.floor(at / 1_000_000)).u32(isNanos ? fraction * 1_000 : fraction);
    file.u32(bytes.length).u32(bytes.length).add(bytes);
  }
  return file.done();
}

export interface NgInterface {
  readonly link: number;
  /** if_tsresol: 6 for microseconds, 9 for nanoseconds, 0x8a for 1/1024 s. */
  readonly resolution?: number;
  readonly offsetSeconds?: number;
}

const PER_SECOND: Readonly<Record<number, bigint>> = {
  6: 1_000_000n,
  9: 1_000_000_000n,
  0x94: 1n << 20n,
};

export function pcapngFile(
  packets: readonly Packet[],
  interfaces: readonly NgInterface[] = [{ link: 1 }],
  isLittle = true,
): Uint8Array {
  const block = (type: number, fill: (body: Writer) => Writer): Uint8Array => {
    const body = fill(new Writer(isLittle)).done();
    const length = 12 + body.length;
    return new Writer(isLittle).u32(type).u32(length).add(body).u32(length).done();
  };
  const parts: Uint8Array[] = [];
  const none = 0xffffffff;
  parts.push(
    block(0x0a0d0d0a, (body) => body.u32(0x1a2b3c4d).u16(1).u16(0).u32(none).u32(none)),
    // A comment block, which is passed over.
    block(0x0bad, (body) => body.add(new Uint8Array(64))),
  );
  for (const { link, resolution, offsetSeconds } of interfaces) {
    parts.push(
      block(1, (body) => {
        body.u16(link).u16(0).u32(0);
        if (resolution !== undefined) body.u16(9).u16(1).add(Uint8Array.of(resolution), 4);
        if (offsetSeconds !== undefined) {
          body.u16(14).u16(8);
          if (isLittle) body.u32(offsetSeconds).u32(0);
          else body.u32(0).u32(offsetSeconds);
        }
        return body.u16(0).u16(0);
      }),
    );
  }
  for (const { at, bytes, on = 0 } of packets) {
    const { resolution = 6, offsetSeconds = 0 } = interfaces[on] ?? { link: 1 };
    const perSecond = PER_SECOND[resolution] ?? 1_000_000n;
    const ticks = (BigInt(at - offsetSeconds * 1_000_000) * perSecond) / 1_000_000n;
    parts.push(
      block(6, (body) =>
        body
          .u32(on)
          .u32(Number(ticks >> 32n))
          .u32(Number(ticks & 0xffffffffn))
          .u32(bytes.length)
          .u32(bytes.length)
          .add(bytes, 4),
      ),
    );
  }
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const ETHERNET_IPV4 = [2, 0, 0, 0, 0, 2].concat([2, 0, 0, 0, 0, 1], [8, 0]);

/** An IPv4 packet behind the header of a link layer. */
export function framed(link: number, packet: Uint8Array): Uint8Array {
  switch (link) {
    case 101:
    case 228:
      return packet;
    case 113:
      return Uint8Array.from([0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0, ...packet]);
    case 276: {
      const header = [8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0];
      return Uint8Array.from([...header, ...packet]);
    }
    default:
      return Uint8Array.from([...ETHERNET_IPV4, ...packet]);
  }
}

/** With one or two VLAN tags. */
export function tagged(
  packet: Uint8Array,
  tags: readonly (readonly [number, number])[],
): Uint8Array {
  const macs = ETHERNET_IPV4.slice(0, 12);
  const all = tags.flatMap(([type, vlan]) => [type >>> 8, type & 255, vlan >>> 8, vlan & 255]);
  return Uint8Array.from([...macs, ...all, 8, 0, ...packet]);
}
