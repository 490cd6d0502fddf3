/** Tables for people: aligned text for the terminal, Markdown for reports. Chinese characters are two columns wide. */

export interface Table {
  readonly columns: readonly { readonly title: string; readonly align: "left" | "right" }[];
  readonly rows: readonly (readonly string[])[];
}

/** Columns of a terminal that the text takes (East Asian wide and fullwidth forms count twice). */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const wide =
      (code >= 0x1100 && code <= 0x115f) ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff00 && code <= 0xff60) ||
      (code >= 0xffe0 && code <= 0xffe6);
    width += wide ? 2 : 1;
  }
  return width;
}

function pad(text: string, width: number, align: "left" | "right"): string {
  const space = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "left" ? text + space : space + text;
}

export function printTextTable(table: Table): string {
  const widths = table.columns.map((column, index) =>
    Math.max(
      displayWidth(column.title),
      ...table.rows.map((row) => displayWidth(row[index] ?? "")),
    ),
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
