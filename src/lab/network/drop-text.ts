/** Why the switch did not pass a frame, in one sentence. */

import { printIpv4, printMac } from "#units/address";
import type { FabricDrop } from "./plan.ts";

export function printDrop(drop: FabricDrop): string {
  switch (drop.kind) {
    case "port-cut":
      return "the port is cut";
    case "port-not-forwarding":
      return "the port does not forward yet";
    case "lost":
      return "lost on purpose";
    case "one-way":
      return `port ${drop.to} does not hear this port`;
    case "claim-swallowed":
      return `the announcement of ${printIpv4(drop.address)} was swallowed on purpose`;
    case "claim-limited":
      return `more announcements of ${printIpv4(drop.address)} than the port's limit`;
    case "unknown-port":
      return `no guest is known on port ${drop.port}`;
    case "too-short":
      return `a frame of ${drop.length} bytes`;
    case "spoofed-mac":
      return `${printMac(drop.found)} is not the guest's MAC address, which is ${printMac(drop.own)}`;
    case "spoofed-address":
      return `${printIpv4(drop.found)} is neither the guest's own nor a HAVIP that it holds`;
    case "not-a-havip":
      return `announced ${printIpv4(drop.address)}, which is neither its own nor a HAVIP of its subnet`;
    case "not-ipv4":
      return `Ethernet type 0x${drop.etherType.toString(16).padStart(4, "0")} is not carried`;
    case "bad-header":
      return "a header that makes no sense";
    case "multicast-off":
      return `multicast to ${printIpv4(drop.destination)}, and the VPC has multicast off`;
    case "broadcast":
      return `broadcast to ${printIpv4(drop.destination)} is not carried`;
    case "no-such-address":
      return `nobody has ${printIpv4(drop.destination)}`;
    case "havip-unbound":
      return `the HAVIP ${printIpv4(drop.destination)} is bound to nobody`;
    case "no-elastic-address":
      return `${printIpv4(drop.source)} has no elastic address to leave the VPC with`;
    case "security-group":
      return `the receiver's security group does not let IP protocol ${drop.protocol} from ${printIpv4(drop.source)} in`;
    case "ttl-exceeded":
      return "the time to live is over";
  }
}
