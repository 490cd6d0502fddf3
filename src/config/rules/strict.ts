/** `vrrp_strict`, the usual reason why a virtual address does not answer. */
import { isStrict, isUnicast } from "../effective.ts";
import { blocksOf, hasSetting, lastSetting, nameOf } from "../records.ts";
import type { Rule } from "./rule.ts";

export const checkStrict: Rule = ({ model, report }) => {
  const global = lastSetting(model.globals, "vrrp_strict");
  for (const block of model.instances) {
    if (!isStrict(block, model)) continue;
    const setting = lastSetting(block, "strict_mode") ?? global;
    if (setting === undefined) continue;
    const unicast = isUnicast(block);
    report("VR3007", setting.word.span, {
      instance: nameOf(block),
      unicast,
      authentication: blocksOf(block, "authentication").length > 0,
      preemptDelay: hasSetting(block, "preempt_delay"),
    });
    if (setting === global) return;
  }
};
