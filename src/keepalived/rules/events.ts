/** `events`: limits that can be read, and that are not absurd. */
import { blocksOf } from "../blocks/block.ts";
import { EVENTS_LIMITS, readEventsLimit } from "../plan/events.ts";
import type { Rule } from "./rule.ts";

export const checkEvents: Rule = ({ model, report }) => {
  for (const block of blocksOf(model.root, "events"))
    for (const { keyword, args } of block.settings) {
      const [written] = args;
      const limit = EVENTS_LIMITS.find((one) => one === keyword.word);
      if (limit === undefined || written === undefined) continue;
      const read = readEventsLimit(limit, written.text);
      if (read.kind === "value") continue;
      report("VR2090", written.span, { keyword: limit, text: written.text, why: read.why });
    }
};
