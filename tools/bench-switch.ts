/**
 * How many packets a second pass the VPC's switch: UDP from one instance to another, blasted for
 * some seconds by a sender of the same kind as the switch itself (one packet socket), counted in
 * the receiver's own device.
 *
 * Usage: node tools/bootstrap.mjs bench-switch [SECONDS] [PAYLOAD], as root or in a sandbox
 * [PACKETS_PER_SECOND]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Vpc } from "#lab/vpc/vpc";
import { spawnIn } from "#linux/namespace";
import { shopLab } from "../tests/lab/descriptions.ts";

const [seconds = 3, payload = 100, rate = 0] = process.argv.slice(2).map(Number);

const SENDER = `
const [interfaceName, address, seconds, payload, rate] = process.argv.slice(1);
const dgram = require("dgram");
const socket = dgram.createSocket("udp4");
const bytes = Buffer.alloc(Number(payload));
const end = performance.now() + Number(seconds) * 1000;
const start = performance.now();
let sent = 0;
socket.connect(9, address, () => {
  const turn = () => {
    const now = performance.now();
    if (now > end) { socket.close(); process.exit(0); }
    const due = Number(rate) === 0 ? 64 : Math.min(256, Math.floor((now - start) / 1000 * rate) - sent);
    for (let i = 0; i < due; i++) { socket.send(bytes); sent++; }
    setImmediate(turn);
  };
  turn();
});
socket.on("error", () => {});
`;

const vpc = await Vpc.start({ description: shopLab() });
const [a, b] = [vpc.instance("a"), vpc.instance("b")];
const before = await vpc.stats();
const child = spawnIn(
  a.host.namespace,
  [process.execPath, "-e", SENDER, "eth0", b.address, `${seconds}`, `${payload}`, `${rate}`],
  { stdio: ["ignore", "inherit", "inherit"], diesWithParent: true },
);
await new Promise((resolve) => {
  child.on("close", resolve);
});
await sleep(300);
const stats = await vpc.stats();
const of = (rows: typeof stats, port: number) => rows.find((one) => one.port === port);
const received = (of(stats, a.port)?.received ?? 0) - (of(before, a.port)?.received ?? 0);
const sent = (of(stats, b.port)?.sent ?? 0) - (of(before, b.port)?.sent ?? 0);
const overrun = of(stats, a.port)?.overrun ?? 0;
process.stdout.write(
  `${JSON.stringify({
    seconds,
    received,
    sent,
    overrun,
    packetsPerSecond: Math.round(sent / seconds),
  })}\n`,
);
await vpc.close();
process.exit(0);
