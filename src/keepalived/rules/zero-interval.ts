/**
 * `garp_interval 0`, which keepalived's own sample once had: an error to keepalived, and harmless.
 */
import type { Block } from "../blocks/block.ts";
import { deletionOf } from "./deletion.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const checkZeroInterval: Rule = (context) => {
  checkBlock(context, context.model.globals);
  for (const block of context.model.pacing) checkBlock(context, block);
};

function checkBlock({ report, sources }: RuleContext, block: Block): void {
  for (const setting of block.settings) {
    const { keyword, value, args } = setting;
    if (!/(garp|gna)_interval$/.test(keyword.word)) continue;
    if (value.kind !== "number" || value.value !== 0) continue;
    const fix = deletionOf(setting, sources);
    const place = args[0]?.span ?? setting.token.span;
    report("VR4006", place, { keyword: keyword.word }, fix === undefined ? {} : { fix });
  }
}
