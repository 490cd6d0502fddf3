/** Where `baton events` reads: this machine's file, or a node's HTTP interface. */
import * as v from "valibot";
import { readEvents } from "#daemon/event-reader";
import type { Language } from "#diagnostics/diagnostic";
import { type ClockDifference, clockDifference } from "#events/merge";
import { readMoment } from "#events/moment";
import { EVENT_SEVERITIES, type EventRecord } from "#events/record";
import { LIMIT_MAX, type Selection } from "#events/selection";
import { printJsonProblem } from "#json/problem";
import { keepingObject, readShape, recordOf } from "#json/shape";
import { askRemote, type RemoteNode } from "./remote-node.ts";

export type SourceFailure =
  | { readonly kind: "missing" | "no-permission"; readonly path: string }
  | { readonly kind: "unreadable"; readonly path: string; readonly why: string }
  /** The reason as a sentence that names the node. */
  | { readonly kind: "node"; readonly why: string };

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

export const nodeSource = (node: RemoteNode, language: Language): EventSource => ({
  name: node.name,
  read: async (selection) => await readPages(node, selection, language),
});

async function readPages(
  node: RemoteNode,
  selection: Selection,
  language: Language,
): Promise<SourceAnswer> {
  const most = Math.min(selection.limit ?? LIMIT_MAX, LIMIT_MAX);
  const isNewest = selection.newest === true;
  let events: readonly EventRecord[] = [];
  let page = selection;
  for (;;) {
    const limit = Math.min(PAGE, most - events.length);
    const answer = await readPage(node, { ...page, limit }, language);
    if (answer.kind === "failure") return answer;
    events = isNewest ? [...answer.events, ...events] : [...events, ...answer.events];
    const { next } = answer;
    const hasMore = next !== undefined;
    if (!hasMore || events.length >= most) return { ...answer, events, hasMore };
    // A node that gives no more, or not what comes next, would be asked without end.
    const last = isNewest ? page.before : page.after;
    const goesOn = last === undefined || (isNewest ? next < last : next > last);
    if (answer.events.length === 0 || !goesOn)
      return { kind: "failure", failure: { kind: "node", why: noEndText(node.name, language) } };
    page = isNewest ? { ...page, before: next } : { ...page, after: next };
  }
}

const noEndText = (node: string, language: Language): string =>
  language === "en"
    ? `${node}: its pages of events do not go on, so this is no answer of Baton's`
    : `${node}：其事件分页没有进展，不是 Baton 的应答`;

type Page = SourceEvents & { readonly next: number | undefined };

async function readPage(
  node: RemoteNode,
  selection: Selection,
  language: Language,
): Promise<Page | Extract<SourceAnswer, { kind: "failure" }>> {
  const sent = Date.now();
  const asked = await askRemote(node, { path: pathOf(selection), language });
  const received = Date.now();
  if (asked.kind === "failed")
    return { kind: "failure", failure: { kind: "node", why: asked.why } };
  const read = readShape(ANSWER, asked.value);
  if (read.kind !== "value") {
    const why = `${node.name}: ${printJsonProblem(read.problem, "the answer", language)}`;
    return { kind: "failure", failure: { kind: "node", why } };
  }
  const { node: name, now, next } = read.value;
  const events = read.value.events as unknown as readonly EventRecord[];
  const theirs = now === undefined ? undefined : readMoment(now);
  const clock =
    theirs === undefined ? undefined : clockDifference(sent * 1_000, received * 1_000, theirs);
  return { kind: "events", node: name, clock, events, hasMore: next !== undefined, next };
}

function pathOf(selection: Selection): string {
  const query = new URLSearchParams();
  const { since, until, instances = [], kinds = [], severity, after, before, limit } = selection;
  const add = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) query.append(name, String(value));
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
  return `/v1/events?${query.toString()}`;
}
