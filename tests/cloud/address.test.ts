import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "./harness.ts";
import { asList, makeEip, makeHavip, makeInterface, makeSite, openTestCloud } from "./harness.ts";

test("allocation is a numbered task, answered as text and asked for as a number", async () => {
  const cloud = openTestCloud();
  const made = await cloud.call("AllocateAddresses", {
    AddressCount: 3,
    InternetMaxBandwidthOut: 7,
    AddressName: "n",
  });
  assert.equal(typeof made["TaskId"], "string");
  const TaskId = Number(made["TaskId"]);
  assert.deepEqual((await cloud.call("DescribeTaskResult", { TaskId }))["Result"], "RUNNING");
  const creating = asList((await cloud.call("DescribeAddresses"))["AddressSet"]);
  assert.deepEqual(
    creating.map(({ AddressStatus }) => AddressStatus),
    ["CREATING", "CREATING", "CREATING"],
  );
  cloud.settle();
  const done = await cloud.call("DescribeTaskResult", { TaskId });
  assert.deepEqual([done["TaskId"], done["Result"]], [TaskId, "SUCCESS"]);
  const rows = asList((await cloud.call("DescribeAddresses"))["AddressSet"]);
  assert.deepEqual(
    rows.map(({ AddressStatus, Bandwidth }) => [AddressStatus, Bandwidth]),
    [
      ["UNBIND", 7],
      ["UNBIND", 7],
      ["UNBIND", 7],
    ],
  );
  assert.equal(new Set(rows.map(({ AddressIp }) => AddressIp)).size, 3);
  assert.equal(await cloud.code("DescribeTaskResult", {}), "MissingParameter");
  assert.equal(await cloud.code("DescribeTaskResult", { TaskId: 1 }), "ResourceNotFound");
});

test("twenty addresses a region, all or nothing; addresses are unique over regions", async () => {
  const cloud = openTestCloud();
  await cloud.call("AllocateAddresses", { AddressCount: 18 });
  assert.equal(
    await cloud.code("AllocateAddresses", { AddressCount: 3 }),
    "AddressQuotaLimitExceeded",
  );
  assert.equal(await cloud.code("AllocateAddresses", { AddressCount: 2 }), "OK");
  assert.equal(await cloud.code("AllocateAddresses", {}), "AddressQuotaLimitExceeded");
  const beijing = { region: "ap-beijing" };
  assert.equal(await cloud.code("AllocateAddresses", { AddressCount: 20 }, beijing), "OK");
  const rows = [
    ...asList((await cloud.call("DescribeAddresses"))["AddressSet"]),
    ...asList((await cloud.call("DescribeAddresses", {}, beijing))["AddressSet"]),
  ];
  assert.equal(new Set(rows.map(({ AddressIp }) => AddressIp)).size, 40);
  for (const AddressCount of [0, -1, 101]) {
    assert.equal(
      await cloud.code("AllocateAddresses", { AddressCount }),
      "InvalidParameterValue.Range",
    );
  }
});

test("release: only unbound ones, a task, and gone afterwards", async () => {
  const cloud = openTestCloud();
  const [first, second] = [await makeEip(cloud), await makeEip(cloud)];
  const site = await makeSite(cloud);
  const { HaVipId } = await makeHavip(cloud, site);
  await cloud.call("HaVipAssociateAddressIp", { HaVipId, AddressIp: second.address });
  cloud.settle();
  const release = async (...AddressIds: readonly string[]): Promise<Json> =>
    await cloud.call("ReleaseAddresses", { AddressIds });
  const code = async (...AddressIds: readonly string[]): Promise<string> =>
    await cloud.code("ReleaseAddresses", { AddressIds });
  assert.equal(await code(first.id, second.id), "UnsupportedOperation.AddressStatusNotPermit");
  assert.equal(await code("eip-12345678"), "InvalidAddressId.NotFound");
  assert.equal(await code("eip-1"), "InvalidParameterValue.Malformed");
  assert.equal(await code(), "MissingParameter");
  assert.equal((await cloud.call("DescribeAddresses"))["TotalCount"], 2);
  const { TaskId } = await release(first.id);
  cloud.settle();
  assert.equal(
    (await cloud.call("DescribeTaskResult", { TaskId: Number(TaskId) }))["Result"],
    "SUCCESS",
  );
  assert.equal(
    (await cloud.call("DescribeAddresses", { AddressIds: [first.id] }))["TotalCount"],
    0,
  );
});

