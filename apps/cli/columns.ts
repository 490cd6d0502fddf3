/** Columns for people. */
import { alignColumns } from "#diagnostics/columns";

/** The first row is the head. */
export const printColumns = (rows: readonly (readonly string[])[]): string =>
  `${alignColumns(rows).lines.join("\n")}\n`;

/** Two columns without a head; empty values are shown as a dash. */
export const printFacts = (facts: readonly (readonly [name: string, value: string])[]): string =>
  printColumns(facts.map(([name, value]) => [name, value === "" ? "-" : value]));
