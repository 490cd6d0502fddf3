/** A node's HTTP API: `http://`, `https://`, or a Unix socket. */
import { type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Readable } from "node:stream";
import type { NodeEntry } from "#console/base/session-shape";
import type { Language } from "#diagnostics/diagnostic";
import type { Secret } from "#units/secret";
import type { NodePort, NodeRequest } from "./node-port.ts";
import { languageOf } from "./problem.ts";

export type NodeAddress =
  | { readonly kind: "url"; readonly url: URL }
  | { readonly kind: "unix"; readonly path: string };

export interface HttpNodeOptions {
  readonly id: string;
  /** Shown instead of the host name. */
  readonly name?: string;
  readonly address: NodeAddress;
  readonly token: Secret | undefined;
  /** PEM of the authority that signed the node's certificate, besides the system's. */
  readonly ca: string | undefined;
}

/** Of an answer that is no stream, and of the head of every answer. */
const TIMEOUT_MS = 10_000;
/** `POST /v1/switch` waits until the successor was heard, as long as its `waitSeconds` says. */
const ACT_TIMEOUT_MS = 120_000;

export function httpNode({ id, name, address, token, ca }: HttpNodeOptions): NodePort {
  const shown = address.kind === "url" ? address.url.origin : `unix:${address.path}`;
  const entry: NodeEntry = {
    id,
    ...(name !== undefined && { name }),
    address: shown,
    isLocal: address.kind === "unix",
    mayAct: token !== undefined && address.kind === "url",
  };
  return {
    entry,
    request: async (request) => {
      try {
        return responseOf(await ask(address, token, ca, request));
      } catch (error) {
        const { code = "" } = error as NodeJS.ErrnoException;
        const language = languageOf(request.headers["accept-language"]);
        return unreachable(shown, code, language);
      }
    },
  };
}

async function ask(
  address: NodeAddress,
  token: Secret | undefined,
  ca: string | undefined,
  { method, path, query, headers, body, signal }: NodeRequest,
): Promise<IncomingMessage> {
  const options: RequestOptions & { readonly ca?: string } = {
    method,
    path: path + query,
    headers: {
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token.reveal()}` }),
      ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
    },
    signal,
    timeout: method === "POST" ? ACT_TIMEOUT_MS : TIMEOUT_MS,
    ...(ca !== undefined && { ca }),
  };
  return await new Promise((resolve, reject) => {
    const outgoing =
      address.kind === "unix"
        ? requestHttp({ ...options, socketPath: address.path, host: "localhost" })
        : (address.url.protocol === "https:" ? requestHttps : requestHttp)(address.url, options);
    outgoing.once("timeout", () => {
      outgoing.destroy(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" }));
    });
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      // A stream is quiet while nothing happens; its comments come every 15 s.
      outgoing.setTimeout(0);
      resolve(response);
    });
    outgoing.end(body);
  });
}

const KEPT = ["content-type", "retry-after"] as const;

function responseOf(incoming: IncomingMessage): Response {
  const headers = new Headers({ "Cache-Control": "no-store" });
  for (const name of KEPT) {
    const value = incoming.headers[name];
    if (value !== undefined) headers.set(name, value);
  }
  // A status outside of this would make `Response` throw.
  const status = incoming.statusCode ?? 502;
  const isUsable = status >= 200 && status <= 599 && ![204, 205, 304].includes(status);
  incoming.on("error", () => undefined);
  const stream = Readable.toWeb(incoming) as ReadableStream<Uint8Array>;
  return new Response(stream, { status: isUsable ? status : 502, headers });
}

const WHY: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  ECONNREFUSED: { en: "nothing listens there", "zh-CN": "该地址没有服务在监听" },
  ENOENT: { en: "there is no such socket", "zh-CN": "套接字不存在" },
  EACCES: { en: "this user may not open it", "zh-CN": "当前用户无权访问" },
  ETIMEDOUT: { en: "no answer in time", "zh-CN": "应答超时" },
  EHOSTUNREACH: { en: "no route to it", "zh-CN": "网络不可达" },
  ENETUNREACH: { en: "no route to it", "zh-CN": "网络不可达" },
  ENOTFOUND: { en: "the name is not known", "zh-CN": "无法解析该名称" },
  ECONNRESET: { en: "it broke off the connection", "zh-CN": "连接被对方中断" },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    en: "its certificate is not trusted: start the console with --ca FILE",
    "zh-CN": "证书不受信任：请在启动控制台时给出 --ca 文件",
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    en: "its certificate is not trusted: start the console with --ca FILE",
    "zh-CN": "证书不受信任：请在启动控制台时给出 --ca 文件",
  },
};

export function unreachable(shown: string, code: string, language: Language): Response {
  const why = WHY[code]?.[language] ?? code;
  const detail =
    language === "en"
      ? `the node at ${shown} does not answer: ${why}`
      : `节点 ${shown} 没有应答：${why}`;
  return Response.json(
    { type: "urn:baton:console:node-unreachable", title: "Bad Gateway", status: 502, detail, code },
    { status: 502, headers: { "Content-Type": "application/problem+json" } },
  );
}
