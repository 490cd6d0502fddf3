/** Makes the switch's plan from what the control plane knows. Pure. */

import type { CloudState } from "#cloud/model/cloud-state";
import type { EipRow, HavipRow, InterfaceRow, SubnetRow } from "#cloud/model/rows";
import { type Ipv4, ipv4, type Mac } from "#units/address";
import type {
  ElasticPlan,
  FabricPlan,
  GuestPlan,
  SecurityRule,
  SubnetPlan,
} from "../network/plan.ts";

export interface Plugged {
  readonly port: number;
  readonly ingress: readonly SecurityRule[] | undefined;
}

export interface PlanInput {
  readonly state: CloudState;
  readonly region: string;
  /** Ports by network interface; an interface without a port has no guest here. */
  readonly ports: ReadonlyMap<string, Plugged>;
  readonly internetPort: number | undefined;
}

/** The first address of a subnet is its gateway. */
export const gatewayOf = ({ network }: Pick<SubnetRow, "network">): Ipv4 => ipv4(network + 1);

/**
 * A locally administered MAC address that contains the network, so that a capture shows which
 * gateway a frame passed.
 */
export const gatewayMacOf = ({ network }: Pick<SubnetRow, "network">): Mac =>
  (0xfeee_0000_0000 + network) as Mac;

export function fabricPlan({ state, region, ports, internetPort }: PlanInput): FabricPlan {
  const tables = state.regions.get(region);
  if (tables === undefined) {
    return { subnets: [], guests: [], elastic: [], havips: [], internetPort };
  }
  const { subnets, vpcs, interfaces, havips, eips } = tables;
  return {
    subnets: [...subnets.values()].map(
      (row): SubnetPlan => ({
        id: row.id,
        vpcId: row.vpcId,
        network: row.network,
        prefix: row.prefix,
        gateway: gatewayOf(row),
        gatewayMac: gatewayMacOf(row),
        multicast: vpcs.get(row.vpcId)?.multicast === true,
      }),
    ),
    guests: [...interfaces.values()].flatMap((row) => guestOf(row, ports.get(row.id))),
    elastic: [...eips.values()].flatMap((row) => elasticOf(row, havips, interfaces)),
    havips: [...havips.values()].map((row) => ({
      subnetId: row.subnetId,
      address: row.vip,
      interfaceId: row.holder?.networkInterfaceId,
    })),
    internetPort,
  };
}

function guestOf(row: InterfaceRow, plugged: Plugged | undefined): readonly GuestPlan[] {
  if (plugged === undefined || row.attachment === null) return [];
  const { id: interfaceId, subnetId, mac } = row;
  const addresses = row.addresses.map((one) => one.address);
  return [{ interfaceId, subnetId, mac, addresses, ...plugged }];
}

function elasticOf(
  { address, status, target }: EipRow,
  havips: ReadonlyMap<string, HavipRow>,
  interfaces: ReadonlyMap<string, InterfaceRow>,
): readonly ElasticPlan[] {
  if (target === null || (status !== "BIND" && status !== "BIND_ENI")) return [];
  const havip = havips.get(target.instanceId);
  if (havip !== undefined) return [{ public: address, vpcId: havip.vpcId, inside: havip.vip }];
  const nic = interfaces.get(target.networkInterfaceId ?? "");
  const inside = target.privateAddress ?? nic?.addresses.find((one) => one.primary)?.address;
  return nic === undefined || inside === undefined
    ? []
    : [{ public: address, vpcId: nic.vpcId, inside }];
}
