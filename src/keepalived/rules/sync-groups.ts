/** Members of sync groups. */

import { suggester } from "#units/nearest";
import { itemsOf, nameOf, placeOf } from "../blocks/block.ts";
import { find } from "../model/model.ts";
import type { Rule } from "./rule.ts";

export const checkSyncGroups: Rule = ({ model, report }) => {
  const owner = new Map<string, string>();
  const suggest = suggester(() => model.instances.map(nameOf));
  for (const group of model.groups) {
    const members = itemsOf(group, "group", "name");
    let known = 0;
    for (const { token } of members) {
      const name = token.text;
      const instance = find(model.instances, name);
      const first = owner.get(name);
      if (instance === undefined) {
        const suggestion = suggest(name);
        const edits = [{ span: token.span, text: suggestion ?? "" }];
        const fix = { safety: "maybe" as const, edits };
        const facts = { group: nameOf(group), name, suggestion };
        report("VR2012", token.span, facts, suggestion === undefined ? {} : { fix });
      } else if (first !== undefined && first !== nameOf(group)) {
        report("VR2014", token.span, { instance: name, first, second: nameOf(group) });
      } else {
        known++;
        owner.set(name, nameOf(group));
      }
    }
    if (group.damaged || group.attempted.includes("group")) continue;
    if (members.length === 0) report("VR2040", placeOf(group), { group: nameOf(group) });
    else if (known === 1 && members.length === 1) {
      report("VR2013", placeOf(group), { group: nameOf(group) });
    }
  }
};
