/** `/v1/events` of the local daemon, from its file, in the form of its HTTP API. */
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { readEventQuery } from "#api/event-query";
import type { EventRecord } from "#events/record";
import type { Selection } from "#events/selection";
import { problem, text } from "./problem.ts";

export type EventsAnswer =
  | {
      readonly kind: "found";
      readonly events: readonly EventRecord[];
      readonly next: number | undefined;
    }
  | { readonly kind: "failed"; readonly en: string; readonly zh: string };

export type FindEvents = (selection: Selection) => Promise<EventsAnswer>;

/** How soon somebody who follows sees what happened. */
const LOOK_MS = 500;
const HEARTBEAT_LOOKS = 30;

export async function answerEvents(context: Context, find: FindEvents): Promise<Response> {
  const read = readEventQuery(context.req.queries());
  if (read.kind === "problem") {
    return problem(context, {
      status: 422,
      detail: text(
        `${read.name}: ${read.value.slice(0, 100)} cannot be used`,
        `${read.name}：${read.value.slice(0, 100)} 无法使用`,
      ),
    });
  }
  const { selection } = read;
  const first = await find(selection);
  if (first.kind === "failed")
    return problem(context, { status: 503, detail: text(first.en, first.zh) });
  if (!(context.req.header("accept") ?? "").includes("text/event-stream")) {
    const { events, next } = first;
    return context.json({ events, ...(next !== undefined && { next }) });
  }
  return await followEvents(context, selection, find);
}

/** The number of the newest event there is now; 0: there is none. */
async function newestId(find: FindEvents): Promise<number> {
  const last = await find({ newest: true, limit: 1 });
  return last.kind === "found" ? (last.events.at(-1)?.id ?? 0) : 0;
}

async function followEvents(
  context: Context,
  selection: Selection,
  find: FindEvents,
): Promise<Response> {
  const given = Number(context.req.header("last-event-id") ?? Number.NaN);
  const isFromThere = selection.since !== undefined || selection.after !== undefined;
  let after = Number.isSafeInteger(given) ? given : selection.after;
  if (after === undefined && !isFromThere) after = await newestId(find);
  return streamSSE(context, async (stream) => {
    for (let looks = 1; !stream.aborted && !stream.closed; looks += 1) {
      const found = await find({ ...selection, after });
      for (const event of found.kind === "found" ? found.events : []) {
        after = event.id;
        await stream.writeSSE({
          id: String(event.id),
          event: "event",
          data: JSON.stringify(event),
        });
      }
      const isMore = found.kind === "found" && found.next !== undefined;
      if (looks % HEARTBEAT_LOOKS === 0) await stream.write(": \n\n");
      if (!isMore) await stream.sleep(LOOK_MS);
    }
  });
}
