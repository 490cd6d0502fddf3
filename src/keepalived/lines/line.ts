/**
 * A line as keepalived would see it, and where each of its characters came from. Definitions and
 * loops put text in a line that stands elsewhere or nowhere; a finding must still point at
 * something the operator wrote.
 */
import type { Span } from "#diagnostics/source";

export interface Line {
  readonly text: string;
  /** In order, without gaps, covering the text. */
  readonly pieces: readonly Piece[];
}

export interface Piece {
  /** Index of its first character in the line. */
  readonly at: number;
  readonly file: string;
  readonly start: number;
  readonly end: number;
  /** Character for character; otherwise the whole piece stands for the place of a `$NAME`. */
  readonly exact: boolean;
}

export function lineOf(text: string, file: string, start: number): Line {
  return { text, pieces: [{ at: 0, file, start, end: start + text.length, exact: true }] };
}

const EMPTY: Span = { file: "", start: 0, end: 0 };

function pieceAt(line: Line, index: number): Piece | undefined {
  let found: Piece | undefined;
  for (const piece of line.pieces) {
    if (piece.at > index && found !== undefined) break;
    found = piece;
  }
  return found;
}

/** The place of the characters `from` to `to` (not included). */
export function spanOf(line: Line, from: number, to: number): Span {
  const only = line.pieces[0];
  if (only?.exact === true && line.pieces.length === 1) {
    return { file: only.file, start: only.start + from, end: only.start + Math.max(from, to) };
  }
  const first = pieceAt(line, from);
  if (first === undefined) return EMPTY;
  const last = pieceAt(line, Math.max(from, to - 1)) ?? first;
  const start = first.exact ? first.start + from - first.at : first.start;
  const end = last.exact ? last.start + Math.max(from, to) - last.at : last.end;
  // A token that spans two files, or has its parts in another order, is pointed at by its first
  // part.
  if (last.file !== first.file || end < start) {
    return { file: first.file, start, end: Math.max(start, first.end) };
  }
  return { file: first.file, start, end };
}

export const spanOfLine = (line: Line): Span => spanOf(line, 0, line.text.length);

export function sliceLine(line: Line, from: number, to: number): Line {
  if (from === 0 && to === line.text.length) return line;
  const only = line.pieces[0];
  if (only !== undefined && line.pieces.length === 1) {
    const start = only.exact ? only.start + from : only.start;
    return { text: line.text.slice(from, to), pieces: [{ ...only, start }] };
  }
  const pieces: Piece[] = [];
  for (const [index, piece] of line.pieces.entries()) {
    const next = line.pieces[index + 1]?.at ?? line.text.length;
    const first = Math.max(from, piece.at);
    const last = Math.min(to, next);
    if (first >= last && !(from === to && piece.at <= from && from <= next)) continue;
    const shift = piece.exact ? first - piece.at : 0;
    pieces.push({ ...piece, at: first - from, start: piece.start + shift });
    if (from === to) break;
  }
  return { text: line.text.slice(from, to), pieces };
}

const isSamePlace = (a: Piece, b: Piece): boolean =>
  !a.exact && !b.exact && a.start === b.start && a.end === b.end && a.file === b.file;

export function joinLines(parts: readonly Line[]): Line {
  const pieces: Piece[] = [];
  let text = "";
  for (const part of parts) {
    if (part.text === "") continue;
    for (const piece of part.pieces) {
      // Text from a definition inside a definition stands for the same place.
      const last = pieces.at(-1);
      if (last !== undefined && isSamePlace(last, piece)) continue;
      pieces.push({ ...piece, at: piece.at + text.length });
    }
    text += part.text;
  }
  if (pieces.length === 0) return { text: "", pieces: parts[0]?.pieces.slice(0, 1) ?? [] };
  return { text, pieces };
}

/** Puts `text` in place of `from` to `to`; all of it stands for what was written there. */
export function replaceIn(line: Line, from: number, to: number, text: string): Line {
  const span = spanOf(line, from, to);
  const inserted: Line = { text, pieces: [{ at: 0, ...span, exact: false }] };
  return joinLines([sliceLine(line, 0, from), inserted, sliceLine(line, to, line.text.length)]);
}
