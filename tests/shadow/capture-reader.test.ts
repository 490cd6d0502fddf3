/** Captures of every form are read; of a broken one what comes before, and then a place. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CaptureReader } from "#shadow/capture/capture-reader";
import { CaptureError, type CaptureProblem } from "#shadow/capture/captured";
import { printIp as printed } from "#units/address";
import { createRng } from "#units/rng";
import { LINK_TYPES, readCapturedFrame } from "#vrrp/wire/captured-frame";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { framed, type Packet, pcapFile, pcapngFile, tagged } from "../support/capture-files.ts";
import { A, arpOf, packetOf, VIP } from "../support/shadow-timeline.ts";

const advert = packetOf({ at: 0, from: A, priority: 100 });
const AT = 1_700_000_000_123_456;
const packets = (link: number): readonly Packet[] =>
  [0, 1, 2].map((place) => ({ at: AT + place * 1_000_000, bytes: framed(link, advert) }));

interface Read {
  readonly times: readonly number[];
  /** What was behind the link layer, of each packet. */
  readonly found: readonly string[];
  readonly problem: CaptureProblem | undefined;
}

function read(file: Uint8Array, chunk = file.length): Read {
  const reader = new CaptureReader();
  const [times, found]: [number[], string[]] = [[], []];
  try {
    for (let at = 0; at < file.length; at += Math.max(1, chunk)) {
      reader.feed(file.subarray(at, at + chunk));
      for (let one = reader.next(); one !== undefined; one = reader.next()) {
        times.push(one.at);
        const frame = readCapturedFrame(one.linkType, one.bytes);
        if (frame.kind !== "vrrp") {
          found.push(frame.kind);
          continue;
        }
        const parsed = parseAdvert(frame.packet);
        found.push(parsed.kind === "advert" ? `${printed(parsed.advert.source)}` : parsed.kind);
      }
    }
    reader.end();
    return { times, found, problem: undefined };
  } catch (error) {
    assert.ok(error instanceof CaptureError, String(error));
    return { times, found, problem: error.problem };
  }
}

const WANTED = {
  times: [AT, AT + 1_000_000, AT + 2_000_000],
  found: ["192.0.2.2", "192.0.2.2", "192.0.2.2"],
  problem: undefined,
};

test("pcap: both byte orders, micro- and nanoseconds, every link layer, in pieces of any size", () => {
  for (const isLittle of [true, false])
    for (const isNanos of [true, false])
      for (const link of Object.keys(LINK_TYPES).map(Number)) {
        const file = pcapFile(packets(link), { isLittle, isNanos, link });
        for (const chunk of [1, 7, 100, file.length]) assert.deepEqual(read(file, chunk), WANTED);
      }
});

test("pcapng: both byte orders, units and offsets of time, several interfaces", () => {
  for (const isLittle of [true, false]) {
    for (const resolution of [undefined, 6, 9])
      for (const link of Object.keys(LINK_TYPES).map(Number)) {
        const one = { link, ...(resolution === undefined ? {} : { resolution }) };
        const file = pcapngFile(packets(link), [one], isLittle);
        for (const chunk of [1, 13, file.length]) assert.deepEqual(read(file, chunk), WANTED);
      }
    const offset = pcapngFile(packets(1), [{ link: 1, offsetSeconds: 3_600 }], isLittle);
    assert.deepEqual(read(offset), WANTED);
    const binary = read(pcapngFile(packets(1), [{ link: 1, resolution: 0x94 }], isLittle));
    for (const [place, at] of binary.times.entries())
      assert.ok(Math.abs(at - (WANTED.times[place] ?? 0)) <= 1, String(at));
    const two = packets(1).map((one, on) =>
      on === 1 ? { at: one.at, bytes: framed(276, advert), on: 1 } : { ...one, on: 0 },
    );
    assert.deepEqual(read(pcapngFile(two, [{ link: 1 }, { link: 276 }], isLittle)), WANTED);
    // Two sections, the second in the other byte order.
    const sections = Uint8Array.from([
      ...pcapngFile(packets(1).slice(0, 2), [{ link: 1 }], isLittle),
      ...pcapngFile(packets(1).slice(2), [{ link: 1 }], !isLittle),
    ]);
    assert.deepEqual(read(sections), WANTED);
  }
});

