/** Can a HAVIP of the subnet have this address? Pure; the platform decides. */
import { netmask, readIpv4 } from "#units/address";

export type AddressProblem = "not-an-address" | "outside" | "reserved";

/** @param cidr such as `172.16.0.0/24` */
export function findAddressProblem(address: string, cidr: string): AddressProblem | undefined {
  const value = readIpv4(address);
  if (value === undefined) return "not-an-address";
  const [network = "", length = ""] = cidr.split("/");
  const base = readIpv4(network);
  if (base === undefined) return undefined;
  const mask = netmask(Number(length));
  if ((value & mask) >>> 0 !== (base & mask) >>> 0) return "outside";
  const host = value - base;
  const last = 2 ** (32 - Number(length)) - 1;
  // Network, gateway and broadcast.
  return host === 0 || host === 1 || host === last ? "reserved" : undefined;
}
