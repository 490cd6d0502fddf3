/** VPC, subnet and route table actions. */
import type { VPC_ACTIONS } from "../api/actions-vpc.ts";
import { printNetwork } from "../model/cidr.ts";
import { QUOTAS } from "../model/platform-profile.ts";
import { showRouteTable, showSubnet, showVpc } from "./answers.ts";
import type { ApiFailure } from "./api-failure.ts";
import { fail, isFailure } from "./api-failure.ts";
import type { Handlers } from "./call.ts";
import { carryOut, createdRow, readTags } from "./call.ts";
import type { ListingRules } from "./listing.ts";
import { flag, list, never, part, readPageNumber, whole } from "./listing.ts";

const REST = {
  valuesMax: 100,
  badFilter: "InvalidParameter.FilterInvalidKey",
  tooManyFilters: "InvalidParameterValue.LimitExceeded",
  unknownId: "refuse",
  idsAndFilters: "refuse",
} as const;

const VPCS: ListingRules<"vpcs"> = {
  ...REST,
  table: "vpcs",
  idsParameter: "VpcIds",
  filters: {
    "vpc-id": whole(({ id }) => id),
    "vpc-name": part(({ name }) => name),
    "is-default": flag(() => false),
    "cidr-block": whole(printNetwork),
    "ipv6-cidr-block": never(),
    "isp-type": never(),
    "address-type": never(),
  },
};

const SUBNETS: ListingRules<"subnets"> = {
  ...REST,
  table: "subnets",
  idsParameter: "SubnetIds",
  filters: {
    "subnet-id": whole(({ id }) => id),
    "vpc-id": whole(({ vpcId }) => vpcId),
    "cidr-block": whole(printNetwork),
    "is-default": flag(() => false),
    "is-remote-vpc-snat": flag(() => false),
    "subnet-name": part(({ name }) => name),
    zone: whole(({ zone }) => zone),
    "cdc-id": whole(({ cdcId }) => cdcId),
    "is-cdc-subnet": { match: "whole", values: ({ cdcId }) => [cdcId === "" ? "0" : "1"] },
    "ipv6-cidr-block": never(),
    "isp-type": never(),
    "address-type": never(),
  },
};

const ROUTE_TABLES: ListingRules<"routeTables"> = {
  ...REST,
  table: "routeTables",
  idsParameter: "RouteTableIds",
  filters: {
    "route-table-id": whole(({ id }) => id),
    "route-table-name": whole(({ name }) => name),
    "vpc-id": whole(({ vpcId }) => vpcId),
    "association.main": flag(({ main }) => main),
    visible: flag(() => true),
    "next-hop-type": never(),
  },
};

/** Names and defaults of the platform's quotas; those about things we have come from the model. */
const LIMITS: Readonly<Record<string, number>> = {
  "appid-max-vpcs": QUOTAS.vpcsPerRegion,
  "vpc-max-subnets": QUOTAS.subnetsPerVpc,
  "vpc-max-route-tables": 10,
  "route-table-max-policies": 50,
  "vpc-max-havips": QUOTAS.havipsPerVpc,
  "vpc-max-enis": QUOTAS.interfacesPerVpc,
  "eni-max-private-ips": QUOTAS.addressesPerInterface,
  "vpc-max-vpn-gateways": 10,
  "appid-max-custom-gateways": 20,
  "appid-max-vpn-connections": 20,
  "custom-gateway-max-vpn-connections": 10,
  "vpn-gateway-max-custom-gateways": 10,
  "vpc-max-network-acls": 50,
  "network-acl-max-inbound-policies": 20,
  "network-acl-max-outbound-policies": 20,
  "vpcpeer-max-vpcpeers": 10,
  "vpc-max-nat-gateways": 3,
  "nat-gateway-max-eips": 10,
  "nat-gateway-max-dnapts": 100,
  "vpc-max-assistant_cidrs": 5,
};

/** "true" and "false" as text. */
function readSwitch(parameter: string, text: string | undefined): boolean | undefined | ApiFailure {
  if (text === undefined) return undefined;
  if (text === "true" || text === "false") return text === "true";
  return fail("InvalidParameterValue", { parameter, value: text, limit: "true, false" });
}

