/**
 * The HTTP interface of a node as a function from requests to answers, without a port.
 *
 *   request ─> gate (host, origin, token) ─> turn ─> route ─> the node ─> answer
 *
 * Whatever is refused is a problem in JSON; nothing that a client sends ends in more than that.
 */
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { accepts } from "hono/accepts";
import type { ApiAction, ApiNode } from "#daemon/api-port";
import type { Language } from "#diagnostics/diagnostic";
import { printJsonProblem } from "#json/problem";
import { parseJson, readShape } from "#json/shape";
import { Secret } from "#units/secret";
import { visible } from "#units/visible";
import { BODIES, isRefusal } from "./actions.ts";
import type { Attempts } from "./attempts.ts";
import { readBody } from "./body.ts";
import type { ApiCaller, Callers } from "./callers.ts";
import type { Connection } from "./connection.ts";
import { EventFeed } from "./event-feed.ts";
import { readEventQuery } from "./event-query.ts";
import { bearerIn, checkHead, isReading } from "./gate.ts";
import { EVENTS_UNREAD, QUERY_WANTED, READINESS } from "./messages.ts";
import { type ProblemKind, problemOf } from "./problem.ts";
import { StatusFeed } from "./status-feed.ts";
import type { Stream, Streams } from "./streams.ts";

export interface AppParts {
  readonly node: ApiNode;
  readonly streams: Streams;
  readonly attempts: Attempts;
  /** As the token file says now. */
  readonly callers: () => Callers;
  /** A failure of our own. */
  readonly failed: (what: string, error: unknown) => void;
}

export interface AppEnv {
  readonly Bindings: {
    readonly connection: Connection;
    /** Ends the connection. */
    readonly drop?: () => void;
    readonly isGone?: () => boolean;
    /** Sends an answer as it is, in parts, without a `Response` and a stream around it. */
    readonly send?: (
      status: number,
      headers: Readonly<Record<string, string>>,
      parts: readonly string[],
    ) => void;
  };
  readonly Variables: { caller: ApiCaller | undefined };
}

type Ctx = Context<AppEnv>;

/** Those that anybody who reaches the node may ask: they say nothing but whether it is well. */
const HEALTH: readonly string[] = ["/healthz", "/readyz"];
const JSON_TYPE = "application/json; charset=utf-8";
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
const BODY_MAX = 65_536;
const COMMON = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };

export function makeApp(parts: AppParts): Hono<AppEnv> {
  const { node, streams, failed } = parts;
  const app = new Hono<AppEnv>();
  const status = new StatusFeed(node, streams);
  let openApi: string | undefined;
  /** Loaded when somebody asks: few do, and what it needs is used for nothing else. */
  const openApiText = async (): Promise<string> => {
    if (openApi === undefined) {
      const { openApiDocument } = await import("./openapi.ts");
      const { version } = await node.status();
      openApi = JSON.stringify(
        openApiDocument(version, new Set(app.routes.map(({ path }) => path))),
      );
    }
    return openApi;
  };
  const events = new EventFeed(node, streams, (error) => failed("events", error));
  app.use(gate(parts));
  app.get("/healthz", (c) => json(c, { ok: true }));
  app.get("/readyz", async (c) => await ready(c, node));
  app.get("/v1/status", async (c) =>
    wantsStream(c)
      ? streamed(c, node, await openUnlessHead(c, async () => await status.open(c.env?.drop)))
      : jsonText(c, await statusText(node)),
  );
  app.get("/v1/events", async (c) => await answerEvents(c, node, events));
  app.get("/v1/check", async (c) => json(c, await node.check(languageOf(c, node))));
  app.get("/openapi.json", async (c) => jsonText(c, await openApiText()));
  if (node.metrics !== undefined) {
    const { metrics } = node;
    app.get("/metrics", async (c) => answer(c, 200, await metrics(), METRICS_TYPE));
  }
  if (node.act !== undefined) {
    const { act } = node;
    for (const command of ["switch", "maintenance", "promote"] as const)
      app.post(`/v1/${command}`, async (c) => await carryOut(c, node, command, act));
  }
  refuseOthers(app, node);
  app.onError((error, c) => {
    failed(`${c.req.method} ${c.req.path}`, error);
    return refuse(c, node, "failed");
  });
  return app;
}

