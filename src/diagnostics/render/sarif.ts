/** SARIF 2.1.0, which code hosts and editors import (OASIS sarif-v2.1.0). */
import { CODES, isCode, type Severity } from "../codes.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { SourceMap, Span } from "../source.ts";
import { rangeOf } from "./json.ts";

const LEVELS: Readonly<Record<Severity, string>> = {
  error: "error",
  warning: "warning",
  info: "note",
};

export function renderSarif(
  diagnostics: readonly Diagnostic[],
  sources: SourceMap,
  version: string,
): string {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].toSorted();
  const region = (span: Span): object => {
    const { line, column, endLine, endColumn } = rangeOf(span, sources);
    return { startLine: line, startColumn: column, endLine, endColumn };
  };
  const location = (span: Span): object => ({
    physicalLocation: { artifactLocation: { uri: span.file }, region: region(span) },
  });
  const results = diagnostics.map(({ code, severity, message, primary, related, help, fix }) => ({
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: LEVELS[severity],
    message: { text: help === undefined ? message : `${message} (${help})` },
    locations: [location(primary.span)],
    relatedLocations: related.map(({ span, text }, id) => ({
      id,
      ...location(span),
      message: { text },
    })),
    ...(fix === undefined
      ? {}
      : {
          fixes: [
            {
              artifactChanges: [...new Set(fix.edits.map(({ span }) => span.file))].map((file) => ({
                artifactLocation: { uri: file },
                replacements: fix.edits
                  .filter(({ span }) => span.file === file)
                  .map(({ span, text }) => ({
                    deletedRegion: region(span),
                    insertedContent: { text },
                  })),
              })),
            },
          ],
        }),
  }));
  const rules = codes.map((id) => ({
    id,
    name: isCode(id) ? CODES[id].slug : id,
    defaultConfiguration: { level: LEVELS[CODES[id].severity] },
  }));
  const run = {
    tool: { driver: { name: "baton", version, rules } },
    columnKind: "utf16CodeUnits",
    results,
  };
  const schema = "https://json.schemastore.org/sarif-2.1.0.json";
  return `${JSON.stringify({ $schema: schema, version: "2.1.0", runs: [run] }, null, 2)}\n`;
}
