/**
 * The values each code carries, as plain data. Messages are functions of these; a value from the
 * file is given as it is written there. Numbers of seconds are in seconds, as the operator writes
 * them.
 */
import type { GateFacts } from "./facts-gate.ts";
import type { RoutingFacts } from "./facts-routing.ts";
import type { SigningFacts } from "./facts-signing.ts";
import type { VmacFacts } from "./facts-vmac.ts";

/** What a machine would do without, when Baton reads a keyword but does not act on it. */
export type Loss =
  | "address-flags"
  | "bfd"
  | "dbus"
  | "ipvs"
  | "linkbeat"
  | "namespace"
  | "old-checksum"
  | "reload-file"
  | "routes"
  | "rules"
  | "snmp"
  | "static"
  | "extra-garp"
  | "ipvlan"
  | "vrf";

/** Why a keyword needs no action here although keepalived has it. */
export type NoNeed =
  | "always"
  | "buffers"
  | "dump-files"
  | "kernel"
  | "names"
  | "obsolete"
  | "process"
  | "scheduling"
  | "timing";

/** What a kernel setting does to an address, a peer or an instance. */
export type SettingEffect =
  | { readonly kind: "never-answers" | "host-scope"; readonly address: string }
  | {
      readonly kind: "held-elsewhere";
      readonly address: string;
      readonly holder: string;
      readonly interface: string;
    }
  | {
      readonly kind: "other-answers" | "other-asks" | "answers-by-route";
      readonly address: string;
      readonly other: string;
      readonly interface: string;
    }
  | { readonly kind: "local-peer"; readonly address: string; readonly interface: string }
  | {
      readonly kind: "peer-elsewhere";
      readonly address: string;
      readonly interface: string;
      /** Undefined: there is no route. */
      readonly route: string | undefined;
    }
  | { readonly kind: "no-forwarding"; readonly instance: string }
  | {
      readonly kind: "secondaries-go";
      readonly address: string;
      readonly also: string;
      readonly interface: string;
    }
  | { readonly kind: "too-many-groups"; readonly interface: string };

export type TrackerWord =
  | "vrrp_script"
  | "check"
  | "track_file"
  | "vrrp_track_process"
  | "bfd_instance";

/** What an argument that is missing should have been. */
export type ExpectedArgument = "number" | "seconds" | "word" | "address" | "interface" | "command";

