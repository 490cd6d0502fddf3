/**
 * The daemon of this machine by its control socket: the same answers as its HTTP API gives, so that
 * a console needs no `api { }` block in the file.
 */
import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { BODIES, isRefusal } from "#api/actions";
import type { NodeEntry } from "#console/base/session-shape";
import type { ControlAnswer, ControlRequest, Status } from "#daemon/control-protocol";
import type { Language } from "#diagnostics/diagnostic";
import { printJsonProblem } from "#json/problem";
import { parseJson, readShape } from "#json/shape";
import type { NodePort, NodeRequest } from "./node-port.ts";
import { languageOf, problem, text } from "./problem.ts";
import { answerEvents, type FindEvents } from "./socket-events.ts";

/** Passed in, because the socket's client is the command line's. */
export interface LocalDaemon {
  /** How a person knows it: the folder of its socket. */
  readonly address: string;
  /** By root's socket, not by that for reading. */
  readonly mayAct: boolean;
  ask(request: ControlRequest, timeoutMs?: number): Promise<LocalAnswer>;
  findEvents: FindEvents;
  /** Until it is aborted, or the daemon ends. False: it was not there. */
  watch(take: (answer: ControlAnswer) => void, signal: AbortSignal): Promise<boolean>;
}

export type LocalAnswer =
  | { readonly kind: "answer"; readonly answer: ControlAnswer }
  | { readonly kind: "unreachable"; readonly en: string; readonly zh: string };

/** A comment keeps proxies, and the page, from taking a quiet stream for a dead one. */
const HEARTBEAT_MS = 15_000;
/** Longer than the longest wait that a body may ask for. */
const ACT_TIMEOUT_MS = 660_000;

export function socketNode(named: Pick<NodeEntry, "id" | "name">, daemon: LocalDaemon): NodePort {
  const { address, mayAct } = daemon;
  const entry: NodeEntry = { ...named, address, isLocal: true, mayAct };
  const feed = new StatusFeed(daemon);
  const app = new Hono();
  app.get("/v1/status", async (context) => {
    if ((context.req.header("accept") ?? "").includes("text/event-stream")) {
      return streamStatus(context, feed);
    }
    return await answerStatus(context, daemon);
  });
  app.get("/v1/events", async (context) => await answerEvents(context, daemon.findEvents));
  for (const command of ["switch", "maintenance", "promote"] as const) {
    app.post(`/v1/${command}`, async (context) => await carryOut(context, daemon, command));
  }
  app.notFound((context) =>
    problem(context, {
      status: 501,
      detail: text(
        "the daemon's control socket does not give that",
        "守护进程的控制套接字不提供此内容",
      ),
      help: text(
        "add `api { listen 127.0.0.1:9650 }` to its file and start the console with --node http://127.0.0.1:9650",
        "请在其配置文件中加入 `api { listen 127.0.0.1:9650 }`，并以 --node http://127.0.0.1:9650 启动控制台",
      ),
    }),
  );
  return {
    entry,
    request: async ({ method, path, query, headers, body, signal }: NodeRequest) =>
      await app.request(path + query, {
        method,
        headers: { ...headers },
        ...(body !== undefined && { body }),
        signal,
      }),
  };
}

async function answerStatus(context: Context, daemon: LocalDaemon): Promise<Response> {
  const asked = await daemon.ask({ command: "status" });
  if (asked.kind === "unreachable") return unreachable(context, asked);
  const { answer } = asked;
  if (answer.ok && "status" in answer) return context.json(answer.status);
  return problem(context, {
    status: 502,
    detail: text("the daemon's answer cannot be used", "无法使用守护进程的应答"),
  });
}

/** What the control socket itself checks once more; the longest wait is the body's. */
async function carryOut(
  context: Context,
  daemon: LocalDaemon,
  command: "switch" | "maintenance" | "promote",
): Promise<Response> {
  const read = readShape(BODIES[command], parseJson(await context.req.text()));
  const language = languageOf(context.req.header("accept-language"));
  if (read.kind === "problem") {
    const say = (lang: Language): string =>
      printJsonProblem(read.problem, lang === "en" ? "the body" : "请求体", lang);
    return problem(context, { status: 422, detail: text(say("en"), say("zh-CN")) });
  }
  const request = { command, ...read.value, lang: language } as ControlRequest;
  const asked = await daemon.ask(request, ACT_TIMEOUT_MS);
  if (asked.kind === "unreachable") return unreachable(context, asked);
  const { answer } = asked;
  if (!answer.ok) {
    const { error, help, switch: units } = answer;
    const body = { title: "Conflict", status: 409, detail: error, help, switch: units };
    return context.body(JSON.stringify(body), 409, { "Content-Type": "application/problem+json" });
  }
  const { ok: _, ...rest } = answer;
  return context.json(rest, isRefusal(command, rest) ? 409 : 200);
}

const unreachable = (
  context: Context,
  { en, zh }: Extract<LocalAnswer, { kind: "unreachable" }>,
): Response =>
  problem(context, {
    status: 502,
    type: "urn:baton:console:node-unreachable",
    detail: text(en, zh),
  });

/** One conversation with the daemon for all browsers that look, and none while nobody does. */
class StatusFeed {
  readonly #daemon: LocalDaemon;
  readonly #takers = new Set<(status: Status | undefined) => void>();
  /** Of the conversation that goes on. */
  #ending: AbortController | undefined;

  constructor(daemon: LocalDaemon) {
    this.#daemon = daemon;
  }

  /** @param take gets undefined when the daemon has ended @returns stops it */
  follow(take: (status: Status | undefined) => void): () => void {
    this.#takers.add(take);
    void this.#run();
    return () => {
      this.#takers.delete(take);
      if (this.#takers.size === 0) this.#ending?.abort();
    };
  }

  async #run(): Promise<void> {
    if (this.#ending !== undefined && !this.#ending.signal.aborted) return;
    const ending = new AbortController();
    this.#ending = ending;
    try {
      await this.#daemon.watch((answer) => {
        if (ending.signal.aborted || !answer.ok || !("status" in answer)) return;
        for (const take of this.#takers) take(answer.status);
      }, ending.signal);
    } finally {
      // Aborted: whoever looks now has a conversation of their own.
      if (!ending.signal.aborted) {
        ending.abort();
        for (const take of this.#takers) take(undefined);
      }
    }
  }
}

function streamStatus(context: Context, feed: StatusFeed): Response {
  return streamSSE(context, async (stream) => {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const heartbeat = setInterval(() => void stream.write(": \n\n"), HEARTBEAT_MS);
    const stop = feed.follow((status) => {
      if (status === undefined) return end();
      void stream.writeSSE({ event: "status", data: JSON.stringify(status) });
    });
    stream.onAbort(end);
    await ended;
    stop();
    clearInterval(heartbeat);
  });
}
