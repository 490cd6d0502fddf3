/**
 * Sends frames as fast as it can, on an instance of a lab. Usage: flood-main.ts claim|noise COUNT
 *
 * claim: gratuitous ARP for 10.0.0.100. noise: a kind of frame that no VPC carries.
 */
import { if_nametoindex } from "#linux/ffi";
import { openPacketSocket } from "#linux/packet-socket";
import { must } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";
import { type Mac, readIpv4 } from "#units/address";
import { ARP_FRAME_LENGTH, emitArp, gratuitousArp } from "#vrrp/wire/arp";

const [kind = "", count = "0"] = process.argv.slice(2);
const mac = ownMac();
const vip = readIpv4("10.0.0.100");
if (mac === undefined || vip === undefined) throw new Error("eth0 has no MAC address");
const frame = new Uint8Array(ARP_FRAME_LENGTH);
emitArp(frame, gratuitousArp(mac, vip, "request"));
// IPv6, which the switch does not carry.
if (kind === "noise") frame.set([0x86, 0xdd], 12);
const options = { promiscuous: false, receiveBuffer: 4_096 };
const socket = must(openPacketSocket(if_nametoindex("eth0"), options));
let sent = 0;
while (sent < Number(count)) if (socket.send(frame).ok) sent += 1;

/** Of this network: what is mounted at /sys may be another's. */
function ownMac(): Mac | undefined {
  using rtnetlink = must(openRtnetlink());
  return must(rtnetlink.links()).find(({ name }) => name === "eth0")?.mac;
}

process.stdout.write(`sent ${sent}\n`);