export interface Facts extends GateFacts, RoutingFacts, SigningFacts, VmacFacts {
  // Syntax
  readonly VR1001: {
    readonly word: string;
    /** Keyword of the enclosing block, or undefined at the root. */
    readonly block: string | undefined;
    readonly suggestion: string | undefined;
    /** Blocks in which the word is known. */
    readonly homes: readonly string[];
    readonly isBlock: boolean;
    /**
     * The enclosing block ended too early because of this block's `}`: name and the lines that were
     * lost.
     */
    readonly cut: { readonly name: string; readonly from: number; readonly to: number } | undefined;
  };
  readonly VR1002: {
    readonly keyword: string;
    readonly name: string;
    readonly headerLine: number;
    readonly usedBy: readonly string[];
    readonly inside: string | undefined;
  };
  readonly VR1003: { readonly looksLike: string | undefined; readonly inside: string | undefined };
  readonly VR1004: {
    /** What it closes although keywords of this block follow; undefined: nothing is open. */
    readonly block: string | undefined;
  };
  readonly VR1005: {
    readonly block: string;
    readonly line: number;
    readonly count: number;
    /**
     * The place is the open block's own, and the file ended; else it is what cannot stand in the
     * block.
     */
    readonly isFileOver?: true;
  };
  readonly VR1006: { readonly block: string };
  readonly VR1007: { readonly line: string };
  readonly VR1008: { readonly bytes: number; readonly limit: number };
  readonly VR1009: { readonly count: number; readonly guess: "binary" | "utf-16" };
  readonly VR1010: { readonly word: string };
  readonly VR1011: { readonly found: string; readonly ascii: string };
  readonly VR1012: { readonly count: number };
  readonly VR1013: {
    readonly name: string;
    readonly braces: boolean;
    readonly suggestion: string | undefined;
  };
  readonly VR1014: { readonly name: string };
  readonly VR1015: { readonly text: string; readonly problem: "form" | "numbers" | "tuples" };
  readonly VR1016: { readonly pattern: string; readonly keyword: string };
  readonly VR1017: { readonly pattern: string; readonly keyword: string };
  readonly VR1018: {
    readonly path: string;
    readonly why:
      | "directory"
      | "executable"
      | "unreadable"
      | "not-regular"
      | "too-large"
      | "too-many";
  };
  readonly VR1019: { readonly path: string; readonly depth: number };
  readonly VR1020: { readonly keyword: string; readonly expected: ExpectedArgument };
  readonly VR1021: {
    readonly keyword: string;
    readonly extra: string;
    /** The first of them is itself a keyword here, so a line break is missing. */
    readonly isKeyword: boolean;
  };
  readonly VR1022: { readonly word: string };
  readonly VR1023: {
    readonly keyword: string;
    readonly mark: string;
    readonly secret: boolean;
    readonly kept: string;
  };
  readonly VR1024: { readonly keyword: string; readonly mark: string };
  readonly VR1025: { readonly keyword: string; readonly mark: string };
  readonly VR1026: { readonly word: string; readonly mark: string };
  readonly VR1027: {
    readonly block: string;
    readonly kept: string;
    readonly lost: string;
    /** Not even the first item of the line counts. */
    readonly dropped: boolean;
  };
  readonly VR1028: Record<never, never>;
  readonly VR1029: { readonly bytes: number };
  readonly VR1030: { readonly block: string; readonly count: number };
  readonly VR1031: { readonly block: string; readonly name: string; readonly line: number };
  readonly VR1032: { readonly guess: string | undefined };
  readonly VR1033: { readonly code: keyof Facts; readonly count: number };
  readonly VR1034: { readonly limit: number; readonly unit: "lines" | "characters" };
  readonly VR1035: { readonly word: string };
  readonly VR1036: { readonly depth: number };
  readonly VR1040: { readonly keyword: string; readonly expected: ExpectedArgument };
  readonly VR1041: { readonly keyword: string; readonly expected: ExpectedArgument };
  readonly VR1042: { readonly word: string; readonly suggestion: string };
  readonly VR1043: { readonly text: string; readonly kind: "shell" | "template" };
  readonly VR1045: {
    readonly pattern: string;
    readonly keyword: string;
    /** Used in the file and not defined there. */
    readonly names: readonly string[];
  };
  readonly VR1044: { readonly names: readonly string[] };
  readonly VR1038: { readonly name: string };
  readonly VR1039: { readonly name: string };
  readonly VR1037: { readonly id: string | undefined };

