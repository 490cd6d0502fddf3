/** Findings as `baton check --json` gives them. */
import type { Diagnostic } from "../diagnostic.ts";
import { type LineIndex, positionAt, type SourceMap, type Span } from "../source.ts";

export interface JsonFinding {
  readonly code: string;
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly help?: string;
  readonly fix?: JsonFix;
}

export interface JsonFix {
  /** `--fix` applies it. */
  readonly safe: boolean;
  readonly edits: readonly (Range & { readonly text: string })[];
}

interface Range {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export function rangeOf(span: Span, sources: SourceMap): Range {
  const index: LineIndex | undefined = sources.find(span.file);
  if (index === undefined) {
    return { file: span.file, line: 1, column: 1, endLine: 1, endColumn: 1 };
  }
  const from = positionAt(index, span.start);
  const to = positionAt(index, span.end);
  return { file: span.file, ...from, endLine: to.line, endColumn: to.column };
}

export function jsonFinding(diagnostic: Diagnostic, sources: SourceMap): JsonFinding {
  const { code, severity, message, help, fix, primary } = diagnostic;
  const { file, line, column } = rangeOf(primary.span, sources);
  return {
    code,
    severity,
    message,
    file,
    line,
    column,
    ...(help === undefined ? {} : { help }),
    ...(fix === undefined
      ? {}
      : {
          fix: {
            safe: fix.safety === "safe",
            edits: fix.edits.map(({ span, text }) => ({ ...rangeOf(span, sources), text })),
          },
        }),
  };
}
