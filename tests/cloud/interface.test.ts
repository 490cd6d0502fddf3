import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json, Site, TestCloud } from "./harness.ts";
import {
  asJson,
  asList,
  makeHavip,
  makeInterface,
  makeSite,
  openTestCloud,
  text,
} from "./harness.ts";

const show = async (cloud: TestCloud, id: string): Promise<Json> => {
  const found = await cloud.call("DescribeNetworkInterfaces", { NetworkInterfaceIds: [id] });
  return asList(found["NetworkInterfaceSet"])[0] ?? {};
};

const create = async (cloud: TestCloud, site: Site, more: Json = {}): Promise<Json> =>
  await cloud.call("CreateNetworkInterface", {
    VpcId: site.vpcId,
    SubnetId: site.subnetId,
    NetworkInterfaceName: "n",
    ...more,
  });

test("an interface is born pending, then available and loose", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const terraform = { NetworkInterfaceDescription: "", SecondaryPrivateIpAddressCount: 0 };
  const response = await create(cloud, site, terraform);
  const made = asJson(response["NetworkInterface"]);
  const id = text(made["NetworkInterfaceId"]);
  assert.equal(made["State"], "PENDING");
  cloud.settle();
  assert.equal(
    (await cloud.call("DescribeVpcTaskResult", { TaskId: response["RequestId"] }))["Status"],
    "SUCCESS",
  );
  const row = await show(cloud, id);
  assert.deepEqual(
    [row["State"], row["NetworkInterfaceState"], row["Attachment"]],
    ["AVAILABLE", "AVAILABLE", null],
  );
  assert.match(text(row["MacAddress"]), /^52:54:00(:[0-9a-f]{2}){3}$/);
  const addresses = asList(row["PrivateIpAddressSet"]);
  assert.deepEqual(
    addresses.map(({ State, Primary }) => [State, Primary]),
    [["AVAILABLE", true]],
  );
});

test("attach and detach: any well-formed instance, several interfaces each", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const [first, second] = [
    await makeInterface(cloud, site, undefined),
    await makeInterface(cloud, site, undefined),
  ];
  const attach = async (NetworkInterfaceId: string, InstanceId: string): Promise<string> =>
    await cloud.code("AttachNetworkInterface", { NetworkInterfaceId, InstanceId });
  assert.equal(await attach(first, "i-1"), "InvalidParameterValue.Malformed");
  assert.equal(await attach("eni-12345678", "ins-aaaaaaaa"), "ResourceNotFound");
  assert.equal(await attach(first, "ins-aaaaaaaa"), "OK");
  assert.equal(
    await attach(first, "ins-aaaaaaaa"),
    "UnsupportedOperation.InvalidState",
    "still at work",
  );
  cloud.settle();
  assert.equal(await attach(first, "ins-bbbbbbbb"), "UnsupportedOperation.AttachmentAlreadyExists");
  assert.equal(await attach(second, "ins-aaaaaaaa"), "OK");
  cloud.settle();
  const row = await show(cloud, first);
  assert.deepEqual([row["State"], row["NetworkInterfaceState"]], ["AVAILABLE", "INUSE"]);
  assert.deepEqual(row["Attachment"], {
    DeviceIndex: 1,
    InstanceAccountId: "",
    AttachTime: asJson(row["Attachment"])["AttachTime"],
    InstanceId: "ins-aaaaaaaa",
  });
  assert.equal(asJson((await show(cloud, second))["Attachment"])["DeviceIndex"], 2);
  assert.equal(
    await cloud.code("DeleteNetworkInterface", { NetworkInterfaceId: first }),
    "ResourceInUse",
  );
  const detach = async (InstanceId: string): Promise<string> =>
    await cloud.code("DetachNetworkInterface", { NetworkInterfaceId: first, InstanceId });
  assert.equal(await detach("ins-bbbbbbbb"), "UnsupportedOperation.InvalidState");
  assert.equal(await detach("ins-aaaaaaaa"), "OK");
  cloud.settle();
  assert.equal((await show(cloud, first))["Attachment"], null);
  assert.equal(await detach("ins-aaaaaaaa"), "UnsupportedOperation.InvalidState");
  assert.equal(await cloud.code("DeleteNetworkInterface", { NetworkInterfaceId: first }), "OK");
  cloud.settle();
  assert.equal((await cloud.call("DescribeNetworkInterfaces"))["TotalCount"], 1);
});

