/**
 * What happened, in a file of SQLite (docs/adr/0029). The daemon's writer (event-writer-main.ts)
 * appends, `baton events` reads it, also while the daemon runs or when it is dead.
 *
 * Every batch is one transaction, on the disk when `append` returns: neither kill -9 nor a power
 * failure loses it. Calls block for as long as the disk takes: none is made in the supervisor's own
 * thread.
 */
import { lstatSync, type Stats } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { type EventBounds, LEAST_KEPT } from "#events/bounds";
import type { Found } from "#events/event-log";
import { EVENT_SEVERITIES } from "#events/record";
import { LIMIT_MAX, type Selection, severitiesFrom } from "#events/selection";
import {
  APPLICATION_ID,
  type Aside,
  foreignReason,
  isSpoiled,
  moveAside,
  numberIn,
  prepareFile,
} from "./event-file.ts";
import { type EventRow, type NumberedRow, recordOf } from "./event-row.ts";

/** From each version to the next; a file of version 0 is empty. */
export const STEPS: readonly string[] = [
  `CREATE TABLE events (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     at INTEGER NOT NULL,
     node TEXT NOT NULL,
     kind TEXT NOT NULL,
     severity INTEGER NOT NULL,
     instance TEXT,
     grp TEXT,
     en TEXT NOT NULL,
     zh TEXT NOT NULL,
     data TEXT NOT NULL
   ) STRICT;
   CREATE INDEX events_at ON events (at);
   CREATE INDEX events_instance ON events (instance, id) WHERE instance IS NOT NULL;`,
];
export const VERSION: number = STEPS.length;

const COLUMNS = "at, node, kind, severity, instance, grp, en, zh, data";
/** Deleted in one transaction, so that nobody waits long for the end of it. */
const TRIM_ROWS = 500;
/** Of what is there, when there is too much: not one event for each that comes. */
const TRIM_SHARE = 0.01;
const HOUR_MICROS = 3_600_000_000;
/** Pages (4 kB) that wait in the log of SQLite before they are folded into the file. */
const LOG_PAGES = 256;
const LOG_BYTES_KEPT = 4 * 1_048_576;
const CACHE_KB = 512;
const BUSY_MS = 2_000;

export interface StoreOptions {
  readonly bounds: EventBounds;
  /** May read it; undefined: its owner alone. */
  readonly group: number | undefined;
  /** Microseconds since 1970. */
  readonly clock: () => number;
}

export interface StoreFigures {
  readonly count: number;
  /** Microseconds since 1970; undefined if there is none. */
  readonly oldest: number | undefined;
}

export class EventStore {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #insert: StatementSync;
  readonly #trim: StatementSync;
  readonly #clock: () => number;
  readonly #opened: Stats;
  /** Each is prepared once: one is freed with the garbage only, which may be long after. */
  readonly #prepared = new Map<string, StatementSync>();
  bounds: EventBounds;
  #count: number;

