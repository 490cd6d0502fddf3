import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "./harness.ts";
import {
  asJson,
  asList,
  codeOf,
  findHavip,
  garp,
  makeEip,
  makeHavip,
  makeInterface,
  makeSite,
  makeSubnet,
  openTestCloud,
  text,
} from "./harness.ts";

test("a chosen address is inside, not reserved, an address, and free", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  await makeHavip(cloud, site, { Vip: "10.4.6.15" });
  const nic = await makeInterface(cloud, site, undefined);
  const [row] = asList(
    (await cloud.call("DescribeNetworkInterfaces", { NetworkInterfaceIds: [nic] }))[
      "NetworkInterfaceSet"
    ],
  );
  const taken = asList(row?.["PrivateIpAddressSet"])[0]?.["PrivateIpAddress"];
  const cases: readonly (readonly [unknown, string])[] = [
    ["10.4.6.2", taken === "10.4.6.2" ? "InvalidParameterValue.Duplicate" : "OK"],
    ["10.4.6.254", "OK"],
    ["10.4.6.0", "InvalidParameterValue.Reserved"],
    ["10.4.6.1", "InvalidParameterValue.Reserved"],
    ["10.4.6.255", "InvalidParameterValue.Reserved"],
    ["10.4.7.5", "InvalidParameterValue.Range"],
    ["10.4.6.15", "InvalidParameterValue.Duplicate"],
    [taken, "InvalidParameterValue.Duplicate"],
    ["10.4.6", "InvalidParameterValue.Malformed"],
    ["10.4.6.256", "InvalidParameterValue.Malformed"],
    ["010.4.6.9", "InvalidParameterValue.Malformed"],
    ["", "InvalidParameterValue.Malformed"],
    ["fe80::1", "InvalidParameterValue.Malformed"],
  ];
  for (const [Vip, expected] of cases) {
    const parameters = { VpcId: site.vpcId, SubnetId: site.subnetId, HaVipName: "x", Vip };
    assert.equal(await cloud.code("CreateHaVip", parameters), expected, String(Vip));
  }
});

test("without an address the lowest free one is taken, until none is left", async () => {
  const cloud = openTestCloud({
    profile: {
      quotas: { ...(await import("#cloud/model/platform-profile")).QUOTAS, havipsPerVpc: 100 },
    },
  });
  const site = await makeSite(cloud, "10.4.6.0/28");
  const vips: unknown[] = [];
  for (let index = 0; index < 13; index++) vips.push((await makeHavip(cloud, site))["Vip"]);
  assert.deepEqual(
    vips,
    Array.from({ length: 13 }, (_, index) => `10.4.6.${index + 2}`),
  );
  const parameters = { VpcId: site.vpcId, SubnetId: site.subnetId, HaVipName: "x" };
  assert.equal(await cloud.code("CreateHaVip", parameters), "ResourceInsufficient");
});

test("VPC and subnet must exist and belong together", async () => {
  const cloud = openTestCloud();
  const [site, other] = [await makeSite(cloud), await makeSite(cloud)];
  const code = async (VpcId: string, SubnetId: string): Promise<string> =>
    await cloud.code("CreateHaVip", { VpcId, SubnetId, HaVipName: "x" });
  assert.equal(await code("vpc-12345678", site.subnetId), "ResourceNotFound");
  assert.equal(await code(site.vpcId, "subnet-12345678"), "ResourceNotFound");
  assert.equal(await code(site.vpcId, other.subnetId), "ResourceNotFound");
  assert.equal(await code(site.vpcId, "subnet-1"), "InvalidParameterValue.Malformed");
});

test("without a subnet: the one the address lies in, else the first with room", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const second = await makeSubnet(cloud, site.vpcId, "10.4.7.0/24");
  const make = async (more: Json): Promise<Json> =>
    await cloud.call("CreateHaVip", { VpcId: site.vpcId, HaVipName: "x", ...more });
  assert.equal(asJson((await make({}))["HaVip"])["SubnetId"], site.subnetId);
  assert.equal(asJson((await make({ Vip: "10.4.7.9" }))["HaVip"])["SubnetId"], second);
  assert.equal(codeOf(await make({ Vip: "10.4.8.9" })), "InvalidParameterValue.Range");
});

