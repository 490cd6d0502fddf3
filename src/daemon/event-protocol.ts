/** Between the supervisor's thread and the one that writes events (event-writer-main.ts). */
import type { EventBounds } from "#events/bounds";
import type { Found } from "#events/event-log";
import type { Selection } from "#events/selection";
import type { Aside } from "./event-file.ts";
import type { EventRow } from "./event-row.ts";
import type { StoreFigures } from "./event-store.ts";

/** What the thread is started with. */
export interface WriterData {
  readonly folder: string;
  readonly group: number | undefined;
  readonly bounds: EventBounds;
}

export type ToWriter =
  /** Answered with `kept` or `failed`; the next one comes after that. */
  | { readonly type: "append"; readonly rows: readonly EventRow[] }
  | { readonly type: "find"; readonly id: number; readonly selection: Selection }
  | { readonly type: "bounds"; readonly bounds: EventBounds }
  | { readonly type: "close" };

export type FromWriter =
  /** On the disk, numbered from `first`. */
  | { readonly type: "kept"; readonly first: number; readonly figures: StoreFigures }
  /** Nothing of it is in the file. */
  | { readonly type: "failed"; readonly errno: string }
  | { readonly type: "found"; readonly id: number; readonly found: Found }
  | { readonly type: "aside"; readonly aside: Aside }
  | { readonly type: "figures"; readonly figures: StoreFigures }
  /** The thread's garbage: pages that the process may give back now. */
  | { readonly type: "collected" }
  | { readonly type: "closed" };
