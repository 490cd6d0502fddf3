/**
 * What every node says of itself, kept up to date while somebody looks: a stream for each node,
 * and a question now and then, since ages and the clock change without an event.
 */
import { type Signal, signal } from "@preact/signals";
import type { Status } from "#daemon/control-protocol";
import { type Answer, getJson } from "./http.ts";
import { language } from "./language.ts";
import { type NodeView, withNames } from "./node-view.ts";
import type { NodeEntry } from "./session-shape.ts";
import { isStatus } from "./status-shape.ts";
import { openStream } from "./stream.ts";
import { text } from "./text.ts";

const REFRESH_MS = 5_000;

export const nodes: Signal<readonly NodeView[]> = signal([]);

export const pathOf = ({ id }: NodeEntry, path: string): string =>
  `/api/nodes/${encodeURIComponent(id)}${path}`;

function update(id: string, change: Partial<NodeView>): void {
  nodes.value = withNames(
    nodes.value.map((one) => (one.entry.id === id ? { ...one, ...change } : one)),
  );
}

const UNREADABLE = text(
  "The node answers something that this version of the console cannot show.",
  "节点的应答不是此版本控制台能够显示的内容。",
);

/** What another version sends, or what is no Baton, must not be drawn. */
async function getStatus(entry: NodeEntry): Promise<Answer<Status>> {
  const answer = await getJson<unknown>(pathOf(entry, "/v1/status"));
  if (answer.kind === "failed") return answer;
  return isStatus(answer.body)
    ? { kind: "answer", body: answer.body }
    : { kind: "failed", status: undefined, message: UNREADABLE[language.peek()] };
}

const readStatus = (line: string): Status | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return isStatus(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** @returns stops it */
export function followNodes(entries: readonly NodeEntry[]): () => void {
  const known = new Map(nodes.peek().map((one) => [one.entry.id, one]));
  nodes.value = withNames(
    entries.map(
      (entry) =>
        known.get(entry.id) ?? {
          entry,
          status: undefined,
          failure: undefined,
          clockAheadMs: undefined,
          at: 0,
          name: "",
        },
    ),
  );
  const stops = entries.map(followNode);
  return () => {
    for (const stop of stops) stop();
  };
}

function followNode(entry: NodeEntry): () => void {
  const { id } = entry;
  let isAsking = false;
  const ask = async (): Promise<void> => {
    if (document.hidden || isAsking) return;
    isAsking = true;
    const before = Date.now();
    const answer = await getStatus(entry);
    isAsking = false;
    if (answer.kind === "failed") return update(id, { failure: answer });
    const now = Date.now();
    const clockAheadMs = Date.parse(answer.body.at) - (before + now) / 2;
    update(id, { status: answer.body, failure: undefined, at: now, clockAheadMs });
  };
  void ask();
  const timer = setInterval(() => void ask(), REFRESH_MS);
  const close = openStream(pathOf(entry, "/v1/status"), {
    onEvent: ({ type, data }) => {
      const status = type === "status" ? readStatus(data) : undefined;
      if (status !== undefined) update(id, { status, failure: undefined, at: Date.now() });
    },
    // Whether the node answers is what the question says; a stream may end for other reasons.
    onFailure: () => void ask(),
  });
  return () => {
    clearInterval(timer);
    close();
  };
}

/** Asks all of them now: after an action, so that what it did is seen at once. */
export async function refreshNodes(): Promise<void> {
  await Promise.all(
    nodes.peek().map(async ({ entry }) => {
      const answer = await getStatus(entry);
      if (answer.kind === "answer")
        update(entry.id, { status: answer.body, failure: undefined, at: Date.now() });
    }),
  );
}
