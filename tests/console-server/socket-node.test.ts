/** The local daemon by its control socket: one conversation for all who look, none for nobody. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SseReader } from "#console/base/sse-reader";
import type { NodeRequest } from "#console-server/node-port";
import { type LocalDaemon, socketNode } from "#console-server/socket-node";
import type { ControlAnswer, ControlRequest } from "#daemon/control-protocol";
import type { EventRecord } from "#events/record";
import { isSelected } from "#events/selection";
import { eventsOfOwner } from "../support/console-events.ts";
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

interface Fake {
  readonly daemon: LocalDaemon;
  readonly talks: Conversation[];
  readonly requests: ControlRequest[];
  readonly events: EventRecord[];
}

function fakeDaemon(): Fake {
  const talks: Conversation[] = [];
  const requests: ControlRequest[] = [];
  const events: EventRecord[] = [];
  const daemon: LocalDaemon = {
    address: "/run/baton",
    mayAct: true,
    ask: async (asked) => {
      requests.push(asked);
      if (asked.command === "switch") {
        const outcome = asked.all === true ? "would-move" : "refused";
        const answer = { ok: true, switch: { outcome, units: [] } } as const;
        return await Promise.resolve({ kind: "answer", answer });
      }
      const answer = { ok: true, status: status("a", [OWNER]) } as const;
      return await Promise.resolve({ kind: "answer", answer });
    },
    findEvents: async (selection) => {
      const found = events.filter((one) => isSelected(one, selection));
      return await Promise.resolve({ kind: "found", events: found, next: undefined });
    },
    watch: async (take, signal) => {
      const { promise, resolve: end } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => end());
      talks.push({ take, signal, end });
      await promise;
      return true;
    },
  };
  return { daemon, talks, requests, events };
}

async function firstOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  assert.ok(reader !== undefined);
  const { value } = await reader.read();
  await reader.cancel();
  const [event] = new SseReader().read(new TextDecoder().decode(value));
  return (JSON.parse(event?.data ?? "{}") as { host?: string }).host ?? "";
}

test("what the daemon answers once is the status", async () => {
  const { daemon } = fakeDaemon();
  const answer = await socketNode({ id: "n1" }, daemon).request(
    request(new AbortController().signal, { headers: {} }),
  );
  assert.equal(((await answer.json()) as { host: string }).host, "a");
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

test("a switch is the control socket's, in the page's language; a refusal is a conflict", async () => {
  const { daemon, requests } = fakeDaemon();
  const post = async (body: unknown): Promise<Response> =>
    await socketNode({ id: "n1" }, daemon).request(
      request(new AbortController().signal, {
        method: "POST",
        path: "/v1/switch",
        headers: { "accept-language": "zh-CN", "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    );
  const moved = await post({ all: true, dryRun: true });
  assert.equal(moved.status, 200);
  assert.deepEqual(await moved.json(), { switch: { outcome: "would-move", units: [] } });
  assert.equal((await post({ names: ["VI_1"] })).status, 409);
  assert.deepEqual(requests, [
    { command: "switch", all: true, dryRun: true, lang: "zh-CN" },
    { command: "switch", names: ["VI_1"], lang: "zh-CN" },
  ]);
  assert.equal((await post({ command: "reload" })).status, 422);
  assert.equal((await post([])).status, 422);
  assert.equal(requests.length, 2);
});

test("events are found as the API finds them, and followed from a number on", async () => {
  const { daemon, events } = fakeDaemon();
  events.push(...eventsOfOwner());
  const node = socketNode({ id: "n1" }, daemon);
  const closing = new AbortController();
  const get = async (query: string, accept: string): Promise<Response> =>
    await node.request(request(closing.signal, { path: "/v1/events", query, headers: { accept } }));
  const found = (await (await get("?kind=check", "application/json")).json()) as {
    readonly events: readonly { readonly id: number }[];
  };
  assert.deepEqual(
    found.events.map(({ id }) => id),
    [4, 6],
  );
  assert.equal((await get("?kind=none", "application/json")).status, 422);
  const stream = (await get("?after=6", "text/event-stream")).body?.getReader();
  const { value } = (await stream?.read()) ?? {};
  const [event] = new SseReader().read(new TextDecoder().decode(value));
  assert.equal(event?.id, "7");
  await stream?.cancel();
});
