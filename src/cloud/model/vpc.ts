/** VPCs, their subnets, and the one route table that each VPC is created with. */
import { readIpv4 } from "#units/address";
import { printNetwork, readSubnetNetwork, readVpcNetwork } from "./cidr.ts";
import type { Context, Outcome } from "./context.ts";
import { done, find, newId } from "./context.ts";
import { checkNameBytes, checkTags } from "./names.ts";
import type { Refusal } from "./refusal.ts";
import { isRefusal, refuse } from "./refusal.ts";
import type { TagRow } from "./rows.ts";

export interface CreateVpc {
  readonly kind: "createVpc";
  readonly name: string;
  readonly cidr: string;
  readonly multicast: boolean;
  readonly dnsServers: readonly string[];
  readonly domainName: string;
  readonly publishRoutes: boolean;
  readonly publishRoutesIpv6: boolean;
  readonly tags: readonly TagRow[];
}

/** An undefined field leaves the value as it is. */
export interface ModifyVpc {
  readonly kind: "modifyVpc";
  readonly vpcId: string;
  readonly name: string | undefined;
  readonly multicast: boolean | undefined;
  readonly dnsServers: readonly string[] | undefined;
  readonly domainName: string | undefined;
  readonly publishRoutes: boolean | undefined;
  readonly publishRoutesIpv6: boolean | undefined;
}

export interface DeleteVpc {
  readonly kind: "deleteVpc";
  readonly vpcId: string;
}

export interface CreateSubnet {
  readonly kind: "createSubnet";
  readonly vpcId: string;
  readonly name: string;
  readonly cidr: string;
  readonly zone: string;
  readonly cdcId: string;
  readonly tags: readonly TagRow[];
}

export interface ModifySubnet {
  readonly kind: "modifySubnet";
  readonly subnetId: string;
  readonly name: string | undefined;
  readonly broadcast: boolean | undefined;
}

export interface DeleteSubnet {
  readonly kind: "deleteSubnet";
  readonly subnetId: string;
}

const DNS_SERVERS_MAX = 4;

function checkDnsServers(servers: readonly string[]): Refusal | undefined {
  const parameter = "DnsServers";
  if (servers.length > DNS_SERVERS_MAX) {
    return refuse("InvalidParameterValue.LimitExceeded", {
      parameter,
      value: `${servers.length}`,
      limit: `${DNS_SERVERS_MAX}`,
    });
  }
  const bad = servers.find((server) => readIpv4(server) === undefined);
  if (bad === undefined) return undefined;
  return refuse("InvalidParameterValue.Malformed", { parameter, value: bad, limit: "10.0.0.2" });
}

export function createVpc(context: Context, command: CreateVpc): Outcome {
  const { draft, now, profile } = context;
  const bad =
    checkNameBytes(command.name, "VpcName") ??
    checkDnsServers(command.dnsServers) ??
    checkTags(command.tags, "Tags");
  if (bad !== undefined) return bad;
  const network = readVpcNetwork(command.cidr, "CidrBlock");
  if (isRefusal(network)) return network;
  if (draft.count("vpcs") >= profile.quotas.vpcsPerRegion) {
    return refuse("LimitExceeded", { parameter: "VPC", limit: `${profile.quotas.vpcsPerRegion}` });
  }
  const id = newId(context, "vpcs");
  const { name, multicast, dnsServers, domainName, publishRoutes, publishRoutesIpv6 } = command;
  draft.put("vpcs", {
    id,
    name,
    network: network.network,
    prefix: network.prefix,
    multicast,
    dnsServers,
    domainName,
    publishRoutes,
    publishRoutesIpv6,
    tags: command.tags,
    createdAt: now,
  });
  draft.put("routeTables", {
    id: newId(context, "routeTables"),
    vpcId: id,
    name: "default",
    main: true,
    tags: [],
    createdAt: now,
  });
  return done([id]);
}

