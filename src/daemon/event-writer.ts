/**
 * The thread's side of event-protocol.ts: opens the file when there is something to write, and
 * again after whatever happened to it.
 */
import { join } from "node:path";
import { type Found, UNREAD } from "#events/event-log";
import type { Selection } from "#events/selection";
import { EVENTS_FILE, isSpoiled, moveAside, storeErrno } from "./event-file.ts";
import type { FromWriter, ToWriter, WriterData } from "./event-protocol.ts";
import type { EventRow } from "./event-row.ts";
import { EventStore, type StoreOptions } from "./event-store.ts";
import { takeFolder } from "./own-files.ts";

const FOLDER_MODE = 0o755;

export class EventWriter {
  readonly #path: string;
  readonly #folder: string;
  readonly #post: (message: FromWriter) => void;
  readonly #options: Omit<StoreOptions, "bounds">;
  #bounds: StoreOptions["bounds"];
  #store: EventStore | undefined;
  /** Of what this thread has written: somebody may delete the file, and followers go on. */
  #lastId = 0;

  constructor(data: WriterData, clock: () => number, post: (message: FromWriter) => void) {
    this.#folder = data.folder;
    this.#path = join(data.folder, EVENTS_FILE);
    this.#bounds = data.bounds;
    this.#options = { group: data.group, clock };
    this.#post = post;
  }

  take(message: ToWriter): void {
    switch (message.type) {
      case "append":
        return this.#append(message.rows);
      case "find":
        return this.#post({ type: "found", id: message.id, found: this.#find(message.selection) });
      case "bounds":
        this.#bounds = message.bounds;
        if (this.#store !== undefined) this.#store.bounds = message.bounds;
        return;
      case "close":
        this.#close();
        return this.#post({ type: "closed" });
    }
  }

  /** True if there is more to do. What fails here fails again with the next event, and is said. */
  tidy(): boolean {
    try {
      const more = this.#store?.tidy() === true;
      if (!more && this.#store !== undefined)
        this.#post({ type: "figures", figures: this.#store.figures() });
      return more;
    } catch {
      return false;
    }
  }

  /** Nothing has come for a time. What fails here fails again with the next event, and is said. */
  rest(): void {
    try {
      this.#store?.rest();
    } catch {
      // It takes some memory, that is all.
    }
  }

  #append(rows: readonly EventRow[]): void {
    try {
      this.#keep(rows);
    } catch (error) {
      if (!isSpoiled(error)) return this.#failed(error);
      try {
        this.#replaceSpoiled();
        this.#keep(rows);
      } catch (again) {
        this.#failed(again);
      }
    }
  }

  #failed(error: unknown): void {
    // Whatever it was, the file is looked at anew with the next try.
    this.#close();
    this.#post({ type: "failed", errno: storeErrno(error) });
  }

  #keep(rows: readonly EventRow[]): void {
    const store = this.#open();
    const first = store.append(rows);
    this.#lastId = first + rows.length - 1;
    this.#post({ type: "kept", first, figures: store.figures() });
  }

  #open(): EventStore {
    if (this.#store?.isElsewhere === true) this.#close();
    if (this.#store !== undefined) return this.#store;
    const problem = takeFolder(this.#folder, FOLDER_MODE);
    if (problem !== undefined) {
      const code = problem.kind === "failed" ? problem.errno : problem.kind;
      throw Object.assign(new Error(code), { code });
    }
    const { store, aside } = EventStore.open(this.#path, {
      ...this.#options,
      bounds: this.#bounds,
    });
    if (aside !== undefined) this.#post({ type: "aside", aside });
    store.numbersAbove(this.#lastId);
    this.#store = store;
    return store;
  }

  /** It could be opened, and a page in the middle is not what it should be. */
  #replaceSpoiled(): void {
    this.#close();
    const stamp = new Date(Math.floor(this.#options.clock() / 1_000)).toISOString();
    const aside = moveAside(this.#path, "corrupt", stamp.replaceAll(/[-:]|\.\d+/g, ""));
    this.#post({ type: "aside", aside });
  }

  #find(selection: Selection): Found {
    try {
      return this.#open().find(selection);
    } catch {
      // The next event that cannot be kept says why.
      return UNREAD;
    }
  }

  #close(): void {
    try {
      this.#store?.close();
    } catch {
      // What could not be folded into the file waits beside it.
    }
    this.#store = undefined;
  }
}