  // Values and references
  readonly VR2001: {
    readonly keyword: string;
    readonly text: string;
    readonly decimal: boolean;
    readonly used: string;
    /** A keyword of ours: keepalived has no say in it. */
    readonly isOwn?: true;
  };
  readonly VR2002: {
    readonly keyword: string;
    readonly text: string;
    readonly min: number;
    readonly max: number;
    readonly used: string;
    /** A keyword of ours: keepalived has no say in it. */
    readonly isOwn?: true;
  };
  readonly VR2003: { readonly keyword: string; readonly text: string };
  readonly VR2004: {
    readonly keyword: string;
    readonly text: string;
    readonly choices: readonly string[];
    readonly suggestion: string | undefined;
    readonly used: string;
    /** A keyword of ours: keepalived has no say in it. */
    readonly isOwn?: true;
  };
  readonly VR2005: { readonly keyword: string; readonly text: string };
  readonly VR2006: {
    readonly text: string;
    readonly mask: string;
    readonly prefix: number;
    readonly address: string;
  };
  readonly VR2007: { readonly text: string; readonly max: number };
  readonly VR2008: {
    readonly address: string;
    readonly family: "IPv4" | "IPv6";
    readonly first: "IPv4" | "IPv6";
  };
  readonly VR2009: { readonly asked: string; readonly used: string; readonly version: number };
  readonly VR2010: {
    readonly tracker: TrackerWord;
    readonly name: string;
    readonly user: string;
    readonly suggestion: string | undefined;
  };
  readonly VR2011: { readonly tracker: TrackerWord; readonly name: string };
  readonly VR2012: {
    readonly group: string;
    readonly name: string;
    readonly suggestion: string | undefined;
  };
  readonly VR2013: { readonly group: string };
  readonly VR2014: { readonly instance: string; readonly first: string; readonly second: string };
  readonly VR2015: { readonly instance: string };
  readonly VR2016: { readonly instance: string; readonly unicast: boolean };
  readonly VR2017: {
    readonly vrid: number;
    /** Undefined: one of them is bound to none. */
    readonly interface: string | undefined;
    readonly first: string;
    readonly second: string;
  };
  readonly VR2018: { readonly instance: string };
  readonly VR2019: { readonly instance: string; readonly version: number };
  readonly VR2020: { readonly address: string };
  readonly VR2021: { readonly address: string; readonly first: string; readonly second: string };
  readonly VR2022: {
    readonly address: string;
    readonly role: "unicast_src_ip" | "unicast_peer" | "mcast_src_ip";
  };
  readonly VR2023: { readonly instance: string; readonly priority: number };
  readonly VR2024: {
    readonly instance: string;
    readonly keyword: "preempt_delay" | "hold_down";
    readonly why: "nopreempt" | "state MASTER";
    readonly seconds: string;
  };
  readonly VR2025: { readonly instance: string };
  readonly VR2026: { readonly instance: string; readonly trackers: readonly string[] };
  readonly VR2027: { readonly instance: string };
  readonly VR2028: { readonly instance: string };
  readonly VR2029: { readonly has: string; readonly lacks: string };
  readonly VR2030: { readonly bytes: number };
  readonly VR2031: {
    readonly keyword: string;
    readonly instance: string;
    /** `unicast_fault_no_peer`: FAULT instead of multicast. */
    readonly isFault: boolean;
  };
  readonly VR2032: { readonly label: string; readonly bytes: number; readonly address: string };
  readonly VR2033: {
    readonly word: string;
    readonly address: string;
    readonly suggestion: string | undefined;
  };
  readonly VR2034: { readonly block: string; readonly name: string; readonly keyword: string };
  readonly VR2035: { readonly interface: string };
  readonly VR2036: {
    readonly keyword: string;
    readonly first: string;
    readonly last: string;
    readonly line: number;
  };
  readonly VR2037: Record<never, never>;
  readonly VR2038: { readonly instance: string; readonly count: number; readonly max: number };
  readonly VR2039: {
    readonly text: string;
    readonly address: string;
    readonly why: "prefix" | "address";
  };
  readonly VR2040: { readonly group: string };
  readonly VR2041: { readonly name: string; readonly bytes: number };
  readonly VR2042: { readonly kept: string; readonly ignored: string };
  readonly VR2043: { readonly name: string; readonly block: string };
  readonly VR2044: {
    readonly keyword: string;
    readonly command: string;
    readonly rest: string;
    /** A user and a group may follow this command. */
    readonly user: boolean;
  };
  readonly VR2045: { readonly command: string; readonly problem: "quote" | "escape" | "empty" };
  readonly VR2046: { readonly address: string };
  readonly VR2047: {
    readonly keyword: string;
    readonly word: string;
    readonly suggestion: string | undefined;
    /** keepalived drops the whole line: the check is not used. */
    readonly dropped: boolean;
  };
  readonly VR2048: { readonly min: number; readonly max: number };
  readonly VR2052: { readonly keyword: string; readonly name: string };
  readonly VR2051: { readonly text: string; readonly address: string };
  readonly VR2050: {
    readonly interface: string;
    readonly weight: number;
    readonly tracked: boolean;
  };
  readonly VR2049: { readonly keyword: string; readonly text: string; readonly used: string };

