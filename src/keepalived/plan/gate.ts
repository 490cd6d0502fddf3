/**
 * `gate`: the blocks to a `GatePlan`. What cannot be used is left out, and a rule reports it
 * (rules/gate.ts, rules/gate-database.ts), with the same functions.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import { nearest } from "#units/nearest";
import { fromSeconds, type Micros, toSeconds } from "#units/time";
import type { FencePort, GateConfig } from "#vrrp/router/config";
import {
  type Block,
  blocksOf,
  booleanOf,
  lastSetting,
  nameOf,
  numberOf,
  type Setting,
  textOf,
} from "../blocks/block.ts";
import {
  DATABASE_AT,
  DATABASE_DEFAULTS,
  DATABASE_PORTS,
  DATABASES,
  type DatabaseWord,
  DEFAULT_SYNC,
  FENCE_MAX,
  FENCE_PROTOCOLS,
  GATE_DEFAULTS,
  HOLD_MAX,
  ON_REFUSAL,
  type OnRefusal,
  PROBES,
  REJOIN,
  type ScriptWord,
  SYNC,
} from "../keywords/gate.ts";
import type { Token } from "../lines/tokens.ts";
import { gateIn } from "../model/effective.ts";
import type { Model } from "../model/model.ts";
import { PORT_MAX, printHostPort, readHostPort, readPort } from "../values/host-port.ts";
import { readDecimal, readInteger } from "../values/numbers.ts";
import { planCommand } from "./notify.ts";
import type { DatabaseAddress, DatabasePlan, GatePlan, GateScript, HostPort } from "./run-plan.ts";

export type Report = (found: AnyFinding) => void;
const ignore: Report = () => {};
const isOwn = true;

/** The gate written in that instance or sync group. */
export function planGate(unit: Block, model: Model): GatePlan | undefined {
  const block = gateIn(unit);
  if (block === undefined) return undefined;
  const database = planDatabase(block);
  const [promote, demote] = [scriptOf(block, "promote", model), scriptOf(block, "demote", model)];
  const rejoin = scriptOf(block, "rejoin", model);
  const fence = fenceOf(block);
  const { onRefusal, hold } = refusalOf(block);
  return {
    unit: nameOf(unit),
    ...(promote === undefined ? {} : { promote }),
    ...(demote === undefined ? {} : { demote }),
    ...(rejoin === undefined ? {} : { rejoin }),
    ...(database === undefined ? {} : { database }),
    promoteTimeout: together(promote, database?.promoteTimeout, GATE_DEFAULTS.promote),
    demoteTimeout: together(demote, database?.demoteTimeout, GATE_DEFAULTS.demote),
    fence,
    onRefusal,
    hold: fromSeconds(hold),
    probe: probeOf(block, fence),
    resetConnections: booleanOf(block, "reset_connections") ?? true,
    drain: fromSeconds(numberOf(block, "drain") ?? GATE_DEFAULTS.drain),
  };
}

function scriptOf(block: Block, word: ScriptWord, model: Model): GateScript | undefined {
  const value = lastSetting(block, word)?.value;
  if (value?.kind !== "command" || value.command === undefined) return undefined;
  const timeout = fromSeconds(value.command.timeout ?? GATE_DEFAULTS[word]);
  return { command: planCommand(value.command, model, timeout, undefined), timeout };
}

/** What the router needs of it; of a member, its sync group's. */
export function routerGate(gate: GatePlan): GateConfig {
  const { promoteTimeout, demoteTimeout, onRefusal, hold, probe, drain, resetConnections } = gate;
  const hasDatabase = gate.database !== undefined;
  return {
    promoteTimeout,
    demoteTimeout,
    onRefusal,
    hold,
    probe,
    comparesData: hasDatabase,
    // What a script alone decides is known only of a node that is marked.
    needsEligible: hasDatabase,
    drain,
    resetConnections,
  };
}

/** One behind the other. With neither, the supervisor answers at once. */
function together(
  script: GateScript | undefined,
  database: Micros | undefined,
  fallback: number,
): Micros {
  if (database === undefined) return script?.timeout ?? fromSeconds(fallback);
  return script === undefined ? database : fromSeconds((script.timeout + database) / 1_000_000);
}

/** Asking a service needs a port to connect to. */
function probeOf(block: Block, fence: readonly FencePort[]): GatePlan["probe"] {
  const probe = PROBES.find((one) => one === textOf(block, "takeover_probe")) ?? "arp";
  return probe === "service" && !fence.some(({ protocol }) => protocol === "tcp") ? "arp" : probe;
}

