/** `api`: Baton's own. The HTTP API of a node. */
import { block, type Keyword, type KeywordTable, table, text, yes } from "./keyword.ts";

/** At the root: keepalived 2.2.7 skips its lines there, and reads all others. */
export const API_BLOCK: Keyword = {
  word: "api",
  takes: block("api", false),
  since: "baton",
  default: "off",
  acts: yes,
  purpose: "HTTP API: status, events, metrics, and what may be asked of the node",
};

export const API_LISTEN = "127.0.0.1:9650";

export const API: KeywordTable = table([
  {
    word: "listen",
    takes: text,
    since: "baton",
    default: API_LISTEN,
    acts: yes,
    repeatable: true,
    purpose: "address and port, or `unix:` and a path; other than loopback with `tls` only",
  },
  {
    word: "token_file",
    takes: text,
    since: "baton",
    default: "none: nothing may be changed over HTTP",
    acts: yes,
    purpose: "file with a name and a token on each line; mode 0600, owned by root",
  },
  {
    word: "tls",
    takes: block("tls", false),
    since: "baton",
    default: "off",
    acts: yes,
    purpose: "HTTPS on every address of `listen`",
  },
]);

export const TLS: KeywordTable = table([
  {
    word: "cert_file",
    takes: text,
    since: "baton",
    acts: yes,
    purpose: "certificate of the node in PEM, with those between it and the authority",
  },
  {
    word: "key_file",
    takes: text,
    since: "baton",
    acts: yes,
    purpose: "its private key in PEM; mode 0600, owned by root",
  },
  {
    word: "client_ca_file",
    takes: text,
    since: "baton",
    default: "none: callers need a token",
    acts: yes,
    purpose: "authority of callers' certificates in PEM; the common name is the caller's name",
  },
]);
