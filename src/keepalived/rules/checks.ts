/** `check`: something to ask, that can be asked, and only one thing. */
import { nameOf, placeOf } from "../blocks/block.ts";
import { nameIn, readTarget, targetSettings } from "../plan/checks.ts";
import type { Rule } from "./rule.ts";

export const checkChecks: Rule = ({ model, report, add }) => {
  for (const block of model.checks) {
    const name = nameOf(block);
    const settings = targetSettings(block);
    const [first, second] = settings;
    if (first === undefined && block.attempted.length === 0 && !block.damaged)
      report("VR2120", placeOf(block), { name });
    if (first !== undefined && second !== undefined && !block.damaged) {
      const facts = { name, first: first.keyword.word, second: second.keyword.word };
      report("VR2121", second.token.span, facts, { related: [first.token.span] });
    }
    for (const setting of settings) {
      const target = readTarget(setting, add);
      const host = target && nameIn(target);
      if (host !== undefined)
        report("VR2125", setting.args[0]?.span ?? setting.token.span, { name, host });
    }
  }
};
