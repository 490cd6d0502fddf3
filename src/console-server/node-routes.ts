/** `/api/nodes/ID/v1/…`: what a node's HTTP API answers, for the page. */
import type { Context, Hono } from "hono";
import { type NodePort, type NodeRequest, PASSED, PASSED_HEADERS } from "./node-port.ts";
import { problem, text } from "./problem.ts";

export function addNodeRoutes(app: Hono, nodes: readonly NodePort[]): void {
  app.on(["GET", "POST"], "/api/nodes/:id/*", async (context) => {
    const node = nodes.find(({ entry }) => entry.id === context.req.param("id"));
    if (node === undefined) {
      return problem(context, {
        status: 404,
        detail: text("the console has no such node", "控制台没有此节点"),
      });
    }
    const request = await readRequest(context);
    if (request === undefined) {
      return problem(context, {
        status: 404,
        detail: text("the console passes no such request on", "控制台不转发此请求"),
      });
    }
    if (request.method === "POST" && !node.entry.mayAct) return mayNotAct(context);
    return await node.request(request);
  });
}

async function readRequest(context: Context): Promise<NodeRequest | undefined> {
  const { pathname, search } = new URL(context.req.url);
  const [, path = ""] = /^\/api\/nodes\/[^/]+(\/.*)$/.exec(pathname) ?? [];
  const method = context.req.method === "POST" ? "POST" : "GET";
  if (!PASSED[method].includes(path)) return undefined;
  const headers = Object.fromEntries(
    PASSED_HEADERS.flatMap((name) => {
      const value = context.req.header(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return {
    method,
    path,
    query: search,
    headers,
    body: method === "POST" ? await context.req.text() : undefined,
    signal: context.req.raw.signal,
  };
}

const mayNotAct = (context: Context): Response =>
  problem(context, {
    status: 403,
    detail: text("the console may only read from this node", "控制台对此节点只有读取权限"),
    help: text(
      "start it with --token-file FILE, or as root for the daemon of this machine",
      "请在启动控制台时给出 --token-file 文件；对本机守护进程则需以 root 运行",
    ),
  });