  /** Of two BFD sessions. */
  readonly VR2053: {
    readonly name: string;
    readonly first: string;
    readonly neighbor: string;
    readonly line: number;
  };
  readonly VR2060: { readonly keyword: string; readonly line: number };
  readonly VR2061: {
    readonly keyword: string;
    readonly text: string;
    readonly wanted: "url" | "region" | "instance" | "path";
  };
  readonly VR2062: Record<never, never>;
  readonly VR2070: {
    readonly text: string;
    readonly why: "form" | "name" | "port" | "path";
  };
  readonly VR2071: {
    readonly text: string;
    readonly lacksTls: boolean;
    /** Nothing by which callers are known: neither tokens nor certificates. */
    readonly lacksCallers: boolean;
  };
  readonly VR2072: { readonly missing: "cert_file" | "key_file" };
  readonly VR2073: { readonly keyword: string; readonly text: string };
  /** The address itself is a secret. */
  readonly VR2080: {
    readonly keyword: string;
    readonly problem: "scheme" | "form" | "account";
  };
  readonly VR2081: Record<never, never>;
  /** What is missing. */
  readonly VR2082: {
    readonly keyword: string;
    readonly server: boolean;
    readonly recipients: boolean;
  };
  readonly VR2083: { readonly keyword: string; readonly text: string };
  readonly VR2090: {
    readonly keyword: "keep" | "max_size" | "max_entries";
    readonly text: string;
    readonly why: "form" | "range";
  };

  // Two files of one pair
  readonly VR2501: { readonly what: string; readonly first: string; readonly second: string };
  readonly VR2502: { readonly instance: string; readonly missing: string };
  readonly VR2503: { readonly first: string; readonly second: string; readonly source: string };
  /** The file in which strict mode drops the password, if it is in one only. */
  readonly VR2504: { readonly strict: string | undefined };
  readonly VR2505: {
    readonly firstOnly: readonly string[];
    readonly secondOnly: readonly string[];
  };
  readonly VR2506: { readonly address: string };
  readonly VR2507: { readonly first: number; readonly second: number };
  readonly VR2508: { readonly priority: number; readonly preempt: boolean };
  readonly VR2509: Record<never, never>;
  readonly VR2510: { readonly first: string; readonly second: string };
  readonly VR2511: { readonly weight: number; readonly gap: number; readonly tracker: string };
  readonly VR2512: { readonly first: string; readonly second: string };
  readonly VR2513: { readonly which: string };

  // Advice
  readonly VR3001: {
    readonly instance: string;
    readonly tracker: string;
    readonly weight: number;
    /** Not `nopreempt` but a gate is why. */
    readonly isGated?: boolean;
  };
  readonly VR3002: {
    readonly script: string;
    readonly timeout: string;
    readonly interval: string;
    /** A `check`, which only Baton runs. */
    readonly isCheck?: true;
  };
  readonly VR3003: { readonly mark: string; readonly command: string };
  readonly VR3004: { readonly path: string };
  readonly VR3021: { readonly path: string };
  readonly VR3005: { readonly path: string; readonly folder: string; readonly user: string };
  readonly VR3006: { readonly count: number };
  readonly VR3007: {
    readonly instance: string;
    readonly unicast: boolean;
    readonly authentication: boolean;
    /** Keywords with a written value that does not count. */
    readonly resets: readonly string[];
  };
  readonly VR3008: {
    readonly group: string;
    readonly instance: string;
    readonly tracker: string;
    readonly removed: boolean;
  };
  readonly VR3009: { readonly address: string; readonly network: string; readonly source: string };
  readonly VR3010: Record<never, never>;
  readonly VR3012: { readonly cloud: string; readonly instance: string };
  readonly VR3013: { readonly cloud: string; readonly instance: string; readonly missing: string };
  readonly VR3014: {
    readonly cloud: string;
    readonly interface: string;
    readonly count: number;
    readonly max: number;
  };
  readonly VR3015: {
    readonly cloud: string;
    readonly interface: string;
    readonly count: number;
    readonly repeat: number;
  };
  readonly VR3016: { readonly cloud: string; readonly instance: string };
  readonly VR3017: {
    readonly vrid: number;
    readonly first: string;
    readonly second: string;
    /** On one interface, with other peers or another group. */
    readonly same: boolean;
  };
  readonly VR3018: { readonly folder: string; readonly path: string; readonly user: string };
  readonly VR3019: { readonly instance: string; readonly seconds: string };
  readonly VR3023: { readonly address: string; readonly network: string };
  readonly VR3027: { readonly instance: string; readonly address: string };
  readonly VR3028: { readonly instance: string; readonly count: number; readonly most: number };
  readonly VR3024: { readonly cloud: string; readonly instance: string };
  readonly VR3022: { readonly count: number };
  readonly VR3020: {
    readonly instance: string;
    readonly down: number;
    readonly interval: string;
    readonly seconds: string;
  };

