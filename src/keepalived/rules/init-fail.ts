/** `init_fail` does nothing in keepalived and what its manual says in Baton. */
import { hasSetting, lastSetting, nameOf, placeOf } from "../blocks/block.ts";
import type { Rule } from "./rule.ts";

export const checkInitFail: Rule = ({ model, report }) => {
  for (const block of model.scripts) {
    if (!hasSetting(block, "init_fail")) continue;
    const place = lastSetting(block, "init_fail")?.token.span ?? placeOf(block);
    report("VR4015", place, { script: nameOf(block) });
  }
};
