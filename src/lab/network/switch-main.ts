/**
 * The switch: a packet socket on every port, `Fabric` in the middle, one thread, one `ppoll`.
 * It runs in the namespace that holds the outer ends of the guests' cables and ends with its
 * pipe.
 */

import { now } from "#linux/clock";
import { if_nametoindex } from "#linux/ffi";
import { LinePipe } from "#linux/line-pipe";
import { openPacketSocket, type PacketSocket } from "#linux/packet-socket";
import { Reactor } from "#linux/reactor";
import { LinuxError } from "#linux/result";
import { after, earliest, fromMillis, type Instant } from "#units/time";
import { Capture } from "./capture.ts";
import { DropCounter } from "./drop-news.ts";
import { Fabric } from "./fabric.ts";
import { CONTROL_FD, type FromSwitch, type PortDevice, type ToSwitch } from "./switch-protocol.ts";

const FRAME_MAX = 65_536;
/** How many frames are taken from one port before the others have their turn. */
const TURN = 64;
const RECEIVE_BUFFER = 4 * 1_048_576;

interface Port {
  readonly port: number;
  readonly device: string;
  readonly socket: PacketSocket;
  capture: Capture | undefined;
  received: number;
  sent: number;
  unsent: number;
  overrun: number;
}

const pipe = new LinePipe(CONTROL_FD);
const reactor = new Reactor();
const ports = new Map<number, Port>();
const drops = new DropCounter();
const buffer = new Uint8Array(FRAME_MAX);
let clock: Instant = now();

const report = (message: FromSwitch, droppable: boolean): void => pipe.write(message, droppable);

const fabric = new Fabric(
  {
    send: (number, frame) => {
      const port = ports.get(number);
      if (port === undefined) return;
      if (port.socket.send(frame).ok) port.sent += 1;
      else port.unsent += 1;
      port.capture?.write(frame, wallClock());
    },
    claim: (interfaceId, vip) => report({ type: "claim", interfaceId, vip, at: clock }, false),
    dropped: (port, drop) => {
      const news = drops.add(port, drop, clock);
      if (news !== undefined) report({ type: "dropped", ...news }, true);
    },
  },
  Number(process.argv[2] ?? 1),
);

const wallClock = (): number => performance.timeOrigin + performance.now();

function receive(port: Port): void {
  clock = now();
  for (let count = 0; count < TURN; count++) {
    const length = port.socket.receive(buffer);
    if (length === 0) return;
    port.received += 1;
    const frame = buffer.subarray(0, length);
    port.capture?.write(frame, wallClock());
    fabric.receive(port.port, frame, clock);
  }
}

function plug(plan: readonly PortDevice[]): void {
  const wanted = new Set(plan.map((one) => one.port));
  for (const port of ports.values()) if (!wanted.has(port.port)) unplug(port);
  for (const { port, device } of plan) {
    if (ports.has(port)) continue;
    const index = if_nametoindex(device);
    const socket = openPacketSocket(index, { promiscuous: true, receiveBuffer: RECEIVE_BUFFER });
    if (index === 0 || !socket.ok) {
      const why = socket.ok ? "there is no such device" : new LinuxError(socket).message;
      report({ type: "problem", text: `port ${port}, ${device}: ${why}` }, false);
      continue;
    }
    const counters = { received: 0, sent: 0, unsent: 0, overrun: 0 };
    const opened: Port = { port, device, socket: socket.value, capture: undefined, ...counters };
    ports.set(port, opened);
    reactor.add(opened.socket.fd, () => receive(opened));
  }
}

function unplug(port: Port): void {
  reactor.remove(port.socket.fd);
  port.socket.close();
  port.capture?.[Symbol.dispose]();
  ports.delete(port.port);
}

function capture(number: number, file: string | undefined): void {
  const port = ports.get(number);
  if (port === undefined) return;
  port.capture?.[Symbol.dispose]();
  port.capture = undefined;
  if (file === undefined) return;
  try {
    port.capture = new Capture(file);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    report({ type: "problem", text: `capture of port ${number}: ${text}` }, false);
  }
}

function reportStats(id: number): void {
  const rows = [...ports.values()].map((one) => {
    const statistics = one.socket.statistics();
    if (statistics.ok) one.overrun += statistics.value.drops;
    const { port, device, received, sent, unsent, overrun } = one;
    return { port, device, received, sent, unsent, overrun, drops: drops.totals(port) };
  });
  report({ type: "stats", id, ports: rows }, false);
}

function obey(message: ToSwitch): void {
  switch (message.type) {
    case "ports":
      return plug(message.ports);
    case "plan":
      return fabric.plan(message.plan);
    case "bind":
      return fabric.bind(message.binding);
    case "fault":
      return fabric.fault(message.port, message.fault, now());
    case "capture":
      return capture(message.port, message.file);
    case "stats":
      return reportStats(message.id);
  }
}

reactor.add(pipe.fd, () => {
  for (const line of pipe.read()) obey(JSON.parse(line) as ToSwitch);
});
report({ type: "ready" }, false);
/**
 * Microseconds until messages that the lab did not take are offered again, because nothing
 * wakes this process when there is room.
 */
const OFFER_AGAIN = fromMillis(1);
while (!pipe.ended) {
  const offerAt = pipe.waiting ? after(now(), OFFER_AGAIN) : undefined;
  reactor.wait(earliest(fabric.deadline(), drops.deadline(), offerAt));
  clock = now();
  fabric.onTime(clock);
  for (const news of drops.due(clock)) report({ type: "dropped", ...news }, true);
  pipe.flush();
}
