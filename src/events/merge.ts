/** Events of several nodes as one sequence, with what is known about their clocks. */
import { readMoment } from "./moment.ts";
import type { EventRecord } from "./record.ts";

/** How far a node's wall clock is ahead of ours, as it was seen when it answered. */
export interface ClockDifference {
  /** Microseconds; negative: it is behind. */
  readonly ahead: number;
  /** It may be so much more or less. */
  readonly give: number;
}

/**
 * @param sent @param received our wall clock around the question, microseconds
 * @param theirs what it said
 */
export function clockDifference(sent: number, received: number, theirs: number): ClockDifference {
  const give = Math.max(0, received - sent) / 2;
  return { ahead: Math.round(theirs - (sent + give)), give: Math.round(give) };
}

/** Less is not worth a remark, and no reason to move anything. */
const NOTABLE_MICROS = 100_000;

export const isNotable = ({ ahead, give }: ClockDifference): boolean =>
  Math.abs(ahead) - give > NOTABLE_MICROS;

export interface NodeEvents {
  readonly node: string;
  /** Undefined: the same clock as ours. */
  readonly clock: ClockDifference | undefined;
  readonly events: readonly EventRecord[];
}

export interface MergedEvent {
  readonly node: string;
  readonly event: EventRecord;
  /** Microseconds since 1970 by our clock, if the difference is notable and was the same then. */
  readonly at: number;
}

/**
 * By time; of one node in the order of its numbers, also where its clock was set back meanwhile.
 */
export function mergeEvents(nodes: readonly NodeEvents[]): readonly MergedEvent[] {
  const lanes = nodes.map(({ node, clock, events }) => {
    const ahead = clock !== undefined && isNotable(clock) ? clock.ahead : 0;
    return events.map((event) => ({ node, event, at: (readMoment(event.at) ?? 0) - ahead }));
  });
  const next = lanes.map(() => 0);
  const merged: MergedEvent[] = [];
  for (;;) {
    let first: number | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [index, lane] of lanes.entries()) {
      const at = lane[next[index] ?? 0]?.at ?? Number.POSITIVE_INFINITY;
      if (at < least) [first, least] = [index, at];
    }
    if (first === undefined) return merged;
    const one = lanes[first]?.[next[first] ?? 0];
    if (one !== undefined) merged.push(one);
    next[first] = (next[first] ?? 0) + 1;
  }
}
