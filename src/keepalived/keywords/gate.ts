/**
 * `gate`: Baton's own. What must have succeeded before an address is added, and what is done before
 * it goes; with or without a database that Baton promotes and demotes itself.
 */
import {
  type BlockWord,
  block,
  boolean,
  choice,
  decimal,
  type Keyword,
  type KeywordTable,
  quiet,
  table,
  text,
  texts,
  yes,
} from "./keyword.ts";

/** In a `vrrp_instance`, or in a `vrrp_sync_group` for all of its members. */
export const GATE_BLOCK: Keyword = {
  word: "gate",
  takes: block("gate", false),
  since: "baton",
  default: "off",
  acts: yes,
  purpose: "what must succeed before the address is added, and what is done before it goes",
};

export const ON_REFUSAL = ["backup", "fault", "serve"] as const;
export type OnRefusal = (typeof ON_REFUSAL)[number];
export const PROBES = ["arp", "service", "off"] as const;
export const FENCE_PROTOCOLS = ["tcp", "udp"] as const;

/** Seconds. */
export const GATE_DEFAULTS = { promote: 10, demote: 5, rejoin: 300, hold: 30, drain: 0 } as const;
export const HOLD_MAX = 86_400;
export const DRAIN_MAX = 600;
/** Of a script, or of the promotion or demotion of a database. */
export const ACTION_SECONDS = { min: 0.1, max: 3_600 } as const;
/** Ports on one `fence` line. */
const FENCE_PORTS_MAX = 32;
/** On all lines of a gate; each of them is for every address. */
export const FENCE_MAX = 256;

export type ScriptWord = "promote" | "demote" | "rejoin";

const script = (word: ScriptWord, purpose: string): Keyword => ({
  word,
  takes: { kind: "command", user: true, timeout: GATE_DEFAULTS[word] },
  since: "baton",
  default: "none",
  unit: "s",
  acts: yes,
  purpose,
});

export const DATABASES = ["mysql", "postgresql", "redis"] as const;
export type DatabaseWord = (typeof DATABASES)[number];

const database = (word: DatabaseWord, name: string): Keyword => ({
  word,
  takes: block(word, false),
  since: "baton",
  default: "off",
  acts: yes,
  purpose: `${name}, which Baton itself promotes and demotes`,
});

export const GATE: KeywordTable = table([
  script(
    "promote",
    "program that must end with status 0 before the address is added; behind the database's promotion",
  ),
  script(
    "demote",
    "program that runs before a planned release, and at a fault beside it; before the database's demotion",
  ),
  script(
    "rejoin",
    "program that makes a former primary follow the new one, where another master is heard; unless given, `demote`",
  ),
  {
    word: "fence",
    takes: texts(1, FENCE_PORTS_MAX + 1),
    since: "baton",
    default: "the port of the database, if there is one",
    acts: yes,
    repeatable: true,
    purpose:
      "tcp or udp, and ports: packets to them at the address are dropped while not promoted; `none`: no fence",
  },
  {
    word: "on_refusal",
    takes: texts(1, 3),
    since: "baton",
    default: "backup hold 30",
    acts: yes,
    purpose:
      "after a promotion that was refused, failed or late: `backup` or `fault`, and not electable for `hold` seconds, or `serve`",
  },
  {
    word: "takeover_probe",
    takes: choice(...PROBES),
    since: "baton",
    default: "arp",
    acts: yes,
    purpose:
      "when no advertisement is heard, ask before taking over: the address by ARP, or the fence's first TCP port by connecting",
  },
  {
    word: "reset_connections",
    takes: boolean,
    since: "baton",
    default: "on",
    acts: yes,
    purpose: "at release reset the TCP connections of the address, so that clients connect again",
  },
  {
    word: "drain",
    takes: decimal(0, DRAIN_MAX),
    since: "baton",
    default: String(GATE_DEFAULTS.drain),
    unit: "s",
    acts: yes,
    purpose:
      "at a planned move, connections that exist may end for so long; `fence` keeps new ones out meanwhile",
  },
  database("mysql", "a MySQL or MariaDB server"),
  database("postgresql", "a PostgreSQL server"),
  database("redis", "a Redis server"),
]);

/** Written in it by mistake: what is secret has no place in this file. */
export const DATABASE_SECRETS: readonly string[] = ["password"];

