/** Values of Baton's own words that the tables cannot describe: `garp_rate BURST PER_SECOND`. */
import { readInteger } from "../read-value.ts";
import { lastSetting } from "../records.ts";
import type { Rule } from "./rule.ts";

const FRAMES_MAX = 1_000_000;

export const checkOwnWords: Rule = ({ model, report }) => {
  for (const block of [model.globals, ...model.instances]) {
    const setting = lastSetting(block, "garp_rate");
    for (const { text, span } of setting?.args.slice(0, 2) ?? []) {
      const value = readInteger(text);
      if (value === undefined) {
        report("VR2001", span, { keyword: "garp_rate", text, decimal: false, used: "no limit" });
      } else if (value < 1 || value > FRAMES_MAX) {
        const range = { min: 1, max: FRAMES_MAX };
        report("VR2002", span, { keyword: "garp_rate", text, ...range, used: "no limit" });
      }
    }
  }
};