/** Other methods of the routes that there are, and everything else. */
function refuseOthers(app: Hono<AppEnv>, node: ApiNode): void {
  const methods = new Map<string, string[]>();
  for (const { path, method } of app.routes)
    if (method !== "ALL") methods.set(path, [...(methods.get(path) ?? []), method]);
  for (const [path, known] of methods) {
    app.all(path, (c) => {
      const all = known.flatMap((one) => (one === "GET" ? [one, "HEAD"] : [one]));
      return refuse(c, node, "method", undefined, { Allow: all.join(", ") });
    });
  }
  app.notFound((c) => refuse(c, node, "not-found"));
}

function gate({ node, callers, attempts }: AppParts): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { connection, isGone } = c.env;
    const head = {
      method: c.req.method,
      host: new URL(c.req.url).host,
      origin: c.req.header("origin"),
      fetchSite: c.req.header("sec-fetch-site"),
    };
    const foreign = checkHead(head, connection, node.name);
    if (foreign !== undefined) return refuse(c, node, foreign);
    const token = bearerIn(c.req.header("authorization"));
    const caller = token === undefined ? certified(connection) : callers().find(new Secret(token));
    if (token !== undefined && caller === undefined) {
      const outcome = await attempts.wrong(connection.from);
      return refuse(c, node, outcome === "too-many" ? "too-many-attempts" : "wrong-token");
    }
    const why = whyNot(c, connection, caller, callers().names.length > 0);
    if (why !== undefined) return refuse(c, node, why);
    c.set("caller", caller);
    await node.turn(isGone ?? (() => false));
    return await next();
  };
}

const certified = ({ certified: name }: Connection): ApiCaller | undefined =>
  name === undefined ? undefined : { name, may: "operate" };

function whyNot(
  c: Ctx,
  { through }: Connection,
  caller: ApiCaller | undefined,
  areCallersKnown: boolean,
): ProblemKind | undefined {
  if (isReading(c.req.method)) {
    const isOpen = through !== "network" || HEALTH.includes(c.req.path);
    return isOpen || caller !== undefined ? undefined : "no-token";
  }
  if (through === "socket") return "only-reads";
  if (caller === undefined)
    return areCallersKnown || through === "network" ? "no-token" : "no-callers";
  return caller.may === "operate" ? undefined : "only-reads";
}

async function ready(c: Ctx, node: ApiNode): Promise<Response> {
  const readiness = await node.readiness();
  if (readiness === "ready") return json(c, { ok: true });
  return refuse(c, node, "not-ready", READINESS[languageOf(c, node)][readiness]);
}

/** The same status may be asked for by many: it is printed once. */
const printed = new WeakMap<object, string>();

async function statusText(node: ApiNode): Promise<string> {
  const status = await node.status();
  let text = printed.get(status);
  if (text === undefined) {
    text = JSON.stringify(status);
    printed.set(status, text);
  }
  return text;
}

async function answerEvents(c: Ctx, node: ApiNode, feed: EventFeed): Promise<Response> {
  const query = readEventQuery(c.req.queries());
  const language = languageOf(c, node);
  if (query.kind === "problem") {
    const { name, value, wanted } = query;
    const place = value === "" ? visible(name) : `${name}=${visible(value)}`;
    return refuse(c, node, "query", QUERY_WANTED[language](place.slice(0, 200), wanted));
  }
  if (wantsStream(c)) {
    const last = c.req.header("last-event-id");
    const after = last !== undefined && /^\d{1,15}$/.test(last) ? Number(last) : undefined;
    const selection = { ...query.selection, after: after ?? query.selection.after };
    const open = async () => await Promise.resolve(feed.open(selection, c.env?.drop));
    return streamed(c, node, await openUnlessHead(c, open));
  }
  const { events, next, isUnread } = await node.events.find(query.selection);
  if (isUnread === true) return refuse(c, node, "not-ready", EVENTS_UNREAD[language]);
  const now = new Date().toISOString();
  return json(c, { node: node.name, now, events, ...(next === undefined ? {} : { next }) });
}

