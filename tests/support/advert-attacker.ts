/**
 * Somebody on the segment who can send anything: `node advert-attacker.ts INTERFACE SOURCE VRID
 * ADDRESS`. Records the advertisements of SOURCE for a second, then sends for a second, fifty times
 * each: the recorded ones again, the recorded ones with one bit changed, and forged ones of
 * priority 0 and 255 with a signature of its own. Prints how many as JSON.
 */
import { setTimeout as sleep } from "node:timers/promises";
import * as libc from "#linux/ffi";
import { must, mustDo } from "#linux/result";
import { openVrrpSocket } from "#linux/vrrp-socket";
import { type Ipv4, readIpv4 } from "#units/address";
import { centis } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import { parseAdvert, VRRP_GROUP } from "#vrrp/wire/parse-advert";
import { OTHER_KEY, signed } from "./signed.ts";

const ROUNDS = 50;
const [device = "", from = "", id = "", virtual = ""] = process.argv.slice(2);
const source = readIpv4(from) as Ipv4;

const socket = must(openVrrpSocket(libc.if_nametoindex(device), device));
mustDo(socket.joinGroup(VRRP_GROUP));

const recorded: Uint8Array[] = [];
const buffer = new Uint8Array(65_536);
for (const end = performance.now() + 1_000; performance.now() < end; await sleep(20))
  for (let length = 1; length > 0; ) {
    length = socket.receive(buffer);
    const bytes = buffer.slice(0, Math.max(0, length));
    const parsed = parseAdvert(bytes);
    if (parsed.kind === "advert" && parsed.advert.source === source) recorded.push(bytes);
  }

function forged(level: number): Uint8Array {
  const packet = new Uint8Array(1_500);
  const length = emitAdvert(packet, {
    source,
    destination: VRRP_GROUP,
    ttl: 255,
    id: 1,
    version: 3,
    vrid: vrid(Number(id)),
    priority: priority(level),
    interval: centis(10),
    addresses: [readIpv4(virtual) as Ipv4],
    password: undefined,
    checksum: "pseudo-header",
    isSigned: true,
  });
  return signed(packet.subarray(0, length), { key: OTHER_KEY, unixTime: Date.now() * 1_000 });
}

/** Of the signature, so that the checksum stays right. */
function altered(bytes: Uint8Array, round: number): Uint8Array {
  const at = bytes.length - 1 - (round % 16);
  const other = bytes.slice();
  other[at] = (other[at] ?? 0) ^ (1 << (round % 8));
  return other;
}

let sent = 0;
for (let round = 0; round < ROUNDS; round++) {
  const one = recorded[round % recorded.length];
  const packets = [
    forged(0),
    forged(255),
    ...(one === undefined ? [] : [one, altered(one, round)]),
  ];
  for (const packet of packets) {
    mustDo(socket.send(packet, VRRP_GROUP));
    sent += 1;
  }
  await sleep(20);
}
process.stdout.write(`${JSON.stringify({ recorded: recorded.length, sent })}\n`);
process.exit(0);
