import assert from "node:assert/strict";
import { test } from "node:test";
import {
  asJson,
  asList,
  makeHavip,
  makeInterface,
  makeSite,
  makeSubnet,
  openTestCloud,
  text,
} from "./harness.ts";

test("CIDRs of a VPC: private ranges, masks 12 to 28 (16 to 28 in 192.168), no host bits", async () => {
  const cases: readonly (readonly [string, string])[] = [
    ["10.0.0.0/12", "OK"],
    ["10.255.0.0/16", "OK"],
    ["10.35.0.0/28", "OK"],
    ["172.16.0.0/12", "OK"],
    ["172.31.255.0/24", "OK"],
    ["192.168.0.0/16", "OK"],
    ["192.168.1.0/28", "OK"],
    ["10.0.0.0/11", "InvalidParameterValue"],
    ["10.0.0.0/8", "InvalidParameterValue"],
    ["10.0.0.0/29", "InvalidParameterValue"],
    ["172.32.0.0/16", "InvalidParameterValue"],
    ["192.168.0.0/15", "InvalidParameterValue"],
    ["192.169.0.0/16", "InvalidParameterValue"],
    ["8.8.8.0/24", "InvalidParameterValue"],
    ["10.0.0.1/16", "InvalidParameterValue"],
    ["10.0.0.0", "InvalidParameterValue.Malformed"],
    ["10.0.0.0/", "InvalidParameterValue.Malformed"],
    ["10.0.0.0/16/16", "InvalidParameterValue.Malformed"],
    ["10.0.0/16", "InvalidParameterValue.Malformed"],
    ["10.0.0.256/16", "InvalidParameterValue.Malformed"],
    ["10.0.0.0/33", "InvalidParameterValue.Malformed"],
    ["", "InvalidParameterValue.Malformed"],
    ["2001:db8::/32", "InvalidParameterValue.Malformed"],
  ];
  for (const [cidr, expected] of cases) {
    const cloud = openTestCloud();
    assert.equal(await cloud.code("CreateVpc", { VpcName: "v", CidrBlock: cidr }), expected, cidr);
  }
});

test("CIDRs of a subnet: masks 16 to 28, inside the VPC, beside its sisters", async () => {
  const cloud = openTestCloud();
  const { vpcId } = await makeSite(cloud);
  const cases: readonly (readonly [string, string])[] = [
    ["10.4.7.0/24", "OK"],
    ["10.4.8.0/28", "OK"],
    ["10.4.8.16/28", "OK"],
    ["10.4.6.0/24", "InvalidParameterValue.SubnetConflict"],
    ["10.4.6.128/25", "InvalidParameterValue.SubnetConflict"],
    ["10.4.0.0/16", "InvalidParameterValue.SubnetConflict"],
    ["10.5.0.0/24", "InvalidParameterValue.SubnetRange"],
    ["10.4.9.0/29", "InvalidParameterValue"],
    ["10.0.0.0/15", "InvalidParameterValue"],
    ["10.4.9.1/24", "InvalidParameterValue"],
    ["x", "InvalidParameterValue.Malformed"],
  ];
  for (const [CidrBlock, expected] of cases) {
    const parameters = { VpcId: vpcId, SubnetName: "s", CidrBlock, Zone: "z" };
    assert.equal(await cloud.code("CreateSubnet", parameters), expected, CidrBlock);
  }
});

test("two VPCs may have the same network, and HAVIPs the same address", async () => {
  const cloud = openTestCloud();
  const [first, second] = [await makeSite(cloud), await makeSite(cloud)];
  await makeHavip(cloud, first, { Vip: "10.4.6.15" });
  await makeHavip(cloud, second, { Vip: "10.4.6.15" });
});

