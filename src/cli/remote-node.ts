/** A node that is asked over its HTTP API (docs/api.md) instead of the control socket. */
import { readFileSync } from "node:fs";
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { text, UsageError, type ValueOption, value } from "#command-line/definition";
import type { Language } from "#diagnostics/diagnostic";
import { parseJson } from "#json/shape";
import { Secret } from "#units/secret";
import { visible } from "#units/visible";

const FILE = text("FILE", "文件");

/** The options of every command that may ask a node over HTTP. */
export const REMOTE_OPTIONS: {
  readonly node: ValueOption<"value">;
  readonly "token-file": ValueOption<"value">;
  readonly ca: ValueOption<"value">;
} = {
  node: value(
    text("URL", "地址"),
    text(
      "ask this node over its HTTP API: http://127.0.0.1:9650, https://db2:9650 or unix:/run/baton/api.sock",
      "通过 HTTP API 询问该节点：http://127.0.0.1:9650、https://db2:9650 或 unix:/run/baton/api.sock",
    ),
  ),
  "token-file": value(
    FILE,
    text(
      "with --node: a token, or a line of a token file",
      "与 --node 同用：令牌，或令牌文件中的一行",
    ),
    { completes: "files" },
  ),
  ca: value(
    FILE,
    text(
      "with --node: the authority of its certificate in PEM, if the system does not know it",
      "与 --node 同用：签发其证书的机构证书（PEM），用于系统不信任该机构时",
    ),
    { completes: "files" },
  ),
};

export interface RemoteNode {
  /** As it was written. */
  readonly name: string;
  readonly address:
    | { readonly kind: "url"; readonly url: URL }
    | { readonly kind: "unix"; readonly path: string };
  readonly token: Secret | undefined;
  readonly ca: string | undefined;
}

interface RemoteLine {
  readonly options: {
    readonly node: string | undefined;
    readonly "token-file": string | undefined;
    readonly ca: string | undefined;
  };
}

/** Undefined: the line names none. */
export function remoteNodeOf({ options }: RemoteLine): RemoteNode | undefined {
  const { node, "token-file": tokenFile, ca } = options;
  if (node === undefined) {
    if (tokenFile !== undefined || ca !== undefined)
      throw new UsageError(
        text(
          "`--token-file` and `--ca` stand with `--node`",
          "`--token-file` 和 `--ca` 须与 `--node` 同用",
        ),
      );
    return undefined;
  }
  return readRemoteNode(node, { option: "--node", tokenFile, ca });
}

export interface NodeAccess {
  /** Under which the node was given. */
  readonly option: string;
  readonly tokenFile: string | undefined;
  readonly ca: string | undefined;
}

/** Throws `UsageError` for what is no node, or a file that cannot be read. */
export function readRemoteNode(node: string, { option, tokenFile, ca }: NodeAccess): RemoteNode {
  const address = readAddress(node, option);
  const isPlain = address.kind === "url" && address.url.protocol === "http:";
  if (isPlain && tokenFile !== undefined && !isLoopback(address.url.hostname))
    throw new UsageError(
      text(
        `${option} ${node}: a token is not sent to another machine without TLS; use https://`,
        `${option} ${node}：没有 TLS 时不会向其他机器发送令牌；请使用 https://`,
      ),
    );
  return {
    name: node,
    address,
    token: tokenFile === undefined ? undefined : readToken(tokenFile),
    ca: ca === undefined ? undefined : readFile(ca),
  };
}

function readAddress(node: string, option: string): RemoteNode["address"] {
  if (node.startsWith("unix:/")) return { kind: "unix", path: node.slice("unix:".length) };
  const url = URL.canParse(node) ? new URL(node) : undefined;
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  const isBare = url?.pathname === "/" && url.search === "" && url.username === "";
  if (url === undefined || !isHttp || !isBare)
    throw new UsageError(
      text(
        `${option} ${node}: give http://HOST:PORT, https://HOST:PORT or unix:/PATH`,
        `${option} ${node}：请给出 http://地址:端口、https://地址:端口 或 unix:/路径`,
      ),
    );
  return { kind: "url", url };
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);

