/**
 * Commands are split twice, each time with `'`, `"` and C escapes, and run without a shell (seen
 * with keepalived 2.2.7): first the line into command, user and group, then the command into its
 * arguments. So `'/bin/echo a'` and `"/bin/echo \"a b\""` are commands with one argument. `\xHH`
 * takes two digits (keepalived before 2.3.2 took as many as there were).
 */
import { type Line, spanOf } from "../lines/line.ts";
import type { Token } from "../lines/tokens.ts";

export type Split =
  | { readonly kind: "argv"; readonly argv: readonly string[] }
  | { readonly kind: "bad"; readonly problem: "quote" | "escape" | "empty" };

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  E: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

const SPACE = /[ \t\f\v\r\n]/;

export function splitCommand(text: string): Split {
  const { tokens, problem } = splitQuoted(text);
  if (problem !== undefined) return { kind: "bad", problem };
  const argv = tokens.map((token) => token.text);
  return argv.length === 0 ? { kind: "bad", problem: "empty" } : { kind: "argv", argv };
}

export interface CommandLine {
  readonly tokens: readonly Token[];
  /** Why the rest of the line could not be split. */
  readonly problem: "quote" | "escape" | undefined;
}

/** The first splitting: a whole line, its keyword included. */
export function splitCommandLine(line: Line): CommandLine {
  const { tokens, problem } = splitQuoted(line.text);
  return {
    tokens: tokens.map(({ text, from, to, quoted }) => ({
      text,
      span: spanOf(line, from, to),
      quoted,
    })),
    problem,
  };
}

interface RawToken {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  readonly quoted: boolean;
}

function splitQuoted(text: string): {
  readonly tokens: readonly RawToken[];
  readonly problem: "quote" | "escape" | undefined;
} {
  const tokens: RawToken[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && SPACE.test(text.charAt(at))) at++;
    if (at >= text.length) return { tokens, problem: undefined };
    const from = at;
    let token = "";
    let quote = "";
    for (; at < text.length; at++) {
      const char = text.charAt(at);
      if (char === "\\") {
        const escape = readEscape(text, at + 1);
        if (escape === undefined) return { tokens, problem: "escape" };
        token += escape.char;
        at = escape.end - 1;
      } else if (quote !== "") {
        if (char === quote) quote = "";
        else token += char;
      } else if (char === "'" || char === '"') {
        quote = char;
      } else if (SPACE.test(char)) {
        break;
      } else token += char;
    }
    if (quote !== "") return { tokens, problem: "quote" };
    tokens.push({ text: token, from, to: at, quoted: /^["']/.test(text.charAt(from)) });
  }
}

function readEscape(text: string, at: number): { char: string; end: number } | undefined {
  const char = text[at];
  if (char === undefined) return undefined;
  const hex = /^x([0-9a-fA-F]{1,2})/.exec(text.slice(at, at + 3));
  if (hex !== null) {
    return {
      char: String.fromCharCode(Number.parseInt(hex[1] ?? "", 16)),
      end: at + hex[0].length,
    };
  }
  if (char === "c" && at + 1 < text.length) {
    return { char: String.fromCharCode(text.charCodeAt(at + 1) & 0x1f), end: at + 2 };
  }
  const octal = /^[0-7]{1,3}/.exec(text.slice(at, at + 3));
  if (octal !== null) {
    return {
      char: String.fromCharCode(Number.parseInt(octal[0], 8) & 0xff),
      end: at + octal[0].length,
    };
  }
  return { char: ESCAPES[char] ?? char, end: at + 1 };
}
