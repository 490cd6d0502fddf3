/**
 * What is wrong with the braces of a file: each mistake is reported once, where it was made, and
 * what follows from it is not reported again. A block with such a mistake in it is `damaged`: what
 * is missing in it may have been there.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Source, Span } from "#diagnostics/source";
import type { Keyword } from "../keywords/keyword.ts";
import type { Token } from "../lines/tokens.ts";
import { type CommentedHeader, findCommentedHeader } from "./commented-header.ts";
import { type BlockFrame, NO_FACTS, type OpenBlocks } from "./open-blocks.ts";

export interface BlockReaderContext {
  readonly report: (finding: AnyFinding) => void;
  readonly sourceOf: (file: string) => Source | undefined;
  readonly lineOf: (span: Span) => number;
}

/** keepalived has no limit. Ours keeps a file full of braces from producing as many findings. */
const DEPTH_MAX = 1_000;

export class BraceFindings {
  /** Names of checks with a commented-out header: not finding them is a consequence. */
  readonly lostNames: Set<string> = new Set();
  /** Reported, and then seen to follow from something else. */
  readonly withdrawn: Set<AnyFinding> = new Set();
  /** Some brace is wrong: that one is missing at the end of the file is then not reported again. */
  #isTrouble = false;
  #isTooDeep = false;
  /** Keywords of an outer block: misplaced, or the inner block was meant to end before them. */
  readonly #suspects: AnyFinding[] = [];
  readonly #context: BlockReaderContext;
  readonly #blocks: OpenBlocks;

  constructor(context: BlockReaderContext, blocks: OpenBlocks) {
    this.#context = context;
    this.#blocks = blocks;
  }

  suspect(found: AnyFinding): void {
    this.#suspects.push(found);
  }

  /** A `{` behind no header. */
  orphan(at: Span): void {
    this.#isTrouble = true;
    if (this.#blocks.isConsequence) return;
    const source = this.#context.sourceOf(at.file);
    const { table, block } = this.#blocks.enclosing;
    const header = source && findCommentedHeader(source, at.start, table);
    if (header !== undefined) {
      this.#commented(header, at);
      return;
    }
    this.#context.report(finding("VR1003", at, { looksLike: undefined, inside: block.word }));
  }

  /** A `{` behind an unknown keyword, which is reported itself. */
  orphanOfUnknown(): void {
    this.#isTrouble = true;
  }

  limitDepth(at: Span): void {
    if (this.#blocks.orphans.length <= DEPTH_MAX || this.#isTooDeep) return;
    this.#isTooDeep = true;
    this.#context.report(finding("VR1036", at, { depth: DEPTH_MAX }));
  }

  /**
   * `#vrrp_script check {` above a body that is not commented out: its keywords are unknown here.
   */
  commentedOpener(header: CommentedHeader, at: Span): void {
    this.#commented(header, at);
    this.#blocks.orphans.push(NO_FACTS);
    this.#isTrouble = true;
  }

  #commented(header: CommentedHeader, at: Span): void {
    const { block } = this.#blocks.enclosing;
    block.damaged = true;
    this.lostNames.add(header.name);
    const edits = [{ span: header.marks, text: "" }];
    const facts = {
      keyword: header.keyword.word,
      name: header.name,
      headerLine: this.#context.lineOf(header.span),
      usedBy: [] as readonly string[],
      inside: block.word,
    };
    this.#context.report(
      finding("VR1002", at, facts, { related: [header.span], fix: { safety: "safe", edits } }),
    );
  }

  /** A `}` where no block is open. */
  closesNothing(at: Span): void {
    if (!this.#isTrouble) this.#context.report(finding("VR1004", at, { block: undefined }));
  }

  /** A `}` too many ended a block, and its own keywords follow, up to the `}` that was meant. */
  closedEarly(frame: BlockFrame, at: Span): void {
    this.#context.report(finding("VR1004", at, { block: frame.header?.text }));
    this.#blocks.orphans.push(NO_FACTS);
    this.#isTrouble = true;
  }

  missingOpen(frame: BlockFrame): void {
    frame.needsBrace = false;
    const { header } = frame;
    if (this.#blocks.isConsequence || header === undefined) return;
    this.#isTrouble = true;
    const point = { ...header.span, start: header.span.end };
    this.#context.report(
      finding("VR1006", header.span, { block: header.text }, { related: [point] }),
    );
  }

  /** `unicast_peer 10.0.0.2`: a list written as a value; keepalived reads on to the next `}`. */
  inlineList(keyword: Keyword, token: Token, args: readonly Token[]): void {
    const isReported = !this.#blocks.isConsequence;
    this.#isTrouble = true;
    this.#blocks.enclosing.block.damaged = true;
    const [first] = args;
    const last = args.at(-1);
    if (!isReported || first === undefined || last === undefined) return;
    const edits = [
      { span: { ...first.span, end: first.span.start }, text: "{ " },
      { span: { ...last.span, start: last.span.end }, text: " }" },
    ];
    const place = { ...token.span, end: last.span.end };
    const extras = { related: [], fix: { safety: "safe", edits } } as const;
    this.#context.report(finding("VR1006", place, { block: keyword.word }, extras));
  }

  /** A keyword of an outer block inside an inner one: the inner one was not closed. */
  missingClose(header: Token, at: Token): void {
    this.#withdraw();
    this.#isTrouble = true;
    this.#blocks.enclosing.block.damaged = true;
    this.#blocks.root.damaged = true;
    const line = this.#context.lineOf(header.span);
    const source = this.#context.sourceOf(at.span.file);
    const start = source === undefined ? at.span.start : startOfLine(source.text, at.span.start);
    const indent = source === undefined ? "" : indentOf(source.text, header.span.start);
    const edits = [{ span: { ...at.span, start, end: start }, text: `${indent}}\n` }];
    const facts = { block: header.text, line, count: 1 };
    const extras = { related: [header.span], fix: { safety: "maybe", edits } } as const;
    this.#context.report(finding("VR1005", at.span, facts, extras));
  }

  /** The file is over while blocks are open. */
  endInside(at: Span): void {
    const { top, depth } = this.#blocks;
    if (depth === 0) return;
    if (top.kind !== "skip" && top.needsBrace) this.missingOpen(top);
    if (this.#isTrouble || top.header === undefined) return;
    this.#withdraw();
    const { span, text } = top.header;
    const line = this.#context.lineOf(span);
    const facts = { block: text, line, count: depth, isFileOver: true } as const;
    const edits = [{ span: at, text: "}\n".repeat(depth) }];
    const extras = { related: [at], fix: { safety: "maybe", edits } } as const;
    this.#context.report(finding("VR1005", span, facts, extras));
  }

  /**
   * Keywords that seemed to be in the wrong block follow a block that lacks its `}`.
   */
  #withdraw(): void {
    for (const one of this.#suspects.splice(0)) this.withdrawn.add(one);
  }
}

const LOOK_BACK_MAX = 2_048;

/** Where the line begins; the place itself where that is too far away. */
function startOfLine(text: string, at: number): number {
  const base = Math.max(0, at - LOOK_BACK_MAX);
  const found = text.slice(base, at).lastIndexOf("\n");
  return found < 0 && base > 0 ? at : base + found + 1;
}

function indentOf(text: string, at: number): string {
  const start = startOfLine(text, at);
  return /^[ \t]*/.exec(text.slice(start, at))?.[0] ?? "";
}
