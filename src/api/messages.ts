/** Sentences of answers and of the log, in both languages. */

import type { Readiness } from "#daemon/api-port";
import type { Language } from "#diagnostics/diagnostic";
import type { TokenProblem } from "./callers.ts";
import type { Wanted } from "./event-query.ts";

export const READINESS: Readonly<
  Record<Language, Readonly<Record<Exclude<Readiness, "ready">, string>>>
> = {
  en: {
    "no-engine": "the engine does not answer: it is being started, or hangs",
    configuring: "the engine has not taken over the configuration yet",
  },
  "zh-CN": {
    "no-engine": "引擎没有应答：正在启动或已挂起",
    configuring: "引擎尚未采用该配置",
  },
};

export const EVENTS_UNREAD: Readonly<Record<Language, string>> = {
  en: "the file of events cannot be read now: the disk refuses, or too many ask; the log says more",
  "zh-CN": "现在无法读取事件文件：磁盘出错，或同时查询过多；详见日志",
};

const WANTED: Readonly<Record<Language, Readonly<Record<Wanted, string>>>> = {
  en: {
    time: "a time such as 2026-11-30T17:26:25Z, or seconds since 1970",
    number: "a number of an event",
    kind: "a kind of event",
    severity: "info, warning or error",
    limit: "a number from 1",
    flag: "true or false",
    known: "one of the parameters in /openapi.json",
    few: "at most 100 of them",
  },
  "zh-CN": {
    time: "形如 2026-11-30T17:26:25Z 的时间，或 1970 年以来的秒数",
    number: "事件编号",
    kind: "事件类型",
    severity: "info、warning 或 error",
    limit: "不小于 1 的数",
    flag: "true 或 false",
    known: "/openapi.json 中列出的参数",
    few: "最多 100 个",
  },
};

export const QUERY_WANTED: Readonly<Record<Language, (place: string, wanted: Wanted) => string>> = {
  en: (place, wanted) => `${place}: wanted is ${WANTED.en[wanted]}`,
  "zh-CN": (place, wanted) => `${place}：应为${WANTED["zh-CN"][wanted]}`,
};

export interface ApiMessages {
  readonly listening: (address: string) => string;
  readonly closed: (address: string) => string;
  /** Once for a reason; it is tried again. */
  readonly cannotListen: (address: string, errno: string) => string;
  readonly isNoSocket: (path: string) => string;
  readonly fileRefused: (word: string, why: string) => string;
  readonly tokenLine: (file: string, problem: TokenProblem) => string;
  readonly noTls: (why: string) => string;
  readonly callers: (names: readonly string[]) => string;
  readonly wrongTokens: (count: number, from: string) => string;
  readonly failed: (what: string, why: string) => string;
}

const LINE: Readonly<Record<Language, Readonly<Record<TokenProblem["why"], string>>>> = {
  en: {
    form: "not a name, a token, and perhaps `read`",
    name: "the name has other than letters, digits and ._@-, or more than 64 of them",
    short: "the token has fewer than 20 characters; `openssl rand -hex 32` makes a good one",
    right: "only `read` may stand behind a token",
    again: "the name is there already",
    many: "there are 100 already",
  },
  "zh-CN": {
    form: "应为名称、令牌，以及可选的 `read`",
    name: "名称只能由不超过 64 个字母、数字和 ._@- 组成",
    short: "令牌不足 20 个字符；可用 `openssl rand -hex 32` 生成",
    right: "令牌之后只能写 `read`",
    again: "名称重复",
    many: "已有 100 个",
  },
};

const IN_USE = new Set(["EADDRINUSE"]);

const ENGLISH: ApiMessages = {
  listening: (address) => `API: listening on ${address}`,
  closed: (address) => `API: ${address} is closed`,
  cannotListen: (address, errno) =>
    `API: cannot listen on ${address}: ${
      IN_USE.has(errno) ? "another program does (EADDRINUSE)" : errno
    }; the daemon goes on without it, and tries again`,
  isNoSocket: (path) => `API: ${path} is not a socket, and stays as it is`,
  fileRefused: (word, why) => `API: \`${word}\`: ${why}`,
  tokenLine: (file, { line, why }) => `API: ${file}:${line} is not used: ${LINE.en[why]}`,
  noTls: (why) => `API: no TLS, so nothing is listened on over TCP: ${why}`,
  callers: (names) => `API: callers with tokens: ${names.length === 0 ? "none" : names.join(", ")}`,
  wrongTokens: (count, from) =>
    `API: ${count === 1 ? "a wrong token" : `${count} wrong tokens`}, the last from ${from}`,
  failed: (what, why) => `API: ${what}: ${why}`,
};

const CHINESE: ApiMessages = {
  listening: (address) => `API：正在监听 ${address}`,
  closed: (address) => `API：已关闭 ${address}`,
  cannotListen: (address, errno) =>
    `API：无法监听 ${address}：${
      IN_USE.has(errno) ? "已被其他程序占用（EADDRINUSE）" : errno
    }；守护进程继续运行，稍后重试`,
  isNoSocket: (path) => `API：${path} 不是套接字，未作改动`,
  fileRefused: (word, why) => `API：\`${word}\`：${why}`,
  tokenLine: (file, { line, why }) => `API：${file}:${line} 未使用：${LINE["zh-CN"][why]}`,
  noTls: (why) => `API：没有 TLS，因此不监听任何 TCP 地址：${why}`,
  callers: (names) => `API：持有令牌的调用方：${names.length === 0 ? "无" : names.join("、")}`,
  wrongTokens: (count, from) => `API：收到 ${count} 个错误令牌，最近一个来自 ${from}`,
  failed: (what, why) => `API：${what}：${why}`,
};

export const apiMessages = (language: Language): ApiMessages =>
  language === "en" ? ENGLISH : CHINESE;
