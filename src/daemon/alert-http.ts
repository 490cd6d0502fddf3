/** One call to a web hook or a chat robot. */
import { createHmac } from "node:crypto";
import { type AlertMessage, webhookDocument } from "#alerts/message";
import { alertText } from "#alerts/text";
import { type PostResult, postOverHttp, type Transport } from "#cloud/client/transport";
import type { Language } from "#diagnostics/diagnostic";
import type { DestinationPlan } from "#keepalived/plan/run-plan";
import { fromSeconds, type Micros, toMillis, toSeconds } from "#units/time";
import type { CallOutcome } from "./alert-outcome.ts";
import { type Robot, robotAnswer, robotCall, TEXT_BYTES } from "./alert-robots.ts";
import { VERSION } from "./status.ts";

export type HttpDestination = Exclude<DestinationPlan, { readonly kind: "email" }>;

export interface AlertCall {
  readonly node: string;
  readonly messages: readonly AlertMessage[];
  readonly leftOut: number;
  readonly language: Language;
  readonly timeout: Micros;
  /** For a signature, and in the document. */
  readonly at: Date;
}

const ANSWER_BYTES_MAX = 65_536;

export async function callOverHttp(
  destination: HttpDestination,
  call: AlertCall,
  transport: Transport = postOverHttp,
): Promise<CallOutcome> {
  const { url, body, headers } = requestOf(destination, call);
  const isSecure = url.protocol === "https:";
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port);
  const result = await transport({
    endpoint: {
      isSecure,
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port,
      host: url.host,
      path: `${url.pathname}${url.search}`,
    },
    headers: {
      "Content-Type": "application/json; charset=utf-8",
      "User-Agent": `Baton/${VERSION}`,
      ...headers,
    },
    body,
    timeoutMs: toMillis(call.timeout),
    signal: undefined,
    bytesMax: ANSWER_BYTES_MAX,
  });
  return outcomeOf(destination.kind, result, call.timeout);
}

interface Request {
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

function requestOf(destination: HttpDestination, call: AlertCall): Request {
  const { node, messages, leftOut, language, at } = call;
  const url = destination.url.reveal();
  const secret = destination.secret?.reveal();
  if (destination.kind === "webhook") {
    const body = JSON.stringify(webhookDocument(node, at.toISOString(), messages, leftOut));
    const headers = secret === undefined ? {} : { "X-Baton-Signature": signature(secret, body) };
    return { url: new URL(url), body, headers };
  }
  const robot: Robot = destination.kind;
  const { title, lines } = alertText(node, messages, {
    language,
    bytes: TEXT_BYTES[robot],
    leftOut,
  });
  const text = [title, ...lines].join("\n");
  return { ...robotCall(robot, { url, secret }, text, at.getTime()), headers: {} };
}

/** Of the body, as GitHub and others have it. */
const signature = (secret: string, body: string): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

function outcomeOf(
  kind: HttpDestination["kind"],
  result: PostResult,
  timeout: Micros,
): CallOutcome {
  switch (result.kind) {
    case "timeout":
      return failed(false, { kind: "timeout", seconds: toSeconds(timeout) });
    case "unreachable":
      return failed(false, { kind: "unreachable", errno: result.errno });
    case "response": {
      const { status, body } = result;
      if (status >= 300 && status < 400)
        return failed(true, { kind: "redirect", status, host: hostOf(result.location) });
      if (status < 200 || status >= 300) return refusedBy(status, result.retryAfter);
      return kind === "webhook" ? { kind: "arrived" } : robotAnswer(body);
    }
  }
}

const failed = (
  isForGood: boolean,
  why: Extract<CallOutcome, { kind: "failed" }>["why"],
): CallOutcome => ({ kind: "failed", isForGood, why });

/** RFC 9110: too early, too slow and too many are not for good; other 4xx are. */
const NOT_NOW: ReadonlySet<number> = new Set([408, 425, 429]);
const RETRY_AFTER_MAX = 3_600;

function refusedBy(status: number, header: string | undefined): CallOutcome {
  const isForGood = status >= 400 && status < 500 && !NOT_NOW.has(status);
  const seconds = Number(header);
  const isUsable = header !== undefined && /^\d+$/.test(header) && seconds <= RETRY_AFTER_MAX;
  return {
    kind: "failed",
    isForGood,
    ...(isUsable ? { retryAfter: fromSeconds(seconds) } : {}),
    why: { kind: "status", status },
  };
}

/** Not the whole of it: it may repeat the key. */
const hostOf = (location: string | undefined): string | undefined => {
  const host = location === undefined ? "" : (URL.parse(location)?.host ?? "");
  return host === "" ? undefined : host;
};
