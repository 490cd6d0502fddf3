/** The endpoints under `/_baton/`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  asList,
  codeOf,
  findHavip,
  garp,
  KEY_TEXT,
  makeEip,
  makeHavip,
  makeInterface,
  makeSite,
  openTestCloud,
  responseOf,
  SECRETS,
  START_SECONDS,
  signedRequest,
} from "./harness.ts";

test("health", async () => {
  const cloud = openTestCloud();
  assert.deepEqual(await cloud.admin("GET", "health"), { status: 200, body: { status: "ok" } });
});

test("unknown paths, wrong methods, bodies that are no JSON or of wrong types get a 4xx", async () => {
  const cloud = openTestCloud();
  const cases: readonly (readonly [string, string, unknown, number])[] = [
    ["GET", "nothing", undefined, 404],
    ["GET", "", undefined, 404],
    ["GET", "constructor", undefined, 404],
    ["POST", "clock", {}, 404],
    ["POST", "health", {}, 405],
    ["GET", "reset", undefined, 405],
    ["POST", "reset", "no json", 400],
    ["POST", "reset", [], 400],
    ["POST", "clock/advance", "{", 400],
    ["POST", "clock/advance", {}, 400],
    ["POST", "clock/advance", { seconds: "soon" }, 400],
    ["POST", "clock/advance", { seconds: -1 }, 400],
    ["POST", "clock/advance", { seconds: null }, 400],
    ["POST", "clock/advance", { seconds: 1e300 }, 400],
    ["PUT", "faults", { times: "many" }, 400],
    ["PUT", "faults", { times: -1 }, 400],
    ["PUT", "faults", { httpStatus: 7 }, 400],
    ["PUT", "faults", { httpStatus: "503" }, 400],
    ["PUT", "faults", { latencyMs: "long" }, 400],
    ["PUT", "faults", { code: 5 }, 400],
    ["PUT", "faults", { action: 5 }, 400],
    ["PUT", "faults", { acton: "CreateHaVip" }, 400],
    ["PUT", "faults", [], 400],
    ["PUT", "state", {}, 400],
    [
      "PUT",
      "state",
      { version: 1, clockOffsetSeconds: 0, regions: { r: { vpcs: [{ id: 1 }] } } },
      400,
    ],
    ["PUT", "state", { version: 1, clockOffsetSeconds: 0, regions: { r: { bogus: [] } } }, 400],
    ["PUT", "state", { version: 1, clockOffsetSeconds: 0, regions: { r: { vpcs: null } } }, 400],
    ...[-1, 1e300, 3_153_600_001, "0", null].map(
      (clockOffsetSeconds) =>
        ["PUT", "state", { version: 1, clockOffsetSeconds, regions: {} }, 400] as const,
    ),
  ];
  for (const [method, path, body, status] of cases) {
    assert.equal(
      (await cloud.admin(method, path, body)).status,
      status,
      `${method} ${path} ${JSON.stringify(body)}`,
    );
  }
});

test("what is wrong with a state is said with its place, its reason and what is wanted", async () => {
  const cloud = openTestCloud();
  await makeSite(cloud);
  const { body } = await cloud.admin("GET", "state");
  const state = JSON.stringify(body);
  const regions = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`r${index}`, {}]));
  const cases: readonly (readonly [string, string])[] = [
    [
      state.replace('"prefix":16', '"prefix":99'),
      "regions.ap-guangzhou.vpcs[0].prefix is 99; wanted is a prefix length",
    ],
    [
      state.replace('"domainName"', '"domain"'),
      "regions.ap-guangzhou.vpcs[0].domainName is missing; wanted is an object with id, name, network",
    ],
    [state.replace('"version":1', '"version":2'), "version is 2; wanted is the version 1"],
    [
      JSON.stringify({ ...body, regions }),
      "regions is {…}; wanted is an object with a member for each of at most 64 regions",
    ],
  ];
  for (const [text, wrong] of cases) {
    const answer = await cloud.admin("PUT", "state", JSON.parse(text));
    assert.equal(answer.status, 400);
    assert.ok(String(answer.body["error"]).startsWith(wrong), String(answer.body["error"]));
  }
  assert.deepEqual((await cloud.admin("GET", "state")).body, body, "nothing has changed");
});

test("a state's regions have names that are no part of every object; its clock stays within dates", async () => {
  const cloud = openTestCloud();
  for (const name of ["constructor", "prototype", "__proto__"]) {
    for (const region of ["5", "{}", '{"vpcs":[]}']) {
      const text = `{"version":1,"clockOffsetSeconds":0,"regions":{"${name}":${region}}}`;
      const { status, body } = await cloud.admin("PUT", "state", JSON.parse(text));
      assert.equal(status, 400, text);
      assert.match(String(body["error"]), new RegExp(`^regions\\.${name} is .*; wanted is a name`));
    }
    const code = await cloud.code("DescribeVpcs", {}, { region: name });
    assert.equal(code, "UnsupportedRegion", name);
  }
  const endless: unknown = JSON.parse('{"version":1,"clockOffsetSeconds":1e999,"regions":{}}');
  assert.equal((await cloud.admin("PUT", "state", endless)).status, 400);
  const late = { version: 1, clockOffsetSeconds: 3_153_600_000, regions: {} };
  assert.equal((await cloud.admin("PUT", "state", late)).status, 200);
  const { vpcId } = await makeSite(cloud);
  assert.match(vpcId, /^vpc-/);
  const { body } = await cloud.admin("GET", "state");
  assert.equal((await cloud.admin("PUT", "state", body)).status, 200, "what it shows, it takes");
});

test("a refused admin call changes nothing", async () => {
  const cloud = openTestCloud();
  await cloud.admin("PUT", "faults", { code: "InternalError" });
  await cloud.admin("PUT", "faults", { code: 5 });
  assert.equal(await cloud.code("DescribeHaVips"), "InternalError");
});

test("reset drops everything in all regions and the clock's offset", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  await makeSite(cloud, "10.4.6.0/24", "ap-beijing");
  const nic = await makeInterface(cloud, site, "ins-aaaaaaaa");
  const { HaVipId, Vip } = await makeHavip(cloud, site, { ClientToken: "t" });
  for (let index = 0; index < 100; index++) await garp(cloud, Vip, nic);
  await makeEip(cloud);
  const { RequestId } = await cloud.call("DeleteHaVip", { HaVipId });
  await cloud.admin("POST", "clock/advance", { seconds: 86_400 });
  await cloud.admin("PUT", "faults", { action: "DescribeVpcs", code: "InternalError" });
  assert.equal((await cloud.admin("POST", "reset", {})).status, 200);
  assert.deepEqual(asList((await cloud.admin("GET", "requests")).body["requests"]), []);
  for (const region of ["ap-guangzhou", "ap-beijing"]) {
    for (const action of [
      "DescribeVpcs",
      "DescribeHaVips",
      "DescribeAddresses",
      "DescribeNetworkInterfaces",
      "DescribeRouteTables",
    ]) {
      assert.equal(
        (await cloud.call(action, {}, { region }))["TotalCount"],
        0,
        `${action} ${region}`,
      );
    }
  }
  assert.equal(
    await cloud.code("DescribeVpcTaskResult", { TaskId: RequestId }),
    "ResourceNotFound",
  );
  const again = await makeSite(cloud);
  const fresh = await makeHavip(cloud, again, { ClientToken: "t", HaVipName: "another body" });
  assert.match(String(fresh["CreatedTime"]), /^2026-01-01 /);
});

test("the clock moves what is written from now on, calls add up, stored times stay", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const before = await makeHavip(cloud, site);
  assert.equal(before["CreatedTime"], "2026-01-01 00:00:00");
  assert.equal((await cloud.admin("POST", "clock/advance", { seconds: 3_600 })).status, 200);
  const { body } = await cloud.admin("POST", "clock/advance", { seconds: 1_800.5 });
  assert.equal(body["offsetSeconds"], 5_400.5);
  assert.equal((await makeHavip(cloud, site))["CreatedTime"], "2026-01-01 01:30:00");
  assert.deepEqual(await findHavip(cloud, before["HaVipId"]), before);
});

test("moving the clock ends asynchronous work that is due by then", async () => {
  const cloud = openTestCloud();
  const { HaVipId } = await makeHavip(cloud, await makeSite(cloud));
  await cloud.call("DeleteHaVip", { HaVipId });
  await cloud.admin("POST", "clock/advance", { seconds: 1 });
  assert.equal((await cloud.call("DescribeHaVips"))["TotalCount"], 0);
});

test("a fault answers instead of the call, which is not carried out", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  await cloud.admin("PUT", "faults", {
    action: "CreateHaVip",
    code: "ResourceInsufficient.Custom",
    times: 2,
  });
  const parameters = { VpcId: site.vpcId, SubnetId: site.subnetId, HaVipName: "x" };
  assert.equal(await cloud.code("DescribeHaVips"), "OK", "another action is not counted");
  const answer = await cloud.raw("CreateHaVip", parameters);
  assert.equal(answer.status, 200);
  assert.equal(codeOf(responseOf(answer)), "ResourceInsufficient.Custom");
  assert.equal((await cloud.admin("GET", "health")).status, 200);
  assert.equal(await cloud.code("CreateHaVip", parameters), "ResourceInsufficient.Custom");
  assert.equal((await cloud.call("DescribeHaVips"))["TotalCount"], 0);
  assert.equal(await cloud.code("CreateHaVip", parameters), "OK", "two times are over");
});

test("a fault with a status; without an action it is every action; a new one replaces it; {} ends it", async () => {
  const cloud = openTestCloud();
  await cloud.admin("PUT", "faults", { httpStatus: 503 });
  assert.equal((await cloud.raw("DescribeHaVips")).status, 503);
  assert.equal((await cloud.raw("Nope")).status, 503);
  assert.equal((await cloud.admin("GET", "health")).status, 200);
  await cloud.admin("PUT", "faults", {
    action: "DescribeVpcs",
    httpStatus: 500,
    code: "InternalError",
  });
  assert.equal((await cloud.raw("DescribeHaVips")).status, 200);
  assert.equal((await cloud.raw("DescribeVpcs")).status, 500);
  await cloud.admin("PUT", "faults", {});
  assert.equal(await cloud.code("DescribeVpcs"), "OK");
});

test("latency alone: the call waits and is carried out, others do not wait", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  await cloud.admin("PUT", "faults", { action: "CreateHaVip", latencyMs: 40 });
  const order: string[] = [];
  const slow = makeHavip(cloud, site).then(() => order.push("slow"));
  await cloud
    .call("DescribeHaVips")
    .then((found) => order.push(`quick ${String(found["TotalCount"])}`));
  await slow;
  assert.deepEqual(order, ["quick 0", "slow"]);
  assert.equal((await cloud.call("DescribeHaVips"))["TotalCount"], 1);
});

test("the request log has every call, failed ones too, oldest first, and no secret", async () => {
  const cloud = openTestCloud();
  await cloud.call("DescribeHaVips", {}, { headers: { "x-tc-requestclient": `leak ${KEY_TEXT}` } });
  await cloud.call("Nope");
  await cloud.call("CreateVpc", { VpcName: KEY_TEXT, CidrBlock: "10.0.0.0/16" });
  await cloud.call("DescribeHaVips", {}, { headers: { authorization: "garbage" } });
  const request = signedRequest("CreateVpc", {}, START_SECONDS);
  await cloud.cloud.handle({ ...request, isTooLarge: true });
  await cloud.admin("GET", "health");
  const { body } = await cloud.admin("GET", "requests");
  const entries = asList(body["requests"]);
  assert.deepEqual(
    entries.map(({ action, code }) => [action, code]),
    [
      ["DescribeHaVips", "OK"],
      ["Nope", "InvalidAction"],
      ["CreateVpc", "OK"],
      ["DescribeHaVips", "AuthFailure.InvalidAuthorization"],
      ["CreateVpc", "RequestSizeLimitExceeded"],
    ],
  );
  assert.equal(entries[0]?.["secretId"], SECRETS.secretId);
  assert.equal(JSON.stringify(body).includes(KEY_TEXT), false);
});

test("state: what was read can be put into another emulator", async () => {
  const cloud = openTestCloud();
  const site = await makeSite(cloud);
  const nic = await makeInterface(cloud, site, "ins-aaaaaaaa");
  const { HaVipId, Vip } = await makeHavip(cloud, site, {
    ClientToken: "t",
    Tags: [{ Key: "a", Value: "b" }],
  });
  await garp(cloud, Vip, nic);
  const { body } = await cloud.admin("GET", "state");
  const other = openTestCloud();
  await makeSite(other);
  assert.equal((await other.admin("PUT", "state", body)).status, 200);
  assert.deepEqual((await other.admin("GET", "state")).body, body);
  assert.deepEqual(await findHavip(other, HaVipId), await findHavip(cloud, HaVipId));
  assert.equal((await other.call("DescribeVpcs"))["TotalCount"], 1);
});

test("state: work under way goes on, also under a clock that is far behind", async () => {
  const cloud = openTestCloud();
  await cloud.admin("POST", "clock/advance", { seconds: 86_400 });
  const { HaVipId } = await makeHavip(cloud, await makeSite(cloud));
  await cloud.call("DeleteHaVip", { HaVipId });
  const { body } = await cloud.admin("GET", "state");
  const other = openTestCloud();
  await other.admin("PUT", "state", { ...body, clockOffsetSeconds: 0 });
  assert.equal((await other.call("DescribeHaVips"))["TotalCount"], 1);
  other.settle();
  assert.equal((await other.call("DescribeHaVips"))["TotalCount"], 0);
});
