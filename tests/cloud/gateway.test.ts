/** What stands between the socket and an action: dispatch, types, coercion, envelope. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { v1Signature, v1StringToSign } from "#cloud/api/signature-v1";
import type { Json } from "./harness.ts";
import {
  asJson,
  asList,
  codeOf,
  makeHavip,
  makeSite,
  openTestCloud,
  REGION,
  responseOf,
  SECRETS,
  START_SECONDS,
  text,
} from "./harness.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("unknown actions do not exist, also those that an object has by nature", async () => {
  const cloud = openTestCloud();
  for (const action of [
    "Nope",
    "DeleteHaVips",
    "MigrateHaVip",
    "constructor",
    "__proto__",
    "toString",
  ]) {
    assert.equal(await cloud.code(action), "InvalidAction", action);
  }
  assert.equal(await cloud.code("createhavip"), "InvalidAction");
});

test("what the cloud has and we have not is named", async () => {
  const cloud = openTestCloud();
  const response = await cloud.call("CreateNatGateway");
  assert.equal(codeOf(response), "UnsupportedOperation");
  assert.match(text(asJson(response["Error"])["Message"]), /CreateNatGateway/);
  assert.deepEqual(cloud.logged, [
    "warning: the cloud has the action CreateNatGateway, this emulator has not",
  ]);
  const tag = { version: "2018-08-13" };
  assert.equal(await cloud.code("AddResourceTag", {}, tag), "UnsupportedOperation");
});

test("actions belong to a version: unknown versions and the other service's actions are refused", async () => {
  const cloud = openTestCloud();
  assert.equal(await cloud.code("DescribeHaVips", {}, { version: "2017-03-13" }), "NoSuchVersion");
  assert.equal(await cloud.code("DescribeHaVips", {}, { version: "2018-08-13" }), "InvalidAction");
  assert.equal(await cloud.code("ModifyResourceTags", {}), "InvalidAction");
  assert.equal(await cloud.code("DescribeHaVips", {}, { version: "" }), "MissingParameter");
  assert.equal(await cloud.code("", {}), "MissingParameter");
});

test("the vpc service needs a region, the tag service does not", async () => {
  const cloud = openTestCloud();
  assert.equal(await cloud.code("DescribeHaVips", {}, { region: "" }), "MissingParameter");
  assert.equal(
    await cloud.code("DescribeHaVips", {}, { region: "no such region" }),
    "UnsupportedRegion",
  );
  const tags = {
    ServiceType: "vpc",
    ResourcePrefix: "vpc",
    ResourceIds: ["vpc-aaaaaaaa"],
    ResourceRegion: REGION,
  };
  const options = { region: "", version: "2018-08-13" };
  assert.equal(await cloud.code("DescribeResourceTagsByResourceIds", tags, options), "OK");
});

test("the envelope: 200, exact content type, trace id, a new uuid each time", async () => {
  const cloud = openTestCloud();
  const headers = { "x-tc-traceid": "0c1d2e3f-aaaa-4bbb-8ccc-123456789012" };
  const good = await cloud.raw("DescribeHaVips", {}, { headers });
  const bad = await cloud.raw("Nope", {}, { headers: { ...headers, "x-tc-language": "" } });
  for (const answer of [good, bad]) {
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["Content-Type"], "application/json");
    assert.equal(answer.headers["X-TC-TraceId"], headers["x-tc-traceid"]);
    assert.match(text(responseOf(answer)["RequestId"]), UUID);
  }
  assert.notEqual(responseOf(good)["RequestId"], responseOf(bad)["RequestId"]);
  const strange = await cloud.raw("DescribeHaVips", {}, { headers: { "x-tc-traceid": "a\r\nb" } });
  assert.equal(strange.headers["X-TC-TraceId"], undefined);
});

test("messages follow X-TC-Language, Chinese unless English is asked for", async () => {
  const cloud = openTestCloud();
  const message = async (language: string): Promise<string> => {
    const options = { headers: { "x-tc-language": language } };
    return text(asJson((await cloud.call("DeleteHaVip", {}, options))["Error"])["Message"]);
  };
  assert.equal(await message("en-US"), "the parameter HaVipId is missing");
  assert.equal(await message("zh-CN"), "缺少参数 HaVipId");
  assert.equal(await message(""), "缺少参数 HaVipId");
});

test("TC3 JSON is not coerced", async () => {
  const cloud = openTestCloud();
  const cases: readonly (readonly [string, Json])[] = [
    ["DescribeHaVips", { Offset: "0" }],
    ["DescribeHaVips", { Limit: "20" }],
    ["DescribeHaVips", { Limit: 1.5 }],
    ["DescribeHaVips", { Limit: true }],
    ["DescribeHaVips", { HaVipIds: "havip-aaaaaaaa" }],
    ["DescribeHaVips", { HaVipIds: { "0": "havip-aaaaaaaa" } }],
    ["DescribeHaVips", { HaVipIds: [1] }],
    ["DescribeHaVips", { Filters: [{ Name: "vip", Values: "10.0.0.1" }] }],
    ["DescribeHaVips", { Filters: ["vip"] }],
    ["DescribeHaVips", { Filters: [[]] }],
    ["DescribeAddresses", { Limit: "20" }],
    ["DescribeNetworkInterfaces", { Offset: "0" }],
    ["DescribeVpcs", { Offset: 0 }],
    ["DescribeSubnets", { Limit: 20 }],
    ["DescribeRouteTables", { Limit: 20 }],
    ["DescribeTaskResult", { TaskId: "1" }],
    ["DescribeVpcTaskResult", { TaskId: 1 }],
    ["CreateHaVip", { VpcId: 1, HaVipName: "x" }],
    ["CreateHaVip", { VpcId: "vpc-aaaaaaaa", HaVipName: "x", CheckAssociate: "true" }],
    ["CreateVpc", { VpcName: "x", CidrBlock: "10.0.0.0/16", EnableMulticast: true }],
    ["ModifySubnetAttribute", { SubnetId: "subnet-aaaaaaaa", EnableBroadcast: false }],
  ];
  for (const [action, parameters] of cases) {
    assert.equal(
      await cloud.code(action, parameters),
      "InvalidParameter",
      `${action} ${JSON.stringify(parameters)}`,
    );
  }
});

test("a parameter that the SDK's model has not is unknown, case matters, nested ones too", async () => {
  const cloud = openTestCloud();
  const cases: readonly (readonly [string, Json])[] = [
    ["DescribeHaVips", { haVipIds: [] }],
    ["DescribeHaVips", { Filters: [{ Name: "vip", Values: ["x"], Extra: 1 }] }],
    ["DescribeHaVips", { ["__proto__"]: {} }],
    ["DeleteHaVip", { HaVipId: "havip-aaaaaaaa", constructor: 1 }],
    ["CreateHaVip", { VpcId: "vpc-aaaaaaaa", HaVipName: "x", Region: "ap-guangzhou" }],
  ];
  for (const [action, parameters] of cases) {
    const response = await cloud.call(action, parameters);
    assert.equal(codeOf(response), "UnknownParameter", JSON.stringify(parameters));
  }
  const body = '{"__proto__":{"HaVipId":"havip-aaaaaaaa"}}';
  assert.equal(await cloud.code("DeleteHaVip", {}, { body }), "UnknownParameter");
});

test("every required parameter is asked for, null counts as left out", async () => {
  const cloud = openTestCloud();
  assert.equal(await cloud.code("CreateHaVip", { HaVipName: "x" }), "MissingParameter");
  assert.equal(
    await cloud.code("CreateHaVip", { VpcId: null, HaVipName: "x" }),
    "MissingParameter",
  );
  assert.equal(
    await cloud.code("DescribeHaVips", { Filters: [{ Name: "vip" }] }),
    "MissingParameter",
  );
  assert.equal(await cloud.code("DescribeHaVips", { Filters: null, Limit: null }), "OK");
});

test("a parameter that the model has is taken, used or not", async () => {
  const cloud = openTestCloud();
  const parameters = {
    AddressCount: 1,
    IPChargeType: "x",
    AddressChargePrepaid: { Period: 1, AutoRenewFlag: 0 },
    AnycastZone: "x",
    VipCluster: ["x"],
    ApplicableForCLB: false,
    BandwidthPackageId: "bwp-1",
    DedicatedClusterId: "x",
    IsDedicatedAddressPool: false,
    Egress: "x",
    AntiDDoSPackageId: "x",
  };
  assert.equal(await cloud.code("AllocateAddresses", parameters), "OK");
});

test("a body that is no JSON object is refused, whatever it is", async () => {
  const cloud = openTestCloud();
  for (const body of ["", "{", "[]", "null", "1", '"x"', "{}{}", "\u0000", "{'a':1}"]) {
    assert.equal(await cloud.code("DescribeHaVips", {}, { body }), "InvalidRequest", body);
  }
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  assert.equal(await cloud.code("DescribeHaVips", {}, { body: deep }), "InvalidRequest");
  const inside = `{"HaVipIds":${deep}}`;
  assert.equal(await cloud.code("DescribeHaVips", {}, { body: inside }), "InvalidParameter");
});

test("GET carries text: integers, booleans and lists come from the table", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const made = await cloud.call(
    "CreateHaVip",
    {},
    {
      method: "GET",
      query: `VpcId=${site.vpcId}&SubnetId=${site.subnetId}&HaVipName=a%20b&CheckAssociate=true&Vip=10.4.6.20`,
    },
  );
  const havip = asJson(made["HaVip"]);
  assert.equal(havip["CheckAssociate"], true);
  assert.equal(havip["HaVipName"], "a b");
  await makeHavip(cloud, site, { Vip: "10.4.6.21" });
  await makeHavip(cloud, site, { Vip: "10.4.6.22" });
  const query =
    "Filters.0.Name=vip&Filters.0.Values.0=10.4.6.22&Filters.0.Values.1=10.4.6.20&Limit=1&Offset=1";
  const found = await cloud.call("DescribeHaVips", {}, { method: "GET", query });
  assert.equal(found["TotalCount"], 2);
  assert.deepEqual(
    asList(found["HaVipSet"]).map(({ Vip }) => Vip),
    ["10.4.6.22"],
  );
});

test("text that does not fit its kind is refused", async () => {
  const cloud = openTestCloud();
  for (const [query, expected] of [
    ["Limit=ten", "InvalidParameter"],
    ["Limit=", "InvalidParameter"],
    ["Limit.0=1", "InvalidParameter"],
    ["HaVipIds=havip-aaaaaaaa", "InvalidParameter"],
    ["HaVipIds.x=havip-aaaaaaaa", "InvalidParameter"],
    ["Filters.0=vip", "InvalidParameter"],
    ["Filters.0.Name.0=vip", "InvalidParameter"],
    ["Filters.0.Name=vip", "MissingParameter"],
    ["Bogus=1", "UnknownParameter"],
    ["Bogus.0.Name=1", "UnknownParameter"],
    ["Filters.0.Bogus=1", "UnknownParameter"],
    ["__proto__=1", "UnknownParameter"],
    ["Action=DescribeHaVips", "UnknownParameter"],
  ] as const) {
    assert.equal(await cloud.code("DescribeHaVips", {}, { method: "GET", query }), expected, query);
  }
});

test("the query of a GET is signed as it was sent, not sorted", async () => {
  const cloud = openTestCloud();
  assert.equal(
    await cloud.code("DescribeHaVips", {}, { method: "GET", query: "Offset=0&Limit=1" }),
    "OK",
  );
});

/** A request of the older kind. */
function v1Request(method: "GET" | "POST", action: string, parameters: Json) {
  const all = new Map<string, string>(
    Object.entries({
      ...parameters,
      Action: action,
      Version: "2017-03-12",
      Region: REGION,
      Timestamp: `${START_SECONDS}`,
      Nonce: "1",
      SecretId: SECRETS.secretId,
      SignatureMethod: "HmacSHA1",
      Language: "en-US",
      RequestClient: "test",
      Token: "temporary",
    }).map(([name, value]) => [name, String(value)]),
  );
  const toSign = v1StringToSign(method, "127.0.0.1:1", "/", all);
  all.set("Signature", v1Signature(SECRETS.secretKey, "HmacSHA1", toSign));
  const form = new URLSearchParams([...all]).toString();
  return {
    method,
    target: method === "GET" ? `/?${form}` : "/",
    headers: {
      host: "127.0.0.1:1",
      ...(method === "POST" && { "content-type": "application/x-www-form-urlencoded" }),
    },
    body: new TextEncoder().encode(method === "POST" ? form : ""),
    isTooLarge: false,
  };
}

