/** Which socket of a local daemon is asked for what. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { localNode } from "#console-server/local-node";
import type { NodePort, NodeRequest } from "#console-server/node-port";

const port = (name: string): NodePort => ({
  entry: { id: "n1", address: name, isLocal: true, mayAct: true },
  request: ({ path }) => Promise.resolve(new Response(`${name} ${path}`)),
});

const asked = async (
  method: NodeRequest["method"],
  path: string,
  hasApi: boolean,
): Promise<string> => {
  const node = localNode({ control: port("control"), api: port("api"), hasApi: () => hasApi });
  const { signal } = new AbortController();
  const response = await node.request({
    method,
    path,
    query: "",
    headers: {},
    body: undefined,
    signal,
  });
  return await response.text();
};

test("state and changes by the control socket, events by the API, if there is one", async () => {
  assert.equal(await asked("GET", "/v1/status", true), "control /v1/status");
  assert.equal(await asked("POST", "/v1/switch", true), "control /v1/switch");
  assert.equal(await asked("GET", "/v1/events", true), "api /v1/events");
  assert.equal(await asked("GET", "/v1/events", false), "control /v1/events");
});
