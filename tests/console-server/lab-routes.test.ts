/** The laboratory page's requests, against a laboratory that only writes down what it is asked. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { Hono } from "hono";
import { makeConsoleApp } from "#console-server/console-app";
import { type LabPort, labExtension } from "#console-server/lab-routes";
import type { LabRequest } from "#lab/vpc/lab-protocol";
import { Secret } from "#units/secret";

const KEY = "0123456789abcdef";
const OWN = { host: "127.0.0.1:8080", authorization: `Bearer ${KEY}` };

const linesOf = (lines: readonly string[]): AsyncIterable<string> => Readable.from(lines);

function setUp(lines: readonly string[] | "ended" = []): {
  readonly app: Hono;
  readonly asked: LabRequest[];
} {
  const asked: LabRequest[] = [];
  const lab: LabPort = {
    request: (request) => {
      asked.push(request);
      const isKnown = "instance" in request && request.instance !== "nobody";
      const refused = { en: "no instance is called nobody", "zh-CN": "没有 nobody" };
      return Promise.resolve(isKnown ? undefined : refused);
    },
    watch: () => (lines === "ended" ? undefined : linesOf(lines)),
  };
  const app = makeConsoleApp({
    version: "1.2.3",
    gate: { key: new Secret(KEY), names: [] },
    assets: new Map(),
    nodes: [],
    extensions: [labExtension(lab)],
    onError: (error) => {
      throw error;
    },
  });
  return { app, asked };
}

const order = async (app: Hono, body: unknown): Promise<readonly [number, string]> => {
  const response = await app.request("/api/lab/orders", {
    method: "POST",
    headers: { ...OWN, "accept-language": "en" },
    body: JSON.stringify(body),
  });
  const { detail = "" } = (await response.json()) as { readonly detail?: string };
  return [response.status, detail];
};

test("an order of the page is a request to the laboratory", async () => {
  const { app, asked } = setUp();
  assert.deepEqual(await order(app, { instance: "a", fault: " loss 30%  vrrp " }), [200, ""]);
  const start = { instance: "b", daemon: "start", address: "172.16.0.9" };
  assert.deepEqual(await order(app, start), [200, ""]);
  assert.deepEqual(asked, [
    {
      command: "fault",
      instance: "a",
      order: { kind: "merge", fault: { loss: 0.3, onlyProtocol: 112 } },
    },
    { command: "daemon", instance: "b", order: "start", address: "172.16.0.9" },
  ]);
});

test("what is no order is refused with the reason, and the laboratory is not asked", async () => {
  const { app, asked } = setUp();
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ instance: "a", fault: "explode" }, /there is no fault explode/],
    [{ instance: "a", fault: "delay soon" }, /soon is not a time such as 20ms/],
    [{ instance: "a", daemon: "explode" }, /wanted is/],
    [{ instance: "a", daemon: "start", address: "x" }, /wanted is/],
    [{ fault: "cut" }, /wanted is/],
    ["cut", /wanted is/],
  ];
  for (const [body, reason] of cases) {
    const [status, detail] = await order(app, body);
    assert.equal(status, 422, JSON.stringify(body));
    assert.match(detail, reason);
  }
  assert.deepEqual(asked, []);
  assert.deepEqual(await order(app, { instance: "nobody", fault: "cut" }), [
    409,
    "no instance is called nobody",
  ]);
});

test("the stream passes news on as events, and nothing that is none", async () => {
  const news = ['{"news":"row","row":{"id":1}}', "{", '{"ok":true}', '{"news":"event"}'];
  const { app } = setUp(news);
  const response = await app.request("/api/lab/stream", { headers: OWN });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  assert.equal(
    await response.text(),
    'event: row\ndata: {"news":"row","row":{"id":1}}\n\nevent: event\ndata: {"news":"event"}\n\n',
  );
});

test("a laboratory that has ended is said to have ended", async () => {
  const { app } = setUp("ended");
  const response = await app.request("/api/lab/stream", { headers: OWN });
  assert.equal(response.status, 503);
});