test("the older signatures carry everything as parameters, in GET and POST", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  for (const method of ["GET", "POST"] as const) {
    const parameters = {
      VpcId: site.vpcId,
      SubnetId: site.subnetId,
      HaVipName: `中文 & = ? ${method}`,
      CheckAssociate: "TRUE",
      "Tags.0.Key": "k",
      "Tags.0.Value": "v",
    };
    const response = responseOf(
      await cloud.cloud.handle(v1Request(method, "CreateHaVip", parameters)),
    );
    const havip = asJson(response["HaVip"]);
    assert.equal(havip["HaVipName"], `中文 & = ? ${method}`);
    assert.equal(havip["CheckAssociate"], true);
    assert.deepEqual(havip["TagSet"], [{ Key: "k", Value: "v" }]);
    const list = v1Request(method, "DescribeHaVips", { Limit: "1", Offset: "0" });
    assert.equal(asList(responseOf(await cloud.cloud.handle(list))["HaVipSet"]).length, 1);
    const unknown = v1Request(method, "DescribeHaVips", { Bogus: "1" });
    assert.equal(codeOf(responseOf(await cloud.cloud.handle(unknown))), "UnknownParameter");
  }
  const request = v1Request("GET", "DescribeHaVips", {});
  const forged = { ...request, target: request.target.replace("Nonce=1", "Nonce=2") };
  assert.equal(
    codeOf(responseOf(await cloud.cloud.handle(forged))),
    "AuthFailure.SignatureFailure",
  );
});

