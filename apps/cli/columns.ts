/** Columns for people: aligned by what a terminal shows, where a Chinese character takes two places. */
import { expandTabs, textWidth } from "#diagnostics/width";

/** The first row is the head. Names come from elsewhere: control characters in them are made visible. */
export function printColumns(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(expandTabs));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => textWidth(row[column] ?? ""))),
  );
  const lines = cells.map((row) =>
    row
      .map(
        (cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - textWidth(cell))),
      )
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

/** Two columns without a head; empty values are shown as a dash. */
export const printFacts = (facts: readonly (readonly [name: string, value: string])[]): string =>
  printColumns(facts.map(([name, value]) => [name, value === "" ? "-" : value]));
