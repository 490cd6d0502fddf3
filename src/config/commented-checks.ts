/** Completes the finding about a commented-out header with the instances that would track it. */
import type { AnyFinding } from "#diagnostics/diagnostic";
import type { Model } from "./model.ts";
import { itemsOf, nameOf } from "./records.ts";

/** `VR1002` with its users and their places; other findings unchanged. */
export function completeCommented(found: AnyFinding, model: Model): AnyFinding {
  if (found.code !== "VR1002") return found;
  const users = [...model.instances, ...model.groups];
  const uses = users.flatMap((user) =>
    ["track_script", "track_process", "track_file"].flatMap((list) =>
      itemsOf(user, list, "tracked")
        .filter(({ word }) => word.text === found.facts.name)
        .map(({ word }) => ({ user: nameOf(user), span: word.span })),
    ),
  );
  const usedBy = [...new Set(uses.map(({ user }) => user))];
  return {
    ...found,
    facts: { ...found.facts, usedBy },
    related: [...found.related, ...uses.map(({ span }) => span)],
  };
}
