/**
 * Text that a template engine or a shell should have replaced before anybody reads the file:
 * `${NAME:-default}`, `{{ name }}`, `%NAME%`, `<name>`, `__NAME__`, `@NAME@` and `#NAME#`. Without
 * this check its braces and marks would produce a finding in every line.
 */

import type { Span } from "#diagnostics/source";
import { type Line, spanOf } from "./line.ts";

export interface Template {
  readonly kind: "shell" | "template";
  readonly text: string;
  readonly span: Span;
}

/** Commands may hold any text, and a password may look like anything. */
const FREE = /^(?:script|notify\w*|startup_script|shutdown_script|\w+_fifo_script|auth_pass|key)\b/;

const SHELL = /\$\{[A-Za-z_]\w*(?::[-=?+]|[-=?])[^{}]*\}/;
const TEMPLATE =
  /\{\{[^{}]*\}\}|\{%[^{}]*%\}|<%[^<>]*%>|(?<![^ \t"])(?:%[A-Z][A-Z0-9_]*%|<[A-Za-z][A-Za-z0-9_ -]*>|__[A-Z][A-Z0-9_]*__|@[A-Z][A-Z0-9_]*@)(?![^ \t"/;])/;
/** `#NAME#` reads as a comment, so the keyword before it has no value. */
const HASHES = /[^ \t#][^#]*[ \t](#[A-Z][A-Z0-9_]*#)[ \t]*$/;

/** A brace outside double quotes is a brace also in a command. */
function findBraces(line: Line): Template | undefined {
  const bare = line.text.replaceAll(/"[^"]*"/g, (quoted) => " ".repeat(quoted.length));
  const match = /\{\{[^{}]*\}\}|\{%[^{}]*%\}/.exec(bare);
  if (match === null) return undefined;
  const span = spanOf(line, match.index, match.index + match[0].length);
  return { kind: "template", text: match[0], span };
}

/** keepalived reads no longer line, and the searches are not linear. */
const SEARCHED_MAX = 1_024;

/** The first one in the line. */
export function findTemplate(line: Line): Template | undefined {
  const { text } = line;
  if (text.length > SEARCHED_MAX) return undefined;
  if (!/[{%<_@#]/.test(text) || text.startsWith("#") || text.startsWith("!")) return undefined;
  if (FREE.test(text)) return findBraces(line);
  const comment = text.search(/[#!]/);
  const shell = SHELL.exec(text);
  const match = shell ?? TEMPLATE.exec(text);
  if (match !== null && (comment < 0 || match.index < comment)) {
    const span = spanOf(line, match.index, match.index + match[0].length);
    return { kind: shell === null ? "template" : "shell", text: match[0], span };
  }
  const hashes = HASHES.exec(text)?.[1];
  if (hashes === undefined) return undefined;
  const from = text.lastIndexOf(hashes);
  return { kind: "template", text: hashes, span: spanOf(line, from, from + hashes.length) };
}
