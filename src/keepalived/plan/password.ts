/** A version 2 password is eight bytes on the wire; keepalived cuts what is longer. */
import { Secret } from "#units/secret";
import { byteLength } from "../lines/tokens.ts";
import { PASSWORD_BYTES } from "../model/effective.ts";

/** Never cuts inside a character: half of one could not be written in a configuration. */
export function cutPassword(secret: Secret): Secret {
  let cut = "";
  for (const char of secret.reveal()) {
    if (byteLength(cut + char) > PASSWORD_BYTES) break;
    cut += char;
  }
  return new Secret(cut);
}
