/** What a client's machine received of streams, as frames with their times. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameWatch } from "#lab/measure/entry-frames";
import { mustReadIpv4 } from "#probes/must-read";
import type { Ipv4, Mac } from "#units/address";
import { emitArp, gratuitousArp } from "#vrrp/wire/arp";
import { ETHER_TYPE_IPV4, emitEthernetHeader } from "#vrrp/wire/ethernet";
import { IPV4_OFFSET, PROTOCOL_TCP } from "#vrrp/wire/ipv4-fields";

const VIP = mustReadIpv4("172.16.0.135");
const ELSE = mustReadIpv4("172.16.0.136");
const PORT = 80;
const A = 0x02_00_00_00_00_01 as Mac;
const B = 0x02_00_00_00_00_02 as Mac;

function arp(from: Mac, address: Ipv4 = VIP): Uint8Array {
  const frame = new Uint8Array(60);
  emitArp(frame, gratuitousArp(from, address, "request"));
  return frame;
}

interface Tcp {
  readonly from?: Mac;
  readonly client: number;
  readonly data?: number;
  readonly flags?: number;
  readonly source?: Ipv4;
  readonly port?: number;
}

/** Headers alone, as a capture that is cut has them. */
function tcp(segment: Tcp): Uint8Array {
  const { from = A, client, data = 0, flags = 0x10, source = VIP, port = PORT } = segment;
  const frame = new Uint8Array(14 + 20 + 32);
  emitEthernetHeader(frame, B, from, ETHER_TYPE_IPV4);
  const view = new DataView(frame.buffer, 14);
  view.setUint8(IPV4_OFFSET.versionAndLength, 0x45);
  view.setUint16(IPV4_OFFSET.totalLength, 20 + 32 + data);
  view.setUint8(IPV4_OFFSET.protocol, PROTOCOL_TCP);
  view.setUint32(IPV4_OFFSET.source, source);
  view.setUint16(20, port);
  view.setUint16(22, client);
  view.setUint8(32, 0x80);
  view.setUint8(33, flags);
  return frame;
}

test("streams: the last data, how each ended and when, and the announcement between", () => {
  const watch = new FrameWatch(VIP, PORT);
  watch.take(arp(A), 50);
  for (let part = 0; part < 30; part++)
    for (const client of [1_000, 1_001, 1_002]) watch.take(tcp({ client, data: 512 }), 100 + part);
  watch.take(tcp({ client: 2_000, data: 3 }), 120);
  watch.take(arp(A), 130);
  watch.take(arp(B, ELSE), 131);
  watch.take(arp(B), 140);
  watch.take(arp(B), 150);
  watch.take(tcp({ client: 1_000 }), 155);
  watch.take(tcp({ client: 1_000, flags: 0x04 }), 160);
  watch.take(tcp({ from: B, client: 1_000, flags: 0x04 }), 161);
  watch.take(tcp({ client: 1_001, flags: 0x11 }), 162);
  watch.take(tcp({ client: 1_002, flags: 0x04, source: ELSE }), 163);
  watch.take(tcp({ client: 1_002, flags: 0x04, port: 81 }), 164);
  assert.deepEqual(watch.seen(), {
    announcedAt: 140,
    streams: [
      { lastDataAt: 129, endedAt: 160, end: "reset" },
      { lastDataAt: 129, endedAt: 162, end: "finished" },
      { lastDataAt: 129, endedAt: undefined, end: undefined },
    ],
  });
});
