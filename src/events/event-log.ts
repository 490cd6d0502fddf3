/** Where events go and come from; the daemon makes one and gives it to those who need it. */

import type { EventRecord, NewEvent, Unnumbered } from "./record.ts";
import type { Selection } from "./selection.ts";

export interface EventLog {
  /**
   * Never throws and never blocks: what the file cannot take in time is counted as lost, and the
   * loss is recorded later.
   */
  record(event: NewEvent): void;
  /**
   * Resolves when everything that was recorded until now is in the file, or is known not to get
   * there (false), at the latest after some seconds. What an operator asked for is answered after
   * that.
   */
  settled(): Promise<boolean>;
  /**
   * At once, before an event is in the file: for alerts. Its number is not known yet. What it
   * throws is logged. The result ends it.
   */
  onRecorded(listener: (event: Unnumbered) => void): () => void;
  /**
   * After events are in the file (or at once where there is none, and their numbers count from
   * the start of the daemon): for whoever follows. The result ends it.
   */
  onKept(listener: (events: readonly EventRecord[]) => void): () => void;
  /** From the file; the numbers ascend. Rejects never: where nobody keeps a file there are none. */
  find(selection: Selection): Promise<Found>;
}

export interface Found {
  readonly events: readonly EventRecord[];
  /** There are more: go on with it as `after`, or with `newest` as `before`. */
  readonly next: number | undefined;
  /** The file was not read, so nobody knows what is in it; `events` is empty. */
  readonly isUnread?: true;
}

export const UNREAD: Found = { events: [], next: undefined, isUnread: true };

/** Where nobody keeps events. */
export const NO_EVENTS: EventLog = {
  record: () => undefined,
  settled: async () => await Promise.resolve(true),
  onRecorded: () => () => undefined,
  onKept: () => () => undefined,
  find: async () => await Promise.resolve({ events: [], next: undefined }),
};