test("DisassociateAddress frees an address from a HAVIP too", async () => {
  const cloud = openTestCloud();
  const eip = await makeEip(cloud);
  const { HaVipId } = await makeHavip(cloud, await makeSite(cloud));
  assert.equal(
    await cloud.code("DisassociateAddress", { AddressId: eip.id }),
    "InvalidAddressIdStatus.NotPermit",
  );
  await cloud.call("HaVipAssociateAddressIp", { HaVipId, AddressIp: eip.address });
  cloud.settle();
  const { TaskId } = await cloud.call("DisassociateAddress", { AddressId: eip.id });
  cloud.settle();
  assert.equal(
    (await cloud.call("DescribeTaskResult", { TaskId: Number(TaskId) }))["Result"],
    "SUCCESS",
  );
  const [row] = asList((await cloud.call("DescribeAddresses"))["AddressSet"]);
  assert.equal(row?.["AddressStatus"], "UNBIND");
});

test("an ordinary address goes to an instance or to an interface", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const nic = await makeInterface(cloud, site, "ins-aaaaaaaa");
  const [row] = asList((await cloud.call("DescribeNetworkInterfaces"))["NetworkInterfaceSet"]);
  const PrivateIpAddress = asList(row?.["PrivateIpAddressSet"])[0]?.["PrivateIpAddress"];
  const [first, second] = [await makeEip(cloud), await makeEip(cloud)];
  const associate = async (AddressId: string, parameters: Json): Promise<string> =>
    await cloud.code("AssociateAddress", { AddressId, ...parameters });
  assert.equal(await associate(first.id, {}), "MissingParameter");
  assert.equal(
    await associate(first.id, { InstanceId: "ins-aaaaaaaa", NetworkInterfaceId: nic }),
    "InvalidParameterConflict",
  );
  assert.equal(
    await associate(first.id, { InstanceId: "havip-aaaaaaaa" }),
    "InvalidParameterValue.Malformed",
  );
  assert.equal(await associate(first.id, { NetworkInterfaceId: nic }), "MissingParameter");
  assert.equal(
    await associate(first.id, { NetworkInterfaceId: nic, PrivateIpAddress: "10.4.6.99" }),
    "ResourceNotFound",
  );
  assert.equal(await associate(first.id, { NetworkInterfaceId: nic, PrivateIpAddress }), "OK");
  cloud.settle();
  assert.equal(
    await associate(second.id, { NetworkInterfaceId: nic, PrivateIpAddress }),
    "InvalidInstanceId.AlreadyBindEip",
  );
  assert.equal(
    await associate(first.id, { InstanceId: "ins-bbbbbbbb" }),
    "UnsupportedOperation.AddressStatusNotPermit",
  );
  assert.equal(await associate(second.id, { InstanceId: "ins-bbbbbbbb" }), "OK");
  cloud.settle();
  const rows = asList((await cloud.call("DescribeAddresses"))["AddressSet"]);
  assert.deepEqual(
    rows.map(({ AddressStatus, InstanceType, InstanceId }) => [
      AddressStatus,
      InstanceType,
      InstanceId,
    ]),
    [
      ["BIND", "ENI", nic],
      ["BIND", "CVM", "ins-bbbbbbbb"],
    ],
  );
});

test("DescribeAddresses takes ids and filters together, also the one that only Terraform knows", async () => {
  const cloud = openTestCloud();
  const { id, address } = await makeEip(cloud);
  await makeEip(cloud);
  const count = async (Name: string, ...Values: readonly string[]): Promise<unknown> =>
    (await cloud.call("DescribeAddresses", { AddressIds: [id], Filters: [{ Name, Values }] }))[
      "TotalCount"
    ];
  assert.equal(await count("business-type", "CDC"), 0);
  assert.equal(await count("address-ip", address), 1);
  assert.equal(await count("address-ip", "203.0.113.99"), 0);
  assert.equal(await count("address-status", "UNBIND", "BIND"), 1);
  assert.equal(await count("is-arrears", "FALSE"), 1);
});
