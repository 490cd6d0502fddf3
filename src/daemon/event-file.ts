/**
 * The file of events as a file: who may read it, whether it is ours, and what happens to one that
 * is not. It is moved aside with a name that says why, and never deleted.
 */
import {
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { closeQuietly } from "./own-files.ts";

/** "Batn", where SQLite has the number of the application. */
export const APPLICATION_ID = 0x4261746e;

export const EVENTS_FILE = "events.db";
/** What SQLite keeps beside it. */
export const BESIDE = ["-wal", "-shm"] as const;

/** https://www.sqlite.org/fileformat.html */
const HEADER = "SQLite format 3\0";
const MODE = 0o640;
/** A disk that spoils every file must not be filled with them. */
const ASIDE_MAX = 10;

export type AsideReason = "corrupt" | "foreign" | "newer";
export interface Aside {
  readonly path: string;
  readonly to: string;
  readonly why: AsideReason;
}

/** What SQLite says: https://www.sqlite.org/rescode.html */
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
const NAMES: Readonly<Record<number, string>> = {
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  [CORRUPT]: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  [NOT_A_DATABASE]: "SQLITE_NOTADB",
};
const PRIMARY = 0xff;

const codeOf = (error: unknown): number | undefined => {
  const code = (error as { readonly errcode?: unknown }).errcode;
  return typeof code === "number" ? code & PRIMARY : undefined;
};

export function isSpoiled(error: unknown): boolean {
  const code = codeOf(error);
  return code === CORRUPT || code === NOT_A_DATABASE;
}

/** `SQLITE_FULL`, `ENOSPC`, or what the error says. */
export function storeErrno(error: unknown): string {
  const code = codeOf(error);
  if (code !== undefined) return NAMES[code] ?? `SQLITE ${code}`;
  const { code: errno, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return typeof errno === "string" ? errno : String(message ?? error);
}

/**
 * Makes the file if necessary; SQLite gives what it keeps beside it the same owner and mode. False
 * if it is no file of SQLite, which would delete what lies beside it.
 */
export function prepareFile(path: string, group: number | undefined): boolean {
  const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, MODE);
  try {
    if (!lstatSync(path).isFile()) throw Object.assign(new Error("EEXIST"), { code: "EEXIST" });
    if (process.geteuid?.() === 0) fchownSync(fd, 0, group ?? 0);
    fchmodSync(fd, MODE);
    const start = Buffer.alloc(HEADER.length);
    const length = readSync(fd, start, 0, start.length, 0);
    return length === 0 || start.toString("latin1") === HEADER;
  } finally {
    closeQuietly(fd);
  }
}

/** Why a file that can be opened is not ours to write; undefined if it is, or is empty. */
export function foreignReason(db: DatabaseSync, version: number): AsideReason | undefined {
  const isEmpty = numberIn(db, "SELECT count(*) AS value FROM sqlite_schema") === 0;
  const id = numberIn(db, "SELECT application_id AS value FROM pragma_application_id");
  if (isEmpty && id === 0) return undefined;
  if (id !== APPLICATION_ID) return "foreign";
  return numberIn(db, "SELECT user_version AS value FROM pragma_user_version") > version
    ? "newer"
    : undefined;
}

export const numberIn = (db: DatabaseSync, query: string): number =>
  Number(db.prepare(query).get()?.["value"] ?? 0);

/** Throws if there are too many already. @param stamp for its name */
export function moveAside(path: string, why: AsideReason, stamp: string): Aside {
  const name = basename(path);
  const others = readdirSync(dirname(path)).filter((one) =>
    /\.(?:corrupt|foreign|newer)-[\dTZ]+(?:-\d+)?$/.test(one.slice(name.length)),
  );
  if (others.length >= ASIDE_MAX)
    throw Object.assign(new Error(`${others.length} files aside`), { code: "EDQUOT" });
  let to = `${path}.${why}-${stamp}`;
  for (let nth = 2; existsSync(to); nth += 1) to = `${path}.${why}-${stamp}-${nth}`;
  renameSync(path, to);
  for (const more of BESIDE) if (existsSync(path + more)) renameSync(path + more, to + more);
  return { path, to, why };
}
