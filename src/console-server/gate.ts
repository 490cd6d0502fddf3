/**
 * Who may use the console: the page that this server serves, in the hands of somebody who has the
 * access key. Nothing else, in particular no page of another origin and no other user of this
 * machine (`127.0.0.1` is open to all of them, and a switch is root's business).
 *
 * - DNS rebinding: a name that means this machine, made by somebody else. Host has to be an
 *   address, `localhost`, or a name that was given at the start.
 * - Cross-site requests: Origin, if there is one, has to be our own; Sec-Fetch-Site likewise. A
 *   link to the console may be followed from anywhere.
 * - Everything under /api needs the key in `Authorization`. A browser never adds that by itself,
 *   and there are no cookies, so there is nothing for a foreign page to ride on.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context, MiddlewareHandler } from "hono";
import type { Secret } from "#units/secret";
import { problem, text } from "./problem.ts";

export interface GateOptions {
  readonly key: Secret;
  /** Names by which the console may be called, besides addresses and `localhost`. */
  readonly names: readonly string[];
}

/** Guessing gets slow; whoever mistyped does not notice. */
const WRONG_KEY_MS = 300;
/** Wrong keys that wait at once: more are refused without waiting, so that none pile up. */
const WAITING_MAX = 20;

export function gate({ key, names }: GateOptions): MiddlewareHandler {
  let waiting = 0;
  return async (context, next) => {
    const refused = foreign(context, names);
    if (refused !== undefined) return refused;
    if (!context.req.path.startsWith("/api/")) return await next();
    const [, given = ""] =
      /^Bearer +([\w-]{1,200})$/i.exec(context.req.header("authorization") ?? "") ?? [];
    if (isSame(given, key)) return await next();
    if (given !== "" && waiting < WAITING_MAX) {
      waiting += 1;
      await sleep(WRONG_KEY_MS, undefined, { ref: false });
      waiting -= 1;
    }
    return problem(context, {
      status: 401,
      type: "urn:baton:console:access-key",
      detail: text("the access key is missing or wrong", "缺少访问密钥，或密钥不正确"),
      help: text(
        "open the address that `baton console` printed, or enter its key",
        "请打开 `baton console` 输出的地址，或输入其中的密钥",
      ),
    });
  };
}

/** In a time that does not depend on where they differ, nor on their lengths. */
function isSame(given: string, key: Secret): boolean {
  const digest = (value: string): Uint8Array => createHash("sha256").update(value).digest();
  return timingSafeEqual(digest(given), digest(key.reveal()));
}

function foreign(context: Context, names: readonly string[]): Response | undefined {
  const host = context.req.header("host") ?? "";
  if (!isOwnName(nameOf(host), names)) {
    return problem(context, {
      status: 421,
      detail: text(
        `this console is not called ${shorten(host)}`,
        `此控制台的名称不是 ${shorten(host)}`,
      ),
      help: text(
        "use its address, or start it with --allow-host NAME",
        "请使用 IP 地址访问，或在启动时给出 --allow-host 名称",
      ),
    });
  }
  const site = context.req.header("sec-fetch-site") ?? "none";
  const isOwnSite = site === "same-origin" || site === "none";
  const isLink =
    context.req.method === "GET" &&
    context.req.header("sec-fetch-mode") === "navigate" &&
    context.req.header("sec-fetch-dest") === "document" &&
    !context.req.path.startsWith("/api/");
  const origin = context.req.header("origin");
  const isOwnOrigin = origin === undefined || authorityOf(origin) === host.toLowerCase();
  if (isOwnOrigin && (isOwnSite || isLink)) return undefined;
  return problem(context, {
    status: 403,
    detail: text(
      `a page of another origin asked for this (${shorten(origin ?? site)})`,
      `请求来自其他来源的页面（${shorten(origin ?? site)}）`,
    ),
  });
}

const authorityOf = (origin: string): string => origin.replace(/^https?:\/\//i, "").toLowerCase();

const nameOf = (host: string): string =>
  host
    .toLowerCase()
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");

function isOwnName(name: string, names: readonly string[]): boolean {
  // A request to an address did not come through a foreign DNS name.
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(name) || name.includes(":")) return true;
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return names.some((own) => nameOf(own) === name);
}

const SHOWN_MAX = 100;
const shorten = (value: string): string =>
  value.length <= SHOWN_MAX ? value : `${value.slice(0, SHOWN_MAX)}…`;