/** A token alone, or behind a name, as in the token file of the node. */
function readToken(path: string): Secret {
  const line = readFile(path)
    .split("\n")
    .map((one) => one.trim())
    .find((one) => one !== "" && !one.startsWith("#"));
  const [first = "", second] = line?.split(/[ \t]+/) ?? [];
  const token = second === undefined || second === "read" ? first : second;
  // Something else could not be sent, and would be shown in the reason.
  if (!/^[\x21-\x7e]{1,1024}$/.test(token))
    throw new UsageError(text(`${path}: there is no token in it`, `${path}：其中没有令牌`));
  return new Secret(token);
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? "?";
    throw new UsageError(text(`${path}: ${errno}`, `${path}：${errno}`));
  }
}

export interface RemoteRequest {
  readonly path: string;
  readonly language: Language;
  readonly method?: "GET" | "POST";
  /** JSON. */
  readonly body?: unknown;
  /** Without an answer for so long it is given up. */
  readonly timeoutMilliseconds?: number;
}

export type RemoteAnswer =
  | { readonly kind: "answer"; readonly status: number; readonly value: unknown }
  /** Why there is none, for people. */
  | { readonly kind: "failed"; readonly why: string };

const TIMEOUT_MS = 10_000;
/** For the whole body, once its head is there. */
const BODY_MS = 60_000;
const ANSWER_MAX = 64 * 1024 * 1024;

/** An answer that is no refusal, or the reason. A conflict (409) is an answer: it has members. */
export async function askRemote(node: RemoteNode, asked: RemoteRequest): Promise<RemoteAnswer> {
  const { language } = asked;
  try {
    const response = await open(node, asked, "application/json");
    const parts: Buffer[] = [];
    let length = 0;
    // One byte now and then would otherwise keep it for ever.
    const late = setTimeout(
      () => response.destroy(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" })),
      BODY_MS,
    );
    response.once("close", () => clearTimeout(late));
    for await (const part of response as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > ANSWER_MAX) {
        response.destroy();
        return { kind: "failed", why: sentence(node, NOT_BATON[language], language) };
      }
      parts.push(part);
    }
    return answerOf(node, response, Buffer.concat(parts).toString("utf8"), language);
  } catch (error) {
    return { kind: "failed", why: sentence(node, failureOf(error, language), language) };
  }
}

/**
 * Passes the data of every message of a stream to `take` until the node ends it. Resolves to the
 * reason if it could not be read.
 */
export async function followRemote(
  node: RemoteNode,
  asked: RemoteRequest,
  take: (data: unknown) => Promise<void>,
): Promise<string | undefined> {
  const { language } = asked;
  try {
    const response = await open(node, asked, "text/event-stream");
    response.setEncoding("utf8");
    let waiting = "";
    for await (const part of response as AsyncIterable<string>) {
      if (response.statusCode !== 200) {
        waiting += part;
        continue;
      }
      const messages = (waiting + part).split("\n\n");
      waiting = messages.pop() ?? "";
      if (waiting.length > ANSWER_MAX) return sentence(node, NOT_BATON[language], language);
      for (const message of messages) {
        const data = /^data: (.*)$/m.exec(message)?.[1];
        if (data !== undefined) await take(parseJson(data));
      }
    }
    if (response.statusCode === 200) return undefined;
    const answer = answerOf(node, response, waiting, language);
    return answer.kind === "failed" ? answer.why : sentence(node, NOT_BATON[language], language);
  } catch (error) {
    return sentence(node, failureOf(error, language), language);
  }
}

