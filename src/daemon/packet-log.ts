/**
 * Lines about what others send: refused packets, advertisements of unknown routers, reports. The
 * engine bounds them for each instance; here they are bounded over all instances, so that a
 * thousand instances do not write a thousand lines about one flood.
 */
import type { Language } from "#diagnostics/diagnostic";
import { dropSentence, reportSentence } from "#diagnostics/render/reasons";
import { type EventLog, NO_EVENTS } from "#events/event-log";
import type { NewEvent } from "#events/record";
import { printIp } from "#units/address";
import type { FromEngine } from "#vrrp/engine/engine-link";
import type { Report } from "#vrrp/router/event";
import { dropEvent, leftOutEvent, reportEvent } from "./event-texts.ts";
import type { Fields, Level, Log } from "./log.ts";
import { daemonMessages } from "./messages.ts";

type Message<T extends FromEngine["type"]> = Extract<FromEngine, { readonly type: T }>;

const MINUTE_MS = 60_000;
/** Of each kind, over all instances. */
export const LINES_IN_A_MINUTE = 20;

/** Runs of a gate; the supervisor records how they ended itself (gate-unit.ts). */
const GATE_RUNS: readonly Report["kind"][] = [
  "promotion-begun",
  "promoted",
  "promotion-failed",
  "demotion-begun",
  "demoted",
  "demotion-failed",
];
/** Each of these is one event of this node's own, and none is left out. */
const ALWAYS: ReadonlySet<Report["kind"]> = new Set<Report["kind"]>([
  "no-owner",
  "handed-over",
  "stalled-as-backup",
  "switch-begun",
  "switched",
  "switch-taken-back",
  "takeover-refused",
  "data-compared",
  ...GATE_RUNS,
]);
/** The beginning of a conflict and its end: neither is a repetition of the one before. */
const NO_GAP: ReadonlySet<Report["kind"]> = new Set<Report["kind"]>([
  "handed-over",
  "switch-begun",
  "switched",
  "switch-taken-back",
  "address-claimed",
  "claims-ended",
  "data-compared",
  ...GATE_RUNS,
]);

/** A line, and what is kept of it. */
interface Line {
  readonly level: Level;
  readonly text: string;
  readonly fields: Fields;
  readonly event?: NewEvent;
}

const NO_TROUBLE: ReadonlySet<Report["kind"]> = new Set<Report["kind"]>([
  "handed-over",
  "claims-ended",
  "switch-begun",
  "switched",
  "promotion-begun",
  "promoted",
  "demotion-begun",
  "demoted",
]);
/** Of these others record more: an operator's move whole, with its caller (operator.ts). */
const RECORDED: ReadonlySet<Report["kind"]> = new Set<Report["kind"]>([
  "switch-begun",
  "switched",
  "switch-taken-back",
  ...GATE_RUNS,
]);

/** What happened in the minute since the first line of a kind. */
interface Minute {
  logged: number;
  leftOut: number;
  readonly routers: Set<string>;
}

/** Calls `what` after a minute, unless the daemon has ended by then. */
type InAMinute = (what: () => void) => void;

const inAMinute: InAMinute = (what) => void setTimeout(what, MINUTE_MS).unref();

export class PacketLog {
  readonly #log: Log;
  readonly #language: Language;
  readonly #events: EventLog;
  readonly #clock: () => number;
  readonly #inAMinute: InAMinute;
  readonly #minutes = new Map<string, Minute>();
  readonly #reportedAt = new Map<string, number>();

  /** @param clock milliseconds */
  constructor(
    log: Log,
    language: Language,
    clock: () => number = () => performance.now(),
    later: InAMinute = inAMinute,
    events: EventLog = NO_EVENTS,
  ) {
    this.#log = log;
    this.#language = language;
    this.#events = events;
    this.#clock = clock;
    this.#inAMinute = later;
  }

  drop({ instance, from, count, drop }: Message<"drop">): void {
    const why = dropSentence({ ...drop }, this.#language);
    const times = count > 1 ? ` (${count})` : "";
    const text = `(${instance}) packet from ${printIp(from)}: ${why}${times}`;
    const event = dropEvent({ type: "drop", instance, from, count, drop });
    this.#write(drop.kind, instance, {
      level: "warning",
      text,
      fields: { instance, drop, count },
      event,
    });
  }

  unknownVrid(message: Message<"unknownVrid">): void {
    const text = daemonMessages(this.#language).unknownVrid(message);
    const router = `${message.interface}/${message.vrid}`;
    this.#write("unknown-vrid", router, { level: "warning", text, fields: { ...message } });
  }

  report({ instance, report }: Message<"report">): void {
    if (!this.#isNew(instance, report)) return;
    const isEnd = NO_TROUBLE.has(report.kind);
    const isKnown = report.kind === "no-owner" && report.cannotHear === undefined;
    const level = isKnown ? "error" : isEnd ? "info" : "warning";
    const text = `(${instance}) ${reportSentence(report, this.#language)}`;
    const event = RECORDED.has(report.kind) ? undefined : reportEvent(instance, report, level);
    const fields = { instance, report };
    const line: Line = { level, text, fields, ...(event !== undefined && { event }) };
    if (ALWAYS.has(report.kind)) this.#put(line);
    else this.#write(report.kind, instance, line);
  }

  /** One line a minute about the same rival is enough. */
  #isNew(instance: string, report: Report): boolean {
    const key = `${instance}/${report.kind}/${subjectOf(report)}`;
    const last = this.#reportedAt.get(key) ?? Number.NEGATIVE_INFINITY;
    if (!NO_GAP.has(report.kind) && this.#clock() - last < MINUTE_MS) return false;
    this.#reportedAt.set(key, this.#clock());
    return true;
  }

  #put({ level, text, fields, event }: Line): void {
    this.#log(level, text, fields);
    if (event !== undefined) this.#events.record(event);
  }

  #write(kind: string, router: string, line: Line): void {
    let minute = this.#minutes.get(kind);
    if (minute === undefined) {
      minute = { logged: 0, leftOut: 0, routers: new Set() };
      this.#minutes.set(kind, minute);
      this.#inAMinute(() => this.#minuteEnded(kind));
    }
    if (minute.logged < LINES_IN_A_MINUTE) {
      minute.logged += 1;
      return this.#put(line);
    }
    minute.leftOut += 1;
    minute.routers.add(router);
  }

  #minuteEnded(kind: string): void {
    const minute = this.#minutes.get(kind);
    this.#minutes.delete(kind);
    if (minute === undefined || minute.leftOut === 0) return;
    const { leftOut: lines, routers } = minute;
    const text = daemonMessages(this.#language).linesLeftOut(kind, lines, routers.size);
    this.#log("warning", text, { kind, lines, routers: routers.size });
    this.#events.record(leftOutEvent(kind, lines, routers.size));
  }

  /** The daemon ends: what was left out until now is counted in the log. */
  end(): void {
    for (const kind of this.#minutes.keys()) this.#minuteEnded(kind);
  }
}

/** What a report is about besides the instance. */
function subjectOf(report: Report): string {
  if (report.kind === "peer-unresolved") return printIp(report.to);
  if (report.kind !== "foreign-address") return "";
  return `${printIp(report.address)} ${report.interface}`;
}
