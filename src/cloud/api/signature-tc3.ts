/**
 * TC3-HMAC-SHA256, for both sides: the client signs with it, the emulator checks with it.
 *
 * The canonical request ends its header block with a line feed of its own, so there is a blank
 * line before the list of signed headers. The client decides the list's order, which is kept.
 */
import { createHash, createHmac } from "node:crypto";
import type { Secret } from "#units/secret";

export const TC3_ALGORITHM = "TC3-HMAC-SHA256";

export interface Tc3Request {
  readonly method: string;
  /** The path of the target, usually `/`. */
  readonly path: string;
  /** As sent, without the question mark; not sorted, not decoded. */
  readonly query: string;
  /**
   * The headers in the order in which they are signed: names in lower case, values as they are
   * hashed.
   */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Lower-case hexadecimal SHA-256 of the body. */
  readonly payloadHash: string;
}

export interface Tc3Scope {
  /** UTC, `2026-01-01` */
  readonly date: string;
  readonly service: string;
  /** Seconds since 1970, in decimal, as in X-TC-Timestamp. */
  readonly timestamp: string;
}

export const sha256Hex = (data: string | Uint8Array): string =>
  createHash("sha256").update(data).digest("hex");

const hmac = (key: string | Uint8Array, data: string): Uint8Array =>
  createHmac("sha256", key).update(data).digest();

/** UTC date of a timestamp in seconds. */
export const dateOf = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().slice(0, 10);

/** The key derived from the secret; it is the same for all requests of a day to a service. */
export function tc3Key(secretKey: Secret, { date, service }: Tc3Scope): Uint8Array {
  return hmac(hmac(hmac(`TC3${secretKey.reveal()}`, date), service), "tc3_request");
}

export function tc3Signature(key: Uint8Array, scope: Tc3Scope, request: Tc3Request): string {
  const canonical = [
    request.method,
    request.path,
    request.query,
    ...request.headers.map(([name, value]) => `${name}:${value}`),
    "",
    request.headers.map(([name]) => name).join(";"),
    request.payloadHash,
  ].join("\n");
  const toSign = [
    TC3_ALGORITHM,
    scope.timestamp,
    `${scope.date}/${scope.service}/tc3_request`,
    sha256Hex(canonical),
  ].join("\n");
  return createHmac("sha256", key).update(toSign).digest("hex");
}

export interface Tc3Authorization {
  readonly secretId: string;
  readonly date: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

export function printAuthorization(authorization: Tc3Authorization): string {
  const { secretId, date, service, signedHeaders, signature } = authorization;
  return (
    `${TC3_ALGORITHM} Credential=${secretId}/${date}/${service}/tc3_request, ` +
    `SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`
  );
}

/** Undefined if any part is missing or the scope is not `id/date/service/tc3_request`. */
export function readAuthorization(text: string): Tc3Authorization | undefined {
  if (!text.startsWith(`${TC3_ALGORITHM} `)) return undefined;
  const parts = new Map<string, string>();
  for (const part of text.slice(TC3_ALGORITHM.length).split(",")) {
    const [name, ...value] = part.trim().split("=");
    parts.set(name ?? "", value.join("="));
  }
  const [secretId, date, service, end, ...rest] = (parts.get("Credential") ?? "").split("/");
  const signedHeaders = parts.get("SignedHeaders");
  const signature = parts.get("Signature");
  if (!secretId || !date || !service || end !== "tc3_request" || rest.length > 0) return undefined;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || !signedHeaders || !signature) return undefined;
  const names = signedHeaders.split(";").map((name) => name.trim().toLowerCase());
  return { secretId, date, service, signedHeaders: names, signature };
}
