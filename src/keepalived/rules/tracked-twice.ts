/** The instance's own interface among the tracked ones, and names tracked twice. */

import { itemsOf } from "../blocks/block.ts";
import { interfaceOf } from "../model/effective.ts";
import { TRACKER_LISTS, tracksPrimary } from "../plan/trackers.ts";
import type { Rule } from "./rule.ts";

export const checkTrackedTwice: Rule = ({ model, report }) => {
  for (const block of [...model.instances, ...model.groups]) {
    const own = interfaceOf(block);
    for (const { word: list } of TRACKER_LISTS) {
      const seen = new Set<string>();
      for (const { token, weight } of itemsOf(block, list, "tracked")) {
        const name = token.text;
        if (seen.has(name)) report("VR2043", token.span, { name, block: list });
        seen.add(name);
        if (list !== "track_interface" || name !== own) continue;
        const tracked = tracksPrimary(block);
        if (tracked && (weight ?? 0) === 0) report("VR2035", token.span, { interface: name });
        else report("VR2050", token.span, { interface: name, weight: weight ?? 0, tracked });
      }
    }
  }
};
