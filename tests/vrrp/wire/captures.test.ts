/**
 * Golden packets: keepalived's own, read by us and by tshark, and written again byte for byte.
 * tools/make-captures.ts says how they came about.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { printIp, printMac } from "#units/address";
import {
  type Arp,
  arpReply,
  arpRequest,
  emitArp,
  gratuitousArp,
  isGratuitous,
  parseArp,
} from "#vrrp/wire/arp";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import { parseIpv4Packet } from "#vrrp/wire/ipv4-packet";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { passwordData } from "#vrrp/wire/password";
import { ADVERT_LENGTH_MAX, type Advert, type ChecksumForm } from "#vrrp/wire/vrrp-packet";
import { hexFromBytes } from "../../support/hex.ts";
import { type CapturedFrame, parsePcap } from "../../support/pcap.ts";

const folder = join(import.meta.dirname, "../..", "captures");
/** Values by tshark's field names. */
type Fields = Readonly<Record<string, string>>;

interface Capture {
  readonly name: string;
  readonly frames: readonly CapturedFrame[];
  readonly fields: readonly Fields[];
}

const captures: readonly Capture[] = readdirSync(folder)
  .filter((file) => file.endsWith(".pcap"))
  .toSorted()
  .map((file) => {
    const name = file.slice(0, -".pcap".length);
    const golden = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as {
      readonly frames: readonly Fields[];
    };
    return { name, frames: parsePcap(readFileSync(join(folder, file))), fields: golden.frames };
  });

const isArp = (frame: CapturedFrame): boolean => frame.bytes[12] === 8 && frame.bytes[13] === 6;
const hex4 = (value: number): string => `0x${value.toString(16).padStart(4, "0")}`;

function advertIn({ bytes }: CapturedFrame): Advert {
  const parsed = parseAdvert(bytes, 14);
  assert.ok(parsed.kind === "advert", JSON.stringify(parsed));
  return parsed.advert;
}

function arpIn({ bytes }: CapturedFrame): Arp {
  const parsed = parseArp(bytes);
  assert.ok(parsed.kind === "arp", JSON.stringify(parsed));
  return parsed.arp;
}

/** Our reading of a packet, by tshark's field names. */
function fieldsOfAdvert(frame: CapturedFrame, advert: Advert): Fields {
  const outer = parseIpv4Packet(frame.bytes, 14);
  assert.ok(outer.kind === "packet");
  const { packet } = outer;
  const at = packet.payloadOffset;
  const checksum = ((frame.bytes[at + 6] ?? 0) << 8) | (frame.bytes[at + 7] ?? 0);
  const { authentication } = advert;
  const password =
    authentication?.type === 1
      ? String.fromCharCode(
          ...frame.bytes.subarray(authentication.dataOffset, authentication.dataOffset + 8),
        ).replaceAll("\0", "")
      : undefined;
  // tshark knows only the pseudo header of RFC 5798 with the packet's own addresses.
  const good =
    advert.checksum.kind === "intact" && ["v2", "pseudo-header"].includes(advert.checksum.form);
  return {
    "ip.src": printIp(advert.source),
    "ip.dst": printIp(advert.destination),
    "ip.ttl": String(advert.ttl),
    "ip.id": hex4(packet.id),
    "ip.dsfield": `0x${packet.tos.toString(16).padStart(2, "0")}`,
    "vrrp.version": String(advert.version),
    "vrrp.type": String(advert.type),
    "vrrp.virt_rtr_id": String(advert.vrid),
    "vrrp.prio": String(advert.priority),
    "vrrp.addr_count": String(advert.addresses.length),
    ...(authentication === undefined
      ? { "vrrp.short_adver_int": String(advert.interval) }
      : {
          "vrrp.auth_type": String(authentication.type),
          "vrrp.adver_int": String(advert.interval / 100),
        }),
    "vrrp.checksum": hex4(checksum),
    "vrrp.checksum.status": good ? "1" : "0",
    "vrrp.ip_addr": advert.addresses.map(printIp).join(","),
    ...(password === undefined ? {} : { "vrrp.auth_string": password }),
  };
}

const fieldsOfArp = (arp: Arp): Fields => ({
  "eth.src": printMac(arp.etherSource),
  "eth.dst": printMac(arp.etherDestination),
  "arp.opcode": arp.operation === "request" ? "1" : "2",
  "arp.src.hw_mac": printMac(arp.senderMac),
  "arp.src.proto_ipv4": printIp(arp.senderAddress),
  "arp.dst.hw_mac": printMac(arp.targetMac),
  "arp.dst.proto_ipv4": printIp(arp.targetAddress),
});

const withoutEthernet = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([field]) => !field.startsWith("eth.")));

