/**
 * One line of a `{ … }` list, and what can be wrong with any: more than one item, a comma behind
 * it.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { ItemKind, Keyword } from "../keywords/keyword.ts";
import type { Token } from "../lines/tokens.ts";

export interface ItemContext {
  readonly keyword: Keyword;
  readonly kind: ItemKind;
  readonly tokens: readonly Token[];
  readonly report: (finding: AnyFinding) => void;
}

/** More items on the line than the one it may hold. */
export function several(context: ItemContext, first: Token, taken: number, dropped = false): void {
  const { tokens, keyword, report } = context;
  const next = tokens[taken];
  const last = tokens.at(-1);
  if (next === undefined || last === undefined) return;
  if (/^[;,]+$/.test(next.text)) {
    const edits = [{ span: next.span, text: "" }];
    const facts = { word: first.text, mark: next.text };
    report(finding("VR1026", next.span, facts, { fix: { safety: "safe", edits } }));
    return;
  }
  const rest = tokens.slice(taken);
  const lost = rest.map(({ text }) => text).join(" ");
  const edits = rest.map(({ span }) => ({ span: { ...span, end: span.start }, text: "\n" }));
  report(
    finding(
      "VR1027",
      { ...next.span, end: last.span.end },
      { block: keyword.word, kept: first.text, lost, dropped },
      { fix: { safety: "safe", edits } },
    ),
  );
}

/** A comma or semicolon after the item, as other file formats have it. */
export function reportTail({ report }: ItemContext, token: Token, length: number): void {
  const span = { ...token.span, start: token.span.end - (token.text.length - length) };
  const facts = { word: token.text.slice(0, length), mark: token.text.slice(length) };
  const fix = { safety: "safe" as const, edits: [{ span, text: "" }] };
  report(finding("VR1026", span, facts, { fix }));
}