async function carryOut(
  c: Ctx,
  node: ApiNode,
  command: ApiAction["command"],
  act: NonNullable<ApiNode["act"]>,
): Promise<Response> {
  const language = languageOf(c, node);
  if (!/^application\/json\b/i.test(c.req.header("content-type") ?? ""))
    return refuse(c, node, "not-json");
  const text = await readBody(c.req.raw, BODY_MAX);
  if (text === undefined) return refuse(c, node, "too-large");
  const value = parseJson(text);
  if (value === undefined) return refuse(c, node, "not-json", NOT_JSON[language]);
  const read = readShape(BODIES[command], value);
  if (read.kind === "problem")
    return refuse(c, node, "body", printJsonProblem(read.problem, BODY[language], language));
  const { name } = c.get("caller") ?? { name: "" };
  const { from } = c.env.connection;
  const answer = await act({ command, body: read.value, language }, { via: "api", name, from });
  if (!answer.ok) {
    const { ok: _ok, error, help, ...more } = answer;
    const problem = problemOf("refused", language, error, help);
    return jsonText(c, JSON.stringify({ ...problem, ...more }), 409, PROBLEM_TYPE);
  }
  const { ok: _, ...rest } = answer;
  if (!isRefusal(command, rest)) return json(c, rest);
  const refusal = { ...problemOf("refused", language), ...rest };
  return jsonText(c, JSON.stringify(refusal), 409, PROBLEM_TYPE);
}

const NOT_JSON: Readonly<Record<Language, string>> = {
  en: "the body is not JSON",
  "zh-CN": "请求体不是 JSON",
};
const BODY: Readonly<Record<Language, string>> = { en: "the body", "zh-CN": "请求体" };

const wantsStream = (c: Ctx): boolean =>
  /\btext\/event-stream\b/i.test(c.req.header("accept") ?? "");

/** `HEAD` gets the head of a stream, which nobody would read. */
async function openUnlessHead(
  c: Ctx,
  open: () => Promise<Stream | undefined>,
): Promise<Stream | "head" | undefined> {
  return c.req.method === "HEAD" ? "head" : await open();
}

function streamed(c: Ctx, node: ApiNode, stream: Stream | "head" | undefined): Response {
  if (stream === undefined) return refuse(c, node, "too-many-streams");
  const headers = {
    ...COMMON,
    "Content-Type": "text/event-stream; charset=utf-8",
    // For node-server: the head leaves before there is anything to send.
    "Transfer-Encoding": "chunked",
    // For a proxy that would wait for more.
    "X-Accel-Buffering": "no",
  };
  return stream === "head" ? c.body(null, 200, headers) : c.body(stream.body, 200, headers);
}

const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

function refuse(
  c: Ctx,
  node: ApiNode,
  kind: ProblemKind,
  detail?: string,
  more: Readonly<Record<string, string>> = {},
): Response {
  const problem = problemOf(kind, languageOf(c, node), detail);
  const isLater = kind === "too-many-attempts" || problem.status === 503;
  return jsonText(c, JSON.stringify(problem), problem.status, PROBLEM_TYPE, {
    ...more,
    ...(problem.status === 401 && { "WWW-Authenticate": "Bearer" }),
    ...(isLater && { "Retry-After": "5" }),
  });
}

const json = (c: Ctx, value: object): Response => jsonText(c, JSON.stringify(value));

function jsonText(
  c: Ctx,
  text: string,
  status = 200,
  type = JSON_TYPE,
  more: Readonly<Record<string, string>> = {},
): Response {
  return answer(c, status, [text], type, more);
}

function answer(
  c: Ctx,
  status: number,
  parts: readonly string[],
  type: string,
  more: Readonly<Record<string, string>> = {},
): Response {
  const headers = { ...COMMON, ...more, "Content-Type": type };
  const { send } = c.env;
  if (send === undefined) return c.body(parts.join(""), status as 200, headers);
  send(status, headers, parts);
  return RESPONSE_ALREADY_SENT;
}

/** Of the languages that there are, the one that is wanted most. */
function languageOf(c: Ctx, node: ApiNode): Language {
  const asked = accepts(c, {
    header: "Accept-Language",
    supports: ["en", "zh-CN"],
    default: node.language,
    match: (wanted, { default: usual }) => {
      const best = wanted
        .toSorted((a, b) => b.q - a.q)
        .find(({ type, q }) => q > 0 && /^(?:en|zh)(?:-|$)/i.test(type));
      return best === undefined ? usual : best.type.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
    },
  });
  return asked === "zh-CN" ? "zh-CN" : "en";
}
