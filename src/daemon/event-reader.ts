/** Reads the file of events beside a daemon, or after it. Changes nothing, and needs no root. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { Found } from "#events/event-log";
import type { Selection } from "#events/selection";
import { EVENTS_FILE, foreignReason, storeErrno } from "./event-file.ts";
import { findIn, VERSION } from "./event-store.ts";

export type EventsRead =
  | ({ readonly kind: "found" } & Found)
  /** Nothing has been kept there. */
  | { readonly kind: "missing"; readonly path: string }
  | { readonly kind: "no-permission"; readonly path: string }
  | { readonly kind: "unreadable"; readonly path: string; readonly why: string };

const BUSY_MS = 2_000;

export function readEvents(folder: string, selection: Selection): EventsRead {
  const path = join(folder, EVENTS_FILE);
  let db: DatabaseSync | undefined;
  try {
    if (!existsSync(path)) return missing(path);
    db = openToRead(path);
    const why = foreignReason(db, VERSION);
    if (why !== undefined) return { kind: "unreadable", path, why };
    const isEmpty = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'events'").get();
    if (isEmpty === undefined) return { kind: "found", events: [], next: undefined };
    return { kind: "found", ...findIn(db, selection) };
  } catch (error) {
    const why = storeErrno(error);
    if (why === "SQLITE_CANTOPEN" || why === "EACCES") return { kind: "no-permission", path };
    return { kind: "unreadable", path, why };
  } finally {
    if (db?.isOpen === true) db.close();
  }
}

const missing = (path: string): EventsRead => ({ kind: "missing", path });

/**
 * After an orderly end nothing lies beside the file, and who may not write into the folder cannot
 * put there what SQLite wants to share with others: then nobody else has the file open.
 */
function openToRead(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  try {
    db.prepare("SELECT count(*) FROM sqlite_schema").get();
    return db;
  } catch (error) {
    db.close();
    if (storeErrno(error) === "SQLITE_NOTADB" || existsSync(`${path}-wal`)) throw error;
    const url = pathToFileURL(path);
    url.searchParams.set("immutable", "1");
    return new DatabaseSync(url, { readOnly: true });
  }
}