  constructor(db: DatabaseSync, path: string, { bounds, clock }: StoreOptions) {
    this.#db = db;
    this.#path = path;
    this.#clock = clock;
    this.bounds = bounds;
    this.#opened = lstatSync(path);
    const places = COLUMNS.replaceAll(/\w+/g, "?");
    this.#insert = db.prepare(`INSERT INTO events (${COLUMNS}) VALUES (${places})`);
    this.#trim = db.prepare(
      "DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY id LIMIT ?)",
    );
    this.#count = numberIn(db, "SELECT count(*) AS value FROM events");
  }

  /**
   * Throws if the folder or the disk refuses. One that is spoiled, or not ours, is moved aside, and
   * numbers in the new one begin above those of the old.
   */
  static open(path: string, options: StoreOptions): { store: EventStore; aside?: Aside } {
    const first = tryOpen(path, options);
    if (first.kind === "store") return { store: first.store };
    const stamp = new Date(Math.floor(options.clock() / 1_000)).toISOString();
    const aside = moveAside(path, first.why, stamp.replaceAll(/[-:]|\.\d+/g, ""));
    const second = tryOpen(path, options);
    if (second.kind !== "store") throw new Error(`${path} is ${second.why} again`);
    second.store.numbersAbove(first.lastId ?? Math.floor(options.clock() / 1_000_000));
    return { store: second.store, aside };
  }

  /** All or none, in order; returns the first number, the others follow. */
  append(rows: readonly EventRow[]): number {
    const { entries } = this.bounds;
    const excess = this.#count + rows.length - entries;
    return this.#transaction(() => {
      if (excess > 0) this.#drop(excess + Math.floor(entries * TRIM_SHARE));
      let last = 0;
      for (const row of rows) last = Number(this.#insert.run(...valuesOf(row)).lastInsertRowid);
      this.#count += rows.length;
      return last - rows.length + 1;
    });
  }

  /** One bounded piece of work; true if there is more to do. */
  tidy(): boolean {
    return this.#tidyOld() || this.#tidyLarge();
  }

  /** Somebody has deleted the file, or put another in its place. */
  get isElsewhere(): boolean {
    const stats = lstatSync(this.#path, { throwIfNoEntry: false });
    return stats?.ino !== this.#opened.ino || stats.dev !== this.#opened.dev;
  }

  figures(): StoreFigures {
    const row = this.#prepare("SELECT at FROM events ORDER BY id LIMIT 1").get();
    return { count: this.#count, oldest: row === undefined ? undefined : Number(row["at"]) };
  }

  find(selection: Selection): Found {
    return findIn(this.#db, selection);
  }

  /** Nothing is written for now: what SQLite remembers of the file is given up. */
  rest(): void {
    this.#db.exec("PRAGMA shrink_memory");
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #prepare(query: string): StatementSync {
    const prepared = this.#prepared.get(query) ?? this.#db.prepare(query);
    this.#prepared.set(query, prepared);
    return prepared;
  }

  #number(query: string): number {
    return Number(this.#prepare(query).get()?.["value"] ?? 0);
  }

  /** No number up to this one is given any more: readers know it from another file. */
  numbersAbove(id: number): void {
    const last = "SELECT max(seq) AS value FROM sqlite_sequence WHERE name = 'events'";
    if (numberIn(this.#db, last) >= id) return;
    this.#transaction(() => {
      this.#db.exec("DELETE FROM sqlite_sequence WHERE name = 'events'");
      const query = "INSERT INTO sqlite_sequence (name, seq) VALUES ('events', ?)";
      this.#db.prepare(query).run(id);
    });
  }

  #drop(most: number): void {
    this.#count -= Number(this.#trim.run(most).changes);
  }

  #tidyOld(): boolean {
    const spare = this.#count - LEAST_KEPT;
    if (spare <= 0) return false;
    const before = this.#clock() - this.bounds.hours * HOUR_MICROS;
    const old = "SELECT count(*) AS value FROM (SELECT at FROM events ORDER BY id LIMIT ?)";
    const most = Math.min(TRIM_ROWS, spare);
    const row = this.#prepare(`${old} WHERE at < ?`).get(most, before);
    const found = Number(row?.["value"] ?? 0);
    if (found === 0) return false;
    this.#transaction(() => this.#drop(found));
    return found === most;
  }

  #tidyLarge(): boolean {
    const page = this.#number("SELECT page_size AS value FROM pragma_page_size");
    const pages = this.#number("SELECT page_count AS value FROM pragma_page_count");
    const free = this.#number("SELECT freelist_count AS value FROM pragma_freelist_count");
    const most = this.bounds.bytes / page;
    const isOver = pages - free > most || this.#count > this.bounds.entries;
    if (isOver && this.#count > 0) {
      const share = Math.ceil(this.#count * TRIM_SHARE);
      this.#transaction(() => this.#drop(Math.min(TRIM_ROWS, share)));
      return true;
    }
    if (pages <= most || free === 0) return false;
    this.#db.exec(`PRAGMA incremental_vacuum(${TRIM_ROWS})`);
    return true;
  }

  #transaction<T>(work: () => T): T {
    const before = this.#count;
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      this.#count = before;
      // A full disk has ended it already.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}

type Tried =
  | { readonly kind: "store"; readonly store: EventStore }
  | { readonly kind: "aside"; readonly why: Aside["why"]; readonly lastId: number | undefined };

function tryOpen(path: string, options: StoreOptions): Tried {
  if (!prepareFile(path, options.group))
    return { kind: "aside", why: "corrupt", lastId: undefined };
  const db = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    const why = foreignReason(db, VERSION);
    if (why !== undefined) {
      const lastId = why === "newer" ? lastIdIn(db) : undefined;
      db.close();
      return { kind: "aside", why, lastId };
    }
    settle(db);
    migrate(db, STEPS);
    return { kind: "store", store: new EventStore(db, path, options) };
  } catch (error) {
    if (db.isOpen) db.close();
    if (isSpoiled(error)) return { kind: "aside", why: "corrupt", lastId: undefined };
    throw error;
  }
}

