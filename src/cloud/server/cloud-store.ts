/**
 * The emulator's durable state: one SQLite table of rows, each a JSON text with region, table
 * and id as its key.
 *
 * One `commit` is one transaction and returns when the operating system has its pages, so what
 * an answer says after that survives `kill -9`. WAL with `synchronous=NORMAL` does not wait for
 * the disk at every commit (a power failure may take the last moments, never the file's
 * consistency). The file is locked for this process alone: a second emulator on the same
 * directory is an error, not a corruption; the lock goes with the process, however it ends.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";

export interface StoredRow {
  readonly region: string;
  readonly table: string;
  readonly id: string;
  /** Null removes the row. */
  readonly json: string | null;
}

/**
 * Incremented with every change of the tables or of the rows' meaning; MIGRATIONS[n] leads from
 * n to n + 1.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE row (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     region TEXT NOT NULL,
     name TEXT NOT NULL,
     id TEXT NOT NULL,
     json TEXT NOT NULL,
     UNIQUE (region, name, id)
   ) STRICT`,
];

/** How long to wait until the lock of a killed predecessor is released. */
const LOCK_TIMEOUT_MILLISECONDS = 1_000;

export class CloudStore {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #clear: StatementSync;
  readonly #all: StatementSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    // An update keeps `seq`, so rows are read back in the order of their creation.
    this.#put = database.prepare(
      `INSERT INTO row (region, name, id, json) VALUES (?, ?, ?, ?)
       ON CONFLICT (region, name, id) DO UPDATE SET json = excluded.json`,
    );
    this.#remove = database.prepare("DELETE FROM row WHERE region = ? AND name = ? AND id = ?");
    this.#clear = database.prepare("DELETE FROM row");
    this.#all = database.prepare("SELECT region, name, id, json FROM row ORDER BY seq");
  }

  /**
   * Makes the directory and the file if they are missing. Throws the system's error: no access,
   * locked, or not a database.
   */
  static open(directory: string): CloudStore {
    mkdirSync(directory, { recursive: true });
    const database = new DatabaseSync(join(directory, "cloud.sqlite"), {
      timeout: LOCK_TIMEOUT_MILLISECONDS,
    });
    try {
      database.exec("PRAGMA locking_mode = EXCLUSIVE");
      database.exec("PRAGMA journal_mode = WAL");
      database.exec("PRAGMA synchronous = NORMAL");
      migrate(database);
      return new CloudStore(database);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Everything, oldest first. */
  *rows(): Generator<StoredRow> {
    for (const { region, name, id, json } of this.#all.iterate()) {
      yield { region: text(region), table: text(name), id: text(id), json: text(json) };
    }
  }

  /**
   * Writes all changes or none. With `clear` everything that was there before is removed first,
   * in the same transaction.
   */
  commit(rows: readonly StoredRow[], clear = false): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      if (clear) this.#clear.run();
      for (const { region, table, id, json } of rows) {
        if (json === null) this.#remove.run(region, table, id);
        else this.#put.run(region, table, id, json);
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

/** The columns are TEXT NOT NULL in a STRICT table. */
const text = (value: unknown): string => (typeof value === "string" ? value : "");

function migrate(database: DatabaseSync): void {
  const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (found > MIGRATIONS.length) {
    throw new Error(
      `the database has version ${found}, this program knows up to ${MIGRATIONS.length}`,
    );
  }
  database.exec("BEGIN EXCLUSIVE");
  for (const migration of MIGRATIONS.slice(found)) database.exec(migration);
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  database.exec("COMMIT");
}