test("ten HAVIPs a VPC, no more, and one that is deleted makes room", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const first = await makeHavip(cloud, site);
  for (let index = 1; index < 10; index++) await makeHavip(cloud, site);
  const parameters = { VpcId: site.vpcId, SubnetId: site.subnetId, HaVipName: "x" };
  assert.equal(await cloud.code("CreateHaVip", parameters), "LimitExceeded");
  await cloud.call("DeleteHaVip", { HaVipId: first["HaVipId"] });
  cloud.settle();
  assert.equal(await cloud.code("CreateHaVip", parameters), "OK");
});

test("deletion is a task: polled by the RequestId, and done means gone", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const { HaVipId } = await makeHavip(cloud, site);
  const { RequestId } = await cloud.call("DeleteHaVip", { HaVipId });
  const running = await cloud.call("DescribeVpcTaskResult", { TaskId: RequestId });
  assert.equal(running["Status"], "RUNNING");
  assert.equal((await findHavip(cloud, HaVipId))["HaVipId"], HaVipId);
  assert.equal(
    await cloud.code("DeleteHaVip", { HaVipId }),
    "UnsupportedOperation.MutexOperationTaskRunning",
  );
  cloud.settle();
  const done = await cloud.call("DescribeVpcTaskResult", { TaskId: RequestId });
  assert.equal(done["Status"], "SUCCESS");
  assert.equal(done["Output"], "");
  assert.deepEqual(done["Result"], [{ ResourceId: HaVipId, Status: "SUCCESS" }]);
  assert.equal((await cloud.call("DescribeHaVips", { HaVipIds: [HaVipId] }))["TotalCount"], 0);
  assert.equal(await cloud.code("DeleteHaVip", { HaVipId }), "ResourceNotFound");
  assert.equal(await cloud.code("DescribeVpcTaskResult", { TaskId: "nobody" }), "ResourceNotFound");
});

test("a rename is seen at once; without a name nothing changes", async () => {
  const cloud = openTestCloud();
  const { HaVipId } = await makeHavip(cloud, await makeSite(cloud));
  await cloud.call("ModifyHaVipAttribute", { HaVipId, HaVipName: "new" });
  assert.equal((await findHavip(cloud, HaVipId))["HaVipName"], "new");
  assert.equal(await cloud.code("ModifyHaVipAttribute", { HaVipId }), "OK");
  assert.equal((await findHavip(cloud, HaVipId))["HaVipName"], "new");
});

test("ClientToken: the same call gives the first result, another one is refused", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const parameters = {
    VpcId: site.vpcId,
    SubnetId: site.subnetId,
    HaVipName: "x",
    ClientToken: "A".repeat(64),
  };
  const first = await cloud.call("CreateHaVip", parameters);
  const again = await cloud.call("CreateHaVip", parameters);
  assert.deepEqual(again["HaVip"], first["HaVip"]);
  assert.notEqual(again["RequestId"], first["RequestId"]);
  assert.equal((await cloud.call("DescribeHaVips"))["TotalCount"], 1);
  const mismatch = "UnsupportedOperation.IdempotentParameterMismatch";
  assert.equal(await cloud.code("CreateHaVip", { ...parameters, HaVipName: "y" }), mismatch);
  const long = { ...parameters, ClientToken: "A".repeat(65) };
  assert.equal(await cloud.code("CreateHaVip", long), "InvalidParameter");
  const together = { ...parameters, ClientToken: "together" };
  const calls = await Promise.all(
    Array.from({ length: 20 }, async () => await cloud.call("CreateHaVip", together)),
  );
  const ids = new Set(calls.map((one) => asJson(one["HaVip"])["HaVipId"]));
  assert.equal(ids.size, 1);
  assert.equal((await cloud.call("DescribeHaVips"))["TotalCount"], 2);
});

test("a ClientToken of a refused call is still free", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const parameters = {
    VpcId: site.vpcId,
    SubnetId: site.subnetId,
    HaVipName: "x",
    Vip: "10.4.6.1",
    ClientToken: "t",
  };
  assert.equal(await cloud.code("CreateHaVip", parameters), "InvalidParameterValue.Reserved");
  assert.equal(await cloud.code("CreateHaVip", { ...parameters, Vip: "10.4.6.9" }), "OK");
});

