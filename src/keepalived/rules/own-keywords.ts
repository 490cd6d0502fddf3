/**
 * Values of Baton's own keywords that the tables cannot describe: `garp_rate BURST PER_SECOND`,
 * `hold_down FIRST MAX`.
 */

import { type Block, lastSetting, nameOf } from "../blocks/block.ts";
import { gateOf, wantsNopreempt } from "../model/effective.ts";
import { HOLD_DOWN_MAX } from "../plan/hold-down.ts";
import { readInteger } from "../values/numbers.ts";
import type { Rule, RuleContext } from "./rule.ts";

const isOwn = true;
const FRAMES_MAX = 1_000_000;

export const checkOwnKeywords: Rule = (context) => {
  const { model } = context;
  for (const block of [model.globals, ...model.instances])
    checkNumbers(context, block, "garp_rate", FRAMES_MAX, "no limit");
  for (const block of model.instances) checkHoldDown(context, block);
};

/** Two whole numbers from 1 on; undefined if they are not. */
function checkNumbers(
  { report }: RuleContext,
  block: Block,
  keyword: string,
  max: number,
  used: string,
): readonly number[] | undefined {
  const setting = lastSetting(block, keyword);
  const good: number[] = [];
  for (const { text, span } of setting?.args.slice(0, 2) ?? []) {
    const value = readInteger(text);
    if (value === undefined) report("VR2001", span, { keyword, text, decimal: false, used, isOwn });
    else if (value < 1 || value > max)
      report("VR2002", span, { keyword, text, min: 1, max, used, isOwn });
    else good.push(value);
  }
  return good.length === 2 ? good : undefined;
}

function checkHoldDown(context: RuleContext, block: Block): void {
  const keyword = "hold_down";
  const used = "no hold-down";
  const setting = lastSetting(block, keyword);
  const [first = 0, most = 0] = checkNumbers(context, block, keyword, HOLD_DOWN_MAX, used) ?? [];
  const [, word] = setting?.args ?? [];
  if (word !== undefined && most < first) {
    const range = { min: first, max: HOLD_DOWN_MAX };
    context.report("VR2002", word.span, { keyword, text: word.text, ...range, used, isOwn });
  }
  const nopreempt = lastSetting(block, "nopreempt");
  // With a gate it has no effect either, which is reported with the gate.
  if (gateOf(block, context.model) !== undefined) return;
  if (setting === undefined || nopreempt === undefined || !wantsNopreempt(block)) return;
  const seconds = setting.args.map(({ text }) => text).join(" ");
  const facts = { instance: nameOf(block), keyword, why: "nopreempt", seconds } as const;
  context.report("VR2024", setting.token.span, facts, { related: [nopreempt.token.span] });
}
