/** Unicast: peers that are ourselves, and keywords that do nothing without peers. */

import { itemsOf, lastOfAny, lastSetting, nameOf } from "../blocks/block.ts";
import { addressOf, isUnicast, peersOf } from "../model/effective.ts";
import type { Rule } from "./rule.ts";

const NEED_PEERS: readonly string[] = [
  "unicast_peer",
  "unicast_src_ip",
  "unicast_ttl",
  "check_unicast_src",
  "unicast_fault_no_peer",
];

export const checkUnicast: Rule = ({ model, report }) => {
  for (const block of model.instances) {
    const own = addressOf(block, "unicast_src_ip");
    const seen = new Set<string>();
    for (const { ip, token } of peersOf(block)) {
      if (own?.text === ip.text) {
        const place = lastSetting(block, "unicast_src_ip")?.args[0]?.span;
        report(
          "VR2020",
          token.span,
          { address: token.text },
          place === undefined ? {} : { related: [place] },
        );
      }
      if (seen.has(ip.text))
        report("VR2043", token.span, { name: token.text, block: "unicast_peer" });
      seen.add(ip.text);
    }
    if (isUnicast(block) || block.damaged) continue;
    // A peer that could not be read has been reported; then unicast was meant.
    if (itemsOf(block, "unicast_peer", "peer").length > 0) continue;
    const fault = lastSetting(block, "unicast_fault_no_peer");
    const setting = fault ?? lastOfAny(block, NEED_PEERS);
    if (setting === undefined) continue;
    const isFault = fault !== undefined;
    const facts = { keyword: setting.keyword.word, instance: nameOf(block), isFault };
    report("VR2031", setting.token.span, facts);
  }
};
