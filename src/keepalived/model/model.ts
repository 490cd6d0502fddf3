/** The blocks of a whole configuration by what they are, for the rules and the plan. */
import {
  addSetting,
  type Block,
  blocksOf,
  itemsOf,
  nameOf,
  newBlock,
  textOf,
} from "../blocks/block.ts";
import type { KeyFileReader } from "../values/key-file.ts";

export interface Model {
  readonly root: Block;
  /**
   * All `global_defs` blocks merged into one. keepalived applies globals that stand after an
   * instance at start but not at reload; Baton always evaluates them first.
   */
  readonly globals: Block;
  readonly instances: readonly Block[];
  readonly groups: readonly Block[];
  readonly scripts: readonly Block[];
  /** `check`: in one name space with `scripts`. */
  readonly checks: readonly Block[];
  readonly processes: readonly Block[];
  readonly files: readonly Block[];
  readonly sessions: readonly Block[];
  readonly pacing: readonly Block[];
  readonly lostNames: ReadonlySet<string>;
  /** Reads the files of keys; undefined: nobody reads files here. */
  readonly keyFile: KeyFileReader | undefined;
}

export function modelOf(
  root: Block,
  lostNames: ReadonlySet<string>,
  keyFile?: KeyFileReader,
): Model {
  const parts = blocksOf(root, "global_defs");
  const globals = newBlock("global_defs", parts[0]?.head, undefined);
  for (const part of parts) {
    for (const setting of part.settings) addSetting(globals, setting);
    for (const inner of part.blocks) globals.blocks.push(inner);
  }
  return {
    root,
    globals,
    instances: blocksOf(root, "vrrp_instance"),
    groups: blocksOf(root, "vrrp_sync_group"),
    scripts: blocksOf(root, "vrrp_script"),
    checks: blocksOf(root, "check"),
    processes: blocksOf(root, "vrrp_track_process"),
    files: blocksOf(root, "track_file"),
    sessions: blocksOf(root, "bfd_instance"),
    pacing: blocksOf(root, "garp_group"),
    lostNames,
    keyFile,
  };
}

/**
 * The block of a name. An index per list, so that a thousand instances are not a million
 * comparisons.
 */
export function find(blocks: readonly Block[], name: string): Block | undefined {
  let index = indexes.get(blocks);
  if (index === undefined) {
    index = new Map(blocks.toReversed().map((block) => [nameOf(block), block]));
    indexes.set(blocks, index);
  }
  return index.get(name);
}

const indexes = new WeakMap<readonly Block[], ReadonlyMap<string, Block>>();

/** The first group that names the instance. */
export function groupWith(model: Model, instance: string): Block | undefined {
  let index = groupIndexes.get(model);
  if (index === undefined) {
    index = firstOf(model.groups, (group) =>
      itemsOf(group, "group", "name").map(({ token }) => token.text),
    );
    groupIndexes.set(model, index);
  }
  return index.get(instance);
}

const groupIndexes = new WeakMap<Model, ReadonlyMap<string, Block>>();

/** The first `garp_group` that names the interface. */
export function pacingWith(model: Model, device: string): Block | undefined {
  let index = pacingIndexes.get(model);
  if (index === undefined) {
    index = firstOf(model.pacing, (block) => [
      ...[textOf(block, "interface")].filter((name) => name !== undefined),
      ...itemsOf(block, "interfaces", "name").map(({ token }) => token.text),
    ]);
    pacingIndexes.set(model, index);
  }
  return index.get(device);
}

const pacingIndexes = new WeakMap<Model, ReadonlyMap<string, Block>>();

function firstOf(
  blocks: readonly Block[],
  namesIn: (block: Block) => readonly string[],
): ReadonlyMap<string, Block> {
  const index = new Map<string, Block>();
  for (const block of blocks) {
    for (const name of namesIn(block)) if (!index.has(name)) index.set(name, block);
  }
  return index;
}
