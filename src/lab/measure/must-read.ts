/** Addresses that this program gave itself: one that cannot be read is a mistake of ours. */
import { type Ipv4, readIpv4 } from "#units/address";

export function mustReadIpv4(text: string): Ipv4 {
  const address = readIpv4(text);
  if (address === undefined) throw new Error(`${text} is not an IPv4 address`);
  return address;
}
