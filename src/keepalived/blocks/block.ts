/**
 * What the reader makes of the lines: blocks and settings with typed values and places, still in
 * the file's order.
 */
import type { Span } from "#diagnostics/source";
import type { Secret } from "#units/secret";
import type { BlockWord, Keyword } from "../keywords/keyword.ts";
import type { Token } from "../lines/tokens.ts";
import type { ListItem, Value } from "../values/value.ts";

export interface Setting {
  readonly keyword: Keyword;
  readonly token: Token;
  readonly args: readonly Token[];
  readonly value: Value;
}

export interface Block {
  readonly word: BlockWord | undefined;
  /** The header's keyword; the root has none. */
  readonly head: Token | undefined;
  readonly name: Token | undefined;
  /** Added to by `addSetting` only. */
  readonly settings: Setting[];
  /** Index in `settings` of each keyword's last one, where there are many. */
  last: Map<string, number> | undefined;
  /**
   * One bit for each keyword of `settings`, several keywords a bit: most of those asked for are not
   * there.
   */
  marks: number;
  readonly blocks: Block[];
  /**
   * Its text was not read to its own end (an unknown block inside it, a brace too few), or it was
   * read with text that is not its own. What it lacks is then not reported.
   */
  damaged: boolean;
  /**
   * Keywords that were meant and got lost (misspelled, refused value): not having them is a
   * consequence.
   */
  readonly attempted: string[];
}

export function newBlock(
  word: BlockWord | undefined,
  head: Token | undefined,
  name: Token | undefined,
): Block {
  return {
    word,
    head,
    name,
    settings: [],
    last: undefined,
    marks: 0,
    blocks: [],
    damaged: false,
    attempted: [],
  };
}

export const nameOf = (block: Block): string => block.name?.text ?? "";
export const placeOf = (block: Block): Span => (block.name ?? block.head)?.span ?? NOWHERE;
export const NOWHERE: Span = { file: "", start: 0, end: 0 };

/**
 * A block of more settings than this is looked up by index: a file may have a hundred thousand of
 * them.
 */
const SCANNED_MAX = 16;

export function addSetting(block: Block, setting: Setting): void {
  const at = block.settings.push(setting) - 1;
  block.marks |= markOf(setting.keyword.word);
  if (block.last !== undefined) block.last.set(setting.keyword.word, at);
  else if (at >= SCANNED_MAX) {
    block.last = new Map(block.settings.map(({ keyword }, index) => [keyword.word, index]));
  }
}

/**
 * The last one wins, as nearly everywhere in keepalived; of two keywords, the last one of either.
 */
export function lastSetting(block: Block, word: string, other?: string): Setting | undefined {
  let at = lastIndex(block, word);
  if (other !== undefined) at = Math.max(at, lastIndex(block, other));
  // An index below zero would be looked up as a name.
  return at < 0 ? undefined : block.settings[at];
}

/** The last one of any of the keywords. */
export function lastOfAny(block: Block, keywords: readonly string[]): Setting | undefined {
  let at = -1;
  for (const word of keywords) at = Math.max(at, lastIndex(block, word));
  return at < 0 ? undefined : block.settings[at];
}

const markOf = (word: string): number =>
  1 << (word.length * 5 + word.charCodeAt(0) + word.charCodeAt(word.length - 1) * 3);

/** -1: none. Called some fifty times for each block, so it allocates nothing. */
function lastIndex({ settings, last, marks }: Block, word: string): number {
  if ((marks & markOf(word)) === 0) return -1;
  if (last !== undefined) return last.get(word) ?? -1;
  let at = settings.length - 1;
  while (at >= 0 && settings[at]?.keyword.word !== word) at--;
  return at;
}

export const hasSetting = (block: Block, word: string): boolean => lastIndex(block, word) >= 0;

export const blocksOf = (block: Block, word: BlockWord): readonly Block[] =>
  block.blocks.filter((inner) => inner.word === word);

export function numberOf(block: Block, word: string): number | undefined {
  const value = lastSetting(block, word)?.value;
  return value?.kind === "number" ? value.value : undefined;
}

export function textOf(block: Block, word: string): string | undefined {
  const value = lastSetting(block, word)?.value;
  return value?.kind === "text" ? value.value : undefined;
}

export function secretOf(block: Block, word: string): Secret | undefined {
  const value = lastSetting(block, word)?.value;
  return value?.kind === "secret" ? value.secret : undefined;
}

/** Of every setting of that keyword, in order. */
export function secretsOf(block: Block, word: string): readonly (readonly Secret[])[] {
  return block.settings.flatMap(({ keyword, value }) =>
    keyword.word === word && value.kind === "secrets" ? [value.secrets] : [],
  );
}

/** A flag that is there, or a boolean's value; undefined: not set. */
export function booleanOf(block: Block, word: string): boolean | undefined {
  const value = lastSetting(block, word)?.value;
  if (value?.kind === "boolean") return value.value;
  return value?.kind === "flag" ? true : undefined;
}

type ItemOf<K extends ListItem["kind"]> = Extract<ListItem, { kind: K }>;

const NONE: readonly never[] = [];

/** Items of every list of that word, in order: lists of the same word add up. */
export function itemsOf<K extends ListItem["kind"]>(
  block: Block,
  word: string,
  kind: K,
): readonly ItemOf<K>[] {
  if ((block.marks & markOf(word)) === 0) return NONE;
  let first: readonly ListItem[] | undefined;
  for (const { keyword, value } of block.settings) {
    if (keyword.word !== word || value.kind !== "list") continue;
    if (first !== undefined) return gather(block, word, kind);
    first = value.items;
  }
  return first !== undefined && areOfKind(first, kind) ? first : NONE;
}

/** Several lists, joined once: nobody asks before the block is complete. */
const gathered = new WeakMap<Block, Map<string, readonly ListItem[]>>();

function gather<K extends ListItem["kind"]>(
  block: Block,
  word: string,
  kind: K,
): readonly ItemOf<K>[] {
  let lists = gathered.get(block);
  if (lists === undefined) {
    lists = new Map();
    gathered.set(block, lists);
  }
  let items = lists.get(word);
  if (items === undefined) {
    items = block.settings.flatMap(({ keyword, value }) =>
      keyword.word === word && value.kind === "list" ? value.items : [],
    );
    lists.set(word, items);
  }
  return areOfKind(items, kind) ? items : NONE;
}

/** The keyword decides the kind of all its items, so the first one stands for all. */
const areOfKind = <K extends ListItem["kind"]>(
  items: readonly ListItem[],
  kind: K,
): items is readonly ItemOf<K>[] => items[0]?.kind === kind;
