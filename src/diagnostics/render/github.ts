/**
 * Workflow commands of GitHub Actions: one line a finding, shown beside the changed line of a pull
 * request.
 */

import { visible } from "#units/visible";
import type { Severity } from "../codes.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { SourceMap } from "../source.ts";
import { rangeOf } from "./json.ts";

const COMMANDS: Readonly<Record<Severity, string>> = {
  error: "error",
  warning: "warning",
  info: "notice",
};

const escapeData = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const escapeProperty = (text: string): string =>
  escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

export function renderGithub(diagnostic: Diagnostic, sources: SourceMap): string {
  const { code, severity, message, notes, help, primary } = diagnostic;
  const { file, line, column, endLine, endColumn } = rangeOf(primary.span, sources);
  const place = [
    `file=${escapeProperty(visible(file))}`,
    `line=${line}`,
    `col=${column}`,
    `endLine=${endLine}`,
    `endColumn=${endColumn}`,
    `title=${escapeProperty(code)}`,
  ].join(",");
  const text = visible([message, ...notes, ...(help === undefined ? [] : [help])].join("\n"));
  return `::${COMMANDS[severity]} ${place}::${escapeData(text)}\n`;
}
