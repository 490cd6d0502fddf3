/** Prints columns for people. */

import type { CommandIo } from "#command-line/io";
import { alignColumns } from "#diagnostics/render/columns";

/** The first row is the header. */
export const printColumns = (rows: readonly (readonly string[])[]): string =>
  `${alignColumns(rows).lines.join("\n")}\n`;

/** Two columns without a header; empty values are shown as a dash. */
export const printFacts = (facts: readonly (readonly [name: string, value: string])[]): string =>
  printColumns(facts.map(([name, value]) => [name, value === "" ? "-" : value]));

/** Prints what a command found: JSON, a table, or a line saying that there is nothing. */
export function printRows<Row>(
  { io, isJson }: { readonly io: CommandIo; readonly isJson: boolean },
  rows: readonly Row[],
  table: {
    readonly none: string;
    readonly head: readonly string[];
    readonly cells: (row: Row) => readonly string[];
  },
): void {
  if (isJson) io.stdout(`${JSON.stringify(rows, undefined, 2)}\n`);
  else if (rows.length === 0) io.stdout(`${table.none}\n`);
  else io.stdout(printColumns([table.head, ...rows.map(table.cells)]));
}
