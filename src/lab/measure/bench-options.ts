/** The options of `npm run bench`: which benchmark, and how much of it. Pure. */
import { parseArgs } from "node:util";
import type { Detection, GateKind } from "./database-config.ts";
import {
  DATABASE_FAULTS,
  type DatabaseFaultName,
  ENGINES,
  type EngineName,
  faultsOf,
} from "./database-fault-names.ts";
import { ENTRY_SERVERS, type EntryServer } from "./entry-names.ts";
import { FAULTS, type FaultName } from "./faults.ts";
import { FLOODS, type Flood } from "./flood-names.ts";
import { FAST, PROFILES, type Profile, TUTORIAL } from "./profile.ts";
import { INSTANCES_MAX, type ScaleRole } from "./scale-config.ts";

export type Mode =
  | "failover"
  | "switch"
  | "entry"
  | "timers"
  | "loss"
  | "announce"
  | "scale"
  | "flood"
  | "footprint"
  | "scrape"
  | "database";
const MODES: readonly Mode[] = [
  "failover",
  "switch",
  "entry",
  "timers",
  "loss",
  "announce",
  "scale",
  "flood",
  "footprint",
  "scrape",
  "database",
];

/** How long a run lasts by default. */
const SECONDS: Readonly<Record<Mode, number>> = {
  failover: 0,
  switch: 0,
  entry: 0,
  timers: 100,
  loss: 90,
  announce: 60,
  scale: 20,
  flood: 5,
  footprint: 0,
  scrape: 20,
  database: 0,
};

const ADDRESSES_MAX = 30;
const FLOOD_RATE = 10_000;
const RATE_MAX = 1_000_000;
const HOURS_MAX = 48;
const COUNT_MAX = 1_000_000;
const DEFAULT_FAULTS = "stop,kill-engine,kill-supervisor,kill-all,hang,link,script,flap";
const DEFAULT_PROFILES: Readonly<Record<Mode, readonly Profile[]>> = {
  failover: [TUTORIAL],
  switch: [FAST],
  entry: [FAST],
  timers: [TUTORIAL, FAST],
  loss: [FAST],
  announce: [TUTORIAL],
  scale: [],
  flood: [],
  footprint: [],
  scrape: [],
  database: [TUTORIAL],
};

export const USAGE: string = `usage: npm run bench -- [${MODES.join("|")}] [options]

  failover          every fault, Baton and keepalived side by side (default)
  switch            moves that an operator asks for, under 500 requests a second
  entry             nginx and HAProxy behind the address: new connections and long streams
  timers            gaps between a master's advertisements, with a busy loop on every core
  loss              VRRP packets lost at random: how long a client is without an answer
  announce          many addresses move to a node behind a port that limits ARP
  scale             what many instances cost: processor, system calls, memory, start
  flood             10,000 packets a second from an unknown peer, and other floods
  footprint         memory over time, over reloads and moves; how long commands take
  scrape            a scrape each second and 50 streams of events, against none
  database          a pair of databases behind the address: what becomes of acknowledged writes

  --profile NAME    ${PROFILES.map((one) => one.name).join(", ")}
                    (default: tutorial; timers: tutorial and ${FAST.name}; loss: ${FAST.name})
  --faults LIST     ${Object.keys(FAULTS).join(",")}
                    of database: ${DATABASE_FAULTS.slice(0, 8).join(",")},
                    ${DATABASE_FAULTS.slice(8).join(",")}
  --servers LIST    of entry: ${ENTRY_SERVERS.join(",")}
  --runs N          of each fault, loss or move (default 5), of each row of scale, scrape (1)
  --seconds N       of timers (default ${SECONDS.timers}), loss (${SECONDS.loss}), announce (${SECONDS.announce}), scale (${SECONDS.scale}), of each
                    flood (${SECONDS.flood}), each window of scrape (${SECONDS.scrape})
  --loss PERCENT    of the packets that arrive at each node (default 30)
  --addresses N     that move at once (default 20)
  --rate N          ARP frames that pass in a second (default 2), frames of flood (${FLOOD_RATE})
  --floods LIST     ${FLOODS.join(",")}
  --seed N          decides the phases (default 1)
  --n LIST          instances of scale (default 1,50,200,1000), flood (1,50), footprint (1,1000),
                    scrape (50)
  --advert LIST     seconds between advertisements, scale (default 1,0.1,0.01), flood and scrape (1,0.1)
  --role LIST       master,backup: of scale and flood (default both)
  --busy            scale with a busy loop on every core
  --hours N         of footprint (default 0.05)
  --reloads N       of footprint (default 100)
  --moves N         of footprint (default 100)
  --alone           without keepalived: footprint, as it needs a second for each reload; database
  --engine NAME     database: ${ENGINES.join(" or ")} (default mariadb)
  --interval SEC    of the check of a database (default 1), its time limit (--timeout, default 1),
                    and how many failures in a row count (--fall, default 2)
  --gate KIND       database: builtin (default), scripts in Baton's gate, or none: the guides' notify scripts
  --check-script    database: Baton asks the database by a script too
  --report FILE.md  the table, for people
`;

