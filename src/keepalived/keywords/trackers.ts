/**
 * `vrrp_script`, `vrrp_track_process`, `track_file`, `bfd_instance`: what an instance can track.
 */
import {
  address,
  flag,
  INT_MAX,
  integer,
  type Keyword,
  type KeywordTable,
  looseDecimal,
  looseInteger,
  maybeChoice,
  quiet,
  table,
  text,
  texts,
  user,
  without,
  yes,
} from "./keyword.ts";

/** keepalived counts microseconds in 32 bits. */
const SCRIPT_SECONDS_MAX = 4294.967295;

/** `weight N [reverse|noreverse]` */
const weight = (limit: number, beyond: "limit" | "default", fallback: string): Keyword => ({
  word: "weight",
  takes: { kind: "weight", limit, beyond },
  since: "1.1.13",
  default: fallback,
  acts: yes,
  purpose: "what the result adds to the priority; 0 means that failure is FAULT",
});

export const SCRIPT: KeywordTable = table([
  {
    word: "script",
    bareIsSkipped: true,
    takes: { kind: "command", user: false },
    since: "1.1.13",
    acts: yes,
    purpose: "program and arguments, in double quotes; no shell; exit status 0 is success",
  },
  {
    word: "interval",
    takes: { kind: "decimal", min: 0.000001, max: SCRIPT_SECONDS_MAX, bad: "digits" },
    since: "1.1.13",
    default: "1",
    unit: "s",
    acts: yes,
    purpose: "from start to start",
  },
  {
    word: "timeout",
    takes: { kind: "decimal", min: 0.000001, max: SCRIPT_SECONDS_MAX, bad: "digits" },
    since: "1.3.0",
    default: "interval",
    unit: "s",
    acts: yes,
    purpose: "when it is ended and counts as failed",
  },
  weight(253, "limit", "0"),
  {
    word: "rise",
    takes: looseInteger(1, INT_MAX),
    since: "1.1.18",
    default: "1",
    acts: yes,
    purpose: "successes in a row before it counts as good",
  },
  {
    word: "fall",
    takes: looseInteger(1, INT_MAX),
    since: "1.1.18",
    default: "1",
    acts: yes,
    purpose: "failures in a row before it counts as bad",
  },
  {
    word: "user",
    takes: user,
    since: "1.3.0",
    default: "script_user",
    acts: yes,
    purpose: "account it runs as",
  },
  {
    word: "init_fail",
    takes: flag,
    since: "1.3.3",
    default: "off",
    acts: yes,
    purpose: "counts as failed until the first success",
  },
]);

export const PROCESS: KeywordTable = table([
  {
    word: "process",
    takes: { kind: "program" },
    since: "2.0.11",
    acts: yes,
    purpose: "name or path of the program, and parameters if they matter",
  },
  {
    word: "param_match",
    takes: maybeChoice("exact", "initial", "partial"),
    since: "2.0.11",
    default: "exact",
    acts: yes,
    purpose: "how parameters are compared",
  },
  {
    word: "quorum",
    takes: looseInteger(1, 65_535),
    since: "2.0.11",
    default: "1",
    acts: yes,
    purpose: "at least so many processes",
  },
  {
    word: "quorum_max",
    takes: looseInteger(0, 65_535),
    since: "2.0.12",
    default: "no limit",
    acts: yes,
    purpose: "at most so many processes",
  },
  {
    word: "delay",
    takes: looseDecimal(0, 3600),
    since: "2.0.11",
    default: "0",
    unit: "s",
    acts: yes,
    purpose: "both delays below",
  },
  {
    word: "fork_delay",
    takes: looseDecimal(0, 3600),
    since: "2.0.12",
    default: "0",
    unit: "s",
    acts: yes,
    purpose: "how long enough processes must be there",
  },
  {
    word: "terminate_delay",
    takes: looseDecimal(0, 3600),
    since: "2.0.12",
    default: "0",
    unit: "s",
    acts: yes,
    purpose: "how long processes must be missing",
  },
  { ...weight(254, "default", "0"), bareIsSkipped: true },
  {
    word: "full_command",
    takes: flag,
    since: "2.0.11",
    default: "off",
    acts: yes,
    purpose: "compare the command line instead of the short name",
  },
]);

export const FILE: KeywordTable = table([
  {
    word: "file",
    bareIsSkipped: true,
    takes: text,
    since: "2.0.0",
    acts: yes,
    purpose: "file with a whole number",
  },
  { ...weight(254, "default", "1"), bareIsSkipped: true },
  {
    word: "init_file",
    takes: texts(0, 2),
    since: "2.0.0",
    default: "the file is not created",
    acts: yes,
    purpose: "value to create it with; `overwrite` does so at every start",
  },
]);

/** keepalived counts microseconds in 32 bits. */
const MILLISECONDS_MAX = 4_294_967;

const BFD_ROWS: readonly (readonly [string, Keyword["takes"], string | undefined, string])[] = [
  ["neighbor_ip", address("any"), undefined, "the other end"],
  ["source_ip", address("any"), undefined, "own address"],
  ["min_rx", integer(1, MILLISECONDS_MAX), "10", "interval we can receive"],
  ["min_tx", integer(1, MILLISECONDS_MAX), "10", "interval we want to send"],
  ["idle_tx", integer(1000, MILLISECONDS_MAX), "1000", "interval while down"],
  ["multiplier", integer(1, 255), "5", "missed packets before down"],
  ["passive", flag, "off", "wait for the other end"],
  ["ttl", integer(1, 255), "255", "TTL, IPv4"],
  ["hoplimit", integer(1, 255), "64", "hop limit, IPv6"],
  ["max_hops", integer(0, 255), "0", "routers in between"],
  ["multihop", flag, "off", "the other end is behind routers"],
  ["weight", { kind: "weight", limit: 253, beyond: "limit" }, "0", "what it adds to the priority"],
  ["vrrp", flag, "on", "report to the VRRP part"],
  ["checker", flag, "on", "report to the IPVS part"],
];

/** `vrrp` and `checker` choose between processes; a hop limit is of IPv6. */
const actsOf = (word: string): Keyword["acts"] => {
  if (word === "multihop") return without("bfd");
  return ["hoplimit", "vrrp", "checker"].includes(word) ? quiet("always") : yes;
};

export const BFD: KeywordTable = table(
  BFD_ROWS.map(([word, takes, fallback, purpose]) => ({
    word,
    takes,
    since: word === "multihop" ? "2.2.8" : "2.0.0",
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(["min_rx", "min_tx", "idle_tx"].includes(word) ? { unit: "ms" as const } : {}),
    acts: actsOf(word),
    purpose,
  })),
);
