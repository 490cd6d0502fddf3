/** What the handler of an action is given, and what it returns. */

import { assert } from "#units/assert";
import type { ActionName, AnswerOf, ParametersOf } from "../api/actions.ts";
import type { Draft } from "../model/cloud-state.ts";
import type { Done } from "../model/context.ts";
import type { TableName, Tables, TagRow } from "../model/rows.ts";
import type { Command } from "../model/step.ts";
import type { ApiFailure } from "./api-failure.ts";

export interface Call {
  /** The region's rows, including what this call has already written. */
  readonly draft: Draft;
  readonly region: string;
  /** Carries a command out in the draft. */
  perform(command: Command): Done | ApiFailure;
}

export type Handler<Name extends ActionName> = (
  call: Call,
  parameters: ParametersOf<Name>,
) => AnswerOf<Name> | ApiFailure;

export type Handlers<Name extends ActionName> = { readonly [N in Name]: Handler<N> };

export const readTags = (
  tags: readonly { readonly Key: string; readonly Value?: string }[] | undefined,
): readonly TagRow[] => (tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value ?? "" }));

/** The row that a command has just made. */
export function createdRow<Table extends TableName>(
  { draft }: Call,
  table: Table,
  { ids }: Done,
): Tables[Table] {
  const row = draft.get(table, ids[0] ?? "");
  assert(row !== undefined, `what was made in ${table} is in the draft`);
  return row;
}

/** For actions with an empty answer. */
export function carryOut(call: Call, command: Command): Record<never, never> | ApiFailure {
  const outcome = call.perform(command);
  return outcome.kind === "done" ? {} : outcome;
}