async function open(
  { address, token, ca }: RemoteNode,
  { path, language, method = "GET", body, timeoutMilliseconds = TIMEOUT_MS }: RemoteRequest,
  accept: string,
): Promise<IncomingMessage> {
  const options: RequestOptions & { readonly ca?: string } = {
    method,
    path,
    agent: false,
    headers: {
      accept,
      "accept-language": language,
      ...(token !== undefined && { authorization: `Bearer ${token.reveal()}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(ca !== undefined && { ca }),
  };
  return await new Promise((resolve, reject) => {
    const outgoing = send(address, options);
    outgoing.setTimeout(timeoutMilliseconds, () =>
      outgoing.destroy(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" })),
    );
    outgoing.once("error", reject);
    outgoing.once("response", (response: IncomingMessage) => {
      // Comments come every 15 s where nothing happens.
      outgoing.setTimeout(accept === "text/event-stream" ? QUIET_MS : timeoutMilliseconds);
      resolve(response);
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Three comments of a stream. */
const QUIET_MS = 45_000;

/** `import` of node:http evaluates every getter of it, undici among them. */
function send(address: RemoteNode["address"], options: RequestOptions): ClientRequest {
  const http = process.getBuiltinModule("node:http");
  if (address.kind === "unix")
    return http.request({ ...options, socketPath: address.path, host: "localhost" });
  return address.url.protocol === "https:"
    ? process.getBuiltinModule("node:https").request(address.url, options)
    : http.request(address.url, options);
}

function answerOf(
  node: RemoteNode,
  { statusCode = 0 }: IncomingMessage,
  body: string,
  language: Language,
): RemoteAnswer {
  const read = parseJson(body);
  if (statusCode === 200 || statusCode === 409)
    return read === undefined
      ? { kind: "failed", why: sentence(node, NOT_BATON[language], language) }
      : { kind: "answer", status: statusCode, value: read };
  const { detail, help } = (typeof read === "object" ? (read ?? {}) : {}) as {
    readonly detail?: unknown;
    readonly help?: unknown;
  };
  const said =
    typeof detail === "string" ? `${statusCode}, ${visible(detail)}` : String(statusCode);
  // The node cannot know that this is a command.
  const tokenFile = node.token === undefined ? TOKEN_FILE[language] : undefined;
  const hint = statusCode === 401 ? (tokenFile ?? help) : help;
  const advice = typeof hint === "string" ? `\n  ${visible(hint)}` : "";
  return { kind: "failed", why: `${sentence(node, said, language)}${advice}` };
}

const sentence = ({ name }: RemoteNode, why: string, language: Language): string =>
  language === "en" ? `${name}: ${why}` : `${name}：${why}`;

const NOT_BATON: Readonly<Record<Language, string>> = {
  en: "this is no answer of Baton's",
  "zh-CN": "不是 Baton 的应答",
};

const WHY: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  ECONNREFUSED: { en: "nothing listens there", "zh-CN": "该地址没有服务在监听" },
  ENOENT: { en: "there is no such socket", "zh-CN": "套接字不存在" },
  EACCES: { en: "this user may not open it", "zh-CN": "当前用户无权访问" },
  ETIMEDOUT: { en: "no answer in time", "zh-CN": "应答超时" },
  ENOTFOUND: { en: "the name is not known", "zh-CN": "无法解析该名称" },
  EHOSTUNREACH: { en: "that machine cannot be reached", "zh-CN": "无法到达该机器" },
  ENETUNREACH: { en: "there is no route to it", "zh-CN": "没有到达该地址的路由" },
  EAI_AGAIN: { en: "the name could not be looked up", "zh-CN": "暂时无法解析该名称" },
  ECONNRESET: { en: "the connection was broken off", "zh-CN": "连接被中断" },
};
const TOKEN_FILE: Readonly<Record<Language, string>> = {
  en: "give it with --token-file FILE",
  "zh-CN": "请用 --token-file 文件 给出令牌",
};

const UNTRUSTED: Readonly<Record<Language, string>> = {
  en: "its certificate is not trusted; give its authority with --ca",
  "zh-CN": "证书不受信任；请用 --ca 给出签发机构的证书",
};

function failureOf(error: unknown, language: Language): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (/SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|CERT_UNTRUSTED/.test(code)) return UNTRUSTED[language];
  // OpenSSL repeats what the certificate says.
  return WHY[code]?.[language] ?? visible(code === "" ? message : `${code}: ${message}`);
}
