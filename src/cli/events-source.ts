/** Where `baton events` reads: this machine's file, or a node's HTTP interface. */
import * as v from "valibot";
import { readEvents } from "#daemon/event-reader";
import { type ClockDifference, clockDifference } from "#events/merge";
import { readMoment } from "#events/moment";
import { EVENT_SEVERITIES, type EventRecord } from "#events/record";
import { LIMIT_MAX, type Selection } from "#events/selection";
import { keepingObject, parseJson, readShape, recordOf } from "#json/shape";

export type SourceFailure =
  | { readonly kind: "missing" | "no-permission"; readonly path: string }
  | { readonly kind: "unreadable"; readonly path: string; readonly why: string }
  | { readonly kind: "no-answer" | "refused"; readonly url: string; readonly why: string };

export interface SourceEvents {
  readonly kind: "events";
  /** Undefined: the events say it. */
  readonly node: string | undefined;
  readonly clock: ClockDifference | undefined;
  readonly events: readonly EventRecord[];
  readonly hasMore: boolean;
}

export type SourceAnswer =
  | SourceEvents
  | { readonly kind: "failure"; readonly failure: SourceFailure };

export interface EventSource {
  /** As it was written on the line. */
  readonly name: string;
  readonly read: (selection: Selection) => Promise<SourceAnswer>;
}

export const LOCAL = "local";

export const localSource = (folder: string): EventSource => ({
  name: LOCAL,
  read: async (selection) => {
    const read = readEvents(folder, selection);
    if (read.kind !== "found") return await Promise.resolve({ kind: "failure", failure: read });
    const { events, next } = read;
    return {
      kind: "events",
      node: undefined,
      clock: undefined,
      events,
      hasMore: next !== undefined,
    };
  },
});

/** As many as a node gives at once. */
const PAGE = 1_000;
const TIMEOUT_MS = 5_000;

const EVENT = keepingObject(
  {
    id: v.pipe(v.number(), v.integer()),
    at: v.pipe(
      v.string(),
      v.check((at) => readMoment(at) !== undefined, "a time"),
    ),
    node: v.string(),
    kind: v.string(),
    severity: v.picklist(EVENT_SEVERITIES),
    instance: v.exactOptional(v.string()),
    group: v.exactOptional(v.string()),
    text: keepingObject({ en: v.string(), "zh-CN": v.string() }, "an object"),
    data: recordOf(v.unknown(), "an object"),
  },
  "an event",
);
const ANSWER = keepingObject(
  {
    node: v.string(),
    now: v.exactOptional(v.string()),
    events: v.array(EVENT),
    next: v.exactOptional(v.number()),
  },
  "an answer",
);

export interface Access {
  readonly headers?: Readonly<Record<string, string>>;
}

/** @param url of the interface: `http://db2:9650` */
export const nodeSource = (url: string, access: Access = {}): EventSource => ({
  name: url,
  read: async (selection) => await readPages(url, selection, access),
});

async function readPages(url: string, selection: Selection, access: Access): Promise<SourceAnswer> {
  const most = Math.min(selection.limit ?? LIMIT_MAX, LIMIT_MAX);
  const isNewest = selection.newest === true;
  let events: readonly EventRecord[] = [];
  let page = selection;
  for (;;) {
    const limit = Math.min(PAGE, most - events.length);
    const answer = await readPage(url, { ...page, limit }, access);
    if (answer.kind === "failure") return answer;
    events = isNewest ? [...answer.events, ...events] : [...events, ...answer.events];
    const { next } = answer;
    const hasMore = next !== undefined;
    if (!hasMore || events.length >= most) return { ...answer, events, hasMore };
    page = isNewest ? { ...page, before: next } : { ...page, after: next };
  }
}

type Page = SourceEvents & { readonly next: number | undefined };

async function readPage(
  url: string,
  selection: Selection,
  { headers = {} }: Access,
): Promise<Page | Extract<SourceAnswer, { kind: "failure" }>> {
  const sent = Date.now();
  let text: string;
  let status: number;
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const asked = await fetch(addressOf(url, selection), {
      headers: { accept: "application/json", ...headers },
      redirect: "error",
      signal,
    });
    ({ status } = asked);
    text = await asked.text();
  } catch (error) {
    return { kind: "failure", failure: { kind: "no-answer", url, why: whyOf(error) } };
  }
  const received = Date.now();
  if (status !== 200)
    return { kind: "failure", failure: { kind: "refused", url, why: refusal(status, text) } };
  const read = readShape(ANSWER, parseJson(text));
  if (read.kind !== "value")
    return { kind: "failure", failure: { kind: "refused", url, why: "not an answer of Baton" } };
  const { node, now, next } = read.value;
  const events = read.value.events as unknown as readonly EventRecord[];
  const theirs = now === undefined ? undefined : readMoment(now);
  const clock =
    theirs === undefined ? undefined : clockDifference(sent * 1_000, received * 1_000, theirs);
  return { kind: "events", node, clock, events, hasMore: next !== undefined, next };
}

function addressOf(url: string, selection: Selection): URL {
  const address = new URL("/v1/events", url);
  const { since, until, instances = [], kinds = [], severity, after, before, limit } = selection;
  const add = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) address.searchParams.append(name, String(value));
  };
  const moment = (at: number | undefined): string | undefined =>
    at === undefined ? undefined : new Date(at).toISOString();
  add("since", moment(since));
  add("until", moment(until));
  for (const instance of instances) add("instance", instance);
  for (const kind of kinds) add("kind", kind);
  add("severity", severity);
  add("after", after);
  add("before", before);
  add("limit", limit);
  if (selection.newest === true) add("newest", "true");
  return address;
}

function whyOf(error: unknown): string {
  const { name, cause, message } = error as Error;
  if (name === "TimeoutError") return `${TIMEOUT_MS / 1_000} s`;
  const { code, message: why } = (cause ?? {}) as {
    readonly code?: unknown;
    readonly message?: unknown;
  };
  const said = code ?? why;
  return typeof said === "string" ? said : message;
}

/** `application/problem+json` says it in `detail`. */
function refusal(status: number, text: string): string {
  const detail = (parseJson(text) as { readonly detail?: unknown } | undefined)?.detail;
  return typeof detail === "string" ? `${status}, ${detail}` : String(status);
}
