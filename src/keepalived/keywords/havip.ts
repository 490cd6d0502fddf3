/** `havip`: Baton's own. Where to ask whether the cloud agrees about an address. */
import {
  block,
  integer,
  type Keyword,
  type KeywordTable,
  quiet,
  table,
  text,
  yes,
} from "./keyword.ts";

/**
 * In `global_defs` it is for every instance; in a `vrrp_instance` for that one, and counts before
 * the global one.
 */
export const HAVIP_BLOCK: Keyword = {
  word: "havip",
  takes: block("havip", false),
  since: "baton",
  default: "off",
  acts: yes,
  purpose: "while MASTER, ask the cloud whether it agrees, and announce again until it does",
};

/**
 * Longer than any move of a HAVIP that was seen (10 s), and well within the 90 s in which systemd
 * expects a stop to end.
 */
export const HANDOVER_WAIT = 15;
const HANDOVER_WAIT_MAX = 60;

/** Written in it by mistake: what is secret has no place in this file. */
export const SECRET_KEYWORDS: readonly string[] = ["secret_id", "secret_key", "token"];

export const HAVIP: KeywordTable = table([
  {
    word: "endpoint",
    takes: text,
    since: "baton",
    default: "BATON_CLOUD_ENDPOINT, else the cloud's own",
    acts: yes,
    purpose: "address of the API, an emulator for example",
  },
  {
    word: "region",
    takes: text,
    since: "baton",
    default: "the credentials', else the machine's metadata",
    acts: yes,
    purpose: "region of the HAVIP",
  },
  {
    word: "instance_id",
    takes: text,
    since: "baton",
    default: "the machine's metadata",
    acts: yes,
    purpose: "this machine's name in the cloud",
  },
  {
    word: "credentials_file",
    takes: text,
    since: "baton",
    default: "the environment, else the files of tccli and the SDKs",
    acts: yes,
    purpose: "file with the key, as tccli (JSON) or the SDKs (sections) have it",
  },
  {
    word: "handover_wait",
    takes: integer(0, HANDOVER_WAIT_MAX),
    since: "baton",
    default: String(HANDOVER_WAIT),
    unit: "s",
    acts: yes,
    purpose:
      "at a planned stop, keep answering until the cloud has moved the address, at most so long after the successor was heard; 0: do not wait",
  },
  ...SECRET_KEYWORDS.map(
    (word): Keyword => ({
      word,
      takes: text,
      since: "baton",
      acts: quiet("always"),
      purpose: "an error (VR2060): it belongs in `credentials_file`",
    }),
  ),
]);
