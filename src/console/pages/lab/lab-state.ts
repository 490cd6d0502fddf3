/** What the laboratory page knows, from its event stream, and the orders that it sends. */
import { type Signal, signal } from "@preact/signals";
import type { Failure } from "../../base/failure.ts";
import { postJson } from "../../base/http.ts";
import type { FaultRow, LabNews, LabOrder, ProbeSide } from "../../base/lab-shape.ts";
import { openStream } from "../../base/stream.ts";
import { toast } from "../../parts/toast.tsx";
import { ProbeSeries } from "./probe-series.ts";

export type StatusNews = Extract<LabNews, { readonly news: "status" }>;
export type EventNews = Extract<LabNews, { readonly news: "event" }>;

export const status: Signal<StatusNews | undefined> = signal(undefined);
/** Newest first. */
export const rows: Signal<readonly FaultRow[]> = signal([]);
/** Newest first. */
export const events: Signal<readonly EventNews[]> = signal([]);
/** Undefined while the stream is open. */
export const failure: Signal<Failure | "connecting" | undefined> = signal("connecting");
/** The orders that have not been answered, as `a cut`. */
export const pending: Signal<readonly string[]> = signal([]);

const EVENTS_MAX = 300;

export const series: Readonly<Record<ProbeSide, ProbeSeries>> = {
  client: new ProbeSeries(),
  internet: new ProbeSeries(),
};

function take(news: LabNews): void {
  switch (news.news) {
    case "status":
      status.value = news;
      return;
    case "probes":
      series[news.side].add(news.parts);
      return;
    case "event":
      events.value = [news, ...events.value].slice(0, EVENTS_MAX);
      return;
    case "row":
      rows.value = [news.row, ...rows.value.filter(({ id }) => id !== news.row.id)].toSorted(
        (a, b) => b.id - a.id,
      );
      return;
  }
}

/** Returns what ends it. */
export function startWatching(): () => void {
  failure.value = "connecting";
  const close = openStream("/api/lab/stream", {
    onOpen: () => {
      failure.value = undefined;
      // The laboratory may be another one: it sends its rows and its latest events again.
      rows.value = [];
      events.value = [];
    },
    onEvent: ({ data }) => take(JSON.parse(data) as LabNews),
    onFailure: (reason) => {
      failure.value = reason;
    },
  });
  return () => {
    close();
    for (const one of Object.values(series)) one.clear();
  };
}

export const nameOfOrder = (order: LabOrder): string =>
  `${order.instance} ${"daemon" in order ? `daemon ${order.daemon}` : order.fault}`;

/** @returns whether it was done; if not, the reason has been shown */
export async function send(order: LabOrder): Promise<boolean> {
  const name = nameOfOrder(order);
  pending.value = [...pending.value, name];
  const answer = await postJson("/api/lab/orders", order);
  pending.value = pending.value.filter((one) => one !== name);
  if (answer.kind === "answer") return true;
  toast("error", answer.message, answer.help === undefined ? [] : [answer.help]);
  return false;
}
