/**
 * Reads addresses that this program has chosen itself: if one cannot be read, that is a bug.
 */
import { type IpAddress, type Ipv4, readIp, readIpv4 } from "#units/address";

export function mustReadIpv4(text: string): Ipv4 {
  const address = readIpv4(text);
  if (address === undefined) throw new Error(`${text} is not an IPv4 address`);
  return address;
}

/** Of either version. */
export function mustReadIp(text: string): IpAddress {
  const address = readIp(text);
  if (address === undefined) throw new Error(`${text} is not an IP address`);
  return address;
}