test("an absolute-form target is what a proxy gets", async () => {
  const cloud = openTestCloud({ auth: "off" });
  const headers = {
    "x-tc-action": "DescribeHaVips",
    "x-tc-version": "2017-03-12",
    "x-tc-region": REGION,
  };
  for (const target of [
    "http://vpc.tencentcloudapi.com/",
    "http://vpc.tencentcloudapi.com",
    "/base/",
    "/",
  ]) {
    const body = new TextEncoder().encode("{}");
    const answer = await cloud.cloud.handle({
      method: "POST",
      target,
      headers,
      body,
      isTooLarge: false,
    });
    assert.equal(codeOf(responseOf(answer)), "OK", target);
  }
});

test("other methods are no protocol of ours", async () => {
  const cloud = openTestCloud({ auth: "off" });
  const headers = { "x-tc-action": "DescribeHaVips" };
  const request = {
    method: "PUT",
    target: "/",
    headers,
    body: new Uint8Array(),
    isTooLarge: false,
  };
  assert.equal(codeOf(responseOf(await cloud.cloud.handle(request))), "UnsupportedProtocol");
});

test("sizes: a body that was too large, a query over 32 KB", async () => {
  const cloud = openTestCloud();
  const request = {
    method: "POST",
    target: "/",
    headers: { "x-tc-action": "DescribeHaVips" },
    body: new Uint8Array(),
    isTooLarge: true,
  };
  const answer = await cloud.cloud.handle(request);
  assert.equal(answer.status, 200);
  assert.equal(codeOf(responseOf(answer)), "RequestSizeLimitExceeded");
  const name = "x".repeat(31_000);
  const query = `HaVipId=havip-aaaaaaaa&HaVipName=${name}`;
  const at = { method: "GET", query } as const;
  assert.equal(await cloud.code("ModifyHaVipAttribute", {}, at), "ResourceNotFound");
  const over = { method: "GET", query: query + "x".repeat(3_000) } as const;
  assert.equal(await cloud.code("ModifyHaVipAttribute", {}, over), "RequestSizeLimitExceeded");
});

test("a limit of calls a second is off, and counts per region and action when asked for", async () => {
  const free = openTestCloud();
  for (let index = 0; index < 100; index++) assert.equal(await free.code("DescribeHaVips"), "OK");
  const strict = openTestCloud({ callsPerSecond: 20 });
  for (let index = 0; index < 20; index++) assert.equal(await strict.code("DescribeHaVips"), "OK");
  assert.equal(await strict.code("DescribeHaVips"), "RequestLimitExceeded");
  assert.equal(await strict.code("DescribeVpcs"), "OK");
  assert.equal(await strict.code("DescribeHaVips", {}, { region: "ap-beijing" }), "OK");
  strict.tick(1_000);
  assert.equal(await strict.code("DescribeHaVips"), "OK");
});
