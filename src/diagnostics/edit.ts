/** Applies the edits of fixes to texts. */
import type { Edit, Fix } from "./diagnostic.ts";
import type { Source } from "./source.ts";

export interface Applied {
  readonly sources: readonly Source[];
  /** Fixes that were applied; one that overlaps an earlier one waits for the next run. */
  readonly count: number;
}

/** A fix is applied whole or not at all. */
export function applyFixes(sources: readonly Source[], fixes: readonly Fix[]): Applied {
  const taken: Edit[] = [];
  let count = 0;
  for (const { edits } of fixes) {
    if (edits.some((edit) => taken.some((other) => overlaps(edit, other)))) continue;
    taken.push(...edits);
    count++;
  }
  return {
    sources: sources.map((source) => ({
      name: source.name,
      text: applyEdits(
        source.text,
        taken.filter(({ span }) => span.file === source.name),
      ),
    })),
    count,
  };
}

export function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = edits.toSorted((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  let out = "";
  let at = 0;
  for (const { span, text: inserted } of sorted) {
    out += text.slice(at, span.start) + inserted;
    at = span.end;
  }
  return out + text.slice(at);
}

function overlaps(a: Edit, b: Edit): boolean {
  if (a.span.file !== b.span.file) return false;
  if (a.span.start === b.span.start && a.span.end === b.span.end) return true;
  return a.span.start < b.span.end && b.span.start < a.span.end;
}
