/**
 * The other side of the cables: records what the daemon under test advertises, by the kernel's
 * timestamps, and can itself advertise every router. Its own processor time is not counted as
 * the daemon's.
 *
 * Usage: advert-peer-main.ts ORDER (advert-peer-protocol.ts); requests and answers on descriptor 3
 */
import { ETH_P_IP } from "#linux/abi";
import { protocolOnly } from "#linux/bpf";
import { now } from "#linux/clock";
import * as libc from "#linux/ffi";
import { LinePipe } from "#linux/line-pipe";
import { ReceiveBatch, SendBatch, stampArrivals } from "#linux/message-batch";
import { openPacketSocket, type PacketSocket } from "#linux/packet-socket";
import { setPriority, setTimerSlack } from "#linux/process";
import { Reactor } from "#linux/reactor";
import { LinuxError, must } from "#linux/result";
import { openVrrpSocket, type VrrpSocket } from "#linux/vrrp-socket";
import { mustReadIpv4 } from "#probes/must-read";
import { OUTPUT_FD } from "#probes/probe-protocol";
import { assert } from "#units/assert";
import { after, type Instant, micros, centis as toCentis } from "#units/time";
import { priority as toPriority, vrid as toVrid } from "#units/vrrp";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import { ETHERNET_HEADER_LENGTH } from "#vrrp/wire/ethernet";
import { ipv4HeaderLengthAt, PROTOCOL_VRRP } from "#vrrp/wire/ipv4-fields";
import { VRRP_GROUP } from "#vrrp/wire/parse-advert";
import { passwordData } from "#vrrp/wire/password";
import { ADVERT_LENGTH_MAX, VRRP_OFFSET } from "#vrrp/wire/vrrp-packet";
import { AdvertGaps } from "./advert-gaps.ts";
import type { PeerAnswer, PeerOrder, PeerRequest } from "./advert-peer-protocol.ts";
import { INSTANCES_PER_INTERFACE, type ScaleInterface } from "./scale-config.ts";

/**
 * The pause between reads. Frames wait in the socket meanwhile; their times are the kernel's.
 */
const HEAR_EVERY = micros(10_000);
const RECEIVE_BUFFER = 64 * 1_048_576;
const FRAME_LENGTH = 64;
const BATCH = 512;
/** The nice value where real-time scheduling is refused: ahead of everything ordinary. */
const NICE = -15;

const order = JSON.parse(process.argv[2] ?? "") as PeerOrder;
const interval = order.centis * 10_000;

interface Port {
  readonly number: number;
  readonly plan: ScaleInterface;
  readonly hearing: PacketSocket;
  readonly sending: VrrpSocket;
  /** When each router is due, from the beginning of the interval, ascending. */
  readonly phases: readonly number[];
  batch: SendBatch | undefined;
  /** The router that is due next, and the beginning of its interval. */
  next: number;
  round: Instant;
}

function openPort(plan: ScaleInterface, number: number): Port {
  const index = libc.if_nametoindex(plan.peerName);
  if (index === 0) throw new LinuxError(libc.failure(`if_nametoindex(${plan.peerName})`));
  const hearing = must(
    openPacketSocket(index, {
      protocol: ETH_P_IP,
      receiveBuffer: RECEIVE_BUFFER,
      filter: protocolOnly(PROTOCOL_VRRP, FRAME_LENGTH),
    }),
  );
  stampArrivals(hearing.fd);
  const sending = must(openVrrpSocket(index, plan.peerName));
  const phases = plan.routers.map(() => Math.random() * interval).toSorted((a, b) => a - b);
  return { number, plan, hearing, sending, phases, batch: undefined, next: 0, round: now() };
}

function packetsOf({ plan }: Port, priority: number): SendBatch {
  const buffer = new Uint8Array(ADVERT_LENGTH_MAX);
  const packets = plan.routers.map(({ vrid, address }) => {
    const length = emitAdvert(buffer, {
      source: mustReadIpv4(plan.peerAddress),
      destination: VRRP_GROUP,
      ttl: 255,
      id: 1,
      version: order.password === undefined ? 3 : 2,
      vrid: toVrid(vrid),
      priority: toPriority(priority),
      interval: toCentis(order.centis),
      addresses: [mustReadIpv4(address)],
      password: order.password === undefined ? undefined : passwordData(order.password),
      checksum: "pseudo-header",
    });
    return buffer.slice(0, length);
  });
  return new SendBatch(packets, VRRP_GROUP);
}

