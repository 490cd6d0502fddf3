/** Weights that cannot do what they are there for. */
import { groupOf, isOwner, preempts } from "../effective.ts";
import { keepsWeights, ownTrackers, TRACK_WORDS, withoutWeight } from "../lower/trackers.ts";
import { type Block, itemsOf, nameOf, placeOf } from "../records.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const checkWeights: Rule = (context) => {
  for (const block of context.model.instances) {
    checkNopreempt(context, block);
    checkGroup(context, block);
  }
};

function placeOfTracker(block: Block, kind: string, name: string): ReturnType<typeof placeOf> {
  const list = TRACK_WORDS.find((one) => one.kind === kind)?.word ?? "";
  const item = itemsOf(block, list, "tracked").find(({ word }) => word.text === name);
  return item?.word.span ?? placeOf(block);
}

/** A backup with nopreempt accepts any advertisement, also one whose priority a failed check has lowered. */
function checkNopreempt({ model, report }: RuleContext, block: Block): void {
  if (preempts(block) || isOwner(block)) return;
  for (const { kind, name, weight } of ownTrackers(block, model)) {
    if (weight === 0) continue;
    const facts = { instance: nameOf(block), tracker: name, weight };
    report("VR3001", placeOfTracker(block, kind, name), facts);
  }
}

function checkGroup({ model, report }: RuleContext, block: Block): void {
  const group = groupOf(block, model);
  if (group === undefined || keepsWeights(group)) return;
  for (const tracker of ownTrackers(block, model)) {
    if (tracker.weight === 0) continue;
    const facts = {
      group: nameOf(group),
      instance: nameOf(block),
      tracker: tracker.name,
      removed: withoutWeight(tracker) === undefined,
    };
    report("VR3008", placeOfTracker(block, tracker.kind, tracker.name), facts, {
      related: [placeOf(group)],
    });
  }
}
