/**
 * Signed calls of the API: typed parameters in, a typed answer or a failure value out, and
 * never an exception for outside failures. A call is retried where that is safe, with back-off,
 * until its deadline.
 *
 * A call that creates something gets a ClientToken of its own where the action has one, so that
 * an answer lost on the way does not lead to a second resource. Secrets are used for the
 * signature and nothing else.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleepFor } from "node:timers/promises";
import * as v from "valibot";
import { isObject, openObject, parseJson, readShape } from "#json/shape";
import type { ActionName, AnswerOf, ParametersOf } from "../api/actions.ts";
import { ACTIONS, VERSIONS } from "../api/actions.ts";
import type { Language } from "../api/errors.ts";
import { readAnswer } from "../api/read-answer.ts";
import {
  dateOf,
  printAuthorization,
  sha256Hex,
  tc3Key,
  tc3Signature,
} from "../api/signature-tc3.ts";
import type { CallFailure } from "./call-failure.ts";
import type { Credentials } from "./credentials.ts";
import type { Endpoint } from "./endpoint.ts";
import { backoffMs, isWorthRetrying } from "./retry.ts";
import { isRegion, isSendableKey } from "./sendable.ts";
import type { PostResult, Transport } from "./transport.ts";
import { postOverHttp } from "./transport.ts";

export interface CallAnswer<Name extends ActionName> {
  readonly kind: "answer";
  readonly answer: AnswerOf<Name>;
  /** It also identifies asynchronous work that has no TaskId. */
  readonly requestId: string;
}

export type CallResult<Name extends ActionName> = CallAnswer<Name> | CallFailure;

export interface ClientOptions {
  readonly endpoint: Endpoint;
  readonly region: string;
  readonly credentials: Credentials;
  readonly language: Language;
  /** The limit of one attempt. The default is 10 s. */
  readonly attemptTimeoutMs?: number;
  /** The limit of a call with all its attempts. The default is 30 s. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /**
   * The outside world, so that tests can replace it. `now` is in milliseconds since 1970,
   * `random` in [0, 1).
   */
  readonly transport?: Transport;
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<void>;
  readonly random?: () => number;
}

export interface CloudClient {
  readonly options: ClientOptions;
  call<Name extends ActionName>(
    action: Name,
    parameters: ParametersOf<Name>,
  ): Promise<CallResult<Name>>;
  /** Milliseconds since 1970, and a wait, by the same clock as the calls. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

const ATTEMPT_TIMEOUT_MS = 10_000;
const DEADLINE_MS = 30_000;
const CLIENT_NAME = "baton";
/** How much of a refusal a person reads. */
const CODE_MAX = 200;
const MESSAGE_MAX = 2_000;
const REFUSAL = openObject({ Code: v.string(), Message: v.string() }, "an error");

export function makeClient(options: ClientOptions): CloudClient {
  const { now = Date.now, random = Math.random, transport = postOverHttp } = options;
  const sleep =
    options.sleep ??
    (async (milliseconds: number): Promise<void> => {
      await sleepFor(milliseconds, undefined, { signal: options.signal }).catch(() => undefined);
    });

  async function call<Name extends ActionName>(
    action: Name,
    given: ParametersOf<Name>,
  ): Promise<CallResult<Name>> {
    const unsendable = findUnsendable(options);
    if (unsendable !== undefined) return unsendable;
    const parameters = withToken(action, given);
    const isRepeatable = action.startsWith("Describe") || "ClientToken" in parameters;
    const body = JSON.stringify(parameters);
    const deadline = now() + (options.deadlineMs ?? DEADLINE_MS);
    for (let attempt = 0; ; attempt++) {
      const timeoutMs = Math.min(options.attemptTimeoutMs ?? ATTEMPT_TIMEOUT_MS, deadline - now());
      const headers = signedHeaders(options, action, body, now());
      const { endpoint, signal } = options;
      const posted = await transport({ endpoint, headers, body, timeoutMs, signal });
      const result = readResult(action, posted, timeoutMs);
      if (result.kind === "answer" || !isWorthRetrying({ isRepeatable, failure: result }))
        return result;
      const wait = backoffMs(attempt, random());
      if (options.signal?.aborted === true || now() + wait >= deadline) return result;
      await sleep(wait);
    }
  }

  return { options, call, now, sleep };
}

function findUnsendable({ region, credentials }: ClientOptions): CallFailure | undefined {
  if (!isRegion(region)) return { kind: "unsendable", what: "region" };
  const { secretId, token } = credentials;
  const isFine = isSendableKey(secretId) && (!token || isSendableKey(token.reveal()));
  return isFine ? undefined : { kind: "unsendable", what: "credentials" };
}

function withToken<Name extends ActionName>(action: Name, given: ParametersOf<Name>): object {
  const takesToken = "ClientToken" in ACTIONS[action].parameters.entries;
  return takesToken ? { ClientToken: randomUUID(), ...given } : given;
}

/**
 * `milliseconds` since 1970: every attempt is signed anew, because its time must be correct.
 */
function signedHeaders(
  { endpoint, region, credentials, language }: ClientOptions,
  action: ActionName,
  body: string,
  milliseconds: number,
): Readonly<Record<string, string>> {
  const seconds = Math.floor(milliseconds / 1000);
  const scope = { date: dateOf(seconds), service: "vpc", timestamp: `${seconds}` };
  const signed: readonly (readonly [string, string])[] = [
    ["content-type", "application/json"],
    ["host", endpoint.host],
  ];
  const signature = tc3Signature(tc3Key(credentials.secretKey, scope), scope, {
    method: "POST",
    path: endpoint.path,
    query: "",
    headers: signed,
    payloadHash: sha256Hex(body),
  });
  const { secretId, token } = credentials;
  const authorization = { secretId, ...scope, signedHeaders: ["content-type", "host"], signature };
  return {
    Host: endpoint.host,
    "Content-Type": "application/json",
    "X-TC-Action": action,
    "X-TC-Version": VERSIONS.vpc,
    "X-TC-Region": region,
    "X-TC-Timestamp": scope.timestamp,
    "X-TC-Language": language,
    "X-TC-RequestClient": CLIENT_NAME,
    ...(token !== undefined && { "X-TC-Token": token.reveal() }),
    Authorization: printAuthorization(authorization),
  };
}

function readResult<Name extends ActionName>(
  action: Name,
  posted: PostResult,
  timeoutMs: number,
): CallResult<Name> {
  if (posted.kind === "timeout") return { kind: "timeout", afterMs: timeoutMs };
  if (posted.kind === "unreachable") return posted;
  if (posted.status !== 200) return { kind: "http", status: posted.status };
  const response = readResponse(posted.body);
  if (response === undefined) return { kind: "unreadable", path: "Response" };
  const requestId = typeof response["RequestId"] === "string" ? response["RequestId"] : "";
  const error = response["Error"];
  if (isObject(error)) {
    const refusal = readShape(REFUSAL, error);
    if (refusal.kind === "problem") return { kind: "unreadable", path: "Response.Error" };
    const { Code, Message } = refusal.value;
    const short = { code: Code.slice(0, CODE_MAX), message: Message.slice(0, MESSAGE_MAX) };
    return { kind: "refused", ...short, requestId: requestId.slice(0, CODE_MAX) };
  }
  const read = readAnswer(action, response);
  return read.kind === "answer" ? { ...read, requestId } : read;
}

function readResponse(body: string): Readonly<Record<string, unknown>> | undefined {
  const value = parseJson(body);
  const response = isObject(value) ? value["Response"] : undefined;
  return isObject(response) ? response : undefined;
}
