/**
 * One POST over HTTP or HTTPS, with a limit of time and of size; every way it can end is a
 * value. It does not use `fetch`, which would cost the daemon 13 MB and says less about
 * failures (ADR 22).
 */
import type * as Http from "node:http";
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Endpoint } from "./endpoint.ts";

export interface Post {
  readonly endpoint: Endpoint;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Of the answer; undefined: 16 MB. */
  readonly bytesMax?: number;
}

export type PostResult =
  /** `date`: the server's clock, from its header. */
  | {
      readonly kind: "response";
      readonly status: number;
      readonly body: string;
      readonly date?: string | undefined;
      /** Its headers of these names. */
      readonly location?: string | undefined;
      readonly retryAfter?: string | undefined;
    }
  /**
   * The system's name of what failed, such as ECONNREFUSED; `wasSent`: the service may have seen
   * the request.
   */
  | { readonly kind: "unreachable"; readonly errno: string; readonly wasSent: boolean }
  | { readonly kind: "timeout" };

export type Transport = (post: Post) => Promise<PostResult>;

const RESPONSE_MAX = 16 * 1024 * 1024;

/** Failures before a byte was sent: a retry cannot do anything twice. */
const NOT_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/**
 * Not by `import`, which evaluates every getter of node:http, and with `WebSocket` the whole of
 * undici: 16 MB.
 */
const openers = {
  http: once(() => opener(process.getBuiltinModule("node:http"))),
  https: once(() => opener(process.getBuiltinModule("node:https"))),
};

type OnResponse = (response: IncomingMessage) => void;
type Open = (options: RequestOptions, onResponse: OnResponse) => ClientRequest;

function opener({ Agent, request }: Pick<typeof Http, "Agent" | "request">): Open {
  const agent = new Agent({ keepAlive: true });
  return (options, onResponse) => request({ ...options, agent }, onResponse);
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

export const postOverHttp: Transport = async (post) => await send(post, undefined);

/** To a service of this machine that listens on a socket in the file system. */
export const postOverSocket =
  (path: string): Transport =>
  async (post) =>
    await send(post, path);

const send = async (post: Post, socketPath: string | undefined): Promise<PostResult> =>
  await new Promise<PostResult>((resolve) => {
    const { endpoint, headers, body, timeoutMs, signal, bytesMax = RESPONSE_MAX } = post;
    const options = {
      method: "POST",
      ...(socketPath === undefined
        ? { hostname: endpoint.hostname, port: endpoint.port }
        : { socketPath }),
      path: endpoint.path,
      headers: { ...headers, "Content-Length": `${Buffer.byteLength(body)}` },
    };
    const onResponse = (response: IncomingMessage): void => {
      readBody(response, bytesMax).then(
        (text) => {
          const { date, location, "retry-after": retryAfter } = response.headers;
          const status = response.statusCode ?? 0;
          finish({ kind: "response", status, body: text, date, location, retryAfter });
        },
        (error: unknown) => fail(error),
      );
    };
    let request: ClientRequest;
    try {
      request = openers[endpoint.isSecure ? "https" : "http"]()(options, onResponse);
    } catch (error) {
      // A header or path that cannot be sent, or a lack of memory: nothing has been sent.
      resolve({ kind: "unreachable", errno: errnoOf(error), wasSent: false });
      return;
    }
    const finish = (result: PostResult): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      resolve(result);
    };
    const fail = (error: unknown): void => {
      const errno = errnoOf(error);
      // The other side had closed the kept-alive connection: nothing was read from it.
      const wasStale = request.reusedSocket && errno === "ECONNRESET";
      finish({ kind: "unreachable", errno, wasSent: !wasStale && !NOT_SENT.has(errno) });
    };
    const timer = setTimeout(() => {
      finish({ kind: "timeout" });
      request.destroy();
    }, timeoutMs);
    const abort = (): void => {
      finish({ kind: "unreachable", errno: "ABORTED", wasSent: true });
      request.destroy();
    };
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort);
    request.on("error", fail);
    request.end(body);
  });

function errnoOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "EUNKNOWN";
  return "code" in error && typeof error.code === "string" ? error.code : "EUNKNOWN";
}

async function readBody(response: IncomingMessage, bytesMax: number): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > bytesMax) throw Object.assign(new Error("too large"), { code: "EMSGSIZE" });
  }
  return text;
}
