/**
 * All state of the control plane, and how it changes.
 *
 * A decision never writes into the world. It works on a draft, which reads through to the world
 * and collects what it writes; a refused call discards its draft, and an accepted one passes
 * its changes to the caller, who stores them (on disk first, then by `applyChanges`). So no
 * other code has to ensure that a refusal changes nothing and that changes are on disk before
 * the answer.
 */
import type { TableName, Tables } from "./rows.ts";
import { TABLE_NAMES } from "./rows.ts";

/** Rows are in the order of their creation. */
export type RegionTables = { readonly [Table in TableName]: Map<string, Tables[Table]> };

export interface CloudState {
  /** Regions by name: each has resources and quotas of its own. */
  readonly regions: Map<string, RegionTables>;
}

export interface Change<Table extends TableName = TableName> {
  readonly region: string;
  readonly table: Table;
  readonly id: string;
  /** Null removes the row. */
  readonly row: Tables[Table] | null;
}

export const emptyTables = (): RegionTables => ({
  vpcs: new Map(),
  subnets: new Map(),
  routeTables: new Map(),
  havips: new Map(),
  eips: new Map(),
  interfaces: new Map(),
  works: new Map(),
  tasks: new Map(),
  tokens: new Map(),
  buckets: new Map(),
  counters: new Map(),
});

export const emptyCloud = (): CloudState => ({ regions: new Map() });

const NOTHING: RegionTables = emptyTables();

/** A region's tables for reading; a region that has not been used yet is empty. */
export const tablesOf = (world: CloudState, region: string): RegionTables =>
  world.regions.get(region) ?? NOTHING;

export interface Draft {
  readonly region: string;
  get<Table extends TableName>(table: Table, id: string): Tables[Table] | undefined;
  list<Table extends TableName>(table: Table): readonly Tables[Table][];
  /** The number of rows, without making a list of them. */
  count(table: TableName): number;
  /** The oldest row's id. */
  oldest(table: TableName): string | undefined;
  put<Table extends TableName>(table: Table, row: Tables[Table]): void;
  remove(table: TableName, id: string): void;
  /** The changes in the order of the first write to each row, with the last state of each. */
  changes(): readonly Change[];
}

export function openDraft(world: CloudState, region: string): Draft {
  const base = tablesOf(world, region);
  const written = new Map<string, Change>();
  const key = (table: TableName, id: string): string => `${table}/${id}`;
  const touched = new Set<TableName>();
  const put = (change: Change): void => {
    written.set(key(change.table, change.id), change);
    touched.add(change.table);
  };

  function get<Table extends TableName>(table: Table, id: string): Tables[Table] | undefined {
    if (touched.has(table)) {
      const change = written.get(key(table, id));
      if (change !== undefined) return isOf(change, table) ? (change.row ?? undefined) : undefined;
    }
    const rows: ReadonlyMap<string, Tables[Table]> = base[table];
    return rows.get(id);
  }

  function list<Table extends TableName>(table: Table): readonly Tables[Table][] {
    const rows: ReadonlyMap<string, Tables[Table]> = base[table];
    if (!touched.has(table)) return [...rows.values()];
    const merged = new Map(rows);
    for (const change of written.values()) {
      if (!isOf(change, table)) continue;
      if (change.row === null) merged.delete(change.id);
      else merged.set(change.id, change.row);
    }
    return [...merged.values()];
  }

  return {
    region,
    get,
    list,
    count: (table) => (touched.has(table) ? list(table).length : base[table].size),
    oldest: (table) => (touched.has(table) ? list(table)[0]?.id : base[table].keys().next().value),
    put: (table, row) => put({ region, table, id: row.id, row }),
    remove: (table, id) => put({ region, table, id, row: null }),
    changes: () => [...written.values()],
  };
}

function isOf<Table extends TableName>(change: Change, table: Table): change is Change<Table> {
  return change.table === table;
}

/** The only place that writes into a world. */
export function applyChanges(world: CloudState, changes: readonly Change[]): void {
  for (const change of changes) {
    let tables = world.regions.get(change.region);
    if (tables === undefined) {
      tables = emptyTables();
      world.regions.set(change.region, tables);
    }
    applyOne(tables, change);
  }
}

function applyOne<Table extends TableName>(tables: RegionTables, change: Change<Table>): void {
  const rows: Map<string, Tables[Table]> = tables[change.table];
  if (change.row === null) rows.delete(change.id);
  else rows.set(change.id, change.row);
}

/** Everything, as changes that lead from an empty world to this one. */
export function cloudAsChanges(world: CloudState): readonly Change[] {
  const changes: Change[] = [];
  for (const [region, tables] of world.regions) {
    for (const table of TABLE_NAMES) {
      for (const row of tables[table].values()) {
        changes.push({ region, table, id: row.id, row });
      }
    }
  }
  return changes;
}
