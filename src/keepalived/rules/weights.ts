/** Weights that cannot do what they are there for. */
import type { Span } from "#diagnostics/source";
import { type Block, itemsOf, nameOf, placeOf } from "../blocks/block.ts";
import { gateOf, groupOf, isOwner, preempts } from "../model/effective.ts";
import { keepsWeights, ownTrackers, TRACKER_LISTS, withoutWeight } from "../plan/trackers.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const checkWeights: Rule = (context) => {
  for (const block of context.model.instances) {
    checkNopreempt(context, block);
    checkGroup(context, block);
  }
};

/** Where each tracker is named first. */
function placesOf(block: Block): (kind: string, name: string) => Span {
  const places = new Map<string, Span>();
  for (const { word: list, kind } of TRACKER_LISTS) {
    for (const { token } of itemsOf(block, list, "tracked")) {
      const key = `${kind} ${token.text}`;
      if (!places.has(key)) places.set(key, token.span);
    }
  }
  return (kind, name) => places.get(`${kind} ${name}`) ?? placeOf(block);
}

/**
 * A backup with nopreempt accepts any advertisement, also one with a priority that a failed check
 * has lowered.
 */
function checkNopreempt({ model, report }: RuleContext, block: Block): void {
  if (preempts(block, model) || isOwner(block)) return;
  const place = placesOf(block);
  for (const { kind, name, weight } of ownTrackers(block, model)) {
    if (weight === 0) continue;
    const isGated = gateOf(block, model) !== undefined;
    const facts = { instance: nameOf(block), tracker: name, weight, isGated };
    report("VR3001", place(kind, name), facts);
  }
}

function checkGroup({ model, report }: RuleContext, block: Block): void {
  const group = groupOf(block, model);
  if (group === undefined || keepsWeights(group)) return;
  const place = placesOf(block);
  for (const tracker of ownTrackers(block, model)) {
    if (tracker.weight === 0) continue;
    const facts = {
      group: nameOf(group),
      instance: nameOf(block),
      tracker: tracker.name,
      removed: withoutWeight(tracker) === undefined,
    };
    report("VR3008", place(tracker.kind, tracker.name), facts, {
      related: [placeOf(group)],
    });
  }
}
