/** Who says that an address is his: by ARP, or by neighbour discovery. */
import type { IpAddress, Mac } from "#units/address";
import { parseArp } from "../wire/arp.ts";
import { ETHER_TYPE_IPV6, etherTypeOf } from "../wire/ethernet.ts";
import { parseNeighbour } from "../wire/neighbour.ts";

export interface Claim {
  readonly address: IpAddress;
  readonly mac: Mac;
}

/**
 * ARP: the sender's address, be it asking or answering. IPv6: an advertisement of a target, and the
 * source of a solicitation. One from `::` asks whether anybody has the address, as every machine
 * does that wants it (RFC 4862 5.4), and claims nothing yet.
 *
 * @param bytes a whole Ethernet frame
 */
export function claimIn(bytes: Uint8Array): Claim | undefined {
  if (etherTypeOf(bytes) !== ETHER_TYPE_IPV6) {
    const parsed = parseArp(bytes);
    if (parsed.kind === "drop") return undefined;
    return { address: parsed.arp.senderAddress, mac: parsed.arp.senderMac };
  }
  const parsed = parseNeighbour(bytes);
  if (parsed.kind === "drop") return undefined;
  const { neighbour } = parsed;
  // Without the option it is the frame's sender (RFC 4861 4.4).
  const mac = neighbour.mac ?? neighbour.etherSource;
  if (neighbour.kind === "advertisement") return { address: neighbour.target, mac };
  return neighbour.mac === undefined ? undefined : { address: neighbour.source, mac };
}
