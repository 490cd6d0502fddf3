/** The local daemon by its control socket: one conversation for all who look, none for nobody. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SseReader } from "#console/base/sse-reader";
import type { NodeRequest } from "#console-server/node-port";
import { type LocalDaemon, socketNode } from "#console-server/socket-node";
import type { ControlAnswer } from "#daemon/control-protocol";
import { OWNER, status } from "../support/console-status.ts";

const request = (signal: AbortSignal, more: Partial<NodeRequest> = {}): NodeRequest => ({
  method: "GET",
  path: "/v1/status",
  query: "",
  headers: { accept: "text/event-stream" },
  body: undefined,
  signal,
  ...more,
});

interface Conversation {
  readonly take: (answer: ControlAnswer) => void;
  readonly signal: AbortSignal;
  readonly end: () => void;
}

function fakeDaemon(): { readonly daemon: LocalDaemon; readonly talks: Conversation[] } {
  const talks: Conversation[] = [];
  const daemon: LocalDaemon = {
    address: "/run/baton",
    mayAct: true,
    ask: async () =>
      await Promise.resolve({
        kind: "answer",
        answer: { ok: true, status: status("a", [OWNER]) },
      }),
    watch: async (take, signal) => {
      const { promise, resolve: end } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => end());
      talks.push({ take, signal, end });
      await promise;
    },
  };
  return { daemon, talks };
}

async function firstOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  assert.ok(reader !== undefined);
  const { value } = await reader.read();
  await reader.cancel();
  const [event] = new SseReader().read(new TextDecoder().decode(value));
  return (JSON.parse(event?.data ?? "{}") as { node?: string }).node ?? "";
}

test("what the daemon answers once is the status", async () => {
  const { daemon } = fakeDaemon();
  const answer = await socketNode({ id: "n1" }, daemon).request(
    request(new AbortController().signal, { headers: {} }),
  );
  assert.equal(((await answer.json()) as { node: string }).node, "a");
});

test("browsers share a conversation, which ends with the last of them", async () => {
  const { daemon, talks } = fakeDaemon();
  const node = socketNode({ id: "n1" }, daemon);
  const closing = new AbortController();
  const [one, two] = await Promise.all([
    node.request(request(closing.signal)),
    node.request(request(closing.signal)),
  ]);
  const seen = Promise.all([firstOf(one), firstOf(two)]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(talks.length, 1);
  talks[0]?.take({ ok: true, status: status("a", [OWNER]) });
  assert.deepEqual(await seen, ["a", "a"]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(talks[0]?.signal.aborted, true);
});

test("a daemon that ends ends the streams, and the next browser begins a conversation", async () => {
  const { daemon, talks } = fakeDaemon();
  const node = socketNode({ id: "n1" }, daemon);
  const first = await node.request(request(new AbortController().signal));
  const whole = first.text();
  await new Promise((resolve) => setImmediate(resolve));
  talks[0]?.end();
  assert.equal(await whole, "");
  const second = await node.request(request(new AbortController().signal));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(talks.length, 2);
  await second.body?.cancel();
});
