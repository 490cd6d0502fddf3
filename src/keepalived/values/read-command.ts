/**
 * Programs that keepalived runs: a command in one argument, with user and group, or a `process`.
 */
import { finding } from "#diagnostics/diagnostic";
import { ACTION_SECONDS } from "../keywords/gate.ts";
import type { Takes } from "../keywords/keyword.ts";
import type { Token } from "../lines/tokens.ts";
import { extra, need, noteSingleQuotes, type ValueContext } from "./argument.ts";
import { splitCommand, splitCommandLine } from "./command.ts";
import { readDecimal } from "./numbers.ts";
import type { ScriptCommand, Value } from "./value.ts";

export function readCommandArgument(
  context: ValueContext,
  takes: Extract<Takes, { kind: "command" }>,
): Value | undefined {
  const { args, report, line } = context;
  if (args.length === 0 && takes.optional === true) return { kind: "command", command: undefined };
  // keepalived cannot read the command, logs that, and goes on without it.
  if (args.length === 0 && context.openQuote) return undefined;
  if (need(context, "command") === undefined) return undefined;
  const split = splitCommandLine(line);
  const [, first, ...tokens] = split.tokens;
  if (split.problem !== undefined || first === undefined) {
    const [from] = args;
    const last = args.at(-1);
    if (from === undefined || last === undefined || context.openQuote) return undefined;
    const command = args.map(({ text }) => text).join(" ");
    const span = { ...from.span, end: last.span.end };
    report(finding("VR2045", span, { command, problem: split.problem ?? "empty" }));
    return undefined;
  }
  const { loose, timeout } = takeTimeout(context, tokens, takes.timeout);
  // `notify /x.sh MASTER`: MASTER would be the account to run as; after the command of a check
  // nothing is read.
  const [second, third] = loose;
  const last = loose.at(-1);
  if (second !== undefined && last !== undefined && !looksLikeUser(loose, takes)) {
    reportLoose(context, first, loose, takes.user);
    return withTimeout(readCommand(context, first, undefined, undefined), timeout);
  }
  const own = { ...context, args: [first, ...loose] };
  extra(own, takes.user ? 3 : 1);
  if (!takes.user) return readCommand(context, first, undefined, undefined);
  return withTimeout(readCommand(context, first, second?.text, third?.text), timeout);
}

const isOwn = true;

/** `"command" [user [group]] timeout SECONDS`, for keywords with a time-out of their own. */
function takeTimeout(
  { keyword, report }: ValueContext,
  tokens: readonly Token[],
  fallback: number | undefined,
): { readonly loose: readonly Token[]; readonly timeout: number | undefined } {
  const at = fallback === undefined ? -1 : tokens.findIndex(({ text }) => text === "timeout");
  const word = tokens[at];
  if (word === undefined) return { loose: tokens, timeout: fallback };
  const number = tokens[at + 1];
  const loose = [...tokens.slice(0, at), ...tokens.slice(at + 2)];
  const value = number && readDecimal(number.text);
  const { min, max } = ACTION_SECONDS;
  if (number !== undefined && value !== undefined && value >= min && value <= max)
    return { loose, timeout: value };
  if (number === undefined) {
    report(finding("VR2124", word.span, { keyword: keyword.word, option: word.text }));
    return { loose, timeout: fallback };
  }
  const used = String(fallback);
  const facts = { keyword: `${keyword.word} … timeout`, text: number.text, used, isOwn } as const;
  if (value === undefined) report(finding("VR2001", number.span, { ...facts, decimal: true }));
  else report(finding("VR2002", number.span, { ...facts, min, max }));
  return { loose, timeout: fallback };
}

function withTimeout(value: Value | undefined, timeout: number | undefined): Value | undefined {
  if (value?.kind !== "command" || value.command === undefined || timeout === undefined)
    return value;
  return { kind: "command", command: { ...value.command, timeout } };
}

/**
 * The correction is offered only where quoting the whole command cannot change how its tokens are
 * split.
 */
function reportLoose(
  { keyword, report }: ValueContext,
  first: Token,
  loose: readonly Token[],
  user: boolean,
): void {
  const [second] = loose;
  const last = loose.at(-1);
  if (second === undefined || last === undefined) return;
  const rest = loose.map(({ text }) => text).join(" ");
  const span = { ...first.span, end: last.span.end };
  const edits = [
    { span: { ...first.span, end: first.span.start }, text: '"' },
    { span: { ...last.span, start: last.span.end }, text: '"' },
  ];
  const isPlain = [first, ...loose].every(
    ({ text, quoted, span: { start, end } }) =>
      !quoted && end - start === text.length && !/["'\\]/.test(text),
  );
  report(
    finding(
      "VR2044",
      { ...second.span, end: last.span.end },
      { keyword: keyword.word, command: first.text, rest, user },
      { related: [span], ...(isPlain ? { fix: { safety: "safe", edits } } : {}) },
    ),
  );
}

/**
 * `process PROGRAM PARAMETER …`: a quoted word is one word, also the first, and nothing is split
 * again.
 */
export function readProgram(context: ValueContext): Value | undefined {
  const { args, keyword, report } = context;
  const first = need(context, "command");
  if (first === undefined) return undefined;
  if (first.text === "") {
    report(finding("VR2045", first.span, { command: "", problem: "empty" }));
    return undefined;
  }
  if (/[ \t]/.test(first.text)) {
    const facts = { keyword: keyword.word, name: first.text };
    report(finding("VR2052", first.span, facts, programFix(first, args.length)));
  }
  noteSingleQuotes(first, report);
  return {
    kind: "command",
    command: { argv: args.map(({ text }) => text), user: undefined, group: undefined },
  };
}

/**
 * Without the quotes they are program and parameters. Not certain: a few programs have a blank in
 * their name.
 */
function programFix(
  token: Token,
  count: number,
): { fix: { safety: "maybe"; edits: { span: Token["span"]; text: string }[] } } | undefined {
  if (count > 1 || !token.quoted || /["#!{}$]/.test(token.text)) return undefined;
  return { fix: { safety: "maybe", edits: [{ span: token.span, text: token.text }] } };
}

function looksLikeUser(
  tokens: readonly Token[],
  takes: Extract<Takes, { kind: "command" }>,
): boolean {
  if (!takes.user || tokens.length > 2) return false;
  return tokens.every(({ text }) => /^([a-z_][a-z0-9_.-]*\$?|[0-9]+)$/.test(text));
}

function readCommand(
  context: ValueContext,
  token: Token,
  user: string | undefined,
  group: string | undefined,
): Value | undefined {
  const split = splitCommand(token.text);
  if (split.kind === "bad") {
    const { problem } = split;
    context.report(finding("VR2045", token.span, { command: token.text, problem }));
    return undefined;
  }
  const command: ScriptCommand = { argv: split.argv, user, group };
  return { kind: "command", command };
}