/** Ports of every `fence` line, each once; without a line, the port of the database. */
export function fenceOf(block: Block): readonly FencePort[] {
  const lines = block.settings.filter(({ keyword }) => keyword.word === "fence");
  if (lines.length === 0 && !block.attempted.includes("fence")) {
    const database = databaseIn(block);
    return database === undefined ? [] : [{ protocol: "tcp", port: portOf(database) }];
  }
  return writtenFence(block).slice(0, FENCE_MAX);
}

/** Each port once, also those beyond what a fence can have. */
export function writtenFence({ settings }: Block): readonly FencePort[] {
  const lines = settings.filter(({ keyword }) => keyword.word === "fence");
  const ports = lines.flatMap((line) => readFence(line, ignore));
  const each = new Map(ports.map((one) => [`${one.protocol} ${one.port}`, one]));
  return [...each.values()];
}

/** `fence tcp 3306 33060`; `fence none`. */
export function readFence({ args }: Setting, report: Report): readonly FencePort[] {
  const [first, ...ports] = args;
  if (first === undefined || (first.text === "none" && ports.length === 0)) return [];
  const protocol = FENCE_PROTOCOLS.find((one) => one === first.text);
  if (protocol === undefined) {
    report(notAChoice("fence", first, FENCE_PROTOCOLS, ""));
    return [];
  }
  if (ports.length === 0)
    report(finding("VR2124", first.span, { keyword: "fence", option: protocol }));
  return ports.flatMap((token): FencePort[] => {
    const port = readPort(token.text);
    if (port === undefined) report(badPort(`fence ${protocol}`, token));
    return port === undefined ? [] : [{ protocol, port }];
  });
}

function badPort(keyword: string, { text, span }: Token): AnyFinding {
  return readInteger(text) === undefined
    ? finding("VR2001", span, { keyword, text, decimal: false, used: "", isOwn })
    : finding("VR2002", span, { keyword, text, min: 1, max: PORT_MAX, used: "", isOwn });
}

function notAChoice(
  keyword: string,
  { text, span }: Token,
  choices: readonly string[],
  used: string,
): AnyFinding {
  const suggestion = nearest(text, choices);
  return finding("VR2004", span, { keyword, text, choices, suggestion, used, isOwn });
}

interface Refusal {
  readonly onRefusal: OnRefusal;
  /** In seconds. */
  readonly hold: number;
}

export function refusalOf(block: Block): Refusal {
  const setting = lastSetting(block, "on_refusal");
  return setting === undefined
    ? { onRefusal: "backup", hold: GATE_DEFAULTS.hold }
    : readRefusal(setting, ignore);
}

/** `on_refusal backup|fault [hold SECONDS]`, `on_refusal serve`. */
export function readRefusal({ args }: Setting, report: Report): Refusal {
  const [what, word, number, ...more] = args;
  const fallback = { onRefusal: "backup", hold: GATE_DEFAULTS.hold } as const;
  if (what === undefined) return fallback;
  const onRefusal = ON_REFUSAL.find((one) => one === what.text);
  if (onRefusal === undefined) {
    report(notAChoice("on_refusal", what, ON_REFUSAL, fallback.onRefusal));
    return fallback;
  }
  const [extra] = onRefusal === "serve" ? [word] : more;
  if (extra !== undefined) {
    const facts = { keyword: "on_refusal", extra: extra.text, isKeyword: false };
    report(finding("VR1021", extra.span, facts));
  }
  if (word === undefined || onRefusal === "serve") return { ...fallback, onRefusal };
  if (word.text !== "hold") {
    const suggestion = nearest(word.text, ["hold"]);
    const facts = { keyword: "on_refusal", word: word.text, suggestion, dropped: false };
    report(finding("VR2047", word.span, facts));
    return { ...fallback, onRefusal };
  }
  const hold = number && readDecimal(number.text);
  if (hold !== undefined && hold >= 0 && hold <= HOLD_MAX) return { onRefusal, hold };
  if (number === undefined) {
    report(finding("VR2124", word.span, { keyword: "on_refusal", option: word.text }));
    return { ...fallback, onRefusal };
  }
  const used = String(fallback.hold);
  const facts = { keyword: "hold", text: number.text, used, isOwn } as const;
  if (hold === undefined) report(finding("VR2001", number.span, { ...facts, decimal: true }));
  else report(finding("VR2002", number.span, { ...facts, min: 0, max: HOLD_MAX }));
  return { ...fallback, onRefusal };
}

/** Of a gate; two are an error (rules/gate.ts). */
export const databaseIn = (gate: Block): Block | undefined =>
  DATABASES.flatMap((word) => blocksOf(gate, word)).at(-1);

export const databaseKind = (database: Block): DatabaseWord =>
  DATABASES.find((word) => word === database.word) ?? "mysql";

