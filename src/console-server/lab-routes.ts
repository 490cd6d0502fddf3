/** `/api/lab/…`: a laboratory of this machine (`baton lab`), watched and broken from the page. */
import type { Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import * as v from "valibot";
import type { LabOrder, LabNews as PageNews } from "#console/base/lab-shape";
import type { Language } from "#diagnostics/diagnostic";
import { closedObject, isObject, parseJson } from "#json/shape";
import { DAEMON_ORDER_NAMES } from "#lab/vpc/daemon-orders";
import { readFault } from "#lab/vpc/fault-orders";
import type { LabNews, LabRequest } from "#lab/vpc/lab-protocol";
import type { Extension } from "./console-app.ts";
import { problem, type Text, text } from "./problem.ts";
import { readBody } from "./read-body.ts";

/** A laboratory as its control socket offers it. */
export interface LabPort {
  /** Undefined: it was done. Otherwise why not. */
  request(request: LabRequest): Promise<Text | undefined>;
  /** Lines of `LabNews` until the laboratory ends; undefined if there is none. */
  watch(signal: AbortSignal): AsyncIterable<string> | undefined;
}

/** What the laboratory sends is what the page reads: the compiler compares them here. */
export const asPageNews = (news: LabNews): PageNews => news;

const INSTANCE = v.pipe(v.string("the name of an instance"), v.maxLength(64, "a short name"));
const FAULT_MAX = 200;

const ORDER = v.union(
  [
    closedObject(
      {
        instance: INSTANCE,
        fault: v.pipe(v.string("a fault"), v.maxLength(FAULT_MAX, "a short fault")),
      },
      "an object with instance and fault",
    ),
    closedObject(
      {
        instance: INSTANCE,
        daemon: v.picklist(DAEMON_ORDER_NAMES, `one of ${DAEMON_ORDER_NAMES.join(", ")}`),
        address: v.exactOptional(v.pipe(v.string(), v.ipv4("an IPv4 address"))),
      },
      "an object with instance and daemon",
    ),
  ],
  "an object with an instance, and with a fault or an order for its daemon",
);

/** Event streams that nobody reads any more are noticed by it. */
const COMMENT_MS = 15_000;
/** Tabs that watch at once; each costs the laboratory a connection. */
const STREAMS_MAX = 16;

export function labExtension(lab: LabPort): Extension {
  return { session: { hasLab: true }, add: (app) => addLabRoutes(app, lab) };
}

function addLabRoutes(app: Hono, lab: LabPort): void {
  let streams = 0;
  app.get("/api/lab/stream", (context) => {
    if (streams >= STREAMS_MAX) return tooMany(context);
    const leaving = new AbortController();
    const lines = lab.watch(leaving.signal);
    if (lines === undefined) return gone(context);
    streams += 1;
    return streamSSE(context, async (stream) => {
      const timer = setInterval(() => void stream.write(": here\n\n"), COMMENT_MS);
      stream.onAbort(() => leaving.abort());
      try {
        for await (const line of lines) {
          const value = parseJson(line);
          if (!isObject(value) || typeof value["news"] !== "string") continue;
          await stream.writeSSE({ event: value["news"], data: line });
        }
      } finally {
        clearInterval(timer);
        leaving.abort();
        streams -= 1;
      }
    });
  });
  app.post("/api/lab/orders", async (context) => {
    const read = await readBody(context, ORDER);
    if (read.kind === "refused") return read.response;
    const request = requestOf(read.body);
    if ("en" in request) return problem(context, { status: 422, detail: request });
    const refused = await lab.request(request);
    if (refused !== undefined) return problem(context, { status: 409, detail: refused });
    return context.json({ ok: true });
  });
}

type ReadOrder = v.InferOutput<typeof ORDER>;

/** What is read is what the page may send: the compiler compares them here. */
export const asPageOrder = (order: ReadOrder): LabOrder => order;

function requestOf(order: ReadOrder): LabRequest | Text {
  const { instance } = order;
  if ("daemon" in order) {
    const { daemon, address } = order;
    return {
      command: "daemon",
      instance,
      order: daemon,
      ...(address !== undefined && { address }),
    };
  }
  const fault = readFault(order.fault.trim().split(/\s+/));
  if (fault.kind !== "wrong") return { command: "fault", instance, order: fault };
  return fault.message satisfies Readonly<Record<Language, string>>;
}

const gone = (context: Context): Response =>
  problem(context, {
    status: 503,
    detail: text("the laboratory has ended", "实验环境已结束"),
    help: text("`baton console --lab` starts one", "可用 `baton console --lab` 启动"),
  });

const tooMany = (context: Context): Response =>
  problem(context, {
    status: 429,
    detail: text(
      `${STREAMS_MAX} pages watch this laboratory already`,
      `已有 ${STREAMS_MAX} 个页面在观察此实验环境`,
    ),
  });
