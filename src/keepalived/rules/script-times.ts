/** A check that may run longer than its interval. */
import { lastSetting, nameOf, numberOf } from "../blocks/block.ts";
import type { Rule } from "./rule.ts";

export const checkScriptTimes: Rule = ({ model, report }) => {
  for (const block of [...model.scripts, ...model.checks]) {
    const timeout = numberOf(block, "timeout");
    const interval = numberOf(block, "interval") ?? 1;
    const place = lastSetting(block, "timeout")?.args[0]?.span;
    if (timeout === undefined || place === undefined || timeout <= interval) continue;
    const facts = {
      script: nameOf(block),
      timeout: String(timeout),
      interval: String(interval),
      ...(block.word === "check" ? { isCheck: true as const } : {}),
    };
    const other = lastSetting(block, "interval")?.args[0]?.span;
    report("VR3002", place, facts, other === undefined ? {} : { related: [other] });
  }
};
