/** `/openapi.json`: what it says is there is there, and answers are as it says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openApiDocument } from "#api/openapi";
import { bearer, event, FakeNode, OPS } from "../support/api-node.ts";
import { findMismatch, type JsonSchema } from "../support/json-schema.ts";

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}
interface Operation {
  readonly summary: string;
  readonly responses: Readonly<Record<string, Content>>;
  readonly requestBody?: Content;
}
interface Content {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

const MOVED = { ok: true, switch: { outcome: "moved" } } as never;
const full = (): FakeNode => new FakeNode({ act: MOVED, metrics: "baton_up 1\n" });

const documentOf = async (node: FakeNode): Promise<Document> =>
  (await (await node.ask("/openapi.json")).json()) as Document;

test("it names what this node answers, and nothing else", async () => {
  const paths = async (node: FakeNode) => Object.keys((await documentOf(node)).paths).toSorted();
  const reading = ["/healthz", "/openapi.json", "/readyz", "/v1/check", "/v1/events", "/v1/status"];
  assert.deepEqual(await paths(new FakeNode()), reading);
  const all = [...reading, "/metrics", "/v1/maintenance", "/v1/promote", "/v1/switch"].toSorted();
  assert.deepEqual(await paths(full()), all);
  const node = full();
  for (const [path, operations] of Object.entries((await documentOf(node)).paths))
    for (const method of Object.keys(operations)) {
      const answer = await node.ask(path, { method: method.toUpperCase(), headers: bearer(OPS) });
      assert.ok(answer.status !== 404 && answer.status !== 405, `${method} ${path}`);
    }
});

test("every reference leads somewhere", () => {
  const document = openApiDocument("1", new Set(["/v1/status", "/v1/events", "/v1/switch"]));
  const text = JSON.stringify(document);
  for (const [, name = ""] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
    assert.ok(name in (document as unknown as Document).components.schemas, name);
});

test("answers and refusals are as it says", async () => {
  const node = full();
  node.events.keep(event(1), event(2, "stall"));
  const { paths, components } = await documentOf(node);
  const check = async (path: string, init: RequestInit = {}, method = "get"): Promise<number> => {
    const answer = await node.ask(path, { method: method.toUpperCase(), ...init });
    const operation = paths[path.replace(/\?.*/, "")]?.[method];
    const said = operation?.responses[answer.status];
    assert.ok(said !== undefined, `${method} ${path}: ${answer.status} is not in the document`);
    const type = (answer.headers.get("content-type") ?? "").replace(/;.*/, "");
    const schema = said.content?.[type]?.schema;
    assert.ok(schema !== undefined, `${method} ${path}: ${type} is not in the document`);
    const value: unknown = type.endsWith("json") ? await answer.json() : await answer.text();
    assert.equal(findMismatch(schema, value, components.schemas), undefined, `${method} ${path}`);
    return answer.status;
  };
  const post = (body: unknown): RequestInit => ({
    body: JSON.stringify(body),
    headers: { ...bearer(OPS), "content-type": "application/json" },
  });
  assert.equal(await check("/healthz"), 200);
  assert.equal(await check("/readyz"), 200);
  assert.equal(await check("/v1/status"), 200);
  assert.equal(await check("/v1/events?limit=1"), 200);
  assert.equal(await check("/metrics"), 200);
  assert.equal(await check("/v1/switch", post({ all: true }), "post"), 200);
  assert.equal(await check("/v1/switch", post({ al: true }), "post"), 422);
  assert.equal(await check("/v1/switch", {}, "post"), 401);
  node.ready = "configuring";
  assert.equal(await check("/readyz"), 503);
});

test("bodies that are accepted are as it says, and those that are not are not", async () => {
  const { components } = await documentOf(full());
  const { schemas } = components;
  const body = schemas["SwitchBody"] ?? assert.fail("no schema");
  for (const [value, isRight] of [
    [{ names: ["A"], dryRun: true, waitSeconds: 10 }, true],
    [{}, true],
    [{ names: "A" }, false],
    [{ name: ["A"] }, false],
    [{ waitSeconds: 601 }, false],
    [{ all: false }, false],
  ] as const)
    assert.equal(findMismatch(body, value, schemas) === undefined, isRight, JSON.stringify(value));
});
