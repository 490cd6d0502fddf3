/**
 * Over a real socket: many at once, too large, not HTTP at all. The code is right and the emulator
 * stays healthy.
 */
import assert from "node:assert/strict";
import { connect } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { RunningCloud } from "#cloud/server/start";
import { startCloud } from "#cloud/server/start";
import type { Json } from "./harness.ts";
import { ADMIN, asJson, asList, codeOf, REGION, SECRETS, signedRequest, text } from "./harness.ts";
import { post } from "./spawned.ts";

async function start(
  context: TestContext,
  options: Parameters<typeof startCloud>[0] = { port: 0, auth: "off" },
): Promise<RunningCloud> {
  const running = await startCloud(options);
  context.after(async () => {
    const health = await fetch(`${running.url}/_baton/health`);
    assert.deepEqual(await health.json(), { status: "ok" }, "healthy to the end");
    await running.close();
  });
  return running;
}

async function makeSubnet(url: string): Promise<{ VpcId: string; SubnetId: string }> {
  const vpc = asJson(
    (await post(url, "CreateVpc", { VpcName: "v", CidrBlock: "10.0.0.0/16" }, REGION))["Vpc"],
  );
  const VpcId = text(vpc["VpcId"]);
  const zone = { VpcId, SubnetName: "s", CidrBlock: "10.0.1.0/24", Zone: "z" };
  const SubnetId = text(
    asJson((await post(url, "CreateSubnet", zone, REGION))["Subnet"])["SubnetId"],
  );
  return { VpcId, SubnetId };
}

test("a hundred CreateHaVip at once in one VPC: ten get an address each, ninety hear of the quota", async (context) => {
  const { url } = await start(context);
  const site = await makeSubnet(url);
  const answers = await Promise.all(
    Array.from(
      { length: 100 },
      async () => await post(url, "CreateHaVip", { ...site, HaVipName: "x" }, REGION),
    ),
  );
  const made = answers.filter((one) => one["Error"] === undefined);
  assert.equal(made.length, 10);
  assert.equal(new Set(made.map((one) => asJson(one["HaVip"])["Vip"])).size, 10);
  const refused = answers.filter((one) => one["Error"] !== undefined);
  assert.deepEqual([...new Set(refused.map(codeOf))], ["LimitExceeded"]);
  assert.equal((await post(url, "DescribeHaVips", {}, REGION))["TotalCount"], 10);
});

test("a hundred CreateHaVip at once in ten VPCs: all succeed, no address twice, no id twice", async (context) => {
  const { url } = await start(context);
  const sites: { VpcId: string; SubnetId: string }[] = [];
  for (let index = 0; index < 10; index++) sites.push(await makeSubnet(url));
  await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const response = await post(
        url,
        "CreateHaVip",
        { ...sites[index % 10], HaVipName: "x" },
        REGION,
      );
      assert.equal(codeOf(response), "OK");
    }),
  );
  const rows = asList((await post(url, "DescribeHaVips", { Limit: 100 }, REGION))["HaVipSet"]);
  assert.equal(rows.length, 100);
  assert.equal(new Set(rows.map(({ HaVipId }) => HaVipId)).size, 100);
  assert.equal(new Set(rows.map(({ VpcId, Vip }) => `${text(VpcId)} ${text(Vip)}`)).size, 100);
});

test("the same address asked for twenty times at once is given once", async (context) => {
  const { url } = await start(context);
  const site = await makeSubnet(url);
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      async () =>
        await post(url, "CreateHaVip", { ...site, HaVipName: "x", Vip: "10.0.1.9" }, REGION),
    ),
  );
  assert.equal(answers.filter((one) => one["Error"] === undefined).length, 1);
});

const headers = {
  "Content-Type": "application/json",
  "X-TC-Action": "DescribeHaVips",
  "X-TC-Version": "2017-03-12",
  "X-TC-Region": REGION,
};

const send = async (
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  sent: Readonly<Record<string, string>> = headers,
): Promise<Json> => {
  const answer = await fetch(url, { method: "POST", headers: sent, body });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "application/json");
  return asJson(asJson(await answer.json())["Response"]);
};

test("11 MB is over the limit and gets a readable answer, 9 MB is read", async (context) => {
  const { url } = await start(context);
  const megabyte = 1024 * 1024;
  assert.equal(codeOf(await send(url, new Uint8Array(11 * megabyte))), "RequestSizeLimitExceeded");
  assert.equal(
    codeOf(await send(url, `{"x":"${"y".repeat(11 * megabyte)}"}`)),
    "RequestSizeLimitExceeded",
  );
  assert.equal(codeOf(await send(url, `{"x":"${"y".repeat(9 * megabyte)}"}`)), "UnknownParameter");
  assert.equal(
    codeOf(await send(url, `{"HaVipIds":["${"y".repeat(9 * megabyte)}"]}`)),
    "InvalidParameterValue.Malformed",
  );
});

