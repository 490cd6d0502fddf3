/** Where lines come from: a file, a definition of several lines, the rounds of a loop. */
import type { Source } from "#diagnostics/source";
import { type Line, lineOf } from "./line.ts";
import type { Loop } from "./loops.ts";
import { isPlain } from "./tokens.ts";

export interface FileOrigin {
  readonly kind: "file";
  readonly source: Source;
  /** Offset of the next line. */
  at: number;
  /** The line read last has no comment, quote or backslash. */
  plain: boolean;
}

export type LineOrigin =
  | FileOrigin
  | { readonly kind: "lines"; readonly lines: readonly Line[]; at: number }
  | { readonly kind: "loop"; readonly loop: Loop; round: number };

/**
 * Skips blank lines, and trims a line without marks at once, because most lines have none.
 */
export function nextOfFile(file: FileOrigin): Line | undefined {
  const { text, name } = file.source;
  if (file.at >= text.length) return undefined;
  const start = file.at;
  const found = text.indexOf("\n", start);
  file.at = found < 0 ? text.length : found + 1;
  let end = found < 0 ? text.length : found;
  while (end > start && text.charCodeAt(end - 1) === 13) end--;
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  const trimmed = text.slice(from, to);
  file.plain = isPlain(trimmed);
  return file.plain ? lineOf(trimmed, name, from) : lineOf(text.slice(start, end), name, start);
}

const isBlank = (code: number): boolean => code === 32 || code === 9;
