/** Tables for people: aligned text for the terminal, Markdown for reports. */
import { alignColumns } from "#diagnostics/render/columns";

export interface Table {
  readonly columns: readonly { readonly title: string; readonly align: "left" | "right" }[];
  readonly rows: readonly (readonly string[])[];
}

const titles = ({ columns }: Table): readonly string[] => columns.map(({ title }) => title);

export function printTextTable(table: Table): string {
  const right = table.columns.flatMap(({ align }, index) => (align === "right" ? [index] : []));
  const { lines, widths } = alignColumns([titles(table), ...table.rows], right);
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return lines.toSpliced(1, 0, rule).join("\n");
}

export function printMarkdownTable(table: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(titles(table)),
    line(table.columns.map((column) => (column.align === "left" ? "---" : "---:"))),
    ...table.rows.map(line),
  ].join("\n");
}