test("a signed 9 MB body is checked by its bytes", async (context) => {
  const { url } = await start(context, { port: 0, secrets: SECRETS });
  const body = `{"HaVipId":"havip-aaaaaaaa","HaVipName":"${"y".repeat(9 * 1024 * 1024)}"}`;
  const host = new URL(url).host;
  const now = Math.floor(Date.now() / 1000);
  const request = signedRequest("ModifyHaVipAttribute", {}, now, { body, host });
  const good = await send(url, body, request.headers);
  assert.equal(codeOf(good), "ResourceNotFound");
  const bad = await send(url, body.replace("yy", "yz"), request.headers);
  assert.equal(codeOf(bad), "AuthFailure.SignatureFailure");
});

test("a GET with 32 KB is read, one with 300 KB gets the code of the limit", async (context) => {
  const { url } = await start(context);
  const get = async (length: number): Promise<string> => {
    const query = `HaVipId=havip-aaaaaaaa&HaVipName=${"x".repeat(length)}`;
    const more = { ...headers, "X-TC-Action": "ModifyHaVipAttribute" };
    const answer = await fetch(`${url}/?${query}`, { headers: more });
    return codeOf(asJson(asJson(await answer.json())["Response"]));
  };
  assert.equal(await get(32_700), "ResourceNotFound");
  assert.equal(await get(40_000), "RequestSizeLimitExceeded");
  assert.equal(await get(300_000), "RequestSizeLimitExceeded");
});

/** Bytes to the port, everything that comes back. */
async function raw(url: string, bytes: string | Uint8Array): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setEncoding("latin1");
  let answer = "";
  socket.on("data", (data) => {
    answer += String(data);
  });
  await new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
    socket.on("error", () => resolve());
    socket.end(bytes);
  });
  return answer;
}

test("bytes that are no HTTP, heads without end, bodies that stop early", async (context) => {
  const { url } = await start(context);
  assert.match(await raw(url, "\u0000\u0001garbage\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.match(await raw(url, "GET / HTTP/9.9\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.match(
    await raw(url, `GET / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(400_000)}\r\n\r\n`),
    /RequestSizeLimitExceeded|^$/,
  );
  await raw(url, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nshort");
  await raw(url, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n");
  await raw(url, "");
});

test("a fault's status without a body is one for the client too", async (context) => {
  const { url } = await start(context);
  for (const httpStatus of [204, 304, 418, 503]) {
    await fetch(`${url}/_baton/faults`, {
      method: "PUT",
      headers: ADMIN,
      body: JSON.stringify({ httpStatus, times: 1 }),
    });
    const answer = await fetch(url, { method: "POST", headers, body: "{}" });
    assert.equal(answer.status, httpStatus);
    await answer.text();
  }
});

test("the Host header may be a whole endpoint, as tccli sends it", async (context) => {
  const { url } = await start(context, { port: 0, secrets: SECRETS });
  const now = Math.floor(Date.now() / 1000);
  const request = signedRequest("DescribeHaVips", {}, now, { host: url });
  const head = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  const answer = await raw(
    url,
    `POST / HTTP/1.1\r\n${head.join("\r\n")}\r\ncontent-length: 2\r\n\r\n{}`,
  );
  assert.match(answer, /"TotalCount":0/);
});

test("bodies of every kind of nonsense get a code, never an internal error", async (context) => {
  const { url } = await start(context);
  const bodies: readonly (string | Uint8Array<ArrayBuffer>)[] = [
    "",
    "{",
    "[1,2",
    '{"a":1e999}',
    '{"HaVipIds":[{}]}',
    '{"Filters":[null]}',
    '{"Filters":[[[[]]]]}',
    '{"HaVipIds":{"length":1}}',
    '{"Limit":-0}',
    '{"Limit":1e1}',
    '{"Limit":9007199254740993}',
    '{"__proto__":{"polluted":1}}',
    '{"HaVipIds":["\\ud800"]}',
    '{"Filters":[{"Name":"vip","Values":["\\u0000"]}]}',
    new Uint8Array([0xff, 0xfe, 0x00, 0x7b]),
    `{"Filters":${"[".repeat(200_000)}`,
    `{"Filters":${"[".repeat(200_000)}${"]".repeat(200_000)}}`,
  ];
  for (const body of bodies) {
    const code = codeOf(await send(url, body));
    assert.doesNotMatch(code, /InternalError/, String(body).slice(0, 60));
  }
  assert.equal(Reflect.get({}, "polluted"), undefined);
  assert.equal((await post(url, "DescribeHaVips", {}, REGION))["TotalCount"], 0);
});
