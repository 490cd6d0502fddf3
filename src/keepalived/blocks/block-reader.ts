/**
 * Lines to blocks, as keepalived's own loop goes through its keyword tables (2.2.7).
 *
 * It knows no syntax error: an unknown keyword is a message and the next line is read; a `{` that
 * follows is ignored; and the `}` that belongs to it then closes whatever block is open, so an
 * unknown block inside an instance ends the instance. That is repeated here, because the result
 * must be what keepalived would run. open-blocks.ts keeps the consequences of a mistake apart from
 * other mistakes.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Span } from "#diagnostics/source";
import { HIDDEN_SECRET } from "#units/secret";
import type { Keyword } from "../keywords/keyword.ts";
import { opensBlock, tableOf } from "../keywords/tables.ts";
import { type Line, spanOfLine } from "../lines/line.ts";
import { type Token, type TokenizedLine, tokenize } from "../lines/tokens.ts";
import { readItem } from "../values/read-item.ts";
import { readValue } from "../values/read-value.ts";
import type { Value } from "../values/value.ts";
import { addSetting, type Block, nameOf, newBlock } from "./block.ts";
import { type BlockReaderContext, BraceFindings } from "./brace-findings.ts";
import {
  type KeywordFrame,
  type ListFrame,
  NO_FACTS,
  OpenBlocks,
  type Orphan,
} from "./open-blocks.ts";
import { startsWithDigit, type UnknownLine, UnknownLines } from "./unknown-lines.ts";

export class BlockReader {
  readonly #context: BlockReaderContext;
  readonly #blocks = new OpenBlocks();
  readonly #braces: BraceFindings;
  readonly #unknownLines: UnknownLines;
  /** Blocks by type and name: keepalived refuses a second one. */
  readonly #named = new Map<string, Block>();
  /** The line before, where its keyword is unknown. */
  #unknown: UnknownLine | undefined;

  constructor(context: BlockReaderContext) {
    this.#context = context;
    this.#braces = new BraceFindings(context, this.#blocks);
    this.#unknownLines = new UnknownLines(context, this.#blocks, this.#braces);
  }

  get root(): Block {
    return this.#blocks.root;
  }

  /** Names of checks with a commented-out header: not finding them is a consequence. */
  get lostNames(): ReadonlySet<string> {
    return this.#braces.lostNames;
  }

  /** Reported, and then seen to follow from something else. */
  get withdrawn(): ReadonlySet<AnyFinding> {
    return this.#braces.withdrawn;
  }

  /** One line, as the line reader gives it. */
  take(line: Line): void {
    if (line.text === "{") this.#openBrace(spanOfLine(line));
    else if (line.text === "}") this.#closeBrace(spanOfLine(line));
    else this.#takeLine(tokenize(line), line);
  }

  /** The end of the files: closes what is open. */
  end(at: Span): void {
    this.#braces.endInside(at);
    while (this.#blocks.depth > 0) this.#blocks.pop();
  }

  #openBrace(at: Span): void {
    const { top, orphans } = this.#blocks;
    const before = this.#unknown;
    before?.onBrace?.();
    this.#unknown = undefined;
    if (top.kind === "skip") {
      top.needsBrace = false;
      top.depth++;
      return;
    }
    if (top.needsBrace) {
      top.needsBrace = false;
      return;
    }
    this.#braces.limitDepth(at);
    if (before === undefined) {
      this.#braces.orphan(at);
      orphans.push(NO_FACTS);
      return;
    }
    if (before.facts !== undefined) before.facts.isBlock = true;
    this.#braces.orphanOfUnknown();
    orphans.push({ facts: before.facts });
  }

  #closeBrace(at: Span): void {
    this.#unknown = undefined;
    if (this.#closesSkipped()) return;
    const { orphans, cuts } = this.#blocks;
    const orphan = orphans.pop();
    if (orphan !== undefined) {
      this.#cut(orphan, at);
      return;
    }
    const early = cuts.pop();
    if (early !== undefined) {
      if (early.facts?.cut !== undefined) early.facts.cut.to = this.#context.lineOf(at);
      this.#cut(early, at);
      return;
    }
    if (this.#blocks.depth === 0) {
      this.#braces.closesNothing(at);
      return;
    }
    const { top } = this.#blocks;
    if (top.kind !== "skip" && top.needsBrace) this.#braces.missingOpen(top);
    this.#blocks.pop();
    this.#blocks.closed = { frame: top, at };
  }

  /** False: the brace is not one of a block that is read past. */
  #closesSkipped(): boolean {
    const { top } = this.#blocks;
    if (top.kind !== "skip") return false;
    if (top.needsBrace) {
      this.#blocks.pop();
      return false;
    }
    if (--top.depth <= 0) this.#blocks.pop();
    return true;
  }

  /** The brace of something else closes the innermost block. */
  #cut({ facts }: Orphan, at: Span): void {
    if (this.#blocks.depth === 0) return;
    const { top, enclosing } = this.#blocks;
    enclosing.block.damaged = true;
    if (facts !== undefined && facts.cut === undefined && top.kind === "keywords") {
      const line = this.#context.lineOf(at);
      const { block } = top;
      const name = block.name === undefined ? (block.word ?? "") : `${block.word} ${nameOf(block)}`;
      facts.cut = { name, from: line + 1, to: line + 1 };
    }
    this.#blocks.pop();
    this.#blocks.cuts.push({ facts });
  }

  #takeLine({ tokens, openQuote }: TokenizedLine, line: Line): void {
    const before = this.#unknown;
    this.#unknown = undefined;
    const frame = this.#frameOfNextLine(tokens);
    if (frame === undefined) return;
    if (frame.kind === "list") this.#takeItem(frame, tokens);
    else this.#takeKeyword(frame, tokens, before, openQuote !== undefined, line);
  }

  /** The block that the line is read in; undefined: it is read past. */
  #frameOfNextLine(tokens: readonly Token[]): KeywordFrame | ListFrame | undefined {
    let frame = this.#blocks.top;
    if (frame.kind === "skip") {
      if (!frame.needsBrace) return undefined;
      // keepalived reads its content with or without a brace.
      if (!tableOf(undefined).has(tokens[0]?.text ?? "")) {
        this.#braces.missingOpen(frame);
        frame.depth = 1;
        return undefined;
      }
      this.#blocks.pop();
      frame = this.#blocks.top;
    }
    if (frame.kind === "skip") return undefined;
    if (frame.needsBrace) {
      this.#braces.missingOpen(frame);
      if (frame.kind === "list") frame.lost = true;
      this.#blocks.enclosing.block.damaged = true;
    }
    return frame;
  }

  #takeItem(frame: ListFrame, tokens: readonly Token[]): void {
    const first = tokens[0];
    const { keyword } = frame;
    if (first === undefined || keyword.takes.kind !== "list") return;
    const kind = keyword.takes.of;
    const { isConsequence, enclosing } = this.#blocks;
    const outer = this.#keywordOutside(first.text);
    const isStray =
      outer !== undefined &&
      (kind === "address" || kind === "peer" || (opensBlock(outer) && !mayBeName(outer, tokens)));
    if (isStray && !frame.lost && !isConsequence) {
      this.#braces.missingClose(frame.header, first);
      frame.lost = true;
    }
    const report = frame.lost || isConsequence ? ignore : this.#context.report;
    // Names of group members may share a line (seen with 2.2.7); everything else is one item a
    // line.
    const items = kind === "name" ? tokens.map((token) => [token]) : [tokens];
    for (const one of items) {
      const item = readItem({ keyword, kind, tokens: one, report });
      if (item === undefined) enclosing.block.attempted.push(keyword.word);
      else frame.items.push(item);
    }
    if (isStray && opensBlock(outer)) this.#unknown = NO_FACTS;
  }

  /** A keyword of a block around the list: its `}` may be missing. */
  #keywordOutside(word: string): Keyword | undefined {
    if (startsWithDigit(word)) return undefined;
    return this.#blocks.enclosing.table.get(word) ?? tableOf(undefined).get(word);
  }

  #takeKeyword(
    frame: KeywordFrame,
    tokens: readonly Token[],
    before: UnknownLine | undefined,
    openQuote: boolean,
    line: Line,
  ): void {
    const token = tokens[0];
    if (token === undefined) return;
    const keyword = frame.table.get(token.text);
    if (keyword === undefined) {
      this.#unknown = this.#unknownLines.take(frame, token, before);
      return;
    }
    const args = tokens.length === 1 ? NO_TOKENS : tokens.slice(1);
    const { table, block } = frame;
    const { kind } = keyword.takes;
    if (kind === "block") this.#openBlock(block, keyword, token, args);
    else if (kind === "list") this.#openList(keyword, token, args);
    else if (kind === "foreign") {
      addSetting(block, { keyword, token, args, value: NO_VALUE });
      this.#blocks.skip(token);
    } else {
      const report = this.#reportUnlessConsequence();
      const value = readValue({ keyword, token, args, table, report, openQuote, line });
      if (value === undefined) block.attempted.push(keyword.word);
      else addSetting(block, { keyword, token, args: withoutSecrets(keyword, args), value });
    }
  }

  #reportUnlessConsequence(): (finding: AnyFinding) => void {
    return this.#blocks.isConsequence ? ignore : this.#context.report;
  }

  #openList(keyword: Keyword, header: Token, args: readonly Token[]): void {
    const isInline = args.length > 0;
    if (isInline) this.#braces.inlineList(keyword, header, args);
    const needsBrace = !isInline;
    this.#blocks.push({ kind: "list", keyword, header, items: [], needsBrace, lost: isInline });
  }

  #openBlock(outer: Block, keyword: Keyword, header: Token, args: readonly Token[]): void {
    const { takes } = keyword;
    if (takes.kind !== "block") return;
    const name = takes.named ? this.#readName(header, args) : undefined;
    if (takes.named && name === undefined) {
      this.#blocks.skip(header);
      return;
    }
    if (!takes.named) this.#reportExtra(header, args);
    const space = takes.block === "check" ? "vrrp_script" : takes.block;
    if (name !== undefined && this.#isTwin(space, header, name)) {
      this.#blocks.skip(header);
      return;
    }
    const block = newBlock(takes.block, header, name);
    block.damaged = this.#blocks.isConsequence;
    if (name !== undefined) this.#named.set(`${space} ${name.text}`, block);
    outer.blocks.push(block);
    addSetting(outer, { keyword, token: header, args, value: NO_VALUE });
    const table = tableOf(takes.block);
    this.#blocks.push({ kind: "keywords", block, table, header, needsBrace: true });
  }

  /** Exactly one; keepalived skips the block otherwise. */
  #readName(header: Token, args: readonly Token[]): Token | undefined {
    const [name] = args;
    if (name !== undefined && args.length === 1) return name;
    const facts = { block: header.text, count: args.length };
    this.#reportUnlessConsequence()(finding("VR1030", (name ?? header).span, facts));
    this.#blocks.root.damaged = true;
    return undefined;
  }

  #reportExtra(header: Token, args: readonly Token[]): void {
    const [first] = args;
    if (first === undefined) return;
    const extra = args.map(({ text }) => text).join(" ");
    const facts = { keyword: header.text, extra, isKeyword: false };
    this.#reportUnlessConsequence()(finding("VR1021", first.span, facts));
  }

  /** keepalived keeps the first block of a name and skips the others. */
  #isTwin(word: string, header: Token, { text, span }: Token): boolean {
    const first = this.#named.get(`${word} ${text}`)?.name?.span;
    if (first === undefined) return false;
    // A file that includes itself brings the same text again.
    if (first.start !== span.start || first.file !== span.file) {
      const facts = { block: header.text, name: text, line: this.#context.lineOf(first) };
      this.#reportUnlessConsequence()(finding("VR1031", span, facts, { related: [first] }));
    }
    return true;
  }
}

/** Shared: a file may have a hundred thousand blocks. */
const NO_TOKENS: readonly Token[] = [];
const NO_VALUE: Value = { kind: "block" };

/** An argument too many is a secret too: `auth_type PASS 1111`. */
function withoutSecrets({ takes, word }: Keyword, args: readonly Token[]): readonly Token[] {
  const isSecret =
    takes.kind === "secret" ||
    takes.kind === "secrets" ||
    (takes.kind === "texts" && takes.isSecret === true);
  if (isSecret) return args.map(hideToken);
  return word === "auth_type" ? [...args.slice(0, 1), ...args.slice(1).map(hideToken)] : args;
}

/** Where a secret stands may be printed; what it is, not. */
const hideToken = (token: Token): Token => ({ ...token, text: HIDDEN_SECRET });

/**
 * `track_script { check }`: a script may have the name of a block of ours; keepalived's own
 * keywords are no names that anybody gives. `check web` on a line is a header.
 */
const mayBeName = ({ since, takes }: Keyword, tokens: readonly Token[]): boolean =>
  since === "baton" && !(takes.kind === "block" && takes.named && tokens.length === 2);

const ignore = (): void => {};
