/** A version 2 password is eight bytes on the wire; keepalived cuts what is longer. */
import { PASSWORD_BYTES } from "../effective.ts";
import { byteLength } from "../scan.ts";

/** Never cuts inside a character: a half one could not be written in a configuration again. */
export function cutPassword(secret: string): string {
  let cut = "";
  for (const char of secret) {
    if (byteLength(cut + char) > PASSWORD_BYTES) break;
    cut += char;
  }
  return cut;
}