const ports = order.interfaces.map(openPort);
const gaps = new AdvertGaps(ports.length * INSTANCES_PER_INTERFACE);
const frames = new ReceiveBatch(BATCH, FRAME_LENGTH);
const pipe = new LinePipe(OUTPUT_FD);
const reactor = new Reactor();
let sent = 0;
let latest = 0;
let drops = 0;

function hear({ hearing, number }: Port): void {
  for (;;) {
    const count = frames.receive(hearing.fd);
    for (let place = 0; place < count; place++) {
      const ip = frames.frameAt(place) + ETHERNET_HEADER_LENGTH;
      const vrrp = ip + ipv4HeaderLengthAt(frames.frames, ip);
      const vrid = frames.frames[vrrp + VRRP_OFFSET.vrid] ?? 0;
      const at = frames.arrivedAt(place);
      assert(at !== undefined, "a frame without a timestamp");
      if (vrid > 0 && vrid <= INSTANCES_PER_INTERFACE) {
        gaps.record(number * INSTANCES_PER_INTERFACE + vrid - 1, at);
      }
    }
    if (count < BATCH) return;
  }
}

function hearAll(): void {
  for (const port of ports) {
    hear(port);
    drops += must(port.hearing.statistics()).drops;
  }
}

/** After this requests have their turn, even if there is more to send than can be sent. */
const TURNS_MAX = 64;

/** Sends what is due by now, interface by interface, and returns when the next one is due. */
function advertise(port: Port): Instant | undefined {
  const { batch, phases } = port;
  if (batch === undefined) return undefined;
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const time = now();
    const due = port.round + (phases[port.next] ?? 0);
    if (due > time) return due as Instant;
    latest = Math.max(latest, time - due);
    let count = 1;
    while (
      port.next + count < phases.length &&
      port.round + (phases[port.next + count] ?? 0) <= time
    ) {
      count += 1;
    }
    const done = batch.send(port.sending.fd, port.next, count);
    sent += done;
    port.next += done;
    if (port.next < phases.length) continue;
    port.next = 0;
    port.round = after(port.round, micros(interval));
  }
  return now();
}

function clear(): void {
  hearAll();
  gaps.clear();
  sent = 0;
  latest = 0;
  drops = 0;
}

function answer(request: PeerRequest): void {
  const write = (said: PeerAnswer): void => pipe.write(said, false);
  switch (request.kind) {
    case "advertise":
      for (const port of ports) {
        port.batch = packetsOf(port, request.priority);
        port.next = 0;
        port.round = now();
      }
      return;
    case "rest":
      for (const port of ports) port.batch = undefined;
      return;
    case "once":
      for (const port of ports) {
        const batch = packetsOf(port, request.priority);
        for (let from = 0; from < batch.count; ) {
          from += batch.send(port.sending.fd, from, batch.count - from);
        }
      }
      return;
    case "clear":
      return clear();
    case "read":
      hearAll();
      return write({ kind: "reading", heard: gaps.read(), drops, sent, latest });
  }
}

// Without CAP_SYS_NICE this is refused: then the advertisements are as punctual as the machine
// allows.
void setPriority(NICE);
void setTimerSlack(1_000);
reactor.add(pipe.fd, () => {
  for (const line of pipe.read()) answer(JSON.parse(line) as PeerRequest);
});
pipe.write({ kind: "ready" } satisfies PeerAnswer, false);
let hearAt = now();
while (!pipe.ended) {
  let next = hearAt;
  for (const port of ports) {
    const due = advertise(port);
    if (due !== undefined && due < next) next = due;
  }
  reactor.wait(next);
  if (pipe.waiting) pipe.flush();
  if (now() < hearAt) continue;
  hearAll();
  hearAt = after(now(), HEAR_EVERY);
}