test("names: VPCs, subnets and interfaces have 60 bytes, HAVIPs 60 characters", async () => {
  const cloud = openTestCloud();
  const { vpcId, subnetId } = await makeSite(cloud);
  const twenty = "汉".repeat(20);
  const long = "InvalidParameterValue.TooLong";
  const cidr = { CidrBlock: "10.5.0.0/16" };
  assert.equal(await cloud.code("CreateVpc", { VpcName: twenty, ...cidr }), "OK");
  assert.equal(await cloud.code("CreateVpc", { VpcName: `${twenty}x`, ...cidr }), long);
  assert.equal(await cloud.code("CreateVpc", { VpcName: "x".repeat(60), ...cidr }), "OK");
  assert.equal(await cloud.code("CreateVpc", { VpcName: "x".repeat(61), ...cidr }), long);
  assert.equal(
    await cloud.code("ModifySubnetAttribute", { SubnetId: subnetId, SubnetName: `${twenty}x` }),
    long,
  );
  const nic = { VpcId: vpcId, SubnetId: subnetId };
  assert.equal(
    await cloud.code("CreateNetworkInterface", { ...nic, NetworkInterfaceName: `${twenty}x` }),
    long,
  );
  assert.equal(await cloud.code("CreateHaVip", { ...nic, HaVipName: "汉".repeat(60) }), "OK");
  assert.equal(await cloud.code("CreateHaVip", { ...nic, HaVipName: "😀".repeat(60) }), "OK");
  assert.equal(await cloud.code("CreateHaVip", { ...nic, HaVipName: "汉".repeat(61) }), long);
});

test("twenty VPCs a region, and every region has its own", async () => {
  const cloud = openTestCloud();
  const make = async (region: string): Promise<string> =>
    await cloud.code("CreateVpc", { VpcName: "v", CidrBlock: "10.0.0.0/16" }, { region });
  for (let index = 0; index < 20; index++) assert.equal(await make("ap-guangzhou"), "OK");
  assert.equal(await make("ap-guangzhou"), "LimitExceeded");
  assert.equal(await make("ap-beijing"), "OK");
  assert.equal((await cloud.call("DescribeVpcs", {}, { region: "ap-beijing" }))["TotalCount"], 1);
  assert.equal((await cloud.call("DescribeVpcs", {}, { region: "ap-shanghai" }))["TotalCount"], 0);
});

test("a new VPC has one main route table at once, which goes with it", async () => {
  const cloud = openTestCloud();
  const parameters = { VpcName: "v", CidrBlock: "10.0.0.0/16" };
  const vpc = asJson((await cloud.call("CreateVpc", parameters))["Vpc"]);
  assert.equal(vpc["IsDefault"], false);
  assert.equal(vpc["EnableMulticast"], false);
  const main = {
    Filters: [
      { Name: "vpc-id", Values: [vpc["VpcId"]] },
      { Name: "association.main", Values: ["true"] },
    ],
    Offset: "0",
    Limit: "100",
  };
  const [table, ...more] = asList((await cloud.call("DescribeRouteTables", main))["RouteTableSet"]);
  assert.equal(more.length, 0);
  assert.equal(table?.["Main"], true);
  assert.match(text(table?.["RouteTableId"]), /^rtb-[a-z0-9]{8}$/);
  const subnetId = await makeSubnet(cloud, text(vpc["VpcId"]), "10.0.1.0/24");
  const [subnet] = asList(
    (await cloud.call("DescribeSubnets", { SubnetIds: [subnetId] }))["SubnetSet"],
  );
  assert.equal(subnet?.["RouteTableId"], table?.["RouteTableId"]);
  assert.equal(await cloud.code("DeleteVpc", { VpcId: vpc["VpcId"] }), "ResourceInUse");
  assert.equal(await cloud.code("DeleteSubnet", { SubnetId: subnetId }), "OK");
  assert.equal(await cloud.code("DeleteVpc", { VpcId: vpc["VpcId"] }), "OK");
  assert.equal((await cloud.call("DescribeRouteTables", main))["TotalCount"], 0);
});

test("EnableMulticast and EnableBroadcast are the texts true and false", async () => {
  const cloud = openTestCloud();
  const parameters = { VpcName: "v", CidrBlock: "10.0.0.0/16", EnableMulticast: "true" };
  const vpc = asJson((await cloud.call("CreateVpc", parameters))["Vpc"]);
  assert.equal(vpc["EnableMulticast"], true);
  const bad = { ...parameters, EnableMulticast: "yes" };
  assert.equal(await cloud.code("CreateVpc", bad), "InvalidParameterValue");
});

test("a subnet counts its addresses: three are reserved, HAVIPs and interfaces take one each", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const available = async (): Promise<unknown> => {
    const [row] = asList(
      (await cloud.call("DescribeSubnets", { SubnetIds: [site.subnetId] }))["SubnetSet"],
    );
    return row?.["AvailableIpAddressCount"];
  };
  assert.equal(await available(), 253);
  const havip = await makeHavip(cloud, site);
  await makeInterface(cloud, site, undefined);
  assert.equal(await available(), 251);
  await cloud.call("CreateNetworkInterface", {
    VpcId: site.vpcId,
    SubnetId: site.subnetId,
    NetworkInterfaceName: "n",
    SecondaryPrivateIpAddressCount: 3,
  });
  assert.equal(await available(), 247);
  await cloud.call("DeleteHaVip", { HaVipId: havip["HaVipId"] });
  assert.equal(await available(), 247, "deletion is still under way");
  cloud.settle();
  assert.equal(await available(), 248);
});

