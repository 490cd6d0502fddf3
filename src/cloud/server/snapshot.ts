/** `GET` and `PUT /_baton/state`: the whole state as one JSON document, for test set-ups and for looking inside. */
import { isObject } from "#json/shape";
import { TABLE_NAMES } from "../model/rows.ts";
import type { Change, World } from "../model/world.ts";
import { asChange } from "./keeper.ts";

const VERSION = 1;

export interface Snapshot {
  readonly changes: readonly Change[];
  readonly offsetSeconds: number;
}

export function printSnapshot(world: World, offsetSeconds: number): object {
  const regions: Record<string, Record<string, readonly object[]>> = {};
  for (const [region, tables] of world.regions) {
    const shown: Record<string, readonly object[]> = {};
    for (const table of TABLE_NAMES) shown[table] = [...tables[table].values()];
    regions[region] = shown;
  }
  return { version: VERSION, clockOffsetSeconds: offsetSeconds, regions };
}

/** A text is what is wrong with it. */
export function readSnapshot(value: unknown): Snapshot | string {
  if (!isObject(value)) return "the state is not a JSON object";
  const { version, clockOffsetSeconds, regions, ...rest } = value;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `the state has no member ${unknown}`;
  if (version !== VERSION) return `version is not ${VERSION}`;
  if (typeof clockOffsetSeconds !== "number" || !(clockOffsetSeconds >= 0)) {
    return "clockOffsetSeconds is not a number of seconds";
  }
  if (!isObject(regions)) return "regions is not an object";
  const changes: Change[] = [];
  for (const [region, tables] of Object.entries(regions)) {
    if (!isObject(tables)) return `regions.${region} is not an object`;
    const wrong = readTables(region, tables, changes);
    if (wrong !== undefined) return wrong;
  }
  return { changes, offsetSeconds: clockOffsetSeconds };
}

function readTables(
  region: string,
  tables: Readonly<Record<string, unknown>>,
  changes: Change[],
): string | undefined {
  const names: readonly string[] = TABLE_NAMES;
  const unknown = Object.keys(tables).find((name) => !names.includes(name));
  if (unknown !== undefined) return `regions.${region} has no table ${unknown}`;
  for (const table of TABLE_NAMES) {
    const rows = tables[table] ?? [];
    if (!Array.isArray(rows)) return `regions.${region}.${table} is not a list`;
    const seen = new Set<string>();
    for (const [index, row] of rows.entries()) {
      const change = asChange(region, table, row);
      if (change === undefined)
        return `regions.${region}.${table}[${index}] is not a row of ${table}`;
      if (seen.has(change.id)) return `regions.${region}.${table} has ${change.id} twice`;
      seen.add(change.id);
      changes.push(change);
    }
  }
  return undefined;
}
