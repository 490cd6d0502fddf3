/** The blocks that are open while a file is read. */
import type { Keyword, KeywordTable } from "../keywords/keyword.ts";
import type { Word } from "../lines/tokens.ts";
import type { Item } from "../values/value.ts";
import type { Block } from "./block.ts";

export interface KeywordFrame {
  readonly kind: "keywords";
  readonly block: Block;
  readonly table: KeywordTable;
  readonly header: Word | undefined;
  needsBrace: boolean;
}

export interface ListFrame {
  readonly kind: "list";
  readonly keyword: Keyword;
  readonly header: Word;
  readonly items: Item[];
  needsBrace: boolean;
  /** What it holds is not its own: read, but not reported. */
  lost: boolean;
}

/** A block that is read past: another service's, or one keepalived refuses. */
interface SkipFrame {
  readonly kind: "skip";
  readonly header: Word;
  depth: number;
  needsBrace: boolean;
}

export type Frame = KeywordFrame | ListFrame | SkipFrame;