export function modifyVpc(context: Context, command: ModifyVpc): Outcome {
  const vpc = find(context, "vpcs", command.vpcId, "VpcId");
  if (isRefusal(vpc)) return vpc;
  const bad =
    (command.name !== undefined ? checkNameBytes(command.name, "VpcName") : undefined) ??
    checkDnsServers(command.dnsServers ?? []);
  if (bad !== undefined) return bad;
  context.draft.put("vpcs", {
    ...vpc,
    name: command.name ?? vpc.name,
    multicast: command.multicast ?? vpc.multicast,
    dnsServers: command.dnsServers ?? vpc.dnsServers,
    domainName: command.domainName ?? vpc.domainName,
    publishRoutes: command.publishRoutes ?? vpc.publishRoutes,
    publishRoutesIpv6: command.publishRoutesIpv6 ?? vpc.publishRoutesIpv6,
  });
  return done();
}

export function deleteVpc(context: Context, command: DeleteVpc): Outcome {
  const { draft } = context;
  const vpc = find(context, "vpcs", command.vpcId, "VpcId");
  if (isRefusal(vpc)) return vpc;
  const subnet = draft.list("subnets").find(({ vpcId }) => vpcId === vpc.id);
  if (subnet !== undefined) {
    return refuse("ResourceInUse", { parameter: "VpcId", value: vpc.id, limit: subnet.id });
  }
  draft.remove("vpcs", vpc.id);
  for (const table of draft.list("routeTables")) {
    if (table.vpcId === vpc.id) draft.remove("routeTables", table.id);
  }
  return done();
}

export function createSubnet(context: Context, command: CreateSubnet): Outcome {
  const { draft, now, profile } = context;
  const bad = checkNameBytes(command.name, "SubnetName") ?? checkTags(command.tags, "Tags");
  if (bad !== undefined) return bad;
  const vpc = find(context, "vpcs", command.vpcId, "VpcId");
  if (isRefusal(vpc)) return vpc;
  if (command.zone === "") {
    return refuse("InvalidParameterValue", {
      parameter: "Zone",
      value: '""',
      limit: "ap-guangzhou-3",
    });
  }
  const siblings = draft.list("subnets").filter(({ vpcId }) => vpcId === vpc.id);
  const network = readSubnetNetwork(command.cidr, "CidrBlock", vpc, siblings);
  if (isRefusal(network)) return network;
  if (siblings.length >= profile.quotas.subnetsPerVpc) {
    const limit = `${profile.quotas.subnetsPerVpc}`;
    return refuse("LimitExceeded", { parameter: "Subnet", value: printNetwork(network), limit });
  }
  const table = draft.list("routeTables").find(({ vpcId, main }) => vpcId === vpc.id && main);
  const id = newId(context, "subnets");
  draft.put("subnets", {
    id,
    vpcId: vpc.id,
    name: command.name,
    network: network.network,
    prefix: network.prefix,
    zone: command.zone,
    broadcast: false,
    cdcId: command.cdcId,
    routeTableId: table?.id ?? "",
    tags: command.tags,
    createdAt: now,
  });
  return done([id]);
}

export function modifySubnet(context: Context, command: ModifySubnet): Outcome {
  const subnet = find(context, "subnets", command.subnetId, "SubnetId");
  if (isRefusal(subnet)) return subnet;
  const bad = command.name !== undefined ? checkNameBytes(command.name, "SubnetName") : undefined;
  if (bad !== undefined) return bad;
  context.draft.put("subnets", {
    ...subnet,
    name: command.name ?? subnet.name,
    broadcast: command.broadcast ?? subnet.broadcast,
  });
  return done();
}

export function deleteSubnet(context: Context, command: DeleteSubnet): Outcome {
  const { draft } = context;
  const subnet = find(context, "subnets", command.subnetId, "SubnetId");
  if (isRefusal(subnet)) return subnet;
  const user =
    draft.list("havips").find(({ subnetId }) => subnetId === subnet.id) ??
    draft.list("interfaces").find(({ subnetId }) => subnetId === subnet.id);
  if (user !== undefined) {
    return refuse("ResourceInUse", { parameter: "SubnetId", value: subnet.id, limit: user.id });
  }
  draft.remove("subnets", subnet.id);
  return done();
}
