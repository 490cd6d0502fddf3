/**
 * `check`: Baton's own. What a `vrrp_script` asks, without a process for each time it is asked.
 */
import {
  block,
  decimal,
  flag,
  integer,
  type Keyword,
  type KeywordTable,
  table,
  text,
  texts,
  yes,
} from "./keyword.ts";

/** At the root: keepalived 2.2.7 reports its lines as unknown there, and reads all others. */
export const CHECK_BLOCK: Keyword = {
  word: "check",
  takes: block("check", true),
  since: "baton",
  acts: yes,
  repeatable: true,
  purpose: "a check without a process, tracked in `track_script`",
};

/** What can be asked; one in each block. */
export const CHECK_KINDS = ["tcp", "http", "mysql", "postgresql", "redis", "dns", "ping"] as const;
export type CheckKind = (typeof CHECK_KINDS)[number];

/** Seconds. */
export const CHECK_DEFAULTS = { interval: 1 } as const;
const SECONDS = { min: 0.05, max: 3_600 } as const;
const IN_A_ROW_MAX = 1_000_000;

export const DNS_TYPES = ["A", "AAAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT"] as const;

const ask = (word: CheckKind, takes: Keyword["takes"], purpose: string): Keyword => ({
  word,
  takes,
  since: "baton",
  acts: yes,
  purpose,
});

/** URL; status, body and host with a value each; tls with one or two arguments, three times. */
const HTTP_ARGUMENTS_MAX = 15;
/** Socket or address; credentials_file and query with a value each. */
const DATABASE_ARGUMENTS_MAX = 5;

export const CHECK: KeywordTable = table([
  ask("tcp", text, "HOST:PORT takes a connection"),
  ask(
    "http",
    texts(1, HTTP_ARGUMENTS_MAX),
    "URL answers; `status 200-299`, `body PATTERN` (in its first 64 KB), `host NAME`, `tls insecure`, `tls name NAME`, `tls ca FILE`",
  ),
  ask(
    "mysql",
    texts(0, DATABASE_ARGUMENTS_MAX),
    "server at a socket or HOST:PORT answers; `credentials_file FILE`, `query TEXT`",
  ),
  ask(
    "postgresql",
    texts(0, DATABASE_ARGUMENTS_MAX),
    "server at a socket or HOST:PORT answers; `credentials_file FILE`, `query TEXT`",
  ),
  ask(
    "redis",
    texts(0, DATABASE_ARGUMENTS_MAX),
    "server at a socket or HOST:PORT answers; `credentials_file FILE`",
  ),
  ask("dns", texts(2, 3), "server ADDRESS[:PORT] has an answer for a name, of a type (A)"),
  ask("ping", text, "host answers an ICMP echo request"),
  {
    word: "interval",
    takes: decimal(SECONDS.min, SECONDS.max),
    since: "baton",
    default: String(CHECK_DEFAULTS.interval),
    unit: "s",
    acts: yes,
    purpose: "from start to start",
  },
  {
    word: "timeout",
    takes: decimal(SECONDS.min, SECONDS.max),
    since: "baton",
    default: "interval",
    unit: "s",
    acts: yes,
    purpose: "no answer within this time is a failure, at that moment",
  },
  {
    word: "rise",
    takes: integer(1, IN_A_ROW_MAX),
    since: "baton",
    default: "1",
    acts: yes,
    purpose: "successes in a row before it counts as good",
  },
  {
    word: "fall",
    takes: integer(1, IN_A_ROW_MAX),
    since: "baton",
    default: "1",
    acts: yes,
    purpose: "failures in a row before it counts as bad",
  },
  {
    word: "weight",
    takes: { kind: "weight", limit: 253, beyond: "limit" },
    since: "baton",
    default: "0",
    acts: yes,
    purpose: "what the result adds to the priority; 0 means that failure is FAULT",
  },
  {
    word: "init_fail",
    takes: flag,
    since: "baton",
    default: "off",
    acts: yes,
    purpose: "counts as failed until the first success",
  },
]);
