/**
 * An answer of the API in the form of its action's schema, or the path of what does not fit.
 */
import { readShape, type Shape } from "#json/shape";
import type { ActionName, AnswerOf } from "./actions.ts";
import { ACTIONS } from "./actions.ts";

export type AnswerResult<Name extends ActionName> =
  | { readonly kind: "answer"; readonly answer: AnswerOf<Name> }
  | { readonly kind: "unreadable"; readonly path: string };

export function readAnswer<Name extends ActionName>(
  name: Name,
  response: Readonly<Record<string, unknown>>,
): AnswerResult<Name> {
  const shape: Shape<AnswerOf<Name>> = ACTIONS[name].answer;
  const read = readShape(shape, response);
  return read.kind === "value"
    ? { kind: "answer", answer: read.value }
    : { kind: "unreadable", path: `${name}.${read.problem.path}` };
}
