/**
 * The same cluster over IPv6: machines with addresses of the link, virtual addresses of the link
 * and of a network. Some owners keep an IPv4 address besides, which is not advertised.
 */
import { type IpAddress, type Ipv6, isIpv4, readIpv6 } from "#units/address";
import type { Rng } from "#units/rng";
import type { InstanceConfig } from "#vrrp/router/config";
import type { Scenario } from "./scenario.ts";

const GROUP_IPV4 = 0xe0_00_00_12;

/** A last octet below 100 is a machine's, others are virtual: the first one is of the link. */
function ofIpv6(address: number): Ipv6 {
  if (address === GROUP_IPV4) return readIpv6("ff02::12") as Ipv6;
  const host = address & 0xff;
  const text = host <= 100 ? `fe80::${host.toString(16)}` : `2001:db8::${host.toString(16)}`;
  return readIpv6(text) as Ipv6;
}

/** What is called so in a scenario is an address, in configurations and in faults. */
const NAMES: ReadonlySet<string> = new Set(["address", "group", "source", "peer"]);

function convert(value: unknown, isBoth: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => convert(one, isBoth));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => [
    name,
    NAMES.has(name) && typeof inner === "number" ? ofIpv6(inner) : convert(inner, isBoth),
  ]);
  const converted: Record<string, unknown> = Object.fromEntries(entries);
  if (!isInstance(value)) return converted;
  return { ...converted, ...(isBoth ? bothOf(value, converted) : {}), family: 6 };
}

const isInstance = (value: object): value is InstanceConfig =>
  "router" in value && "transport" in value && "excludedAddresses" in value;

/** Its first address again, of IPv4, behind what is excluded. */
function bothOf(instance: InstanceConfig, converted: Record<string, unknown>): object {
  const [first] = instance.addresses;
  const excluded = converted["excludedAddresses"];
  if (first === undefined || !isIpv4(first.address) || !Array.isArray(excluded)) return {};
  return { excludedAddresses: [...(excluded as unknown[]), first] };
}

/** Whether it is drawn does not move anything else of the scenario. */
export function drawFamily(rng: Rng, scenario: Scenario): Scenario {
  const { machines, rivals, platform } = scenario;
  const isWanted = rng.chance(0.3);
  const isBoth = rng.chance(0.3);
  const isPossible = machines.every(({ instances }) =>
    instances.every(({ router }) => router.version === 3),
  );
  // keepalived and the cloud of the model have IPv4 alone.
  if (!isWanted || !isPossible || rivals !== undefined || platform !== undefined) return scenario;
  return convert(scenario, isBoth) as Scenario;
}

export const isOfIpv6 = ({ machines }: Scenario): boolean =>
  machines.some(({ address }: { readonly address: IpAddress }) => !isIpv4(address));