test("AllocateAddresses takes ClientTokens too, and a repeated call's task can be polled", async () => {
  const cloud = openTestCloud();
  const parameters = { AddressCount: 2, ClientToken: "t" };
  const first = await cloud.call("AllocateAddresses", parameters);
  const again = await cloud.call("AllocateAddresses", parameters);
  assert.deepEqual(again["AddressSet"], first["AddressSet"]);
  assert.equal(again["TaskId"], first["TaskId"]);
  assert.equal((await cloud.call("DescribeAddresses"))["TotalCount"], 2);
  const site = await makeSite(cloud);
  const nic = {
    VpcId: site.vpcId,
    SubnetId: site.subnetId,
    NetworkInterfaceName: "n",
    ClientToken: "t",
  };
  await cloud.call("CreateNetworkInterface", nic);
  const repeated = await cloud.call("CreateNetworkInterface", nic);
  cloud.settle();
  const task = await cloud.call("DescribeVpcTaskResult", { TaskId: repeated["RequestId"] });
  assert.equal(task["Status"], "SUCCESS");
});

test("one EIP: bound as a task, shown on both sides, and unbound", async () => {
  const cloud = openTestCloud();
  const { HaVipId, Vip } = await makeHavip(cloud, await makeSite(cloud));
  const eip = await makeEip(cloud);
  assert.equal(
    await cloud.code("HaVipAssociateAddressIp", { HaVipId, AddressIp: "203.0.113.250" }),
    "ResourceNotFound",
  );
  assert.equal(
    await cloud.code("HaVipAssociateAddressIp", { HaVipId, AddressIp: eip.id }),
    "InvalidParameterValue.Malformed",
  );
  const { RequestId } = await cloud.call("HaVipAssociateAddressIp", {
    HaVipId,
    AddressIp: eip.address,
  });
  assert.equal(
    await cloud.code("HaVipDisassociateAddressIp", { HaVipId }),
    "UnsupportedOperation.MutexOperationTaskRunning",
  );
  cloud.settle();
  assert.equal(
    (await cloud.call("DescribeVpcTaskResult", { TaskId: RequestId }))["Status"],
    "SUCCESS",
  );
  assert.equal((await findHavip(cloud, HaVipId))["AddressIp"], eip.address);
  const address = async (): Promise<Json> =>
    asList((await cloud.call("DescribeAddresses", { AddressIds: [eip.id] }))["AddressSet"])[0] ??
    {};
  const bound = await address();
  assert.equal(bound["AddressStatus"], "BIND");
  assert.equal(bound["InstanceType"], "HAVIP");
  assert.equal(bound["InstanceId"], HaVipId);
  assert.equal(bound["PrivateAddressIp"], Vip);
  const found = await cloud.call("DescribeHaVips", {
    Filters: [{ Name: "address-ip", Values: [eip.address] }],
  });
  assert.equal(found["TotalCount"], 1);

  assert.equal(await cloud.code("DeleteHaVip", { HaVipId }), "UnsupportedOperation");
  assert.equal(
    await cloud.code("ReleaseAddresses", { AddressIds: [eip.id] }),
    "UnsupportedOperation.AddressStatusNotPermit",
  );
  const second = await makeEip(cloud);
  assert.equal(
    await cloud.code("HaVipAssociateAddressIp", { HaVipId, AddressIp: second.address }),
    "UnsupportedOperation.BindEIP",
  );

  assert.equal(await cloud.code("HaVipDisassociateAddressIp", { HaVipId }), "OK");
  cloud.settle();
  assert.equal((await findHavip(cloud, HaVipId))["AddressIp"], "");
  const unbound = await address();
  assert.deepEqual(
    [unbound["AddressStatus"], unbound["InstanceId"], unbound["InstanceType"]],
    ["UNBIND", null, null],
  );
  assert.equal(
    await cloud.code("HaVipDisassociateAddressIp", { HaVipId }),
    "UnsupportedOperation.UnbindEIP",
  );
  assert.equal(await cloud.code("DeleteHaVip", { HaVipId }), "OK");
});

