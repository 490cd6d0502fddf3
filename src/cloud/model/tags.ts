/** Tags of any resource, set through the tag service. */
import type { Context, NamedTable, Outcome } from "./context.ts";
import { done, find } from "./context.ts";
import { checkTags } from "./names.ts";
import { isRefusal } from "./refusal.ts";
import type { TagRow } from "./rows.ts";

export interface SetTags {
  readonly kind: "setTags";
  readonly table: NamedTable;
  readonly id: string;
  /** The tags to add, or to give a new value. */
  readonly replace: readonly TagRow[];
  readonly removeKeys: readonly string[];
}

export function setTags(context: Context, command: SetTags): Outcome {
  const { table } = command;
  const row = find(context, table, command.id, "Resource");
  if (isRefusal(row)) return row;
  const gone = new Set([...command.removeKeys, ...command.replace.map(({ key }) => key)]);
  const tags = [...row.tags.filter(({ key }) => !gone.has(key)), ...command.replace];
  const bad = checkTags(tags, "ReplaceTags");
  if (bad !== undefined) return bad;
  context.draft.put(table, { ...row, tags });
  return done();
}