test("VLAN tags are looked behind; ARP and everything else is kept apart", () => {
  const frames = [
    tagged(advert, [[0x8100, 5]]),
    tagged(advert, [
      [0x88a8, 7],
      [0x8100, 5],
    ]),
    arpOf({ at: 0, from: A, priority: 0 }),
    new Uint8Array(60),
    new Uint8Array(3),
  ];
  const file = pcapFile(frames.map((bytes) => ({ at: AT, bytes })));
  assert.deepEqual(read(file).found, ["192.0.2.2", "192.0.2.2", "arp", "other", "other"]);
  assert.equal(printed(VIP), "192.0.2.100");
});

test("the captures of keepalived are read as the tests' own reader reads them", () => {
  const folder = join(import.meta.dirname, "..", "captures");
  const { found, problem } = read(readFileSync(join(folder, "v2-unicast-hand-over.pcap")));
  assert.equal(problem, undefined);
  assert.equal(found.length, 14);
  assert.equal(found.filter((one) => one.startsWith("10.9.0.")).length, 7);
});

test("a file that is cut anywhere gives the packets before it, and where it ends", () => {
  for (const file of [pcapFile(packets(1)), pcapngFile(packets(1))]) {
    for (let length = 0; length < file.length; length++) {
      const { problem, times } = read(file.subarray(0, length), 50);
      assert.ok(times.length <= 2);
      if (problem !== undefined) assert.equal(problem.kind, "cut-short");
      // Between two packets nobody can know that there was more.
      else assert.ok(length >= 24);
    }
  }
});

test("damage is found with its place: lengths, blocks, link layers, other files", () => {
  const at = (file: Uint8Array, place: number, value: number): Uint8Array => {
    const copy = file.slice();
    new DataView(copy.buffer).setUint32(place, value, true);
    return copy;
  };
  const pcap = pcapFile(packets(1));
  const ng = pcapngFile(packets(1));
  assert.deepEqual(read(at(pcap, 32, 0x7fffffff)).problem, {
    kind: "bad-length",
    at: 32,
    length: 0x7fffffff,
  });
  assert.deepEqual(read(at(pcap, 20, 147)).problem, { kind: "link-type", at: 20, number: 147 });
  for (const length of [0, 4, 27, 0xffffffff])
    assert.equal(read(at(ng, 4, length)).problem?.kind, "bad-length");
  assert.equal(read(at(ng, 8, 1)).problem?.kind, "not-a-capture");
  assert.equal(read(pcapngFile(packets(1), [])).problem?.kind, "bad-block");
  assert.equal(read(pcapngFile(packets(1), [{ link: 147 }])).times.length, 0);
  assert.equal(read(new TextEncoder().encode("hello, world")).problem?.kind, "not-a-capture");
  assert.deepEqual(read(Uint8Array.of(0x1f, 0x8b, 8, 0)).problem, {
    kind: "not-a-capture",
    at: 0,
    magic: 0x1f8b0800,
  });
});

test("bytes of chance never throw anything else, and never need more than a block", () => {
  const rng = createRng(7);
  const sources = [pcapFile(packets(1)), pcapngFile(packets(276), [{ link: 276 }])];
  for (let round = 0; round < 2_000; round++) {
    const file = (sources[round % 2] ?? new Uint8Array(0)).slice();
    const changes = rng.between(1, 8);
    for (let n = 0; n < changes; n++) file[rng.between(0, file.length - 1)] = rng.between(0, 255);
    read(file, rng.between(1, 200));
  }
});
