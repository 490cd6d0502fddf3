/** A node as the console reaches it, that answers what a test gives it. */
import type { NodePort, NodeRequest } from "#console-server/node-port";

export interface FakeNode extends NodePort {
  /** What `GET /v1/status` answers; whoever follows it gets it at once. */
  setStatus(status: object): void;
  /** What was posted, in order. */
  readonly posted: { readonly path: string; readonly body: unknown }[];
}

export interface FakeNodeOptions {
  readonly id: string;
  readonly address: string;
  readonly mayAct?: boolean;
  status: object;
  readonly events?: readonly object[];
  /** Answers a POST. */
  act?(path: string, body: unknown): Response;
}

export function fakeNode(options: FakeNodeOptions): FakeNode {
  let { status } = options;
  const followers = new Set<(status: object) => void>();
  const posted: FakeNode["posted"] = [];
  const answer = ({ method, path, headers, body, signal }: NodeRequest): Response => {
    if (method === "POST") {
      const value: unknown = JSON.parse(body ?? "");
      posted.push({ path, body: value });
      return options.act?.(path, value) ?? new Response(null, { status: 501 });
    }
    const isStream = headers["accept"]?.includes("text/event-stream") ?? false;
    if (path === "/v1/status" && !isStream)
      return Response.json({ ...status, at: new Date().toISOString() });
    if (path === "/v1/status") return follow(signal);
    if (path === "/v1/events" && !isStream)
      return Response.json({ node: options.address, events: options.events ?? [] });
    return Response.json({ title: "Not Found", status: 404 }, { status: 404 });
  };
  const follow = (signal: AbortSignal): Response => {
    const encoder = new TextEncoder();
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const send = (value: object): void =>
          controller.enqueue(encoder.encode(`event: status\ndata: ${JSON.stringify(value)}\n\n`));
        followers.add(send);
        signal.addEventListener("abort", () => followers.delete(send));
        send(status);
      },
    });
    return new Response(stream, { headers: { "Content-Type": "text/event-stream" } });
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
    request: async (request) => await Promise.resolve(answer(request)),
  };
}
