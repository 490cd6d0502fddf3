/**
 * Lines with a keyword that the block does not know. keepalived logs them and reads on. This file
 * works out what was meant: a misspelled keyword, a block with a commented-out header, a `}` too
 * many or too few before it, or a name where only keywords can stand.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import { suggester } from "#units/nearest";
import type { Keyword, KeywordTable } from "../keywords/keyword.ts";
import { opensBlock, tableOf } from "../keywords/tables.ts";
import type { Token } from "../lines/tokens.ts";
import type { Block } from "./block.ts";
import type { BlockReaderContext, BraceFindings } from "./brace-findings.ts";
import { findCommentedHeader } from "./commented-header.ts";
import { type KeywordFrame, NO_FACTS, type OpenBlocks, type Orphan } from "./open-blocks.ts";
import { describeUnknown, isStray, isUnused, type Unknown } from "./unknown-keyword.ts";

/** The line that was read last: a `{` on the next line would make a block of it. */
export interface UnknownLine extends Orphan {
  /** A `{` follows: what was reported of the line is corrected. */
  readonly onBrace?: () => void;
}

/** More names than anybody reads. */
const STRAYS_MAX = 1_000;

export class UnknownLines {
  readonly #context: BlockReaderContext;
  readonly #blocks: OpenBlocks;
  readonly #braces: BraceFindings;
  readonly #strays = new Map<Block, string[]>();
  readonly #suggestions = new Map<string, string | undefined>();
  readonly #suggesters = new Map<KeywordTable, ReturnType<typeof suggester>>();

  constructor(context: BlockReaderContext, blocks: OpenBlocks, braces: BraceFindings) {
    this.#context = context;
    this.#blocks = blocks;
    this.#braces = braces;
  }

  /**
   * Undefined: another mistake explains the line, and a `{` behind it does not belong to it.
   *
   * @param before the line before, where its keyword is unknown too
   */
  take(
    frame: KeywordFrame,
    token: Token,
    before: UnknownLine | undefined,
  ): UnknownLine | undefined {
    if (this.#blocks.isConsequence) return NO_FACTS;
    if (before === undefined && this.#findsCommentedOpener(frame, token)) return undefined;
    if (this.#findsEarlyClose(token)) return undefined;
    const known = this.#blocks.outerThatKnows(token.text)?.table.get(token.text);
    if (known !== undefined && opensBlock(known) && frame.header !== undefined) {
      this.#braces.missingClose(frame.header, token);
      return NO_FACTS;
    }
    const { block, table } = frame;
    const unknown = describeUnknown(token, block.word, table, (text) => this.#suggest(frame, text));
    if (isStray(block, unknown.facts)) return this.#takeStray(block, token, unknown.finding);
    const meant = table.get(unknown.facts.suggestion ?? "");
    if (unknown.finding.code === "VR1001" && isUnused(token.text, meant)) {
      return this.#takeUnused(token, meant, unknown);
    }
    if (known !== undefined) this.#braces.suspect(unknown.finding);
    this.#noteWhatIsLost(block, token, unknown);
    this.#context.report(unknown.finding);
    return { facts: unknown.facts };
  }

  /** What the block now lacks may be what this line was meant to be. */
  #noteWhatIsLost(block: Block, token: Token, { facts }: Unknown): void {
    if (facts.suggestion !== undefined) block.attempted.push(facts.suggestion);
    // It may stand for any keyword that is missing.
    else if (block !== this.#blocks.root) block.damaged = true;
    // A look-alike character, or a line that was meant to continue: reported by another check.
    if (/[^\x20-\x7e]|\\$/.test(token.text)) block.damaged = true;
  }

  /** Baton has no use for the keyword that was meant: nothing is lost with the line. */
  #takeUnused(token: Token, meant: Keyword, unknown: Unknown): UnknownLine {
    const { fix } = unknown.finding;
    const facts = { word: token.text, suggestion: meant.word };
    this.#context.report(finding("VR1042", token.span, facts, fix === undefined ? {} : { fix }));
    // A brace behind it makes it a block, and then more is lost than the line.
    const onBrace = (): void => this.#context.report(unknown.finding);
    return { facts: unknown.facts, onBrace };
  }

  /** `vrrp_sync_group G { VI_1 VI_2 }`: names without the `group { … }` that they belong in. */
  #takeStray(block: Block, token: Token, otherwise: AnyFinding): UnknownLine {
    let names = this.#strays.get(block);
    if (names === undefined) {
      names = [];
      this.#strays.set(block, names);
      block.attempted.push("group");
      this.#context.report(finding("VR1044", token.span, { names }));
    }
    const list = names;
    if (list.length < STRAYS_MAX) list.push(token.text);
    const onBrace = (): void => {
      list.pop();
      this.#context.report(otherwise);
    };
    return { facts: undefined, onBrace };
  }

  /** A file of one misspelled keyword a million times is looked up once. */
  #suggest(frame: KeywordFrame, word: string): string | undefined {
    const key = `${frame.block.word} ${word}`;
    if (this.#suggestions.has(key)) return this.#suggestions.get(key);
    let suggestIn = this.#suggesters.get(frame.table);
    if (suggestIn === undefined) {
      suggestIn = suggester(() => [...frame.table.keys()]);
      this.#suggesters.set(frame.table, suggestIn);
    }
    const suggestion = suggestIn(word);
    this.#suggestions.set(key, suggestion);
    return suggestion;
  }

  /** A `}` too many ended a block, and the line is one of that block's own. */
  #findsEarlyClose(token: Token): boolean {
    const { closed } = this.#blocks;
    if (closed === undefined) return false;
    const { frame, at } = closed;
    const isItsOwn =
      frame.kind === "keywords"
        ? frame.table.has(token.text)
        : frame.kind === "list" && startsWithDigit(token.text);
    if (isItsOwn) this.#braces.closedEarly(frame, at);
    return isItsOwn;
  }

  /** The header of the line's own block, with its `{`, is a comment above it. */
  #findsCommentedOpener(frame: KeywordFrame, token: Token): boolean {
    const source = this.#context.sourceOf(token.span.file);
    const header = source && findCommentedHeader(source, token.span.start, frame.table);
    if (header === undefined || !header.opens) return false;
    const { takes } = header.keyword;
    const isInside =
      takes.kind === "list" || (takes.kind === "block" && tableOf(takes.block).has(token.text));
    if (isInside) this.#braces.commentedOpener(header, token.span);
    return isInside;
  }
}

/** No keyword begins with a digit, and most addresses do. */
export function startsWithDigit(text: string): boolean {
  const code = text.charCodeAt(0);
  return code >= 0x30 && code <= 0x39;
}
