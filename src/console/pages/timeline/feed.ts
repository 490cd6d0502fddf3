/** Events of all nodes: what there is, older ones on demand, and new ones as they happen. */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { EventRecord } from "#events/record";
import type { Failure } from "../../base/failure.ts";
import { getJson } from "../../base/http.ts";
import { nodes, pathOf } from "../../base/nodes.ts";
import type { NodeEntry } from "../../base/session-shape.ts";
import { openStream } from "../../base/stream.ts";
import { type Entry, mergeEntries } from "./entries.ts";
import { type Filters, nodeQuery } from "./filters.ts";

interface Page {
  readonly events: readonly EventRecord[];
  readonly next?: number;
}

/** As much as a node answers at once. */
const LIMIT = 1_000;
/** A page that follows for days keeps the newest of each node. */
const KEPT_MAX = 20_000;

const byNode: Signal<ReadonlyMap<string, readonly EventRecord[]>> = signal(new Map());
export const failures: Signal<ReadonlyMap<string, Failure>> = signal(new Map());
/** Nodes that have older events than those here. */
export const hasOlder: Signal<ReadonlySet<string>> = signal(new Set());
export const isLoading: Signal<boolean> = signal(false);

const clocks: ReadonlySignal<ReadonlyMap<string, number>> = computed(
  () => new Map(nodes.value.map(({ entry, clockAheadMs }) => [entry.id, clockAheadMs ?? 0])),
);

/** Newest first. */
export const entries: ReadonlySignal<readonly Entry[]> = computed(() =>
  mergeEntries(byNode.value, clocks.value),
);

/** Every event once, whatever way it came. */
function take(node: string, events: readonly EventRecord[]): void {
  const known = byNode.peek().get(node) ?? [];
  const ids = new Set(known.map(({ id }) => id));
  const fresh = events.filter(({ id }) => !ids.has(id));
  if (fresh.length === 0) return;
  const all = [...known, ...fresh].toSorted((a, b) => a.id - b.id).slice(-KEPT_MAX);
  byNode.value = new Map(byNode.peek()).set(node, all);
}

function setFailure(node: string, failure: Failure | undefined): void {
  const next = new Map(failures.peek());
  if (failure === undefined) next.delete(node);
  else next.set(node, failure);
  failures.value = next;
}

function setOlder(node: string, isThere: boolean): void {
  const next = new Set(hasOlder.peek());
  if (isThere) next.add(node);
  else next.delete(node);
  hasOlder.value = next;
}

async function ask(node: NodeEntry, query: URLSearchParams, signal: AbortSignal): Promise<void> {
  query.set("newest", "true");
  query.set("limit", String(LIMIT));
  const answer = await getJson<Page>(pathOf(node, `/v1/events?${query.toString()}`), signal);
  if (signal.aborted) return;
  if (answer.kind === "failed") return setFailure(node.id, answer);
  setFailure(node.id, undefined);
  setOlder(node.id, answer.body.next !== undefined);
  take(node.id, answer.body.events);
}

/**
 * Begins anew with these filters.
 *
 * @param isLive new events are added as they happen @returns stops it
 */
export function followEvents(
  asked: readonly NodeEntry[],
  filters: Filters,
  isLive: boolean,
): () => void {
  const ending = new AbortController();
  const stops: (() => void)[] = [];
  byNode.value = new Map();
  failures.value = new Map();
  hasOlder.value = new Set();
  isLoading.value = true;
  const ahead = (id: string): number => clocks.peek().get(id) ?? 0;
  const begin = async (node: NodeEntry): Promise<void> => {
    await ask(node, nodeQuery(filters, Date.now(), ahead(node.id)), ending.signal);
    if (!isLive || ending.signal.aborted || failures.peek().has(node.id)) return;
    const query = nodeQuery(filters, Date.now(), ahead(node.id));
    const last = byNode.peek().get(node.id)?.at(-1)?.id;
    // From the last one on, so that nothing between the answer and the stream is missing.
    if (last !== undefined) query.set("after", String(last));
    stops.push(follow(node, query));
  };
  void Promise.all(asked.map(begin)).then(() => {
    if (!ending.signal.aborted) isLoading.value = false;
  });
  return () => {
    ending.abort();
    for (const stop of stops) stop();
  };
}

const follow = (node: NodeEntry, query: URLSearchParams): (() => void) =>
  openStream(pathOf(node, `/v1/events?${query.toString()}`), {
    onEvent: ({ type, data }) => {
      const event = type === "event" ? readEvent(data) : undefined;
      if (event !== undefined) take(node.id, [event]);
    },
    onOpen: () => setFailure(node.id, undefined),
    onFailure: (failure, isFinal) => {
      if (isFinal) setFailure(node.id, failure);
    },
  });

function readEvent(data: string): EventRecord | undefined {
  try {
    return JSON.parse(data) as EventRecord;
  } catch {
    return undefined;
  }
}

/** Of nodes that have some: those before the oldest that is here. */
export async function loadOlder(asked: readonly NodeEntry[], filters: Filters): Promise<void> {
  isLoading.value = true;
  const older = asked.filter(({ id }) => hasOlder.peek().has(id));
  await Promise.all(
    older.map(async (node) => {
      const query = nodeQuery(filters, Date.now(), clocks.peek().get(node.id) ?? 0);
      const oldest = byNode.peek().get(node.id)?.[0];
      if (oldest !== undefined) query.set("before", String(oldest.id));
      await ask(node, query, new AbortController().signal);
    }),
  );
  isLoading.value = false;
}
