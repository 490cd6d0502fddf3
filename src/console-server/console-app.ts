/**
 * The console's HTTP application: the page, what it needs of the nodes, of the cloud and of the
 * laboratory, all from one origin. Nodes' tokens and the cloud's keys stay here.
 *
 * Every group of routes is a file of its own that adds itself to the application; this one has the
 * order: limits, gate, routes, page.
 */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Session } from "#console/base/session-shape";
import { type Assets, SECURITY_HEADERS, serveAsset } from "./assets.ts";
import { type GateOptions, gate } from "./gate.ts";
import type { NodePort } from "./node-port.ts";
import { addNodeRoutes } from "./node-routes.ts";
import { problem, text } from "./problem.ts";

export interface ConsoleOptions {
  readonly version: string;
  readonly gate: GateOptions;
  readonly assets: Assets;
  readonly nodes: readonly NodePort[];
  /** Routes of other parts, under /api, and what the session says of them. */
  readonly extensions?: readonly Extension[];
  /** What nobody expected; the browser gets no details. */
  readonly onError: (error: unknown) => void;
}

/** HAVIPs, the laboratory, drill reports: each is there if the command line asks for it. */
export interface Extension {
  readonly session: Partial<Session>;
  add(app: Hono): void;
}

/** Configurations are compared in the page: nothing larger than an action is ever sent here. */
const BODY_MAX = 64 * 1024;
/** The page's own addresses (src/console/routes.ts): reloading one must work. */
const PAGE = /^\/(?:[a-z][a-z-]{0,30})?$/;

export function makeConsoleApp(options: ConsoleOptions): Hono {
  const { version, assets, nodes, extensions = [], onError } = options;
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      context.res.headers.set(name, value);
    }
    if (!context.res.headers.has("Cache-Control")) {
      context.res.headers.set("Cache-Control", "no-store");
    }
  });
  app.use(gate(options.gate));
  app.use(bodyLimit({ maxSize: BODY_MAX, onError: tooLarge }));
  const session: Session = Object.assign(
    { version, nodes: nodes.map(({ entry }) => entry), hasLab: false },
    ...extensions.map((one) => one.session),
  );
  app.get("/api/session", (context) => context.json(session));
  addNodeRoutes(app, nodes);
  for (const one of extensions) one.add(app);
  app.get("*", (context) => {
    const path = context.req.path;
    const asset =
      assets.get(path) ?? (PAGE.test(path) && path !== "/api" ? assets.get("/") : undefined);
    return asset === undefined ? notFound(context) : serveAsset(context, asset);
  });
  app.notFound(notFound);
  app.onError((error, context) => {
    onError(error);
    return problem(context, {
      status: 500,
      detail: text(
        "the console made a mistake; its terminal says which",
        "控制台内部出错，详情见其终端输出",
      ),
    });
  });
  return app;
}

const notFound = (context: Context): Response =>
  problem(context, { status: 404, detail: text("there is nothing here", "此地址没有内容") });

const tooLarge = (context: Context): Response =>
  problem(context, {
    status: 413,
    detail: text(`more than ${BODY_MAX / 1024} KB`, `超过 ${BODY_MAX / 1024} KB`),
  });
