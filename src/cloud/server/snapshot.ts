/**
 * `GET` and `PUT /_baton/state`: the whole state as one JSON document, for test set-ups and for
 * inspection.
 */
import * as v from "valibot";
import { closedObject, isObject, recordOf } from "#json/shape";
import type { Change, CloudState } from "../model/cloud-state.ts";
import { TABLE_NAMES, type TableName } from "../model/rows.ts";
import { OFFSET_SECONDS_MAX } from "./clock.ts";
import { REGIONS_MAX, ROWS } from "./row-shapes.ts";

const VERSION = 1;

export function printSnapshot(world: CloudState, offsetSeconds: number): object {
  const regions: Record<string, Record<string, readonly object[]>> = {};
  for (const [region, tables] of world.regions) {
    const shown: Record<string, readonly object[]> = {};
    for (const table of TABLE_NAMES) shown[table] = [...tables[table].values()];
    regions[region] = shown;
  }
  return { version: VERSION, clockOffsetSeconds: offsetSeconds, regions };
}

const tableOf = <Table extends TableName>(table: Table) =>
  v.exactOptional(v.array(ROWS[table], "a list of rows"));

const SECONDS = `a number of seconds from 0 to ${OFFSET_SECONDS_MAX}`;
const REGIONS = `an object with a member for each of at most ${REGIONS_MAX} regions`;
export const SNAPSHOT = closedObject(
  {
    version: v.literal(VERSION, `the version ${VERSION}`),
    clockOffsetSeconds: v.pipe(
      v.number(SECONDS),
      v.minValue(0, SECONDS),
      v.maxValue(OFFSET_SECONDS_MAX, SECONDS),
    ),
    regions: v.pipe(
      v.custom<unknown>(
        (value) => isObject(value) && Object.keys(value).length <= REGIONS_MAX,
        REGIONS,
      ),
      recordOf(
        closedObject(
          {
            vpcs: tableOf("vpcs"),
            subnets: tableOf("subnets"),
            routeTables: tableOf("routeTables"),
            havips: tableOf("havips"),
            eips: tableOf("eips"),
            interfaces: tableOf("interfaces"),
            works: tableOf("works"),
            tasks: tableOf("tasks"),
            tokens: tableOf("tokens"),
            buckets: tableOf("buckets"),
            counters: tableOf("counters"),
          },
          `an object with any of ${TABLE_NAMES.join(", ")}`,
        ),
        REGIONS,
      ),
    ),
  },
  "an object with version, clockOffsetSeconds and regions",
);

export type Snapshot = v.InferOutput<typeof SNAPSHOT>;

/** If the result is a text, it says what is wrong with the document. */
export function snapshotAsChanges({ regions }: Snapshot): readonly Change[] | string {
  const changes: Change[] = [];
  for (const [region, tables] of Object.entries(regions)) {
    for (const table of TABLE_NAMES) {
      const seen = new Set<string>();
      for (const row of tables[table] ?? []) {
        if (seen.has(row.id)) return `regions.${region}.${table} has ${row.id} twice`;
        seen.add(row.id);
        changes.push({ region, table, id: row.id, row });
      }
    }
  }
  return changes;
}
