/** A node as the console reaches it, that answers what a test gives it. */
import { readEventQuery } from "#api/event-query";
import type { NodePort, NodeRequest } from "#console-server/node-port";
import type { EventRecord } from "#events/record";
import { isSelected } from "#events/selection";

export interface FakeNode extends NodePort {
  /** What `GET /v1/status` answers; whoever follows it gets it at once. */
  setStatus(status: object): void;
  /** Something happens: whoever follows the events gets it. */
  record(event: EventRecord): void;
  /** What was posted, in order. */
  readonly posted: { readonly path: string; readonly body: unknown }[];
}

export interface FakeNodeOptions {
  readonly id: string;
  readonly address: string;
  readonly mayAct?: boolean;
  status: object;
  readonly events?: readonly EventRecord[];
  /** Answers a POST. */
  act?(path: string, body: unknown): Response;
}

export function fakeNode(options: FakeNodeOptions): FakeNode {
  let { status } = options;
  const followers = new Set<(status: object) => void>();
  const events = [...(options.events ?? [])];
  const listeners = new Set<(event: EventRecord) => void>();
  const posted: FakeNode["posted"] = [];
  const answer = ({ method, path, query, headers, body, signal }: NodeRequest): Response => {
    if (method === "POST") {
      const value: unknown = JSON.parse(body ?? "");
      posted.push({ path, body: value });
      return options.act?.(path, value) ?? new Response(null, { status: 501 });
    }
    const isStream = headers["accept"]?.includes("text/event-stream") ?? false;
    if (path === "/v1/status" && !isStream)
      return Response.json({ ...status, at: new Date().toISOString() });
    if (path === "/v1/status") return stream(followers, signal, "status", [status]);
    if (path !== "/v1/events")
      return Response.json({ title: "Not Found", status: 404 }, { status: 404 });
    const asked = new URLSearchParams(query);
    const read = readEventQuery(
      Object.fromEntries([...asked.keys()].map((name) => [name, asked.getAll(name)])),
    );
    if (read.kind === "problem") return Response.json(read, { status: 422 });
    const { selection } = read;
    const found = events.filter((one) => isSelected(one, selection));
    if (isStream) {
      const isOld = selection.after !== undefined || selection.since !== undefined;
      return stream(listeners, signal, "event", isOld ? found : []);
    }
    const { limit = 0, newest = false } = selection;
    const page = newest ? found.slice(-limit) : found.slice(0, limit);
    const next = found.length > page.length ? { next: page[0]?.id } : {};
    return Response.json({ node: options.address, events: page, ...next });
  };
  return {
    entry: {
      id: options.id,
      address: options.address,
      isLocal: false,
      mayAct: options.mayAct ?? true,
    },
    posted,
    setStatus: (next) => {
      status = next;
      for (const send of followers) send(next);
    },
    record: (event) => {
      events.push(event);
      for (const send of listeners) send(event);
    },
    request: async (request) => await Promise.resolve(answer(request)),
  };
}

function stream<Value extends object>(
  followers: Set<(value: Value) => void>,
  signal: AbortSignal,
  type: string,
  first: readonly Value[],
): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      const send = (value: Value): void => {
        const id = "id" in value ? `id: ${String(value.id)}\n` : "";
        const text = `${id}event: ${type}\ndata: ${JSON.stringify(value)}\n\n`;
        controller.enqueue(encoder.encode(text));
      };
      followers.add(send);
      signal.addEventListener("abort", () => followers.delete(send));
      for (const value of first) send(value);
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
}