export interface Options {
  readonly mode: Mode;
  /**
   * The settings to measure. `timers` uses all of them, the other benchmarks only the first.
   */
  readonly profiles: readonly Profile[];
  readonly faults: readonly FaultName[];
  readonly floods: readonly Flood[];
  readonly servers: readonly EntryServer[];
  readonly runs: number;
  readonly seconds: number;
  readonly loss: number;
  readonly addresses: number;
  readonly rate: number;
  readonly seed: number;
  readonly instances: readonly number[];
  readonly adverts: readonly number[];
  readonly roles: readonly ScaleRole[];
  readonly busy: boolean;
  readonly hours: number;
  readonly reloads: number;
  readonly moves: number;
  readonly alone: boolean;
  readonly engine: EngineName;
  readonly databaseFaults: readonly DatabaseFaultName[];
  readonly detection: Detection;
  readonly gate: GateKind;
  readonly isScripted: boolean;
  readonly report: string | undefined;
}

type Texts = Readonly<Record<string, string | boolean | undefined>>;

/** The options, or what is wrong with them. */
export function parseOptions(argv: readonly string[]): Options | string {
  const text = { type: "string" } as const;
  const options = {
    profile: text,
    faults: text,
    floods: text,
    servers: text,
    runs: text,
    seconds: text,
    loss: text,
    addresses: text,
    rate: text,
    seed: text,
    n: text,
    advert: text,
    role: text,
    busy: { type: "boolean" },
    hours: text,
    reloads: text,
    moves: text,
    alone: { type: "boolean" },
    engine: text,
    interval: text,
    timeout: text,
    fall: text,
    gate: text,
    "check-script": { type: "boolean" },
    report: text,
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = parsed;
  const [mode = "failover", ...more] = positionals;
  const known = MODES.find((one) => one === mode);
  if (known === undefined) return `there is no benchmark ${mode}: ${MODES.join(", ")}`;
  if (more.length > 0) return `one benchmark at a time: ${mode} or ${more.join(" or ")}`;
  const profile = PROFILES.find((one) => one.name === values.profile);
  if (profile === undefined && values.profile !== undefined) {
    return `there is no profile ${values.profile}`;
  }
  const faults = parseFaults(known, values);
  if (typeof faults === "string") return faults;
  const floods = parseSome("flood", FLOODS, values.floods);
  if (typeof floods === "string") return floods;
  const servers = parseSome("server", ENTRY_SERVERS, values.servers);
  if (typeof servers === "string") return servers;
  const numbers = parseNumbers(known, values);
  if (typeof numbers === "string") return numbers;
  const lists = parseLists(known, values);
  if (typeof lists === "string") return lists;
  return {
    ...numbers,
    ...lists,
    ...faults,
    loss: numbers.loss / 100,
    mode: known,
    profiles: profile === undefined ? DEFAULT_PROFILES[known] : [profile],
    floods,
    servers,
    busy: values.busy === true,
    isScripted: values["check-script"] === true,
    alone: values.alone === true,
    report: values.report,
  };
}

const GATES: readonly GateKind[] = ["builtin", "scripts", "none"];

type Faults = Pick<Options, "faults" | "engine" | "databaseFaults" | "detection" | "gate">;

function parseFaults(mode: Mode, values: Texts): Faults | string {
  const isDatabase = mode === "database";
  const engine = ENGINES.find((one) => one === (values["engine"] ?? "mariadb"));
  if (engine === undefined) return `--engine wants one of ${ENGINES.join(", ")}`;
  const known: readonly string[] = isDatabase ? faultsOf(engine) : Object.keys(FAULTS);
  const list = values["faults"] ?? (isDatabase ? known.join(",") : DEFAULT_FAULTS);
  const faults = String(list).split(",");
  const unknown = faults.find((one) => !known.includes(one));
  if (unknown !== undefined) return `there is no fault ${unknown}: ${known.join(", ")}`;
  const detection = {
    intervalSeconds: Number(values["interval"] ?? 1),
    timeoutSeconds: Number(values["timeout"] ?? 1),
    fall: Number(values["fall"] ?? 2),
  };
  const { intervalSeconds, timeoutSeconds, fall } = detection;
  const isTime = (one: number): boolean => one >= 0.1 && one <= 60;
  if (![intervalSeconds, timeoutSeconds].every(isTime) || !(Number.isInteger(fall) && fall >= 1)) {
    return "--interval and --timeout: 0.1 to 60 seconds; --fall: a whole number";
  }
  const gate = GATES.find((one) => one === (values["gate"] ?? "builtin"));
  if (gate === undefined) return `--gate wants one of ${GATES.join(", ")}`;
  if (gate === "scripts" && engine !== "mariadb") return "--gate scripts: of mariadb only";
  return {
    gate,
    engine,
    faults: isDatabase ? [] : (faults as FaultName[]),
    databaseFaults: isDatabase ? (faults as DatabaseFaultName[]) : [],
    detection,
  };
}

function parseNumbers(
  mode: Mode,
  values: Texts,
):
  | Pick<
      Options,
      "runs" | "seconds" | "loss" | "addresses" | "rate" | "seed" | "hours" | "reloads" | "moves"
    >
  | string {
  const whole = {
    runs: Number(values["runs"] ?? (mode === "scale" || mode === "scrape" ? 1 : 5)),
    seconds: Number(values["seconds"] ?? SECONDS[mode]),
    loss: Number(values["loss"] ?? 30),
    addresses: Number(values["addresses"] ?? 20),
    rate: Number(values["rate"] ?? (mode === "flood" ? FLOOD_RATE : 2)),
    seed: Number(values["seed"] ?? 1),
    reloads: Number(values["reloads"] ?? 100),
    moves: Number(values["moves"] ?? 100),
  };
  const mayBeNone = new Set(["seconds", "reloads", "moves"]);
  const wrong = Object.entries(whole).find(
    ([name, one]) => !Number.isInteger(one) || one < (mayBeNone.has(name) ? 0 : 1),
  );
  if (wrong !== undefined) return `--${wrong[0]} wants a whole number`;
  if (mode === "scale" && whole.seconds < 2) return "--seconds of scale: 2 at least";
  const isShort = (mode === "flood" || mode === "scrape") && whole.seconds < 1;
  if (isShort) return `--seconds of ${mode}: 1 at least`;
  if (whole.rate > RATE_MAX) return `--rate: ${RATE_MAX} at most`;
  if (whole.loss > 100) return "--loss is a percentage";
  if (whole.addresses > ADDRESSES_MAX) return `--addresses: ${ADDRESSES_MAX} at most`;
  const many = (["reloads", "moves"] as const).find((name) => whole[name] > COUNT_MAX);
  if (many !== undefined) return `--${many}: ${COUNT_MAX} at most`;
  const hours = Number(values["hours"] ?? 0.05);
  if (!(hours >= 0 && hours <= HOURS_MAX)) return `--hours wants a number from 0 to ${HOURS_MAX}`;
  return { ...whole, hours };
}

/** In the order of `all`, which is also what is meant without the option. */
function parseSome<Name extends string>(
  what: string,
  all: readonly Name[],
  text: string | undefined,
): readonly Name[] | string {
  if (text === undefined) return all;
  const named = text.split(",");
  const unknown = named.find((one) => !all.some((known) => known === one));
  if (unknown !== undefined) return `there is no ${what} ${unknown}: ${all.join(", ")}`;
  return all.filter((one) => named.includes(one));
}

const INSTANCES: Readonly<Partial<Record<Mode, string>>> = {
  flood: "1,50",
  footprint: "1,1000",
  scrape: "50",
};

function parseLists(
  mode: Mode,
  values: Texts,
): Pick<Options, "instances" | "adverts" | "roles"> | string {
  const list = (name: string, otherwise: string): readonly string[] =>
    String(values[name] ?? otherwise).split(",");
  const instances = list("n", INSTANCES[mode] ?? "1,50,200,1000").map(Number);
  if (instances.some((one) => !Number.isInteger(one) || one < 1 || one > INSTANCES_MAX)) {
    return `--n wants whole numbers from 1 to ${INSTANCES_MAX}, with commas between them`;
  }
  const adverts = list(
    "advert",
    mode === "flood" || mode === "scrape" ? "1,0.1" : "1,0.1,0.01",
  ).map(Number);
  // Centiseconds in 12 bits (RFC 9568 5.2.7).
  const isInterval = (one: number): boolean =>
    one >= 0.01 && one <= 40.95 && Math.abs(one * 100 - Math.round(one * 100)) < 1e-6;
  if (!adverts.every(isInterval)) {
    return "--advert wants seconds from 0.01 to 40.95 in steps of 0.01, with commas between them";
  }
  const roles = list("role", "master,backup");
  const known = roles.filter((one) => one === "master" || one === "backup");
  if (known.length < roles.length) return "--role wants master, backup or master,backup";
  return { instances, adverts, roles: known };
}