test("there are captures of both versions, both transports and of announcements", () => {
  assert.ok(captures.length >= 10);
  for (const part of ["v2", "v3", "unicast", "multicast", "pass", "garp", "twenty"]) {
    assert.ok(
      captures.some(({ name }) => name.includes(part)),
      part,
    );
  }
});

for (const { name, frames, fields } of captures) {
  test(`${name}: we read what tshark reads`, () => {
    assert.equal(frames.length, fields.length);
    for (const [i, frame] of frames.entries()) {
      const expected = fields[i] ?? {};
      if (isArp(frame)) assert.deepEqual(fieldsOfArp(arpIn(frame)), expected);
      else assert.deepEqual(fieldsOfAdvert(frame, advertIn(frame)), withoutEthernet(expected));
    }
  });

  test(`${name}: what we read is written byte for byte`, () => {
    const into = new Uint8Array(ADVERT_LENGTH_MAX);
    for (const frame of frames) {
      if (isArp(frame)) {
        const length = emitArp(into, arpIn(frame));
        assert.equal(hexFromBytes(into.subarray(0, length)), hexFromBytes(frame.bytes));
        continue;
      }
      const advert = advertIn(frame);
      const outer = parseIpv4Packet(frame.bytes, 14);
      assert.ok(outer.kind === "packet" && advert.checksum.kind === "intact");
      const length = emitAdvert(into, {
        ...advert,
        id: outer.packet.id,
        password: advert.authentication?.type === 1 ? passwordData("1111") : undefined,
        checksum: advert.checksum.form,
      });
      assert.equal(hexFromBytes(into.subarray(0, length)), hexFromBytes(frame.bytes.subarray(14)));
    }
  });
}

test("keepalived's gratuitous ARP is our `gratuitousArp` request", () => {
  const claims = captures
    .flatMap(({ frames }) => frames.filter(isArp).map(arpIn))
    .filter(isGratuitous);
  assert.ok(claims.length > 50);
  for (const arp of claims) {
    assert.deepEqual(gratuitousArp(arp.senderMac, arp.senderAddress, "request"), arp);
  }
});

test("the kernel's ordinary ARP is our `arpRequest` and `arpReply`", () => {
  const ordinary = captures
    .flatMap(({ frames }) => frames.filter(isArp).map(arpIn))
    .filter((arp) => !isGratuitous(arp));
  const request = ordinary.find(({ operation }) => operation === "request");
  assert.ok(request !== undefined);
  for (const arp of ordinary) {
    const ours: Arp =
      arp.operation === "request"
        ? arpRequest(arp.senderMac, arp.senderAddress, arp.targetAddress)
        : arpReply(arp.senderMac, arp.senderAddress, request);
    assert.deepEqual(ours, arp);
  }
  assert.ok(ordinary.some(({ operation }) => operation === "reply"));
});

const formsIn = (name: string): readonly (ChecksumForm | "broken")[] => {
  const frames = captures.find((capture) => capture.name === name)?.frames ?? [];
  const forms = frames
    .filter((frame) => !isArp(frame))
    .map((frame) => advertIn(frame).checksum)
    .map((checksum) => (checksum.kind === "intact" ? checksum.form : checksum.kind));
  return [...new Set(forms)];
};

test("the checksum forms are distinguished", () => {
  assert.deepEqual(formsIn("v2-pass"), ["v2"]);
  assert.deepEqual(formsIn("v3-multicast"), ["pseudo-header"]);
  assert.deepEqual(formsIn("v3-unicast-hand-over"), ["pseudo-header"]);
  assert.deepEqual(formsIn("v3-old-unicast-checksum"), ["multicast-pseudo-header"]);
});

test("a frame cut at any length is refused with a reason", () => {
  for (const { frames } of captures) {
    for (const { bytes } of frames.slice(0, 3)) {
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.subarray(0, length);
        assert.equal(parseArp(cut).kind, "drop");
        assert.equal(parseAdvert(cut, 14).kind, "drop");
        // The same with the rest still in the buffer: the length given counts, not the buffer's.
        assert.equal(parseArp(bytes, 0, length).kind, "drop");
        assert.equal(parseAdvert(bytes, 14, length - 14).kind, "drop");
      }
    }
  }
});

test("Ethernet padding changes nothing", () => {
  for (const { frames } of captures) {
    for (const { at, bytes } of frames.slice(0, 3)) {
      const padded = { at, bytes: new Uint8Array(bytes.length + 18).fill(0x5a) };
      padded.bytes.set(bytes);
      if (isArp(padded)) assert.deepEqual(arpIn(padded), arpIn({ at, bytes }));
      else assert.deepEqual(advertIn(padded), advertIn({ at, bytes }));
    }
  }
});