  // Differs from keepalived
  readonly VR4001: { readonly keyword: string; readonly loss: Loss; readonly places: number };
  readonly VR4002: { readonly keyword: string; readonly loss: Loss; readonly places: number };
  readonly VR4003: { readonly keyword: string; readonly noNeed: NoNeed; readonly places: number };
  readonly VR4004: { readonly keyword: string; readonly places: number };
  readonly VR4005: {
    readonly keyword: string;
    readonly isBlock?: true;
    readonly places: number;
  };
  readonly VR4006: { readonly keyword: string };
  readonly VR4007: { readonly keyword: string; readonly text: string };
  readonly VR4008: {
    readonly tracker: TrackerWord;
    readonly name: string;
    readonly line: number;
    readonly user: string;
  };
  readonly VR4009: { readonly keywords: readonly string[] };
  readonly VR4010: { readonly keyword: string; readonly instead: string | undefined };
  readonly VR4011: { readonly instance: string };
  readonly VR4015: { readonly script: string };
  readonly VR4016: { readonly keyword: string; readonly block: string; readonly next: string };

  // Files, start-up and this machine
  readonly VR5001: { readonly path: string };
  readonly VR5002: { readonly path: string };
  readonly VR5003: { readonly path: string };
  readonly VR5004: { readonly path: string; readonly error: string };
  readonly VR5101: { readonly interface: string; readonly known: readonly string[] };
  readonly VR5102: { readonly interface: string };
  /** Without an interface: of none on this machine. */
  readonly VR5103: { readonly address: string; readonly interface: string | undefined };
  readonly VR5104: {
    readonly address: string;
    readonly interface: string;
    readonly networks: readonly string[];
  };
  readonly VR5105: { readonly path: string };
  readonly VR5106: { readonly path: string };
  readonly VR5107: {
    readonly path: string;
    readonly place: string;
    readonly why: "group-or-others" | "owner";
  };
  readonly VR5108: { readonly user: string };
  readonly VR5109: { readonly rule: string };
  readonly VR5111: { readonly address: string; readonly interface: string };
  readonly VR5112: {
    /** Keys as `sysctl` names them. */
    readonly settings: readonly {
      readonly key: string;
      readonly value: number;
      readonly wanted: number;
    }[];
    readonly effect: SettingEffect;
  };
  readonly VR5113: {
    readonly interface: string;
    readonly vrid: number;
    readonly from: string;
    readonly instance: string;
    readonly differs: "version" | "addresses";
    readonly theirs: readonly string[];
    readonly ours: readonly string[];
  };
  readonly VR5114: {
    readonly interface: string;
    readonly vrid: number;
    readonly from: string;
    readonly instance: string;
    readonly version: number;
    /** Seconds. */
    readonly theirs: number;
    readonly ours: number;
  };
  readonly VR5115: {
    readonly interface: string;
    readonly vrid: number;
    readonly from: string;
    readonly version: number;
    readonly priority: number;
    readonly seconds: number;
    readonly addresses: readonly string[];
    /** Our instances with that VRID on that interface. */
    readonly instance: string | undefined;
  };
  readonly VR5116: { readonly interface: string; readonly why: string };
  readonly VR5117: { readonly address: string };
  readonly VR5118: {
    readonly part: "kernel" | "glibc";
    readonly version: string;
    readonly needed: string;
  };
  readonly VR5119: { readonly pids: readonly number[] };
  readonly VR5120: { readonly path: string; readonly mode: string; readonly keyword: string };

  // What the cloud says of this machine and its addresses
  readonly VR5201: { readonly endpoint: string; readonly why: string };
  readonly VR5202: { readonly address: string; readonly region: string };
  readonly VR5203: {
    readonly address: string;
    readonly havip: string;
    readonly subnet: string;
    /** This instance's. */
    readonly own: readonly string[];
  };
  readonly VR5204: { readonly address: string; readonly havip: string; readonly instance: string };
  readonly VR5205: { readonly vpc: string; readonly used: number; readonly limit: number };
  readonly VR5206: { readonly addresses: readonly string[]; readonly region: string };
  /** Positive: this machine is ahead. */
  readonly VR5207: { readonly seconds: number; readonly limit: number };
  /** `mode`: as `chmod` takes it. */
  readonly VR5208: { readonly path: string; readonly mode: string };
}
