/**
 * A daemon that was killed cannot say so: the next one finds in the events that the one before it
 * never stopped.
 */
import type { EventLog } from "#events/event-log";
import type { EventRecord } from "#events/record";
import { micros } from "#units/time";
import { endedEvent } from "./event-texts.ts";

/** Of these the last start or stop is looked for; others of the kind are rare. */
const OF_DAEMON = 100;
const NEWEST = 20;

export interface Clocks {
  /** Microseconds since 1970, and since the machine was started. */
  readonly wall: number;
  readonly boot: number;
}

/**
 * Called before anything of this daemon is recorded: questions and events are taken in their
 * order. Where no events are kept, or none can be read now, nothing is found.
 */
export async function recordEarlierEnd(events: EventLog, { wall, boot }: Clocks): Promise<void> {
  const found = await events.find({ kinds: ["daemon"], newest: true, limit: OF_DAEMON });
  const lives = found.events.filter((one) => one.kind === "daemon");
  const last = lives.findLast(({ data }) => data.what === "started" || data.what === "stopped");
  if (last?.data.what !== "started") return;
  // Meanwhile this daemon has recorded some.
  const { events: newest } = await events.find({ newest: true, limit: NEWEST });
  const lastAt = newest.map(atOf).findLast((at) => at < wall) ?? atOf(last);
  const age = wall - lastAt;
  // By a clock that was set back meanwhile nothing is known.
  events.record(endedEvent(age > 0 ? micros(age) : undefined, age > boot));
}

const atOf = ({ at }: EventRecord): number => Date.parse(at) * 1_000;