test("a subnet that is in use stays", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const havip = await makeHavip(cloud, site);
  const remove = async (): Promise<string> =>
    await cloud.code("DeleteSubnet", { SubnetId: site.subnetId });
  assert.equal(await remove(), "ResourceInUse");
  await cloud.call("DeleteHaVip", { HaVipId: havip["HaVipId"] });
  cloud.settle();
  const nic = await makeInterface(cloud, site, undefined);
  assert.equal(await remove(), "ResourceInUse");
  await cloud.call("DeleteNetworkInterface", { NetworkInterfaceId: nic });
  cloud.settle();
  assert.equal(await remove(), "OK");
});

test("malformed ids are malformed, unknown ones not found", async () => {
  const cloud = openTestCloud();
  const malformed = "InvalidParameterValue.Malformed";
  for (const id of [
    "",
    "vpc-",
    "vpc-1234567",
    "vpc-123456789",
    "vpc-ABCDEFGH",
    "subnet-12345678",
    "vpc-1234567\n",
  ]) {
    assert.equal(await cloud.code("DeleteVpc", { VpcId: id }), malformed, JSON.stringify(id));
    assert.equal(await cloud.code("DescribeVpcs", { VpcIds: [id] }), malformed, JSON.stringify(id));
  }
  assert.equal(await cloud.code("DeleteVpc", { VpcId: "vpc-12345678" }), "ResourceNotFound");
  assert.equal(await cloud.code("DescribeVpcs", { VpcIds: ["vpc-12345678"] }), "ResourceNotFound");
  assert.equal(
    await cloud.code("DescribeSubnets", { SubnetIds: ["subnet-12345678"] }),
    "ResourceNotFound",
  );
  assert.equal(
    await cloud.code("DescribeRouteTables", { RouteTableIds: ["rtb-12345678"] }),
    "ResourceNotFound",
  );
  for (const [action, name, id] of [
    ["DescribeHaVips", "HaVipIds", "havip-12345678"],
    ["DescribeNetworkInterfaces", "NetworkInterfaceIds", "eni-12345678"],
    ["DescribeAddresses", "AddressIds", "eip-12345678"],
  ] as const) {
    assert.equal((await cloud.call(action, { [name]: [id] }))["TotalCount"], 0, action);
    assert.equal(await cloud.code(action, { [name]: [`${id}9`] }), malformed, action);
  }
});

test("filters: names by a part, the rest by the whole; values or, filters and", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  for (const [name, vip] of [
    ["test one", "10.4.6.15"],
    ["test two", "10.4.6.150"],
    ["other", "10.4.6.16"],
  ] as const) {
    await makeHavip(cloud, site, { HaVipName: name, Vip: vip });
  }
  const vips = async (
    ...filters: readonly (readonly [string, readonly string[]])[]
  ): Promise<unknown> => {
    const Filters = filters.map(([Name, Values]) => ({ Name, Values }));
    return asList((await cloud.call("DescribeHaVips", { Filters }))["HaVipSet"]).map(
      ({ Vip }) => Vip,
    );
  };
  assert.deepEqual(await vips(["havip-name", ["test"]]), ["10.4.6.15", "10.4.6.150"]);
  assert.deepEqual(await vips(["vip", ["10.4.6.15"]]), ["10.4.6.15"]);
  assert.deepEqual(await vips(["vip", ["10.4.6.15", "10.4.6.16"]]), ["10.4.6.15", "10.4.6.16"]);
  assert.deepEqual(await vips(["havip-name", ["test"]], ["vip", ["10.4.6.16"]]), []);
  assert.deepEqual(await vips(["vpc-id", [site.vpcId]], ["havip-name", ["two"]]), ["10.4.6.150"]);
  assert.deepEqual(await vips(["vpc-id", [site.vpcId.slice(0, -1)]]), []);
  assert.deepEqual(await vips(["check-associate", ["true"]]), []);
});