test("an EIP that is bound elsewhere is not taken away", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const [first, second] = [await makeHavip(cloud, site), await makeHavip(cloud, site)];
  const eip = await makeEip(cloud);
  await cloud.call("HaVipAssociateAddressIp", {
    HaVipId: first["HaVipId"],
    AddressIp: eip.address,
  });
  const bind = { HaVipId: second["HaVipId"], AddressIp: eip.address };
  assert.equal(
    await cloud.code("HaVipAssociateAddressIp", bind),
    "UnsupportedOperation.MutexOperationTaskRunning",
  );
  cloud.settle();
  const response = await cloud.call("HaVipAssociateAddressIp", bind);
  assert.equal(codeOf(response), "UnsupportedOperation");
  assert.match(text(asJson(response["Error"])["Message"]), new RegExp(text(first["HaVipId"])));
});

const cvm = (HaVipId: unknown, InstanceId: string): Json => ({
  HaVipId,
  InstanceId,
  InstanceType: "CVM",
});
const eni = (HaVipId: unknown, InstanceId: string): Json => ({
  HaVipId,
  InstanceId,
  InstanceType: "ENI",
});

test("the drift range: kinds, duplicates, limits; a refused call changes nothing", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const { HaVipId } = await makeHavip(cloud, site);
  const other = await makeHavip(cloud, site);
  const nic = await makeInterface(cloud, site, undefined);
  const associate = async (...HaVipAssociationSet: readonly Json[]): Promise<string> =>
    await cloud.code("AssociateHaVipInstance", { HaVipAssociationSet });
  const ids = async (): Promise<readonly unknown[]> =>
    asList((await findHavip(cloud, HaVipId))["HaVipAssociationSet"]).map(
      ({ InstanceId }) => InstanceId,
    );

  assert.equal(await associate(cvm(HaVipId, "ins-aaaaaaaa"), cvm(HaVipId, "ins-bbbbbbbb")), "OK");
  assert.deepEqual((await findHavip(cloud, HaVipId))["HaVipAssociationSet"], [
    { HaVipId, InstanceId: "ins-aaaaaaaa", InstanceType: "CVM" },
    { HaVipId, InstanceId: "ins-bbbbbbbb", InstanceType: "CVM" },
  ]);
  const before = await ids();
  const twice = "InvalidParameterValue.DuplicatedHaVipAssociations";
  assert.equal(await associate(cvm(HaVipId, "ins-cccccccc"), cvm(HaVipId, "ins-cccccccc")), twice);
  assert.equal(
    await associate(cvm(HaVipId, "ins-cccccccc"), cvm(HaVipId, "ins-aaaaaaaa")),
    "InvalidParameterValue.Duplicate",
  );
  assert.equal(
    await associate(cvm(HaVipId, "ins-cccccccc"), eni(HaVipId, nic)),
    "InvalidParameterValue",
  );
  assert.equal(
    await associate(cvm(HaVipId, "ins-cccccccc"), {
      HaVipId,
      InstanceId: "ins-dddddddd",
      InstanceType: "LB",
    }),
    "InvalidParameterValue",
  );
  assert.equal(
    await associate(cvm(HaVipId, "ins-cccccccc"), cvm(HaVipId, "i-1")),
    "InvalidParameterValue.Malformed",
  );
  assert.equal(await associate(cvm(HaVipId, nic)), "InvalidParameterValue.ParameterMismatch");
  assert.equal(await associate({ InstanceId: "ins-cccccccc" }), "MissingParameter");
  assert.equal(await associate(cvm("havip-12345678", "ins-cccccccc")), "ResourceNotFound");
  assert.equal(await associate(eni(other["HaVipId"], "eni-12345678")), "ResourceNotFound");
  assert.equal(await associate(), "MissingParameter");
  const nine = Array.from({ length: 9 }, (_, index) => cvm(HaVipId, `ins-${index}0000000`));
  assert.equal(await associate(...nine), "LimitExceeded", "eleven in sum");
  const eleven = Array.from({ length: 11 }, (_, index) =>
    cvm(HaVipId, `ins-${index.toString(36)}1111111`),
  );
  assert.equal(await associate(...eleven), "LimitExceeded", "eleven in a call");
  assert.deepEqual(await ids(), before);
  assert.equal(await associate(...nine.slice(1)), "OK", "ten in sum");

  const remove = async (...HaVipAssociationSet: readonly Json[]): Promise<string> =>
    await cloud.code("DisassociateHaVipInstance", { HaVipAssociationSet });
  assert.equal(
    await remove({ HaVipId, InstanceId: "ins-aaaaaaaa" }, { HaVipId, InstanceId: "ins-zzzzzzzz" }),
    "ResourceNotFound",
  );
  assert.equal((await ids()).length, 10);
  assert.equal(
    await remove({ HaVipId, InstanceId: "ins-aaaaaaaa" }),
    "OK",
    "Terraform leaves InstanceType out",
  );
  assert.equal((await ids()).length, 9);
  const filter = { Filters: [{ Name: "havip-association.instance-id", Values: ["ins-bbbbbbbb"] }] };
  assert.equal((await cloud.call("DescribeHaVips", filter))["TotalCount"], 1);
});

