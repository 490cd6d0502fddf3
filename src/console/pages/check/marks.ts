/**
 * The text of a file in pieces, some of them marked: what is drawn below the text field. Pure.
 */
import type { Severity } from "#diagnostics/codes";

export interface Mark {
  readonly start: number;
  readonly end: number;
  readonly severity: Severity;
}

export interface Piece {
  readonly text: string;
  /** The worst of the marks that cover it. */
  readonly severity: Severity | undefined;
}

const WORST: readonly Severity[] = ["error", "warning", "info"];

/** @param marks may overlap; an empty one marks the character at its place */
export function divideText(text: string, marks: readonly Mark[]): readonly Piece[] {
  const widened = marks
    .map(({ start, end, severity }) => ({
      start: Math.min(start, text.length),
      end: Math.min(Math.max(end, start + 1), text.length),
      severity,
    }))
    .filter(({ start, end }) => start < end)
    .toSorted((a, b) => a.start - b.start);
  const edges = [
    ...new Set([0, ...widened.flatMap(({ start, end }) => [start, end]), text.length]),
  ];
  edges.sort((a, b) => a - b);
  const pieces: Piece[] = [];
  let next = 0;
  let open: typeof widened = [];
  for (const [index, from] of edges.entries()) {
    const to = edges[index + 1];
    if (to === undefined) break;
    for (let mark = widened[next]; mark !== undefined && mark.start <= from; mark = widened[next]) {
      open.push(mark);
      next += 1;
    }
    open = open.filter(({ end }) => end > from);
    const severity = WORST.find((one) => open.some((mark) => mark.severity === one));
    pieces.push({ text: text.slice(from, to), severity });
  }
  return pieces;
}