export const VPC_HANDLERS: Handlers<keyof typeof VPC_ACTIONS> = {
  CreateVpc: (call, p) => {
    const multicast = readSwitch("EnableMulticast", p.EnableMulticast);
    if (typeof multicast === "object") return multicast;
    const outcome = call.perform({
      kind: "createVpc",
      name: p.VpcName,
      cidr: p.CidrBlock,
      multicast: multicast ?? false,
      dnsServers: p.DnsServers ?? [],
      domainName: p.DomainName ?? "",
      publishRoutes: p.EnableRouteVpcPublish ?? false,
      publishRoutesIpv6: p.EnableRouteVpcPublishIpv6 ?? false,
      tags: readTags(p.Tags),
    });
    if (isFailure(outcome)) return outcome;
    const row = createdRow(call, "vpcs", outcome);
    return { Vpc: showVpc(row) };
  },

  DescribeVpcs: (call, p) => {
    const { VpcIds: ids, Filters: filters, Offset: offset, Limit: limit } = p;
    const found = list(call, VPCS, { ids, filters, offset, limit });
    if (isFailure(found)) return found;
    return { TotalCount: found.total, VpcSet: found.rows.map(showVpc) };
  },

  ModifyVpcAttribute: (call, p) => {
    const multicast = readSwitch("EnableMulticast", p.EnableMulticast);
    if (typeof multicast === "object") return multicast;
    return carryOut(call, {
      kind: "modifyVpc",
      vpcId: p.VpcId,
      name: p.VpcName,
      multicast,
      dnsServers: p.DnsServers,
      domainName: p.DomainName,
      publishRoutes: p.EnableRouteVpcPublish,
      publishRoutesIpv6: p.EnableRouteVpcPublishIpv6,
    });
  },

  DeleteVpc: (call, p) => {
    return carryOut(call, { kind: "deleteVpc", vpcId: p.VpcId });
  },

  CreateSubnet: (call, p) => {
    const outcome = call.perform({
      kind: "createSubnet",
      vpcId: p.VpcId,
      name: p.SubnetName,
      cidr: p.CidrBlock,
      zone: p.Zone,
      cdcId: p.CdcId ?? "",
      tags: readTags(p.Tags),
    });
    if (isFailure(outcome)) return outcome;
    const row = createdRow(call, "subnets", outcome);
    return { Subnet: showSubnet(call.draft, row) };
  },

  ModifySubnetAttribute: (call, p) => {
    const broadcast = readSwitch("EnableBroadcast", p.EnableBroadcast);
    if (typeof broadcast === "object") return broadcast;
    const { SubnetId: subnetId, SubnetName: name } = p;
    return carryOut(call, { kind: "modifySubnet", subnetId, name, broadcast });
  },

  DescribeSubnets: (call, p) => {
    // The newer paging: NextToken is the offset of the next page.
    const usesTokens = p.MaxResults !== undefined || (p.NextToken ?? "") !== "";
    const paging = usesTokens ? { offset: p.NextToken, limit: p.MaxResults } : undefined;
    const offset = paging?.offset ?? p.Offset;
    const limit = paging?.limit ?? p.Limit;
    const { SubnetIds: ids, Filters: filters } = p;
    const found = list(call, SUBNETS, { ids, filters, offset, limit });
    if (isFailure(found)) return found;
    const start = readPageNumber("Offset", offset, 0, Number.MAX_SAFE_INTEGER);
    const next = (typeof start === "number" ? start : 0) + found.rows.length;
    return {
      TotalCount: found.total,
      SubnetSet: found.rows.map((row) => showSubnet(call.draft, row)),
      NextToken: usesTokens && next < found.total ? `${next}` : "",
    };
  },

  DeleteSubnet: (call, p) => {
    return carryOut(call, { kind: "deleteSubnet", subnetId: p.SubnetId });
  },

  DescribeRouteTables: (call, p) => {
    const { RouteTableIds: ids, Filters: filters, Offset: offset, Limit: limit } = p;
    const named = new Set((filters ?? []).map(({ Name }) => Name));
    if (named.has("next-hop-type") && !(named.has("route-table-id") && named.has("vpc-id"))) {
      const facts = { value: "next-hop-type", limit: "route-table-id, vpc-id" };
      return fail("InvalidParameter.FilterMissParameter", facts);
    }
    const found = list(call, ROUTE_TABLES, { ids, filters, offset, limit });
    if (isFailure(found)) return found;
    return {
      TotalCount: found.total,
      RouteTableSet: found.rows.map((row) => showRouteTable(call.draft, row)),
    };
  },

  DescribeVpcLimits: (_, p) => {
    const parameter = "LimitTypes";
    if (p.LimitTypes.length === 0) return fail("MissingParameter", { parameter });
    if (p.LimitTypes.length > 100) {
      const facts = { parameter, value: `${p.LimitTypes.length}`, limit: "100" };
      return fail("InvalidParameterValue.LimitExceeded", facts);
    }
    const limits: { LimitType: string; LimitValue: number }[] = [];
    for (const type of p.LimitTypes) {
      const value = Object.hasOwn(LIMITS, type) ? LIMITS[type] : undefined;
      if (value === undefined) {
        const limit = Object.keys(LIMITS).join(" ");
        return fail("InvalidParameterValue", { parameter, value: type, limit });
      }
      limits.push({ LimitType: type, LimitValue: value });
    }
    return { VpcLimitSet: limits };
  },
};