export const DATABASE_PORTS: Readonly<Record<DatabaseWord, number>> = {
  mysql: 3306,
  postgresql: 5432,
  redis: 6379,
};

/** Where a database of this machine is found; a folder for PostgreSQL would need its port too. */
export const DATABASE_AT: Readonly<Record<DatabaseWord, string>> = {
  mysql: "/run/mysqld/mysqld.sock",
  postgresql: "/run/postgresql/.s.PGSQL.5432",
  redis: "127.0.0.1:6379",
};

export const SYNC = ["required", "preferred", "off"] as const;
export const REJOIN = ["auto", "manual"] as const;

/** A single Redis does not wait for its replicas, so it cannot require it by default. */
export const DEFAULT_SYNC: Readonly<Record<DatabaseWord, (typeof SYNC)[number]>> = {
  mysql: "required",
  postgresql: "required",
  redis: "preferred",
};

/** Seconds. */
export const DATABASE_DEFAULTS = {
  max_lag: 10,
  interval: 1,
  timeout: 1,
  promote_timeout: 10,
  demote_timeout: 5,
} as const;

const seconds = (
  word: keyof typeof DATABASE_DEFAULTS,
  min: number,
  max: number,
  purpose: string,
): Keyword => ({
  word,
  takes: decimal(min, max),
  since: "baton",
  default: String(DATABASE_DEFAULTS[word]),
  unit: "s",
  acts: yes,
  purpose,
});

const placeRows = (word: DatabaseWord): readonly Keyword[] => {
  const at = DATABASE_AT[word];
  const isSocket = at.startsWith("/");
  return [
    {
      word: "socket",
      takes: text,
      since: "baton",
      ...(isSocket ? { default: at } : {}),
      acts: yes,
      conflicts: ["address"],
      purpose: "Unix socket of this node's database",
    },
    {
      word: "address",
      takes: text,
      since: "baton",
      ...(isSocket ? {} : { default: at }),
      acts: yes,
      conflicts: ["socket"],
      purpose: "host and port of this node's database",
    },
    {
      word: "peer",
      takes: text,
      since: "baton",
      acts: yes,
      repeatable: true,
      purpose: "host and port of the other node's database, never the virtual address",
    },
  ];
};

const promiseRows = (word: DatabaseWord): readonly Keyword[] => [
  {
    word: "credentials_file",
    takes: text,
    since: "baton",
    default: "none",
    acts: yes,
    purpose: "file with the accounts and their passwords; mode 0600, owned by root",
  },
  seconds("max_lag", 0, 86_400, "a standby that is further behind is not eligible"),
  {
    word: "sync",
    takes: choice(...SYNC),
    since: "baton",
    default: DEFAULT_SYNC[word],
    acts: yes,
    purpose:
      "required: after a crash promote only if every acknowledged write was on two nodes; else a person decides",
  },
  {
    word: "rejoin",
    takes: choice(...REJOIN),
    since: "baton",
    default: "auto",
    acts: yes,
    purpose:
      "whether a former primary with nothing of its own becomes a replica by itself, or waits for a person",
  },
  seconds("interval", 0.1, 60, "from look to look"),
  seconds("timeout", 0.1, 60, "how long a look may take"),
  seconds(
    "promote_timeout",
    ACTION_SECONDS.min,
    ACTION_SECONDS.max,
    "how long a promotion may take",
  ),
  seconds("demote_timeout", ACTION_SECONDS.min, ACTION_SECONDS.max, "how long a demotion may take"),
];

const SECRET_ROWS: readonly Keyword[] = DATABASE_SECRETS.map((word) => ({
  word,
  takes: { kind: "secrets", min: 1, max: 1 },
  since: "baton",
  acts: quiet("always"),
  purpose: "an error (VR2060): it belongs in `credentials_file`",
}));

const databaseTable = (word: DatabaseWord): KeywordTable =>
  table([...placeRows(word), ...promiseRows(word), ...SECRET_ROWS]);

export const DATABASE_TABLES: { readonly [D in DatabaseWord & BlockWord]: KeywordTable } = {
  mysql: databaseTable("mysql"),
  postgresql: databaseTable("postgresql"),
  redis: databaseTable("redis"),
};
