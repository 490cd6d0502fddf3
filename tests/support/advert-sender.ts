/**
 * A router that only advertises: `node advert-sender.ts INTERFACE SOURCE VRID VERSION PRIORITY
 * CENTIS ADDRESS…`, ten times a second, for half a minute. Prints a line when it has begun.
 */
import * as libc from "#linux/ffi";
import { must, mustDo } from "#linux/result";
import { openVrrpSocket } from "#linux/vrrp-socket";
import { type Ipv4, readIpv4 } from "#units/address";
import { centis } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import { VRRP_GROUP } from "#vrrp/wire/parse-advert";

const [device = "", source = "", id = "", version = "", level = "", interval = "", ...addresses] =
  process.argv.slice(2);

const address = (text: string): Ipv4 => {
  const value = readIpv4(text);
  if (value === undefined) throw new Error(`${text} is no address`);
  return value;
};

const socket = must(openVrrpSocket(libc.if_nametoindex(device), device));
const packet = new Uint8Array(1_500);
const length = emitAdvert(packet, {
  source: address(source),
  destination: VRRP_GROUP,
  ttl: 255,
  id: 1,
  version: version === "2" ? 2 : 3,
  vrid: vrid(Number(id)),
  priority: priority(Number(level)),
  interval: centis(Number(interval)),
  addresses: addresses.map(address),
  password: undefined,
  checksum: "pseudo-header",
});
const send = (): void => mustDo(socket.send(packet.subarray(0, length), VRRP_GROUP));
send();
process.stdout.write("sending\n");
const sending = setInterval(send, 100);
setTimeout(() => clearInterval(sending), 30_000);
