/** Completes the findings about commented-out headers with the instances that would track them. */
import type { AnyFinding } from "#diagnostics/diagnostic";
import type { Span } from "#diagnostics/source";
import { itemsOf, nameOf } from "../blocks/block.ts";
import type { Model } from "../model/model.ts";

interface TrackedUse {
  readonly user: string;
  readonly span: Span;
}

/** `VR1002` with its users and their places; other findings unchanged. */
export function completeCommented(found: readonly AnyFinding[], model: Model): AnyFinding[] {
  const uses = model.lostNames.size === 0 ? NO_USES : usesOf(model);
  return found.map((one) => {
    if (one.code !== "VR1002") return one;
    const own = uses.get(one.facts.name) ?? [];
    const usedBy = [...new Set(own.map(({ user }) => user))];
    return {
      ...one,
      facts: { ...one.facts, usedBy },
      related: [...one.related, ...own.map(({ span }) => span)],
    };
  });
}

const NO_USES: ReadonlyMap<string, readonly TrackedUse[]> = new Map();

/** Uses of the names that lost their headers. */
function usesOf(model: Model): ReadonlyMap<string, readonly TrackedUse[]> {
  const uses = new Map<string, TrackedUse[]>();
  for (const block of [...model.instances, ...model.groups]) {
    for (const list of ["track_script", "track_process", "track_file"]) {
      for (const { token } of itemsOf(block, list, "tracked")) {
        if (!model.lostNames.has(token.text)) continue;
        const use = { user: nameOf(block), span: token.span };
        const known = uses.get(token.text);
        if (known === undefined) uses.set(token.text, [use]);
        else known.push(use);
      }
    }
  }
  return uses;
}