test("a drift range can be given at birth", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const havip = await makeHavip(cloud, site, {
    CheckAssociate: true,
    HaVipAssociationSet: [{ InstanceId: "ins-aaaaaaaa", InstanceType: "CVM" }],
  });
  assert.equal(havip["CheckAssociate"], true);
  assert.deepEqual(havip["HaVipAssociationSet"], [
    { HaVipId: havip["HaVipId"], InstanceId: "ins-aaaaaaaa", InstanceType: "CVM" },
  ]);
  const mixed = {
    VpcId: site.vpcId,
    SubnetId: site.subnetId,
    HaVipName: "x",
    HaVipAssociationSet: [{ InstanceId: "ins-aaaaaaaa" }, { InstanceId: "eni-aaaaaaaa" }],
  };
  assert.notEqual(await cloud.code("CreateHaVip", mixed), "OK");
  assert.equal((await cloud.call("DescribeHaVips"))["TotalCount"], 1);
});

test("an interface in a drift range cannot be detached, whether the range is checked or not", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const nic = await makeInterface(cloud, site, "ins-aaaaaaaa");
  for (const CheckAssociate of [false, true]) {
    const { HaVipId } = await makeHavip(cloud, site, { CheckAssociate });
    await cloud.call("AssociateHaVipInstance", { HaVipAssociationSet: [eni(HaVipId, nic)] });
    const detach = { NetworkInterfaceId: nic, InstanceId: "ins-aaaaaaaa" };
    assert.equal(
      await cloud.code("DetachNetworkInterface", detach),
      "UnsupportedOperation.InstanceAssociateHavip",
    );
    await cloud.call("DisassociateHaVipInstance", { HaVipAssociationSet: [eni(HaVipId, nic)] });
  }
  assert.equal(
    await cloud.code("DetachNetworkInterface", {
      NetworkInterfaceId: nic,
      InstanceId: "ins-aaaaaaaa",
    }),
    "OK",
  );
});

test("created with an interface, a HAVIP is bound from the start", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const nic = await makeInterface(cloud, site, "ins-aaaaaaaa");
  const havip = await makeHavip(cloud, site, { NetworkInterfaceId: nic });
  assert.deepEqual(
    [havip["State"], havip["NetworkInterfaceId"], havip["InstanceId"]],
    ["AVAILABLE", nic, "ins-aaaaaaaa"],
  );
  const elsewhere = { ...site, subnetId: await makeSubnet(cloud, site.vpcId, "10.4.7.0/24") };
  const code = await cloud.code("CreateHaVip", {
    VpcId: site.vpcId,
    SubnetId: elsewhere.subnetId,
    HaVipName: "x",
    NetworkInterfaceId: nic,
  });
  assert.equal(code, "InvalidParameterValue");
});

test("the holder's interface being deleted unbinds the HAVIP", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const nic = await makeInterface(cloud, site, "ins-aaaaaaaa");
  const { HaVipId, Vip } = await makeHavip(cloud, site);
  assert.equal((await garp(cloud, Vip, nic))["accepted"], true);
  await cloud.call("DetachNetworkInterface", {
    NetworkInterfaceId: nic,
    InstanceId: "ins-aaaaaaaa",
  });
  cloud.settle();
  assert.equal((await findHavip(cloud, HaVipId))["State"], "AVAILABLE", "nothing ages");
  await cloud.call("DeleteNetworkInterface", { NetworkInterfaceId: nic });
  cloud.settle();
  assert.equal((await findHavip(cloud, HaVipId))["State"], "UNBIND");
});
