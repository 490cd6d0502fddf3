/** Global defaults that stand after the instances they are for. */
import { blocksOf, placeOf } from "../blocks/block.ts";
import type { Rule } from "./rule.ts";

/**
 * Copied into an instance when its block begins: at a reload keepalived has the built-in values
 * there.
 */
const COPIED =
  /^(vrrp_garp_(master|lower)|vrrp_min_garp|v3_checksum|vrrp_skip_check|vrrp_down_timer|vrrp_lower_prio|vrrp_higher_prio)/;

export const checkGlobalsLast: Rule = ({ model, report }) => {
  const first = model.instances[0];
  if (first === undefined) return;
  const start = placeOf(first);
  for (const block of blocksOf(model.root, "global_defs")) {
    const place = placeOf(block);
    if (place.file !== start.file || place.start < start.start) continue;
    const keywords = block.settings
      .map(({ keyword }) => keyword.word)
      .filter((word) => COPIED.test(word));
    if (keywords.length > 0)
      report("VR4009", place, { keywords: [...new Set(keywords)] }, { related: [start] });
  }
};
