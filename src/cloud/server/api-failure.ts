/** An API call that is answered with an error: the platform's code and the values for its text. */
import type { ErrorCode, ErrorFacts } from "../api/errors.ts";

export interface ApiFailure {
  readonly kind: "refused";
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;
}

export const fail = (code: ErrorCode, facts: ErrorFacts = {}): ApiFailure => ({
  kind: "refused",
  code,
  facts,
});

export const isFailure = (value: object): value is ApiFailure =>
  "kind" in value && value.kind === "refused";
