/**
 * What every reader of an argument needs: the line it stands in, and what can be wrong with any.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { ExpectedArgument } from "#diagnostics/facts";
import { nearest } from "#units/nearest";
import type { Keyword, KeywordTable } from "../keywords/keyword.ts";
import type { Line } from "../lines/line.ts";
import type { Token } from "../lines/tokens.ts";

export interface ValueContext {
  readonly keyword: Keyword;
  readonly token: Token;
  readonly args: readonly Token[];
  /** Of the block the keyword stands in: to recognise a missing line break. */
  readonly table: KeywordTable;
  readonly report: (finding: AnyFinding) => void;
  /**
   * A double quote of the line is not closed: what follows it is lost, and that has been reported.
   */
  readonly openQuote: boolean;
  /** The whole line: a command is split by rules of its own. */
  readonly line: Line;
}

/**
 * The first argument, or the finding that it is missing: keepalived stops, or goes on without the
 * line.
 */
export function need(context: ValueContext, expected: ExpectedArgument): Token | undefined {
  const [first] = context.args;
  if (first !== undefined) return first;
  const { keyword, token, report } = context;
  const facts = { keyword: keyword.word, expected };
  if (keyword.bareIsSkipped !== true) report(finding("VR1020", token.span, facts));
  // Baton does nothing about this keyword, so nothing is lost with its line.
  else if (doesNothing(keyword)) report(finding("VR1041", token.span, facts));
  else report(finding("VR1040", token.span, facts));
  return undefined;
}

/**
 * Nothing is lost with its line: Baton has no use for the keyword, or does without it anyway and
 * reports that.
 */
export const doesNothing = ({ acts }: Keyword): boolean =>
  acts.kind === "no-need" || (acts.kind === "without" && acts.severity === "warning");

/** keepalived drops what stands after the arguments, and logs nothing. */
export function extra(context: ValueContext, taken: number): void {
  const { args, keyword, table, report } = context;
  const first = args[taken];
  const last = args.at(-1);
  if (first === undefined || last === undefined) return;
  if (/^[;,]+$/.test(first.text)) {
    report(
      finding(
        "VR1026",
        first.span,
        { word: keyword.word, mark: first.text },
        { fix: { safety: "safe", edits: [{ span: first.span, text: "" }] } },
      ),
    );
    return;
  }
  const text = args
    .slice(taken)
    .map((token) => token.text)
    .join(" ");
  const span = { ...first.span, end: last.span.end };
  report(
    finding("VR1021", span, {
      keyword: keyword.word,
      extra: text,
      isKeyword: table.has(first.text),
    }),
  );
}

/** Single quotes are ordinary characters to keepalived. */
export function noteSingleQuotes(token: Token, report: (finding: AnyFinding) => void): void {
  if (token.quoted || !/^'.*'$/.test(token.text)) return;
  const edits = [{ span: token.span, text: token.text.slice(1, -1) }];
  report(finding("VR1022", token.span, { word: token.text }, { fix: { safety: "safe", edits } }));
}

/**
 * An option behind an argument that keepalived does not know.
 *
 * @param isDropped the whole line is lost with it
 */
export function reportUnknownOption(
  { keyword, report }: Pick<ValueContext, "keyword" | "report">,
  { text, span }: Token,
  known: readonly string[],
  isDropped: boolean,
): void {
  const suggestion = nearest(text, known);
  const facts = { keyword: keyword.word, word: text, suggestion, dropped: isDropped };
  report(finding("VR2047", span, facts));
}
