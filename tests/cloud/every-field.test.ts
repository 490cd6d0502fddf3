/**
 * Every field of every answer is there and has the right type: Terraform falls over those that are
 * missing.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import type { ActionName } from "#cloud/api/actions";
import { ACTIONS } from "#cloud/api/actions";
import type { Json, TestCloud } from "./harness.ts";
import {
  asJson,
  asList,
  garp,
  makeEip,
  makeHavip,
  makeInterface,
  makeSite,
  openTestCloud,
  text,
} from "./harness.ts";

/**
 * The schema fills in what is missing or null and drops what it does not know: nothing may change.
 */
function checkAnswer(action: ActionName, { RequestId, ...fields }: Json): void {
  assert.equal(typeof RequestId, "string", `${action}.RequestId`);
  assert.deepEqual(v.parse(ACTIONS[action].answer, fields), fields, `fields of ${action}`);
  checkIntegers(fields, action);
}

function checkIntegers(value: unknown, path: string): void {
  if (typeof value === "number") assert.ok(Number.isSafeInteger(value), `${path} is an integer`);
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) checkIntegers(inner, `${path}.${name}`);
}

test("every action's answer has exactly the fields of its shape", async () => {
  const cloud = openTestCloud();
  const seen = new Set<string>();
  const call = async (
    action: ActionName,
    parameters: Json = {},
    version?: string,
  ): Promise<Json> => {
    const response = await cloud.call(action, parameters, version === undefined ? {} : { version });
    assert.equal(response["Error"], undefined, `${action}: ${JSON.stringify(response["Error"])}`);
    checkAnswer(action, response);
    seen.add(action);
    cloud.settle();
    return response;
  };
  await walk(cloud, call);
  assert.deepEqual([...seen].toSorted(), Object.keys(ACTIONS).toSorted(), "no action was left out");
});

type Call = (action: ActionName, parameters?: Json, version?: string) => Promise<Json>;

const tags = { Tags: [{ Key: "team", Value: "db" }] };
const InstanceId = "ins-aaaaaaaa";

/** Every action once, on things that exist. */
async function walk(cloud: TestCloud, call: Call): Promise<void> {
  const network = await walkNetwork(call);
  const owner = await walkHavip(cloud, call, network);
  const AddressId = await walkElasticAddress(call, owner.HaVipId);
  const other = await walkInterface(cloud, call, { ...network, ...owner, AddressId });
  await walkTags(call, network.SubnetId);

  await call("ReleaseAddresses", { AddressIds: [AddressId] });
  await call("DeleteHaVip", { HaVipId: owner.HaVipId });
  for (const NetworkInterfaceId of [owner.NetworkInterfaceId, other]) {
    await call("DetachNetworkInterface", { NetworkInterfaceId, InstanceId });
    await call("DeleteNetworkInterface", { NetworkInterfaceId });
  }
  await call("DeleteSubnet", { SubnetId: network.SubnetId });
  await call("DeleteVpc", { VpcId: network.VpcId });
}

interface NetworkIds {
  readonly VpcId: string;
  readonly SubnetId: string;
}

interface OwnerIds {
  readonly HaVipId: string;
  readonly NetworkInterfaceId: string;
}

