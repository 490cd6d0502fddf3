/**
 * A text with a name, and places in it. Offsets count UTF-16 code units; lines and columns are for
 * people and begin at 1.
 */

export interface Source {
  readonly name: string;
  readonly text: string;
  /**
   * What is printed of it, if that is something else: the same characters in the same places,
   * secrets masked.
   */
  readonly shown?: string;
}

/** `start` included, `end` not. An empty span marks a point, such as a missing brace. */
export interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

export interface Position {
  readonly line: number;
  /** In code units from the start of the line, as editors and SARIF count. */
  readonly column: number;
}

/** Finds lines by binary search; one index per source, made once. */
export interface LineIndex {
  readonly source: Source;
  readonly starts: readonly number[];
}

export function indexLines(source: Source): LineIndex {
  const starts = [0];
  for (let at = source.text.indexOf("\n"); at >= 0; at = source.text.indexOf("\n", at + 1)) {
    starts.push(at + 1);
  }
  return { source, starts };
}

export function positionAt(index: LineIndex, offset: number): Position {
  let low = 0;
  let high = index.starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((index.starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (index.starts[low] ?? 0) + 1 };
}

/** The line's text without its end. */
export function lineText(index: LineIndex, line: number): string {
  const start = index.starts[line - 1];
  if (start === undefined) return "";
  const next = index.starts[line] ?? index.source.text.length + 1;
  const { text, shown = text } = index.source;
  return shown.slice(start, next - 1).replace(/\r$/, "");
}

/** Indexes of several sources, made when first asked for. */
export interface SourceMap {
  find(file: string): LineIndex | undefined;
}

export function mapSources(sources: readonly Source[]): SourceMap {
  const indexes = new Map<string, LineIndex>();
  return {
    find(file: string): LineIndex | undefined {
      const known = indexes.get(file);
      if (known !== undefined) return known;
      const source = sources.find(({ name }) => name === file);
      if (source === undefined) return undefined;
      const index = indexLines(source);
      indexes.set(file, index);
      return index;
    },
  };
}
