/** The console's application without a port: who may use it, what it passes on, what it serves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hono } from "hono";
import type { Assets } from "#console-server/assets";
import { makeConsoleApp } from "#console-server/console-app";
import { Secret } from "#units/secret";
import { type FakeNode, fakeNode } from "../support/fake-node.ts";

const KEY = "0123456789abcdef";
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const ASSETS: Assets = new Map([
  [
    "/",
    {
      type: "text/html; charset=utf-8",
      isHashed: false,
      plain: bytes("page"),
      gzip: bytes("gz"),
      brotli: bytes("br"),
    },
  ],
  [
    "/assets/a-1.js",
    {
      type: "text/javascript",
      isHashed: true,
      plain: bytes("js"),
      gzip: undefined,
      brotli: undefined,
    },
  ],
]);

function setUp(): { readonly app: Hono; readonly node: FakeNode } {
  const node = fakeNode({
    id: "n1",
    address: "10.0.0.11",
    status: { node: "a" },
    act: () => Response.json({ outcome: "moved" }),
  });
  const reading = fakeNode({ id: "n2", address: "10.0.0.12", status: {}, mayAct: false });
  const app = makeConsoleApp({
    version: "1.2.3",
    gate: { key: new Secret(KEY), names: ["ops.example"] },
    assets: ASSETS,
    nodes: [node, reading],
    onError: (error) => {
      throw error;
    },
  });
  return { app, node };
}

const OWN = { host: "127.0.0.1:8080", authorization: `Bearer ${KEY}` };

test("the page is for everybody, what it asks for only with the key", async () => {
  const { app } = setUp();
  for (const path of ["/", "/cluster", "/timeline"]) {
    const page = await app.request(path, { headers: { host: OWN.host } });
    assert.equal(await page.text(), "page", path);
  }
  const wrong = [{}, { authorization: "Bearer wrong" }, { authorization: `Basic ${KEY}` }];
  for (const headers of wrong) {
    const refused = await app.request("/api/session", { headers: { host: OWN.host, ...headers } });
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get("content-type"), "application/problem+json");
    assert.equal(((await refused.json()) as { type: string }).type, "urn:baton:console:access-key");
  }
  const session = await app.request("/api/session", { headers: OWN });
  assert.deepEqual(await session.json(), {
    version: "1.2.3",
    hasLab: false,
    nodes: [
      { id: "n1", address: "10.0.0.11", isLocal: false, mayAct: true },
      { id: "n2", address: "10.0.0.12", isLocal: false, mayAct: false },
    ],
  });
});

test("a refusal is in the language of the page", async () => {
  const { app } = setUp();
  const headers = { host: OWN.host, "accept-language": "zh-CN" };
  const body = (await (await app.request("/api/session", { headers })).json()) as {
    readonly detail: string;
  };
  assert.equal(body.detail, "缺少访问密钥，或密钥不正确");
});

test("names that are not ours are refused, even with the key: a page could have made them", async () => {
  const { app } = setUp();
  const ask = async (host: string): Promise<number> =>
    (await app.request("/api/session", { headers: { ...OWN, host } })).status;
  for (const host of [
    "127.0.0.1:8080",
    "[::1]:8080",
    "localhost",
    "10.1.2.3:1",
    "Ops.Example:8080",
  ])
    assert.equal(await ask(host), 200, host);
  for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", ""])
    assert.equal(await ask(host), 421, host);
});

test("pages of other origins are refused; a link from one to the page is not", async () => {
  const { app } = setUp();
  const ask = async (path: string, headers: Record<string, string>): Promise<number> =>
    (await app.request(path, { headers: { ...OWN, ...headers } })).status;
  assert.equal(await ask("/api/session", { origin: "http://127.0.0.1:8080" }), 200);
  assert.equal(await ask("/api/session", { origin: "http://127.0.0.1:9999" }), 403);
  assert.equal(await ask("/api/session", { origin: "null" }), 403);
  assert.equal(await ask("/api/session", { "sec-fetch-site": "same-origin" }), 200);
  assert.equal(await ask("/api/session", { "sec-fetch-site": "same-site" }), 403);
  const link = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
  };
  assert.equal(await ask("/cluster", link), 200);
  assert.equal(await ask("/api/session", link), 403);
  assert.equal(await ask("/cluster", { ...link, "sec-fetch-dest": "iframe" }), 403);
});

test("what the page uses of a node's API is passed on, and nothing else", async () => {
  const { app, node } = setUp();
  const status = await app.request("/api/nodes/n1/v1/status", { headers: OWN });
  assert.equal(((await status.json()) as { node: string }).node, "a");
  for (const path of [
    "/api/nodes/n1/metrics",
    "/api/nodes/n1/v1/../metrics",
    "/api/nodes/n1/v1/status/more",
    "/api/nodes/n3/v1/status",
  ]) {
    assert.equal((await app.request(path, { headers: OWN })).status, 404, path);
  }
  const body = JSON.stringify({ names: ["VI_1"], dryRun: true });
  const post = async (path: string): Promise<Response> =>
    await app.request(path, { method: "POST", headers: OWN, body });
  assert.equal((await post("/api/nodes/n1/v1/switch")).status, 200);
  assert.deepEqual(node.posted, [{ path: "/v1/switch", body: { names: ["VI_1"], dryRun: true } }]);
  assert.equal((await post("/api/nodes/n1/v1/status")).status, 404);
  assert.equal((await post("/api/nodes/n2/v1/switch")).status, 403, "it only reads");
});

test("a body that is too large is refused", async () => {
  const { app, node } = setUp();
  const answer = await app.request("/api/nodes/n1/v1/switch", {
    method: "POST",
    headers: OWN,
    body: "x".repeat(70_000),
  });
  assert.equal(answer.status, 413);
  assert.deepEqual(node.posted, []);
});

test("files are sent as the browser takes them, for ever if their name has their contents", async () => {
  const { app } = setUp();
  const get = async (path: string, accept: string): Promise<Response> =>
    await app.request(path, { headers: { host: OWN.host, "accept-encoding": accept } });
  assert.equal(await (await get("/", "gzip, br")).text(), "br");
  assert.equal(await (await get("/", "gzip, br;q=0")).text(), "gz");
  assert.equal(await (await get("/", "identity")).text(), "page");
  assert.equal((await get("/", "br")).headers.get("content-encoding"), "br");
  assert.equal((await get("/", "br")).headers.get("cache-control"), "no-cache");
  const script = await get("/assets/a-1.js", "br");
  assert.match(script.headers.get("cache-control") ?? "", /immutable/);
  assert.equal(await script.text(), "js");
  for (const path of ["/assets/none.js", "/../package.json", "/assets/", "/api", "/cluster/x"])
    assert.equal((await get(path, "br")).status, 404, path);
});

test("every answer has the policy that keeps the page to this server", async () => {
  const { app } = setUp();
  for (const path of ["/", "/assets/a-1.js", "/api/session", "/nothing.here"]) {
    const { headers } = await app.request(path, { headers: { host: OWN.host } });
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'self'/, path);
    assert.match(policy, /script-src 'self';/, path);
    assert.match(policy, /frame-ancestors 'none'/, path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
  }
});
