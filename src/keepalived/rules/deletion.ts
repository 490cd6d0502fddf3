/**
 * The edit that takes a statement out of a file: its whole line where nothing else stands on it.
 */
import type { Fix } from "#diagnostics/diagnostic";
import type { Source } from "#diagnostics/source";
import type { Setting } from "../blocks/block.ts";

export function deletionOf(setting: Setting, sources: readonly Source[]): Fix | undefined {
  const { span } = setting.token;
  const source = sources.find(({ name }) => name === span.file);
  const end = setting.args.at(-1)?.span.end ?? span.end;
  if (source === undefined || end < span.start) return undefined;
  const { text } = source;
  const lineStart = text.lastIndexOf("\n", span.start - 1) + 1;
  const found = text.indexOf("\n", end);
  const lineEnd = found < 0 ? text.length : found + 1;
  const before = text.slice(lineStart, span.start);
  const after = text.slice(end, lineEnd);
  // A value that came out of a definition stands elsewhere: then the line is left alone.
  if (text.slice(span.start, end).includes("\n")) return undefined;
  const alone = before.trim() === "" && after.trim() === "";
  const edit = alone
    ? { span: { file: span.file, start: lineStart, end: lineEnd }, text: "" }
    : { span: { file: span.file, start: span.start, end }, text: "" };
  return { safety: "safe", edits: [edit] };
}
