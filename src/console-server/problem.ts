/** What went wrong, for the page: `application/problem+json` (RFC 9457), in its language. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Language } from "#diagnostics/diagnostic";

export type Text = Readonly<Record<Language, string>>;

export const text = (en: string, zh: string): Text => ({ en, "zh-CN": zh });

export interface Problem {
  readonly status: ContentfulStatusCode;
  readonly detail: Text;
  readonly help?: Text;
  /** For what the page acts on itself. */
  readonly type?: `urn:baton:${string}`;
}

export const languageOf = (header: string | undefined): Language =>
  /^\s*zh\b/i.test(header ?? "") ? "zh-CN" : "en";

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  413: "Content Too Large",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

export function problem(context: Context, { status, detail, help, type }: Problem): Response {
  const language = languageOf(context.req.header("accept-language"));
  const body = {
    type: type ?? "about:blank",
    title: TITLES[status] ?? "Error",
    status,
    detail: detail[language],
    ...(help !== undefined && { help: help[language] }),
  };
  return context.body(JSON.stringify(body), status, {
    "Content-Type": "application/problem+json",
  });
}
