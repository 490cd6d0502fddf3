/**
 * What chat robots take and answer. Each takes plain text: it needs no escaping, and all their
 * apps show it.
 *
 * - WeCom: `{ msgtype: "text", text: { content } }`, at most 2,048 bytes; `errcode` 0.
 * - DingTalk: the same form; with a secret `timestamp` (ms) and `sign` in the query, which is
 *   HMAC-SHA256 of "timestamp\nsecret" with the secret as key, in base64.
 * - Feishu: `{ msg_type: "text", content: { text } }`; with a secret `timestamp` (s) and `sign` in
 *   the body, HMAC-SHA256 of nothing with "timestamp\nsecret" as key; `code` 0.
 */
import { createHmac } from "node:crypto";
import * as v from "valibot";
import { openObject, parseJson, readShape } from "#json/shape";
import { fromSeconds } from "#units/time";
import { visible } from "#units/visible";
import type { CallOutcome } from "./alert-outcome.ts";

export type Robot = "wecom" | "dingtalk" | "feishu";

/** Bytes of text in one message, below each limit. */
export const TEXT_BYTES: Readonly<Record<Robot, number>> = {
  wecom: 1_900,
  dingtalk: 4_000,
  feishu: 4_000,
};

export interface RobotCall {
  readonly url: URL;
  readonly body: string;
}

/** @param milliseconds since 1970; DingTalk and Feishu refuse one that is an hour off */
export function robotCall(
  robot: Robot,
  address: { readonly url: string; readonly secret: string | undefined },
  text: string,
  milliseconds: number,
): RobotCall {
  const url = new URL(address.url);
  const { secret } = address;
  switch (robot) {
    case "wecom":
      return { url, body: JSON.stringify({ msgtype: "text", text: { content: text } }) };
    case "dingtalk": {
      if (secret !== undefined) {
        const signed = hmac(secret, `${milliseconds}\n${secret}`);
        url.searchParams.set("timestamp", String(milliseconds));
        url.searchParams.set("sign", signed);
      }
      return { url, body: JSON.stringify({ msgtype: "text", text: { content: text } }) };
    }
    case "feishu": {
      const message = { msg_type: "text", content: { text } };
      if (secret === undefined) return { url, body: JSON.stringify(message) };
      const timestamp = String(Math.floor(milliseconds / 1_000));
      const sign = hmac(`${timestamp}\n${secret}`, "");
      return { url, body: JSON.stringify({ timestamp, sign, ...message }) };
    }
  }
}

const hmac = (key: string, text: string): string =>
  createHmac("sha256", key).update(text).digest("base64");

const ANSWER = openObject(
  {
    errcode: v.exactOptional(v.number()),
    errmsg: v.exactOptional(v.string()),
    code: v.exactOptional(v.number()),
    msg: v.exactOptional(v.string()),
    StatusCode: v.exactOptional(v.number()),
  },
  "an object",
);

/** Too many messages a minute: WeCom, DingTalk, Feishu. */
const TOO_MANY: ReadonlySet<number> = new Set([45_009, 130_101, 9_499, 11_232]);
/** "System busy" of WeCom and DingTalk. */
const BUSY = -1;
const RATE_WAIT = fromSeconds(60);
const TEXT_MAX = 200;

/** A robot answers 200 to refusals too. */
export function robotAnswer(body: string): CallOutcome {
  const read = readShape(ANSWER, parseJson(body));
  const unreadable = { kind: "failed", isForGood: false, why: { kind: "unreadable" } } as const;
  if (read.kind !== "value") return unreadable;
  const { errcode, errmsg, code: other, msg, StatusCode: old } = read.value;
  const code = errcode ?? other ?? old;
  if (code === undefined) return unreadable;
  if (code === 0) return { kind: "arrived" };
  const text = visible((errmsg ?? msg ?? "").slice(0, TEXT_MAX));
  const isTooMany = TOO_MANY.has(code);
  return {
    kind: "failed",
    isForGood: !isTooMany && code !== BUSY,
    ...(isTooMany ? { retryAfter: RATE_WAIT } : {}),
    why: { kind: "refused", code: String(code), text },
  };
}
