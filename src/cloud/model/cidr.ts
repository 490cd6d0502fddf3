/** Networks of VPCs and subnets, and the addresses of a subnet. */
import type { Ipv4 } from "#units/address";
import { ipv4, isInNetwork, netmask, printIpv4, readIpv4 } from "#units/address";
import type { Draft } from "./cloud-state.ts";
import type { Context } from "./context.ts";
import type { Refusal, RefusalCode } from "./refusal.ts";
import { refuse } from "./refusal.ts";
import type { SubnetRow } from "./rows.ts";

export interface Network {
  readonly network: Ipv4;
  readonly prefix: number;
}

export const printNetwork = ({ network, prefix }: Network): string =>
  `${printIpv4(network)}/${prefix}`;
export const sizeOf = ({ prefix }: Network): number => 2 ** (32 - prefix);

const contains = (outer: Network, inner: Network): boolean =>
  outer.prefix <= inner.prefix && isInNetwork(inner.network, outer.network, outer.prefix);
export const overlaps = (a: Network, b: Network): boolean => contains(a, b) || contains(b, a);

/** `a.b.c.d/n`, any prefix, host bits zero. */
function readNetwork(text: string, parameter: string): Network | Refusal {
  const [address = "", length = "", ...rest] = text.split("/");
  const network = readIpv4(address);
  if (
    network === undefined ||
    !/^(0|[1-9]\d?)$/.test(length) ||
    Number(length) > 32 ||
    rest.length > 0
  ) {
    return refuse("InvalidParameterValue.Malformed", {
      parameter,
      value: text,
      limit: "10.0.0.0/16",
    });
  }
  const prefix = Number(length);
  const base = ipv4(network & netmask(prefix));
  if (base !== network) {
    const limit = printNetwork({ network: base, prefix });
    return refuse("InvalidParameterValue", { parameter, value: text, limit });
  }
  return { network, prefix };
}

/** The private ranges, and the largest network allowed in each (the smallest is /28). */
const VPC_RANGES: readonly (readonly [Network, number])[] = [
  [{ network: ipv4(0x0a000000), prefix: 8 }, 12],
  [{ network: ipv4(0xac100000), prefix: 12 }, 12],
  [{ network: ipv4(0xc0a80000), prefix: 16 }, 16],
];
const SMALLEST = 28;

export function readVpcNetwork(text: string, parameter: string): Network | Refusal {
  const network = readNetwork(text, parameter);
  if ("kind" in network) return network;
  const allowed = VPC_RANGES.some(
    ([range, largest]) =>
      contains(range, network) && network.prefix >= largest && network.prefix <= SMALLEST,
  );
  if (allowed) return network;
  return refuse("InvalidParameterValue", {
    parameter,
    value: text,
    limit: "10.0.0.0/8 (/12 - /28), 172.16.0.0/12 (/12 - /28), 192.168.0.0/16 (/16 - /28)",
  });
}

export function readSubnetNetwork(
  text: string,
  parameter: string,
  vpc: Network,
  others: readonly Network[],
): Network | Refusal {
  const network = readNetwork(text, parameter);
  if ("kind" in network) return network;
  if (network.prefix < 16 || network.prefix > SMALLEST) {
    return refuse("InvalidParameterValue", { parameter, value: text, limit: "/16 - /28" });
  }
  if (!contains(vpc, network)) {
    const limit = printNetwork(vpc);
    return refuse("InvalidParameterValue.SubnetRange", { parameter, value: text, limit });
  }
  const other = others.find((candidate) => overlaps(candidate, network));
  if (other === undefined) return network;
  const limit = printNetwork(other);
  return refuse("InvalidParameterValue.SubnetConflict", { parameter, value: text, limit });
}

/** First, second and last address: network, gateway, broadcast. */
const RESERVED_COUNT = 3;
const isReserved = (subnet: Network, address: Ipv4): boolean =>
  address - subnet.network < 2 || address === subnet.network + sizeOf(subnet) - 1;

/** The addresses that HAVIPs and network interfaces use in a subnet. */
export function takenAddresses(draft: Draft, subnetId: string): ReadonlySet<Ipv4> {
  const taken = new Set<Ipv4>();
  for (const havip of draft.list("havips")) if (havip.subnetId === subnetId) taken.add(havip.vip);
  for (const nic of draft.list("interfaces")) {
    if (nic.subnetId !== subnetId) continue;
    for (const { address } of nic.addresses) taken.add(address);
  }
  return taken;
}

export const availableCount = (draft: Draft, subnet: SubnetRow): number =>
  sizeOf(subnet) - RESERVED_COUNT - takenAddresses(draft, subnet.id).size;

/** The lowest free address. */
export function findFreeAddress(subnet: Network, taken: ReadonlySet<Ipv4>): Ipv4 | undefined {
  const last = subnet.network + sizeOf(subnet) - 1;
  for (let address = subnet.network + 2; address < last; address++) {
    if (!taken.has(ipv4(address))) return ipv4(address);
  }
  return undefined;
}

/**
 * Checks an address that a user chose: it must be inside the subnet, not reserved, and free.
 * `inUse` is the code for an address that is taken.
 */
export function readFreeAddress(
  { draft }: Context,
  subnet: SubnetRow,
  text: string,
  parameter: string,
  inUse: RefusalCode,
): Ipv4 | Refusal {
  const address = readIpv4(text);
  if (address === undefined) {
    return refuse("InvalidParameterValue.Malformed", { parameter, value: text, limit: "10.0.0.2" });
  }
  if (!isInNetwork(address, subnet.network, subnet.prefix)) {
    const limit = printNetwork(subnet);
    return refuse("InvalidParameterValue.Range", { parameter, value: text, limit });
  }
  if (isReserved(subnet, address)) {
    return refuse("InvalidParameterValue.Reserved", { parameter, value: text });
  }
  if (takenAddresses(draft, subnet.id).has(address)) {
    return refuse(inUse, { parameter, value: text, limit: subnet.id });
  }
  return address;
}