function planDatabase(gate: Block): DatabasePlan | undefined {
  const block = databaseIn(gate);
  if (block === undefined) return undefined;
  const kind = databaseKind(block);
  const credentialsFile = textOf(block, "credentials_file");
  const time = (word: keyof typeof DATABASE_DEFAULTS): Micros =>
    fromSeconds(numberOf(block, word) ?? DATABASE_DEFAULTS[word]);
  return {
    kind,
    at: databaseAt(block),
    peers: peersIn(block),
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
    maxLag: time("max_lag"),
    sync: SYNC.find((one) => one === textOf(block, "sync")) ?? DEFAULT_SYNC[kind],
    rejoin: REJOIN.find((one) => one === textOf(block, "rejoin")) ?? "auto",
    interval: time("interval"),
    timeout: time("timeout"),
    promoteTimeout: time("promote_timeout"),
    demoteTimeout: time("demote_timeout"),
  };
}

/** Of `socket` and `address`, the last one counts. */
export function databaseAt(database: Block): DatabaseAddress {
  const kind = databaseKind(database);
  const setting = lastSetting(database, "socket", "address");
  const text = setting?.args[0]?.text;
  return (
    (text === undefined ? undefined : readDatabaseAt(text, kind)) ??
    readDatabaseAt(DATABASE_AT[kind], kind) ?? { host: "127.0.0.1", port: DATABASE_PORTS[kind] }
  );
}

/** An absolute path is a socket, everything else HOST[:PORT]. */
export function readDatabaseAt(text: string, kind: DatabaseWord): DatabaseAddress | undefined {
  if (text.startsWith("/")) return { socket: text };
  const read = readHostPort(text, DATABASE_PORTS[kind]);
  return read.kind === "at" ? read.at : undefined;
}

function peersIn(database: Block): readonly HostPort[] {
  const fallback = DATABASE_PORTS[databaseKind(database)];
  return database.settings.flatMap(({ keyword, args: [first] }): HostPort[] => {
    if (keyword.word !== "peer" || first === undefined) return [];
    const read = readHostPort(first.text, fallback);
    return read.kind === "at" ? [read.at] : [];
  });
}

/** That clients connect to: `.s.PGSQL.5433` has it in its name. */
export function portOf(database: Block): number {
  const at = databaseAt(database);
  if (!("socket" in at)) return at.port;
  const digits = /\.s\.PGSQL\.([0-9]+)$/.exec(at.socket)?.[1] ?? "";
  return readPort(digits) ?? DATABASE_PORTS[databaseKind(database)];
}

export const printDatabaseAt = (at: DatabaseAddress): string =>
  "socket" in at ? at.socket : printHostPort(at);

/** For `baton config show --effective`. */
export function printGate(gate: GatePlan): string {
  const { promote, demote, rejoin, database, fence, probe, resetConnections } = gate;
  const time = (value: Micros): string => String(toSeconds(value));
  const script = (word: string, one: GateScript | undefined): readonly string[] =>
    one === undefined
      ? []
      : [`${word} "${one.command.argv.join(" ")}" timeout ${time(one.timeout)}`];
  const ports = fence.map(({ protocol, port }) => `${protocol} ${port}`).join(" ");
  return [
    ...script("promote", promote),
    ...script("demote", demote),
    ...script("rejoin", rejoin),
    `fence ${ports === "" ? "none" : ports}`,
    `on_refusal ${gate.onRefusal}${gate.onRefusal === "serve" ? "" : ` hold ${time(gate.hold)}`}`,
    `takeover_probe ${probe}`,
    `reset_connections ${resetConnections ? "on" : "off"}`,
    `drain ${time(gate.drain)}`,
    ...(database === undefined ? [] : [printDatabase(database)]),
  ].join("; ");
}

function printDatabase(database: DatabasePlan): string {
  const { kind, at, peers, credentialsFile, sync, rejoin } = database;
  const time = (value: Micros): string => String(toSeconds(value));
  const settings = [
    "socket" in at ? `socket ${at.socket}` : `address ${printHostPort(at)}`,
    ...peers.map((peer) => `peer ${printHostPort(peer)}`),
    ...(credentialsFile === undefined ? [] : [`credentials_file ${credentialsFile}`]),
    `max_lag ${time(database.maxLag)}`,
    `sync ${sync}`,
    `rejoin ${rejoin}`,
    `interval ${time(database.interval)}`,
    `timeout ${time(database.timeout)}`,
    `promote_timeout ${time(database.promoteTimeout)}`,
    `demote_timeout ${time(database.demoteTimeout)}`,
  ];
  return `${kind} ${settings.join(" ")}`;
}