async function walkNetwork(call: Call): Promise<NetworkIds> {
  const vpc = asJson(
    (await call("CreateVpc", { VpcName: "v", CidrBlock: "10.4.0.0/16", ...tags }))["Vpc"],
  );
  const VpcId = text(vpc["VpcId"]);
  const zone = { SubnetName: "s", CidrBlock: "10.4.6.0/24", Zone: "z" };
  const SubnetId = text(
    asJson((await call("CreateSubnet", { VpcId, ...zone, ...tags }))["Subnet"])["SubnetId"],
  );
  await call("ModifyVpcAttribute", {
    VpcId,
    VpcName: "w",
    EnableMulticast: "true",
    DnsServers: ["10.4.0.2"],
  });
  await call("ModifySubnetAttribute", { SubnetId, SubnetName: "t", EnableBroadcast: "true" });
  await call("DescribeVpcs", { VpcIds: [VpcId] });
  await call("DescribeSubnets", { SubnetIds: [SubnetId] });
  await call("DescribeRouteTables", { Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
  await call("DescribeVpcLimits", { LimitTypes: ["vpc-max-havips"] });
  return { VpcId, SubnetId };
}

async function walkHavip(
  cloud: TestCloud,
  call: Call,
  { VpcId, SubnetId }: NetworkIds,
): Promise<OwnerIds> {
  const made = await call("CreateHaVip", { VpcId, SubnetId, HaVipName: "h", ...tags });
  const havip = asJson(made["HaVip"]);
  const HaVipId = text(havip["HaVipId"]);
  await call("ModifyHaVipAttribute", { HaVipId, HaVipName: "i" });
  const nic = { VpcId, SubnetId, NetworkInterfaceName: "n" };
  const created = asJson(
    (await call("CreateNetworkInterface", { ...nic, ...tags }))["NetworkInterface"],
  );
  const NetworkInterfaceId = text(created["NetworkInterfaceId"]);
  const attached = await call("AttachNetworkInterface", { NetworkInterfaceId, InstanceId });
  await call("DescribeVpcTaskResult", { TaskId: attached["RequestId"] });
  await call("AssociateHaVipInstance", {
    HaVipAssociationSet: [{ HaVipId, InstanceId, InstanceType: "CVM" }],
  });
  assert.equal((await garp(cloud, havip["Vip"], NetworkInterfaceId))["accepted"], true);
  return { HaVipId, NetworkInterfaceId };
}

async function walkElasticAddress(call: Call, HaVipId: string): Promise<string> {
  const allocated = await call("AllocateAddresses", { AddressName: "e", ...tags });
  const [AddressId = ""] = allocated["AddressSet"] as readonly string[];
  await call("DescribeTaskResult", { TaskId: Number(allocated["TaskId"]) });
  await call("DescribeAddresses");
  await call("ModifyAddressAttribute", { AddressId, AddressName: "f" });
  const [address] = asList(
    (await call("DescribeAddresses", { AddressIds: [AddressId] }))["AddressSet"],
  );
  await call("HaVipAssociateAddressIp", { HaVipId, AddressIp: address?.["AddressIp"] });
  await call("DescribeAddresses");
  await call("DescribeHaVips");
  await call("HaVipDisassociateAddressIp", { HaVipId });
  await call("DisassociateHaVipInstance", { HaVipAssociationSet: [{ HaVipId, InstanceId }] });
  return AddressId;
}

/** Gives the interface that an address has been moved to. */
async function walkInterface(
  cloud: TestCloud,
  call: Call,
  ids: NetworkIds & OwnerIds & { readonly AddressId: string },
): Promise<string> {
  const { VpcId, SubnetId, NetworkInterfaceId, AddressId } = ids;
  const assigned = await call("AssignPrivateIpAddresses", {
    NetworkInterfaceId,
    SecondaryPrivateIpAddressCount: 2,
  });
  const [first, second] = asList(assigned["PrivateIpAddressSet"]);
  const one = { PrivateIpAddress: first?.["PrivateIpAddress"] };
  await call("AssociateAddress", { AddressId, NetworkInterfaceId, ...one });
  await call("DescribeNetworkInterfaces", { NetworkInterfaceIds: [NetworkInterfaceId] });
  await call("DescribeAddresses");
  await call("DisassociateAddress", { AddressId });
  await call("UnassignPrivateIpAddresses", { NetworkInterfaceId, PrivateIpAddresses: [one] });
  const other = await makeInterface(cloud, { vpcId: VpcId, subnetId: SubnetId }, InstanceId);
  await call("MigratePrivateIpAddress", {
    SourceNetworkInterfaceId: NetworkInterfaceId,
    DestinationNetworkInterfaceId: other,
    PrivateIpAddress: second?.["PrivateIpAddress"],
  });
  await call("ModifyNetworkInterfaceAttribute", { NetworkInterfaceId, NetworkInterfaceName: "m" });
  return other;
}

async function walkTags(call: Call, SubnetId: string): Promise<void> {
  const resource = `qcs::vpc:ap-guangzhou:uin/1:subnet/${SubnetId}`;
  await call(
    "ModifyResourceTags",
    { Resource: resource, ReplaceTags: [{ TagKey: "a", TagValue: "b" }] },
    "2018-08-13",
  );
  const ids = {
    ServiceType: "vpc",
    ResourcePrefix: "subnet",
    ResourceIds: [SubnetId],
    ResourceRegion: "ap-guangzhou",
  };
  const found = await call("DescribeResourceTagsByResourceIds", ids, "2018-08-13");
  assert.equal(found["TotalCount"], 2);
  await call("DescribeBandwidthPackages", {
    Filters: [{ Name: "resource.resource-id", Values: ["eip-x"] }],
  });
}

test("a HAVIP just created, word for word", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const havip = await makeHavip(cloud, site, { Vip: "10.4.6.15" });
  assert.match(text(havip["HaVipId"]), /^havip-[a-z0-9]{8}$/);
  assert.deepEqual(havip, {
    HaVipId: havip["HaVipId"],
    HaVipName: "web",
    Vip: "10.4.6.15",
    VpcId: site.vpcId,
    SubnetId: site.subnetId,
    NetworkInterfaceId: "",
    InstanceId: "",
    AddressIp: "",
    State: "UNBIND",
    CreatedTime: "2026-01-01 00:00:00",
    Business: "",
    HaVipAssociationSet: [],
    CheckAssociate: false,
    CdcId: "",
    FlushedTime: "0000-00-00 00:00:00",
    TagSet: [],
  });
});

test("an address just allocated has null where nothing is bound", async () => {
  const cloud = openTestCloud();
  const { id } = await makeEip(cloud);
  const [row] = asList((await cloud.call("DescribeAddresses", { AddressIds: [id] }))["AddressSet"]);
  assert.equal(row?.["InstanceId"], null);
  assert.equal(row?.["InstanceType"], null);
  assert.equal(row?.["AddressStatus"], "UNBIND");
  assert.equal(row?.["AddressType"], "EIP");
  assert.equal(row?.["Bandwidth"], 1);
  assert.equal(row?.["CreatedTime"], "2026-01-01T00:00:00Z");
});
