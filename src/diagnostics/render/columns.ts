/** Rows in columns by what a terminal shows: a Chinese character takes two places. */
import { expandTabs, textWidth } from "./width.ts";

export interface Columns {
  /** One a row, without a line end. */
  readonly lines: readonly string[];
  /** Terminal places of each column. */
  readonly widths: readonly number[];
}

/**
 * The first row says how many columns there are. Names in the cells come from elsewhere: control
 * characters in them are made visible.
 *
 * @param right indexes of the columns with cells at their right edge
 */
export function alignColumns(
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): Columns {
  const cells = rows.map((row) => row.map(expandTabs));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => textWidth(row[column] ?? ""))),
  );
  const lines = cells.map((row) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? "";
        const blanks = " ".repeat(width - textWidth(cell));
        return right.includes(column) ? blanks + cell : cell + blanks;
      })
      .join("  ")
      .trimEnd(),
  );
  return { lines, widths };
}
