/** Tables for people: aligned text for the terminal, Markdown for reports. Chinese characters are two columns wide. */
import { textWidth } from "#diagnostics/width";

export interface Table {
  readonly columns: readonly { readonly title: string; readonly align: "left" | "right" }[];
  readonly rows: readonly (readonly string[])[];
}

function pad(text: string, width: number, align: "left" | "right"): string {
  const space = " ".repeat(Math.max(0, width - textWidth(text)));
  return align === "left" ? text + space : space + text;
}

export function printTextTable(table: Table): string {
  const widths = table.columns.map((column, index) =>
    Math.max(textWidth(column.title), ...table.rows.map((row) => textWidth(row[index] ?? ""))),
  );
  const line = (cells: readonly string[]): string =>
    table.columns
      .map((column, index) => pad(cells[index] ?? "", widths[index] ?? 0, column.align))
      .join("  ")
      .trimEnd();
  return [
    line(table.columns.map((column) => column.title)),
    widths.map((width) => "-".repeat(width)).join("  "),
    ...table.rows.map(line),
  ].join("\n");
}

export function printMarkdownTable(table: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(table.columns.map((column) => column.title)),
    line(table.columns.map((column) => (column.align === "left" ? "---" : "---:"))),
    ...table.rows.map(line),
  ].join("\n");
}
