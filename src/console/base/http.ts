/**
 * Requests to the console's own server, which is the only one the page talks to.
 *
 * Each carries the access key in `Authorization`. A page of another origin has no key and cannot
 * send this header without a preflight request, which is never answered; there are no cookies that
 * a browser would add by itself.
 */
import { type Signal, signal } from "@preact/signals";
import type { Failure } from "./failure.ts";
import { language } from "./language.ts";
import { recall, remember } from "./memory.ts";
import { type Text, text } from "./text.ts";

const KEY = "key";

/** Undefined until the reader opened the address that `baton console` printed, or gave the key. */
export const accessKey: Signal<string | undefined> = signal(takeKey());

/** From `#key=…` of the printed address, which browsers never send; then from earlier. */
function takeKey(): string | undefined {
  const [, given] = /^#key=([\w-]+)$/.exec(location.hash) ?? [];
  if (given === undefined) return recall(KEY);
  // It does not stay in the address bar, the history, or a screenshot.
  history.replaceState(null, "", location.pathname + location.search);
  remember(KEY, given);
  return given;
}

export function setKey(key: string | undefined): void {
  remember(KEY, key);
  accessKey.value = key;
}

export type Answer<Body> = { readonly kind: "answer"; readonly body: Body } | Failure;

const TEXT = {
  unreachable: text("The console's server does not answer.", "控制台的服务没有应答。"),
  restart: text(
    "Is `baton console` still running in its terminal?",
    "请确认终端中的 `baton console` 仍在运行。",
  ),
  unreadable: text("The answer cannot be read.", "无法读取应答。"),
};

const inLanguage = (both: Text): string => both[language.peek()];

export const headersOf = (accept: string): Record<string, string> => ({
  Accept: accept,
  "Accept-Language": language.peek(),
  ...(accessKey.peek() !== undefined && { Authorization: `Bearer ${accessKey.peek()}` }),
});

export const getJson = async <Body>(path: string, signal?: AbortSignal): Promise<Answer<Body>> =>
  await request<Body>(path, { headers: headersOf("application/json"), signal: signal ?? null });

export const sendJson = async <Body>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body: unknown,
): Promise<Answer<Body>> =>
  await request<Body>(path, {
    method,
    headers: { ...headersOf("application/json"), "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

export const postJson = async <Body>(path: string, body: unknown): Promise<Answer<Body>> =>
  await sendJson<Body>("POST", path, body);

async function request<Body>(path: string, init: RequestInit): Promise<Answer<Body>> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: "omit", cache: "no-store" });
  } catch {
    return {
      kind: "failed",
      status: undefined,
      message: inLanguage(TEXT.unreachable),
      help: inLanguage(TEXT.restart),
    };
  }
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    return { kind: "failed", status: response.status, message: inLanguage(TEXT.unreadable) };
  }
  // The server checks what it passes on; the page trusts its own server.
  if (response.ok) return { kind: "answer", body: body as Body };
  return failureOf(response.status, body);
}

/** `application/problem+json` (RFC 9457): `detail` is in the page's language. */
export function failureOf(status: number, body: unknown): Failure {
  // The key is wrong, or of an earlier start: the frame asks for another.
  if (status === 401 && isOwnRefusal(body)) setKey(undefined);
  const problem = (typeof body === "object" && body !== null ? body : {}) as Record<
    string,
    unknown
  >;
  const [detail, title, help] = [problem["detail"], problem["title"], problem["help"]];
  const message = typeof detail === "string" ? detail : typeof title === "string" ? title : "";
  return {
    kind: "failed",
    status,
    message: message === "" ? `HTTP ${status}` : message,
    ...(typeof help === "string" && { help }),
    body,
  };
}

/** A node may refuse too, when the console has no token for it; the console's key is right then. */
const isOwnRefusal = (body: unknown): boolean =>
  typeof body === "object" &&
  body !== null &&
  "type" in body &&
  body.type === "urn:baton:console:access-key";
