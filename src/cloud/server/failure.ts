/** An API call that is answered with an error: the platform's code and the values for its text. */
import type { ErrorCode, ErrorFacts } from "../api/errors.ts";

export interface Failure {
  readonly kind: "refused";
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;
}

export const fail = (code: ErrorCode, facts: ErrorFacts = {}): Failure => ({
  kind: "refused",
  code,
  facts,
});

export const isFailure = (value: object): value is Failure =>
  "kind" in value && value.kind === "refused";