function lastIdIn(db: DatabaseSync): number | undefined {
  try {
    return numberIn(db, "SELECT max(id) AS value FROM events");
  } catch {
    // A later version may have other tables.
    return undefined;
  }
}

function settle(db: DatabaseSync): void {
  // Before anything else is written: later the file would have to be copied for it.
  db.exec("PRAGMA auto_vacuum = INCREMENTAL");
  db.exec("PRAGMA journal_mode = WAL");
  db.exec("PRAGMA synchronous = FULL");
  db.exec(`PRAGMA wal_autocheckpoint = ${LOG_PAGES}`);
  db.exec(`PRAGMA journal_size_limit = ${LOG_BYTES_KEPT}`);
  db.exec(`PRAGMA cache_size = -${CACHE_KB}`);
}

/** An older file gets the steps it lacks, all or none of them. */
export function migrate(db: DatabaseSync, steps: readonly string[]): void {
  const version = numberIn(db, "SELECT user_version AS value FROM pragma_user_version");
  if (version >= steps.length) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const step of steps.slice(version)) db.exec(step);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.exec(`PRAGMA user_version = ${steps.length}`);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

const valuesOf = (row: EventRow): readonly SQLInputValue[] => [
  row.at,
  row.node,
  row.kind,
  row.severity,
  row.instance,
  row.group,
  row.en,
  row.zh,
  row.data,
];

/** At most LIMIT_MAX, the numbers ascending. Throws what SQLite throws. */
export function findIn(db: DatabaseSync, selection: Selection): Found {
  const { wheres, values } = conditions(selection);
  const isNewest = selection.newest === true;
  const limit = Math.max(0, Math.min(LIMIT_MAX, selection.limit ?? LIMIT_MAX));
  const where = wheres.length === 0 ? "" : `WHERE ${wheres.join(" AND ")}`;
  const order = isNewest ? "DESC" : "ASC";
  const query = `SELECT id, ${COLUMNS} FROM events ${where} ORDER BY id ${order} LIMIT ?`;
  const rows = db
    .prepare(query)
    .all(...values, limit + 1)
    .map((row) => ({ ...row, group: row["grp"] }) as unknown as NumberedRow);
  const hasMore = rows.length > limit;
  const events = rows.slice(0, limit).map(recordOf);
  if (isNewest) events.reverse();
  const next = isNewest ? events[0]?.id : events.at(-1)?.id;
  return { events, next: hasMore ? next : undefined };
}

function conditions(selection: Selection): {
  readonly wheres: readonly string[];
  readonly values: readonly SQLInputValue[];
} {
  const { since, until, instances, kinds, severity, after, before } = selection;
  const wheres: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (where: string, ...more: readonly SQLInputValue[]): void => {
    wheres.push(where);
    values.push(...more);
  };
  const list = (some: readonly string[]): string => some.map(() => "?").join(", ");
  if (since !== undefined) add("at >= ?", since * 1_000);
  if (until !== undefined) add("at < ?", until * 1_000);
  if (instances !== undefined) add(`instance IN (${list(instances)})`, ...instances);
  if (kinds !== undefined) add(`kind IN (${list(kinds)})`, ...kinds);
  if (severity !== undefined && severitiesFrom(severity).length < EVENT_SEVERITIES.length)
    add("severity >= ?", EVENT_SEVERITIES.indexOf(severity));
  if (after !== undefined) add("id > ?", after);
  if (before !== undefined) add("id < ?", before);
  return { wheres, values };
}
