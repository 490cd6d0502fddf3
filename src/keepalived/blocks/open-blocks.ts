/**
 * The blocks that are open while a file is read, and the braces that do not fit them.
 *
 * keepalived ignores a `{` behind an unknown keyword, and the `}` that belongs to it then closes
 * whatever block is open. Two lists keep such consequences apart from mistakes of their own:
 *
 * - `orphans`: braces in the text that opened no block. While there are any, what is unknown
 *   belongs to them.
 * - `cuts`: blocks closed by an orphan's `}` before their own end. Until the text reaches that end,
 *   everything is a consequence.
 */
import type { Span } from "#diagnostics/source";
import { type Keyword, type KeywordTable } from "../keywords/keyword.ts";
import { tableOf } from "../keywords/tables.ts";
import type { Token } from "../lines/tokens.ts";
import type { ListItem } from "../values/value.ts";
import { addSetting, type Block, newBlock } from "./block.ts";
import type { UnknownFacts } from "./unknown-keyword.ts";

/** A block of keywords; the outermost one, of the file, has no header. */
export interface KeywordFrame {
  readonly kind: "keywords";
  readonly block: Block;
  readonly table: KeywordTable;
  readonly header: Token | undefined;
  needsBrace: boolean;
}

/** `virtual_ipaddress { … }`: one item a line. */
export interface ListFrame {
  readonly kind: "list";
  readonly keyword: Keyword;
  readonly header: Token;
  readonly items: ListItem[];
  needsBrace: boolean;
  /** What it holds is not its own: read, but not reported. */
  lost: boolean;
}

/** A block that is read past: another service's, or one keepalived refuses. */
export interface SkipFrame {
  readonly kind: "skip";
  readonly header: Token;
  depth: number;
  needsBrace: boolean;
}

export type BlockFrame = KeywordFrame | ListFrame | SkipFrame;

/**
 * A brace without a block of its own; the facts of the unknown keyword before it, if there is one.
 */
export interface Orphan {
  readonly facts: UnknownFacts | undefined;
}

/** Shared: a file may have a hundred thousand blocks and a million braces. */
export const NO_FACTS: Orphan = { facts: undefined };

export class OpenBlocks {
  readonly root: Block = newBlock(undefined, undefined, undefined);
  readonly orphans: Orphan[] = [];
  readonly cuts: Orphan[] = [];
  /** The block that was closed last, and by which brace. */
  closed: { readonly frame: BlockFrame; readonly at: Span } | undefined;
  readonly #outermost: KeywordFrame = {
    kind: "keywords",
    block: this.root,
    table: tableOf(undefined),
    header: undefined,
    needsBrace: false,
  };
  readonly #frames: BlockFrame[] = [this.#outermost];

  /** How many blocks are open besides the file itself. */
  get depth(): number {
    return this.#frames.length - 1;
  }

  get top(): BlockFrame {
    return this.#frames.at(-1) ?? this.#outermost;
  }

  /** The innermost block that has keywords: not a list, and not one that is read past. */
  get enclosing(): KeywordFrame {
    return this.#frames.findLast(isKeywordFrame) ?? this.#outermost;
  }

  /** What is read now follows from a mistake that has been reported. */
  get isConsequence(): boolean {
    return this.orphans.length > 0 || this.cuts.length > 0;
  }

  push(frame: BlockFrame): void {
    this.#frames.push(frame);
  }

  /** `{ … }` of another service, or of a block that keepalived refuses. */
  skip(header: Token): void {
    this.#frames.push({ kind: "skip", header, depth: 0, needsBrace: true });
  }

  /** Closes the innermost block; a list becomes a setting of the block it stands in. */
  pop(): void {
    const frame = this.#frames.pop();
    if (frame?.kind !== "list") return;
    const value = { kind: "list", items: frame.items } as const;
    addSetting(this.enclosing.block, {
      keyword: frame.keyword,
      token: frame.header,
      args: [],
      value,
    });
  }

  /** The innermost block around the current one that knows the keyword. */
  outerThatKnows(word: string): KeywordFrame | undefined {
    for (let at = this.#frames.length - 2; at >= 0; at--) {
      const frame = this.#frames[at];
      if (frame?.kind === "keywords" && frame.table.has(word)) return frame;
    }
    return undefined;
  }
}

const isKeywordFrame = (frame: BlockFrame): frame is KeywordFrame => frame.kind === "keywords";
