/**
 * Where Baton's own blocks stand in a block of keepalived. keepalived does not know them, so the
 * first `}` in them ends the block around them (seen in 2.2.7); what follows there is lost to it.
 */
import { type Block, nameOf, type Setting } from "../blocks/block.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const checkOwnBlocks: Rule = (context) => {
  const { root, instances, groups } = context.model;
  const globals = root.blocks.filter(({ word }) => word === "global_defs");
  for (const block of [...globals, ...instances, ...groups]) checkBlock(context, block);
};

const isOwn = ({ keyword }: Setting): boolean => keyword.since === "baton";

/** The last of each word counts, and is reported. */
function checkBlock({ report }: RuleContext, block: Block): void {
  if (block.damaged) return;
  const last = new Map<string, Setting>();
  for (const setting of block.settings)
    if (isOwn(setting) && setting.keyword.takes.kind === "block")
      last.set(setting.keyword.word, setting);
  for (const [keyword, { token }] of last) {
    const { file, start } = token.span;
    const next = block.settings
      .filter((one) => !isOwn(one) && one.token.span.file === file && one.token.span.start > start)
      .toSorted((a, b) => a.token.span.start - b.token.span.start)[0];
    if (next === undefined) continue;
    const name = nameOf(block) === "" ? block.word : nameOf(block);
    report("VR4016", token.span, { keyword, block: name ?? "", next: next.keyword.word });
  }
}
