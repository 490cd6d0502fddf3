/** An event as the table has it, and back. */
import { printMoment } from "#events/moment";
import {
  EVENT_KINDS,
  EVENT_SEVERITIES,
  type EventRecord,
  type EventText,
  type NewEvent,
  type Unnumbered,
} from "#events/record";

/** All but the number, which the file gives. */
export interface EventRow {
  /** Wall clock, microseconds since 1970. */
  readonly at: number;
  readonly node: string;
  readonly kind: string;
  readonly severity: number;
  readonly instance: string | null;
  readonly group: string | null;
  readonly en: string;
  readonly zh: string;
  /** JSON. */
  readonly data: string;
}
export type NumberedRow = EventRow & { readonly id: number };

/** Longer ones are cut: what others send may be in them. */
const TEXT_MAX = 2_000;
const DATA_MAX = 16_384;

export const cutText = (text: string, most: number = TEXT_MAX): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

export function rowOf(event: NewEvent, at: number, node: string): EventRow {
  const data = JSON.stringify(event.data);
  return {
    at,
    node,
    kind: event.kind,
    severity: EVENT_SEVERITIES.indexOf(event.severity),
    instance: event.instance ?? null,
    group: event.group ?? null,
    en: cutText(event.text.en),
    zh: cutText(event.text["zh-CN"]),
    data: data.length > DATA_MAX ? JSON.stringify({ tooLong: data.length }) : data,
  };
}

export const recordOf = (row: NumberedRow): EventRecord => {
  const event = unnumbered(row);
  return { id: row.id, ...event } as EventRecord;
};

/** What the row says; kinds of a later version stay as they are. */
export function unnumbered(row: EventRow): Unnumbered {
  const text: EventText = { en: row.en, "zh-CN": row.zh };
  const made = {
    at: printMoment(row.at),
    node: row.node,
    kind: EVENT_KINDS.find((kind) => kind === row.kind) ?? row.kind,
    severity: EVENT_SEVERITIES[row.severity] ?? "info",
    ...(row.instance === null ? {} : { instance: row.instance }),
    ...(row.group === null ? {} : { group: row.group }),
    text,
    data: parse(row.data),
  };
  return made as Unnumbered;
}

/** A file that was written by hand may hold anything. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
