/** `authentication` and `auth_hmac`. */
import { choice, integer, type KeywordTable, secret, secrets, table, yes } from "./keyword.ts";

export const AUTHENTICATION: KeywordTable = table([
  {
    word: "auth_type",
    takes: choice("PASS", "AH"),
    since: "0.6.6",
    acts: yes,
    purpose: "PASS sends a password in clear; AH is IPsec and is not offered by Baton",
  },
  {
    word: "auth_pass",
    takes: secret,
    since: "0.6.6",
    acts: yes,
    purpose: "password; eight bytes count, the rest is cut off",
  },
]);

export const HMAC: KeywordTable = table([
  {
    word: "key",
    takes: secrets(2, 2),
    since: "2.4.0",
    acts: yes,
    repeatable: true,
    purpose: "number and secret: `hex:…`, plain text or `file:PATH`, 32 to 64 bytes",
  },
  {
    word: "active_key",
    takes: integer(1, 255),
    since: "2.4.0",
    acts: yes,
    purpose: "number of the key to sign with",
  },
  {
    word: "anti_replay",
    takes: choice("time", "monotonic"),
    since: "2.4.0",
    default: "time",
    acts: yes,
    purpose: "how old advertisements are distinguished from new ones",
  },
  {
    word: "time_window",
    takes: integer(1, 300),
    since: "2.4.0",
    default: "three advertisements, at least 5",
    unit: "s",
    acts: yes,
    purpose: "difference of clocks that is accepted",
  },
  {
    word: "mode",
    takes: choice("enforce", "permissive", "receive-only"),
    since: "2.4.0",
    default: "enforce",
    acts: yes,
    purpose: "what is done with unsigned advertisements",
  },
]);
