/**
 * The older signatures, HmacSHA1 and HmacSHA256: everything is a parameter of the query or the
 * form, including the signature. The signed text is not URL-encoded, and contains the endpoint
 * with its port.
 */
import { createHmac } from "node:crypto";
import type { Secret } from "#units/secret";

export type V1Method = "HmacSHA1" | "HmacSHA256";
export const isV1Method = (text: string): text is V1Method =>
  text === "HmacSHA1" || text === "HmacSHA256";

/**
 * `parameters` without Signature. Keys are sorted by UTF-16 unit, as every SDK does for these ASCII
 * names.
 */
export function v1StringToSign(
  method: string,
  host: string,
  path: string,
  parameters: ReadonlyMap<string, string>,
): string {
  const pairs = [...parameters.keys()]
    .toSorted()
    .map((key) => `${key}=${parameters.get(key) ?? ""}`);
  return `${method}${host}${path}?${pairs.join("&")}`;
}

/** The signature in base64. */
export function v1Signature(secretKey: Secret, method: V1Method, stringToSign: string): string {
  const digest = method === "HmacSHA1" ? "sha1" : "sha256";
  return createHmac(digest, secretKey.reveal()).update(stringToSign, "utf8").digest("base64");
}
