/**
 * The client with a transport and a clock of the test: what is sent, when it asks again, how
 * failures look.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { verifyTc3 } from "#cloud/api/verify";
import type { ClientOptions, CloudClient } from "#cloud/client/client";
import { makeClient } from "#cloud/client/client";
import { readEndpoint } from "#cloud/client/endpoint";
import { backoffMs } from "#cloud/client/retry";
import type { Post, PostResult } from "#cloud/client/transport";
import { postOverHttp } from "#cloud/client/transport";
import { waitForRequest } from "#cloud/client/wait";
import { startCloud } from "#cloud/server/start";
import { Secret } from "#units/secret";
import { ADMIN, KEY_TEXT, SECRETS, START_SECONDS } from "./harness.ts";

interface Scene {
  readonly client: CloudClient;
  readonly posts: Post[];
  readonly waits: number[];
}

const endpoint = readEndpoint("https://vpc.tencentcloudapi.com") ?? assert.fail();

function scene(answers: readonly PostResult[], more: Partial<ClientOptions> = {}): Scene {
  const posts: Post[] = [];
  const waits: number[] = [];
  let now = START_SECONDS * 1000;
  const client = makeClient({
    endpoint,
    region: "ap-guangzhou",
    credentials: SECRETS,
    language: "en-US",
    now: () => now,
    random: () => 0.5,
    sleep: (milliseconds) => {
      waits.push(milliseconds);
      now += milliseconds;
      return Promise.resolve();
    },
    transport: (post) => {
      posts.push(post);
      return Promise.resolve(
        answers[Math.min(posts.length, answers.length) - 1] ?? { kind: "timeout" },
      );
    },
    ...more,
  });
  return { client, posts, waits };
}

const respond = (response: object): PostResult => ({
  kind: "response",
  status: 200,
  body: JSON.stringify({ Response: { ...response, RequestId: "r" } }),
});
const refuse = (Code: string): PostResult => respond({ Error: { Code, Message: "m" } });
const empty = respond({ TotalCount: 0, HaVipSet: [] });
const down: PostResult = { kind: "unreachable", errno: "ECONNREFUSED", wasSent: false };
const cut: PostResult = { kind: "unreachable", errno: "ECONNRESET", wasSent: true };

test("a request is signed so that the server's check accepts it, and holds no secret", async () => {
  const { client, posts } = scene([empty], {
    credentials: { ...SECRETS, token: new Secret("temporary") },
  });
  await client.call("DescribeHaVips", { Limit: 1 });
  const [post] = posts;
  assert.ok(post !== undefined);
  const headers = Object.fromEntries(
    Object.entries(post.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const body = new TextEncoder().encode(post.body);
  const request = { method: "POST", path: "/", query: "", headers, body };
  assert.equal(verifyTc3(request, SECRETS, START_SECONDS).kind, "good");
  assert.equal(headers["x-tc-token"], "temporary");
  assert.equal(headers["x-tc-version"], "2017-03-12");
  assert.equal(JSON.stringify(post).includes(KEY_TEXT), false);
});

test("what only reads is asked again after every kind of trouble, signed anew", async () => {
  const unavailable: PostResult = { kind: "response", status: 503, body: "" };
  const { client, posts, waits } = scene([
    down,
    cut,
    { kind: "timeout" },
    unavailable,
    refuse("InternalError"),
    refuse("RequestLimitExceeded.UinLimitExceeded"),
    empty,
  ]);
  assert.equal((await client.call("DescribeHaVips", {})).kind, "answer");
  assert.equal(posts.length, 7);
  assert.deepEqual(waits, [150, 300, 600, 1_200, 2_400, 3_750]);
  assert.notEqual(posts[0]?.headers["X-TC-Timestamp"], posts[6]?.headers["X-TC-Timestamp"]);
});

test("what changes something is asked again only when it cannot have been carried out", async () => {
  for (const [first, calls] of [
    [down, 2],
    [refuse("RequestLimitExceeded"), 2],
    [refuse("UnsupportedOperation.MutexOperationTaskRunning"), 2],
    [{ kind: "response", status: 503, body: "" }, 2],
    [cut, 1],
    [{ kind: "timeout" }, 1],
    [{ kind: "response", status: 500, body: "" }, 1],
    [refuse("InternalError"), 1],
    [refuse("ResourceNotFound"), 1],
    [refuse("AuthFailure.SignatureFailure"), 1],
  ] as const) {
    const { client, posts } = scene([first, respond({})]);
    await client.call("DeleteHaVip", { HaVipId: "havip-aaaaaaaa" });
    assert.equal(posts.length, calls, JSON.stringify(first));
  }
});

test("a creation carries a ClientToken, the same in every attempt, and may then be repeated", async () => {
  const { client, posts } = scene([
    cut,
    { kind: "timeout" },
    respond({ HaVip: { HaVipId: "havip-aaaaaaaa" } }),
  ]);
  const parameters = { VpcId: "vpc-aaaaaaaa", HaVipName: "x" };
  assert.equal((await client.call("CreateHaVip", parameters)).kind, "answer");
  const tokens = posts.map(({ body }) => (JSON.parse(body) as { ClientToken: string }).ClientToken);
  assert.equal(tokens.length, 3);
  assert.match(tokens[0] ?? "", /^[0-9a-f-]{36}$/);
  assert.equal(new Set(tokens).size, 1);
  const own = scene([respond({ HaVip: {} })]);
  await own.client.call("CreateHaVip", { ...parameters, ClientToken: "mine" });
  assert.equal(
    (JSON.parse(own.posts[0]?.body ?? "") as { ClientToken: string }).ClientToken,
    "mine",
  );
});

test("the deadline ends the asking, and the last failure is the answer", async () => {
  const { client, posts, waits } = scene([down], { deadlineMs: 2_000 });
  assert.deepEqual(await client.call("DescribeHaVips", {}), down);
  assert.equal(posts.length, 4);
  assert.ok(waits.reduce((sum, wait) => sum + wait, 0) < 2_000);
  assert.ok(posts.every(({ timeoutMs }) => timeoutMs > 0 && timeoutMs <= 2_000));
});

test("failures are values with the service's message", async () => {
  const { client } = scene([refuse("ResourceNotFound")]);
  assert.deepEqual(await client.call("DeleteHaVip", { HaVipId: "havip-aaaaaaaa" }), {
    kind: "refused",
    code: "ResourceNotFound",
    message: "m",
    requestId: "r",
  });
  for (const [body, path] of [
    ["not json", "Response"],
    ["{}", "Response"],
    ['{"Response":[]}', "Response"],
    ['{"Response":{"Error":{"Code":1}}}', "Response.Error"],
    ['{"Response":{"HaVipSet":{}}}', "DescribeHaVips.HaVipSet"],
    ['{"Response":{"HaVipSet":[{"Vip":5}]}}', "DescribeHaVips.HaVipSet[0].Vip"],
  ] as const) {
    const broken = scene([{ kind: "response", status: 200, body }]);
    assert.deepEqual(
      await broken.client.call("DescribeHaVips", {}),
      { kind: "unreadable", path },
      body,
    );
  }
});

test("what the cloud leaves out or gives as null is empty, what we do not know is dropped", async () => {
  const havip = { HaVipId: "havip-aaaaaaaa", AddressIp: null, HaVipAssociationSet: null, New: 1 };
  const { client } = scene([respond({ HaVipSet: [havip], TotalCount: 1 })]);
  const result = await client.call("DescribeHaVips", {});
  assert.ok(result.kind === "answer");
  const [row] = result.answer.HaVipSet;
  assert.deepEqual(
    [row?.HaVipId, row?.AddressIp, row?.HaVipAssociationSet, row?.CheckAssociate, row?.Vip],
    ["havip-aaaaaaaa", "", [], false, ""],
  );
  assert.equal(Object.hasOwn(row ?? {}, "New"), false);
});

test("the wait grows with every attempt, never over its cap, and is spread", () => {
  assert.deepEqual(
    [0, 1, 2].map((attempt) => backoffMs(attempt, 0.999)),
    [200, 400, 800],
  );
  assert.deepEqual(
    [0, 1, 2].map((attempt) => backoffMs(attempt, 0)),
    [100, 200, 400],
  );
  assert.equal(backoffMs(50, 0.999) <= 5_000, true);
});

test("work is polled until it ends, fails, or takes too long", async () => {
  const running = respond({ Status: "RUNNING", Output: "", Result: [] });
  const done = scene([running, running, respond({ Status: "SUCCESS", Output: "", Result: [] })]);
  assert.deepEqual(await waitForRequest(done.client, "r", 10_000), { kind: "done" });
  assert.equal(done.posts.length, 3);
  const failed = scene([respond({ Status: "FAILED", Output: "no room", Result: [] })]);
  assert.deepEqual(await waitForRequest(failed.client, "r", 10_000), {
    kind: "failed",
    output: "no room",
  });
  const slow = scene([running]);
  const waited = await waitForRequest(slow.client, "r", 3_000);
  assert.equal(waited.kind, "still-running");
});

test("endpoints: the cloud, an emulator with and without scheme, and what is none", () => {
  const read = (text: string): unknown => {
    const found = readEndpoint(text);
    return found === undefined
      ? undefined
      : [found.isSecure, found.hostname, found.port, found.host, found.path];
  };
  assert.deepEqual(read("https://vpc.tencentcloudapi.com"), [
    true,
    "vpc.tencentcloudapi.com",
    443,
    "vpc.tencentcloudapi.com",
    "/",
  ]);
  assert.deepEqual(read("vpc.tencentcloudapi.com"), [
    true,
    "vpc.tencentcloudapi.com",
    443,
    "vpc.tencentcloudapi.com",
    "/",
  ]);
  assert.deepEqual(read("http://127.0.0.1:18080"), [
    false,
    "127.0.0.1",
    18080,
    "127.0.0.1:18080",
    "/",
  ]);
  assert.deepEqual(read("127.0.0.1:18080"), [false, "127.0.0.1", 18080, "127.0.0.1:18080", "/"]);
  assert.deepEqual(read("localhost:18080/base"), [
    false,
    "localhost",
    18080,
    "localhost:18080",
    "/base",
  ]);
  assert.deepEqual(read("[::1]:18080"), [false, "::1", 18080, "[::1]:18080", "/"]);
  assert.deepEqual(read("emulator.example:8000"), [
    true,
    "emulator.example",
    8000,
    "emulator.example:8000",
    "/",
  ]);
  for (const text of ["", "ftp://x", "http://", "http://u:p@x", "http://x/?y", "::"])
    assert.equal(read(text), undefined, text);
});

test("over a socket: an answer, a closed port, a time-out, a call given up, an endpoint with a path", async () => {
  const running = await startCloud({ port: 0, secrets: SECRETS, apiLatencyMs: 0 });
  const open = (where: string, more: Partial<ClientOptions> = {}): CloudClient =>
    makeClient({
      endpoint: readEndpoint(where) ?? assert.fail(),
      region: "ap-guangzhou",
      credentials: SECRETS,
      language: "en-US",
      deadlineMs: 20_000,
      ...more,
    });
  assert.equal((await open(running.url).call("DescribeHaVips", {})).kind, "answer");
  assert.equal((await open(`${running.url}/base/`).call("DescribeHaVips", {})).kind, "answer");
  const wrong = await open(running.url, {
    credentials: { ...SECRETS, secretKey: new Secret("x") },
  }).call("DescribeHaVips", {});
  assert.equal(wrong.kind === "refused" && wrong.code, "AuthFailure.SignatureFailure");
  await fetch(`${running.url}/_baton/faults`, {
    method: "PUT",
    headers: ADMIN,
    body: '{"latencyMs":60000}',
  });
  const late = await open(running.url, { attemptTimeoutMs: 50 }).call("DeleteHaVip", {
    HaVipId: "havip-aaaaaaaa",
  });
  assert.deepEqual(late, { kind: "timeout", afterMs: 50 });
  const stop = new AbortController();
  const given = open(running.url, { signal: stop.signal, deadlineMs: 60_000 }).call(
    "DescribeHaVips",
    {},
  );
  stop.abort();
  assert.deepEqual(await given, { kind: "unreachable", errno: "ABORTED", wasSent: true });
  const { host } = new URL(running.url);
  await running.close();
  const closed = await postOverHttp({
    endpoint: readEndpoint(`http://${host}`) ?? assert.fail(),
    headers: {},
    body: "{}",
    timeoutMs: 5_000,
    signal: undefined,
  });
  assert.deepEqual(closed, { kind: "unreachable", errno: "ECONNREFUSED", wasSent: false });
});