test("filters and ids have limits and exclude each other, pages have too", async () => {
  const cloud = openTestCloud();
  const filter = { Name: "vip", Values: ["10.0.0.1"] };
  const cases: readonly (readonly [string, object, string])[] = [
    [
      "DescribeHaVips",
      { HaVipIds: ["havip-12345678"], Filters: [filter] },
      "InvalidParameter.Coexist",
    ],
    ["DescribeHaVips", { HaVipIds: [], Filters: [filter] }, "OK"],
    [
      "DescribeHaVips",
      { Filters: [{ Name: "bogus", Values: ["x"] }] },
      "InvalidParameter.FilterInvalidKey",
    ],
    [
      "DescribeHaVips",
      { Filters: [{ Name: "constructor", Values: ["x"] }] },
      "InvalidParameter.FilterInvalidKey",
    ],
    [
      "DescribeAddresses",
      { Filters: [{ Name: "bogus", Values: ["x"] }] },
      "InvalidParameter.InvalidFilter",
    ],
    ["DescribeHaVips", { Filters: Array(11).fill(filter) }, "InvalidParameterValue.LimitExceeded"],
    [
      "DescribeHaVips",
      { Filters: [{ Name: "vip", Values: Array(6).fill("x") }] },
      "InvalidParameterValue.LimitExceeded",
    ],
    [
      "DescribeHaVips",
      { HaVipIds: Array(101).fill("havip-12345678") },
      "InvalidParameterValue.LimitExceeded",
    ],
    [
      "DescribeAddresses",
      { Filters: Array(11).fill({ Name: "address-id", Values: ["x"] }) },
      "LimitExceeded.NumberOfFilters",
    ],
    ["DescribeHaVips", { Limit: 100 }, "OK"],
    ["DescribeHaVips", { Limit: 101 }, "InvalidParameter"],
    ["DescribeHaVips", { Limit: -1 }, "InvalidParameter"],
    ["DescribeHaVips", { Offset: -1 }, "InvalidParameter"],
    ["DescribeVpcs", { Limit: "100", Offset: "0" }, "OK"],
    ["DescribeVpcs", { Limit: "101" }, "InvalidParameter"],
    ["DescribeVpcs", { Limit: "-1" }, "InvalidParameter"],
    ["DescribeVpcs", { Limit: "many" }, "InvalidParameter"],
    ["DescribeSubnets", { Offset: "1.5" }, "InvalidParameter"],
    [
      "DescribeRouteTables",
      { Filters: [{ Name: "next-hop-type", Values: ["NAT"] }] },
      "InvalidParameter.FilterMissParameter",
    ],
  ];
  for (const [action, parameters, expected] of cases) {
    assert.equal(
      await cloud.code(action, { ...parameters }),
      expected,
      `${action} ${JSON.stringify(parameters).slice(0, 80)}`,
    );
  }
});

test("pages follow the order of creation", async () => {
  const cloud = openTestCloud();
  const { vpcId } = await makeSite(cloud);
  const ids: string[] = [];
  for (let index = 10; index < 15; index++)
    ids.push(await makeSubnet(cloud, vpcId, `10.4.${index}.0/24`));
  const page = async (parameters: object): Promise<readonly unknown[]> =>
    asList((await cloud.call("DescribeSubnets", { ...parameters }))["SubnetSet"]).map(
      ({ SubnetId }) => SubnetId,
    );
  assert.deepEqual(await page({ Offset: "1", Limit: "2" }), ids.slice(0, 2));
  assert.deepEqual(await page({ Offset: "5", Limit: "2" }), ids.slice(4));
  const first = await cloud.call("DescribeSubnets", { MaxResults: 4 });
  assert.equal(first["NextToken"], "4");
  const second = await cloud.call("DescribeSubnets", {
    MaxResults: 4,
    NextToken: first["NextToken"],
  });
  assert.deepEqual(
    asList(second["SubnetSet"]).map(({ SubnetId }) => SubnetId),
    ids.slice(3),
  );
  assert.equal(second["NextToken"], "");
});

test("quotas can be asked for", async () => {
  const cloud = openTestCloud();
  const limits = await cloud.call("DescribeVpcLimits", {
    LimitTypes: ["vpc-max-havips", "appid-max-vpcs"],
  });
  assert.deepEqual(limits["VpcLimitSet"], [
    { LimitType: "vpc-max-havips", LimitValue: 10 },
    { LimitType: "appid-max-vpcs", LimitValue: 20 },
  ]);
  assert.equal(
    await cloud.code("DescribeVpcLimits", { LimitTypes: ["x"] }),
    "InvalidParameterValue",
  );
  assert.equal(await cloud.code("DescribeVpcLimits", { LimitTypes: [] }), "MissingParameter");
});
