/**
 * Holds the world: every change goes first to disk and then into memory, and work that becomes
 * due is carried out.
 *
 * Nothing in here waits: a commit is one short SQLite transaction, so between the check of a
 * call and its write no other call can come in, and an answer that is sent afterwards reports
 * something that survives `kill -9`.
 */

import { readShape } from "#json/shape";
import type { Instant } from "#units/time";
import { after, elapsed, fromMillis, toMillis } from "#units/time";
import type { Change, CloudState } from "../model/cloud-state.ts";
import { applyChanges, cloudAsChanges, emptyCloud } from "../model/cloud-state.ts";
import type { TableName, Tables } from "../model/rows.ts";
import { isVolatile, TABLE_NAMES } from "../model/rows.ts";
import { deadline, finishDue } from "../model/work.ts";
import type { CloudClock } from "./clock.ts";
import type { CloudStore, StoredRow } from "./cloud-store.ts";
import { ROWS } from "./row-shapes.ts";

/** The clock's offset is stored beside the regions, under names that no region can have. */
const CLOCK_ROW = { region: "", table: "clock", id: "offset" } as const;

const isTable = (name: string): name is TableName => TABLE_NAMES.some((table) => table === name);

export class ControlPlane {
  readonly world: CloudState = emptyCloud();
  readonly #clock: CloudClock;
  readonly #store: CloudStore | undefined;
  readonly #onFailure: (error: unknown) => void;
  readonly #listeners = new Set<(changes: readonly Change[]) => void>();
  #timer: NodeJS.Timeout | undefined;
  #dueAt: Instant | undefined;

  /**
   * With an undefined store everything is forgotten with the process. `onFailure` is called if
   * the disk failed while due work was carried out; that is tried again. Throws if the stored
   * rows make no sense.
   */
  constructor(
    clock: CloudClock,
    store: CloudStore | undefined,
    onFailure: (error: unknown) => void,
  ) {
    this.#clock = clock;
    this.#store = store;
    this.#onFailure = onFailure;
    const changes: Change[] = [];
    for (const row of store?.rows() ?? []) {
      if (row.table === CLOCK_ROW.table) clock.offsetSeconds = Number(row.json);
      else changes.push(readRow(row));
    }
    applyChanges(this.world, soon(changes, clock.now()));
    this.#arm();
  }

  /** Called after every change; the laboratory's switch listens. */
  onChange(listener: (changes: readonly Change[]) => void): void {
    this.#listeners.add(listener);
  }

  /** Writes to disk, then to memory. Throws if the disk fails; then nothing has changed. */
  commit(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    const rows = changes.filter(({ table }) => !isVolatile(table)).map(printRow);
    if (rows.length > 0) this.#store?.commit(rows);
    applyChanges(this.world, changes);
    this.#arm();
    this.#notify(changes);
  }

  /** The change is on disk: a failing listener cannot undo it. */
  #notify(changes: readonly Change[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(changes);
      } catch (error) {
        this.#onFailure(error);
      }
    }
  }

  /** Carries out what is due. Before every call, so that no answer is older than the clock. */
  catchUp(): void {
    const now = this.#clock.now();
    if (this.#dueAt === undefined || this.#dueAt > now) return;
    this.commit(finishDue(this.world, now));
    this.#arm();
  }

  /** Removes everything, and sets the clock back to the real one. */
  reset(): void {
    this.replace([], 0);
  }

  /** Replaces the whole state at once. */
  replace(changes: readonly Change[], offsetSeconds: number): void {
    const clock = { ...CLOCK_ROW, json: `${offsetSeconds}` };
    this.#store?.commit([clock, ...changes.map(printRow)], true);
    const gone = cloudAsChanges(this.world).map((change): Change => ({ ...change, row: null }));
    applyChanges(this.world, gone);
    this.world.regions.clear();
    this.#clock.offsetSeconds = offsetSeconds;
    const adopted = soon(changes, this.#clock.now());
    applyChanges(this.world, adopted);
    this.#arm();
    this.#notify([...gone, ...adopted]);
  }

  advanceClock(seconds: number): void {
    const offsetSeconds = this.#clock.offsetSeconds + seconds;
    this.#store?.commit([{ ...CLOCK_ROW, json: `${offsetSeconds}` }]);
    this.#clock.offsetSeconds = offsetSeconds;
    this.catchUp();
    this.#arm();
  }

  #arm(): void {
    this.#dueAt = deadline(this.world);
    if (this.#dueAt === undefined) return clearTimeout(this.#timer);
    const millis = Math.ceil(toMillis(elapsed(this.#clock.now(), this.#dueAt)));
    this.#wakeIn(Math.min(WAIT_MAX, Math.max(0, millis)));
  }

  #wakeIn(millis: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      try {
        this.catchUp();
        this.#arm();
      } catch (error) {
        this.#onFailure(error);
        this.#wakeIn(WAIT_MAX);
      }
    }, millis);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#store?.[Symbol.dispose]();
  }
}

/**
 * Milliseconds after which to look again, since the real clock may be set back and the disk may
 * be full.
 */
const WAIT_MAX = 1_000;

/**
 * Work that was accepted under another clock (another machine, a clock set back) must not have
 * to wait for that clock.
 */
function soon(changes: readonly Change[], now: Instant): readonly Change[] {
  const latest = after(now, fromMillis(WAIT_MAX));
  return changes.map((change) => {
    const { row } = change;
    return row !== null && "work" in row && row.dueAt > latest
      ? { ...change, row: { ...row, dueAt: latest } }
      : change;
  });
}

const printRow = ({ region, table, id, row }: Change): StoredRow => ({
  region,
  table,
  id,
  json: row === null ? null : JSON.stringify(row),
});

function readRow({ region, table, id, json }: StoredRow): Change {
  const row: unknown = JSON.parse(json ?? "null");
  const change = isTable(table) ? asChange(region, table, row) : undefined;
  if (change === undefined || change.id !== id) {
    throw new Error(`the stored row ${id} of ${table} in ${region} makes no sense`);
  }
  return change;
}

function asChange(region: string, table: TableName, value: unknown): Change | undefined {
  const read = readShape<Tables[TableName]>(ROWS[table], value);
  return read.kind === "value" ? { region, table, id: read.value.id, row: read.value } : undefined;
}
