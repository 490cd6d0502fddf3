/** Refusals as application/problem+json (RFC 9457), in the language that was asked for. */
import type { Language } from "#diagnostics/diagnostic";

export type ProblemKind =
  | "not-found"
  | "method"
  | "foreign-host"
  | "cross-site"
  | "no-token"
  | "wrong-token"
  | "too-many-attempts"
  | "only-reads"
  | "no-callers"
  | "not-json"
  | "too-large"
  | "query"
  | "body"
  | "refused"
  | "not-ready"
  | "too-many-streams"
  | "failed";

export const STATUS_OF = {
  "not-found": 404,
  method: 405,
  "foreign-host": 403,
  "cross-site": 403,
  "no-token": 401,
  "wrong-token": 401,
  "too-many-attempts": 429,
  "only-reads": 403,
  "no-callers": 403,
  "not-json": 415,
  "too-large": 413,
  query: 422,
  body: 422,
  refused: 409,
  "not-ready": 503,
  "too-many-streams": 503,
  failed: 500,
} as const satisfies Readonly<Record<ProblemKind, number>>;

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly help?: string;
}

/** @param detail of this case; undefined: the kind says it all */
export function problemOf(
  kind: ProblemKind,
  language: Language,
  detail?: string,
  help?: string,
): Problem {
  const [title, usual, advice] = TEXTS[language][kind];
  const what = help ?? advice;
  return {
    type: `urn:baton:problem:${kind}`,
    title,
    status: STATUS_OF[kind],
    detail: detail ?? usual,
    ...(what === undefined ? {} : { help: what }),
  };
}

type Texts = readonly [title: string, detail: string, help?: string];

const TEXTS: Readonly<Record<Language, Readonly<Record<ProblemKind, Texts>>>> = {
  en: {
    "not-found": ["not found", "there is nothing here", "GET /openapi.json lists what there is"],
    method: ["method not allowed", "this place takes another method; Allow names it"],
    "foreign-host": [
      "called by another name",
      "the request is meant for another host",
      "call this node by an address, `localhost` or its host name",
    ],
    "cross-site": ["sent by a web page", "web pages of other origins may not ask this node"],
    "no-token": [
      "token needed",
      "this needs a token or a certificate",
      "send `Authorization: Bearer TOKEN`",
    ],
    "wrong-token": ["wrong token", "nobody has this token", "compare it with the token file"],
    "too-many-attempts": ["too many wrong tokens", "too many wrong tokens at once", "try later"],
    "only-reads": [
      "may only read",
      "this caller may only read",
      "use a token without `read` behind it, over TCP",
    ],
    "no-callers": [
      "nobody may do that here",
      "this node knows no callers, so nothing may be changed over HTTP",
      "add `token_file` to the `api` block, or use the command on the node",
    ],
    "not-json": ["not JSON", "the body is not application/json", "send JSON with that type"],
    "too-large": ["body too large", "the body has more than 64 KB"],
    query: ["query not understood", "the query is not understood"],
    body: ["body not understood", "the body is not understood"],
    refused: ["refused", "the node has refused it"],
    "not-ready": ["not ready", "the node cannot answer that now"],
    "too-many-streams": ["too many streams", "too many streams are open", "close some, try later"],
    failed: ["failed", "it could not be answered; the log of the daemon says why"],
  },
  "zh-CN": {
    "not-found": ["不存在", "这里没有内容", "GET /openapi.json 列出了全部接口"],
    method: ["方法不允许", "此处应使用其他方法，见 Allow 头"],
    "foreign-host": [
      "主机名不符",
      "该请求不是发给本节点的",
      "请用地址、`localhost` 或本节点的主机名访问",
    ],
    "cross-site": ["来自网页的请求", "其他来源的网页不能访问本节点"],
    "no-token": ["需要令牌", "此操作需要令牌或证书", "请发送 `Authorization: Bearer 令牌`"],
    "wrong-token": ["令牌错误", "没有这个令牌", "请与令牌文件核对"],
    "too-many-attempts": ["错误令牌过多", "同时有过多的错误令牌", "请稍后再试"],
    "only-reads": ["只能读取", "该调用方只能读取", "请通过 TCP 使用没有 `read` 标记的令牌"],
    "no-callers": [
      "此处不允许",
      "本节点没有可识别的调用方，不能通过 HTTP 作任何更改",
      "请在 `api` 块中加上 `token_file`，或在节点上使用命令",
    ],
    "not-json": ["不是 JSON", "请求体不是 application/json", "请以该类型发送 JSON"],
    "too-large": ["请求体过大", "请求体超过 64 KB"],
    query: ["查询参数有误", "无法理解查询参数"],
    body: ["请求体有误", "无法理解请求体"],
    refused: ["被拒绝", "节点拒绝了该请求"],
    "not-ready": ["尚未就绪", "节点现在无法应答"],
    "too-many-streams": ["流过多", "打开的流过多", "请关闭一些，稍后再试"],
    failed: ["失败", "无法应答，原因见守护进程的日志"],
  },
};
