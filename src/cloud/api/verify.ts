/**
 * Checks the signature of a request on the server's side. Official clients really send the
 * following:
 *
 * - The Node SDK signs the host without its port and takes the service from the endpoint up to the
 *   first dot (`127`); Go signs host and port; Python signs its literal endpoint, scheme included.
 *   So the Host header is tried as sent and without port, and the service is taken from the scope
 *   as given.
 * - Values of headers are hashed trimmed and in lower case; a client that did not convert them
 *   to lower case is accepted too.
 * - `X-TC-Content-SHA256: UNSIGNED-PAYLOAD` puts the hash of that word in the place of the
 *   body's hash.
 *
 * Results are values: the caller turns them into the platform's codes.
 */
import { timingSafeEqual } from "node:crypto";
import type { Secret } from "#units/secret";
import type { Tc3Authorization } from "./signature-tc3.ts";
import { dateOf, readAuthorization, sha256Hex, tc3Key, tc3Signature } from "./signature-tc3.ts";
import { isV1Method, v1Signature, v1StringToSign } from "./signature-v1.ts";

export interface SecretPair {
  readonly secretId: string;
  readonly secretKey: Secret;
}

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  /** As sent. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type Verdict =
  | { readonly kind: "good"; readonly secretId: string }
  /** No signature, or one that cannot be read. */
  | { readonly kind: "unreadable"; readonly what: string }
  | { readonly kind: "unknown-id"; readonly secretId: string }
  | { readonly kind: "expired"; readonly timestamp: string; readonly now: number }
  | { readonly kind: "mismatch" };

/** A difference of 300 s is accepted and one of 301 s is refused, in both directions. */
const CLOCK_SKEW_MAX_SECONDS = 300;

/** If secrets are undefined, only the form is checked. `nowSeconds` is by the real clock. */
export function verifyTc3(
  request: SignedRequest,
  secrets: SecretPair | undefined,
  nowSeconds: number,
): Verdict {
  const text = request.headers["authorization"] ?? "";
  const authorization = readAuthorization(text);
  if (authorization === undefined) return { kind: "unreadable", what: text };
  const { secretId, signedHeaders } = authorization;
  const missing = ["content-type", "host"].find((name) => !signedHeaders.includes(name));
  if (missing !== undefined) return { kind: "unreadable", what: `SignedHeaders: ${missing}?` };
  if (secrets === undefined) return { kind: "good", secretId };
  if (secretId !== secrets.secretId) return { kind: "unknown-id", secretId };
  const timestamp = request.headers["x-tc-timestamp"] ?? "";
  if (!isInTime(timestamp, nowSeconds)) return { kind: "expired", timestamp, now: nowSeconds };
  if (authorization.date !== dateOf(Number(timestamp))) return { kind: "mismatch" };
  const matches = matchesTc3(request, authorization, timestamp, secrets.secretKey);
  return matches ? { kind: "good", secretId } : { kind: "mismatch" };
}

function isInTime(timestamp: string, nowSeconds: number): boolean {
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  return Math.abs(Math.floor(nowSeconds) - Number(timestamp)) <= CLOCK_SKEW_MAX_SECONDS;
}

function matchesTc3(
  request: SignedRequest,
  authorization: Tc3Authorization,
  timestamp: string,
  secretKey: Secret,
): boolean {
  const { date, service, signedHeaders, signature } = authorization;
  const scope = { date, service, timestamp };
  const key = cachedKey(secretKey, date, service);
  const unsigned = request.headers["x-tc-content-sha256"] === "UNSIGNED-PAYLOAD";
  const payloadHash = unsigned ? UNSIGNED_HASH : sha256Hex(request.body);
  const paths = request.path === "/" ? ["/"] : ["/", request.path];
  for (const host of hostsOf(request.headers["host"] ?? "")) {
    for (const lowered of [true, false]) {
      const headers = signedHeaders.map((name): [string, string] => {
        const value = (name === "host" ? host : (request.headers[name] ?? "")).trim();
        return [name, lowered ? value.toLowerCase() : value];
      });
      const hasCapitals = headers.some(([, value]) => value !== value.toLowerCase());
      if (!lowered && !hasCapitals) continue;
      for (const path of paths) {
        const { method, query } = request;
        const expected = tc3Signature(key, scope, { method, path, query, headers, payloadHash });
        if (isEqual(expected, signature)) return true;
      }
    }
  }
  return false;
}

const UNSIGNED_HASH = sha256Hex("UNSIGNED-PAYLOAD");

/** The host as sent, then without the port. */
function hostsOf(host: string): readonly string[] {
  const bare = host.replace(/:\d+$/, "");
  return bare === host ? [host] : [bare, host];
}

/** One derivation for each day and service saves three of the five hashes of a request. */
const keys = new WeakMap<Secret, Map<string, Uint8Array>>();
const KEYS_MAX = 64;
/** The longest `date/service` that is remembered, because both come from the client. */
const SCOPE_MAX = 64;

function cachedKey(secretKey: Secret, date: string, service: string): Uint8Array {
  const known = keys.get(secretKey) ?? new Map<string, Uint8Array>();
  const name = `${date}/${service}`;
  let key = known.get(name);
  if (key === undefined) {
    key = tc3Key(secretKey, { date, service, timestamp: "" });
    if (known.size >= KEYS_MAX) known.clear();
    if (name.length <= SCOPE_MAX) known.set(copyText(name), key);
    keys.set(secretKey, known);
  }
  return key;
}

/** Copies the text, because a piece of a longer text keeps all of it in memory. */
const copyText = (text: string): string => Buffer.from(text).toString();

function isEqual(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** `parameters` of the query (GET) or the form (POST), decoded. */
export function verifyV1(
  request: SignedRequest,
  parameters: ReadonlyMap<string, string>,
  secrets: SecretPair | undefined,
  nowSeconds: number,
): Verdict {
  const secretId = parameters.get("SecretId");
  const signature = parameters.get("Signature");
  const signMethod = parameters.get("SignatureMethod") ?? "HmacSHA1";
  if (!secretId || !signature) return { kind: "unreadable", what: "SecretId, Signature?" };
  if (!isV1Method(signMethod)) {
    return { kind: "unreadable", what: `SignatureMethod ${signMethod}` };
  }
  if (secrets === undefined) return { kind: "good", secretId };
  if (secretId !== secrets.secretId) return { kind: "unknown-id", secretId };
  const timestamp = parameters.get("Timestamp") ?? "";
  if (!isInTime(timestamp, nowSeconds)) return { kind: "expired", timestamp, now: nowSeconds };
  const signed = new Map(parameters);
  signed.delete("Signature");
  const paths = request.path === "/" ? ["/"] : [request.path, "/"];
  for (const host of hostsOf(request.headers["host"] ?? "")) {
    for (const path of paths) {
      const text = v1StringToSign(request.method, host, path, signed);
      if (isEqual(v1Signature(secrets.secretKey, signMethod, text), signature)) {
        return { kind: "good", secretId };
      }
    }
  }
  return { kind: "mismatch" };
}
