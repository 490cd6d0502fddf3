/** What the reader makes of the lines: blocks and settings with typed values and places, still in the file's words and order. */
import type { Span } from "#diagnostics/source";
import type { BlockWord, Keyword } from "./keyword.ts";
import type { Word } from "./scan.ts";
import type { Item, Value } from "./value.ts";

export interface Setting {
  readonly keyword: Keyword;
  readonly word: Word;
  readonly args: readonly Word[];
  readonly value: Value;
}

export interface Block {
  readonly word: BlockWord | undefined;
  /** The header's words; the root has none. */
  readonly head: Word | undefined;
  readonly name: Word | undefined;
  readonly settings: Setting[];
  readonly blocks: Block[];
  /**
   * Its text was not read to its own end (an unknown block inside it, a brace too few), or it was read with text that
   * is not its own. What is missing in it is then no fault of its own.
   */
  damaged: boolean;
  /** Words that were meant and got lost (misspelled, refused value): not having them is a consequence. */
  readonly attempted: Set<string>;
}

export function newBlock(
  word: BlockWord | undefined,
  head: Word | undefined,
  name: Word | undefined,
): Block {
  return { word, head, name, settings: [], blocks: [], damaged: false, attempted: new Set() };
}

export const nameOf = (block: Block): string => block.name?.text ?? "";
export const placeOf = (block: Block): Span => (block.name ?? block.head)?.span ?? NOWHERE;
export const NOWHERE: Span = { file: "", start: 0, end: 0 };

/** The last one wins, as nearly everywhere in keepalived. */
export function lastSetting(block: Block, ...wordList: readonly string[]): Setting | undefined {
  return block.settings.findLast(({ keyword }) => wordList.includes(keyword.word));
}

export const hasSetting = (block: Block, ...wordList: readonly string[]): boolean =>
  lastSetting(block, ...wordList) !== undefined;

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

/** A flag that is there, or a boolean's value; undefined: not set. */
export function booleanOf(block: Block, word: string): boolean | undefined {
  const value = lastSetting(block, word)?.value;
  if (value?.kind === "boolean") return value.value;
  return value?.kind === "flag" ? true : undefined;
}

type ItemOf<K extends Item["kind"]> = Extract<Item, { kind: K }>;

/** Blocks are complete when anybody asks; a list of a million addresses is gathered once. */
const gathered = new WeakMap<Block, Map<string, readonly Item[]>>();

/** Items of every list of that word, in order: lists of the same word add up. */
export function itemsOf<K extends Item["kind"]>(
  block: Block,
  word: string,
  kind: K,
): readonly ItemOf<K>[] {
  let lists = gathered.get(block);
  if (lists === undefined) {
    lists = new Map();
    gathered.set(block, lists);
  }
  const key = `${word} ${kind}`;
  const known = lists.get(key);
  // The key holds the kind.
  if (known !== undefined) return known as readonly ItemOf<K>[];
  const items: ItemOf<K>[] = [];
  for (const { keyword, value } of block.settings) {
    if (keyword.word !== word || value.kind !== "list") continue;
    for (const item of value.items) if (isOfKind(item, kind)) items.push(item);
  }
  lists.set(key, items);
  return items;
}

const isOfKind = <K extends Item["kind"]>(item: Item, kind: K): item is ItemOf<K> =>
  item.kind === kind;