test("chosen addresses follow the rules of HAVIPs", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  await makeHavip(cloud, site, { Vip: "10.4.6.15" });
  const code = async (...addresses: readonly Json[]): Promise<string> => {
    const response = await create(cloud, site, { PrivateIpAddresses: addresses });
    return response["Error"] === undefined ? "OK" : text(asJson(response["Error"])["Code"]);
  };
  assert.equal(await code({ PrivateIpAddress: "10.4.6.15" }), "ResourceInUse");
  assert.equal(await code({ PrivateIpAddress: "10.4.6.1" }), "InvalidParameterValue.Reserved");
  assert.equal(await code({ PrivateIpAddress: "10.4.7.9" }), "InvalidParameterValue.Range");
  assert.equal(await code({ PrivateIpAddress: "x" }), "InvalidParameterValue.Malformed");
  const twice = { PrivateIpAddress: "10.4.6.20" };
  assert.equal(await code(twice, twice), "InvalidParameterValue.Duplicate");
  assert.equal(await code(...Array(11).fill({})), "InvalidParameterValue.LimitExceeded");
  const made = await create(cloud, site, {
    PrivateIpAddresses: [
      { PrivateIpAddress: "10.4.6.30" },
      { PrivateIpAddress: "10.4.6.31", Primary: true },
    ],
    SecondaryPrivateIpAddressCount: 1,
  });
  const rows = asList(asJson(made["NetworkInterface"])["PrivateIpAddressSet"]);
  assert.deepEqual(
    rows.map(({ PrivateIpAddress, Primary }) => [PrivateIpAddress, Primary]),
    [
      ["10.4.6.30", false],
      ["10.4.6.31", true],
      ["10.4.6.2", false],
    ],
  );
});

test("secondary addresses: assigned, moved to another interface, taken away", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const [from, to] = [
    await makeInterface(cloud, site, "ins-aaaaaaaa"),
    await makeInterface(cloud, site, "ins-bbbbbbbb"),
  ];
  const addresses = async (id: string): Promise<readonly unknown[]> =>
    asList((await show(cloud, id))["PrivateIpAddressSet"]).map(
      ({ PrivateIpAddress }) => PrivateIpAddress,
    );
  const [primary] = await addresses(from);
  assert.equal(
    await cloud.code("AssignPrivateIpAddresses", { NetworkInterfaceId: from }),
    "MissingParameter",
  );
  const wanted = {
    NetworkInterfaceId: from,
    PrivateIpAddresses: [{ PrivateIpAddress: "10.4.6.40" }],
  };
  assert.equal(await cloud.code("AssignPrivateIpAddresses", wanted), "OK");
  cloud.settle();
  assert.deepEqual(await addresses(from), [primary, "10.4.6.40"]);
  const migrate = async (PrivateIpAddress: unknown): Promise<string> =>
    await cloud.code("MigratePrivateIpAddress", {
      SourceNetworkInterfaceId: from,
      DestinationNetworkInterfaceId: to,
      PrivateIpAddress,
    });
  assert.equal(await migrate(primary), "UnauthorizedOperation.PrimaryIp");
  assert.equal(await migrate("10.4.6.41"), "ResourceNotFound");
  assert.equal(await migrate("10.4.6.40"), "OK");
  cloud.settle();
  assert.deepEqual(await addresses(from), [primary]);
  assert.equal((await addresses(to)).includes("10.4.6.40"), true);
  const gone = { NetworkInterfaceId: to, PrivateIpAddresses: [{ PrivateIpAddress: "10.4.6.40" }] };
  assert.equal(await cloud.code("UnassignPrivateIpAddresses", gone), "OK");
  assert.equal((await addresses(to)).includes("10.4.6.40"), false);
});

test("the laboratory launches an instance with its primary interface", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const launched = await cloud.admin("POST", "instances", {
    region: "ap-guangzhou",
    subnetId: site.subnetId,
    address: "10.4.6.7",
    name: "db-1",
  });
  assert.equal(launched.status, 200);
  const { networkInterfaceId, instanceId, address } = launched.body;
  assert.match(text(instanceId), /^ins-[a-z0-9]{8}$/);
  assert.equal(address, "10.4.6.7");
  const row = await show(cloud, text(networkInterfaceId));
  assert.deepEqual(
    [row["Primary"], row["EniType"], row["NetworkInterfaceState"]],
    [true, 1, "INUSE"],
  );
  assert.equal(row["MacAddress"], launched.body["mac"]);
  const detach = { NetworkInterfaceId: networkInterfaceId, InstanceId: instanceId };
  assert.equal(
    await cloud.code("DetachNetworkInterface", detach),
    "UnsupportedOperation.InvalidState",
  );
  const again = { region: "ap-guangzhou", subnetId: site.subnetId, instanceId };
  assert.equal((await cloud.admin("POST", "instances", again)).status, 400);
  assert.equal((await cloud.admin("POST", "instances", { region: "ap-guangzhou" })).status, 400);
});
