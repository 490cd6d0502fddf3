/** The values of findings about routes and policy rules. */

/** Why a line is left out. */
export type RoutingProblem =
  | "unknown-word"
  | "missing"
  | "not-a-number"
  | "out-of-range"
  | "not-an-address"
  | "not-a-choice"
  | "other-family"
  | "ipv6-only"
  | "no-action"
  | "no-priority"
  | "priority-behind"
  | "not-supported";

export interface RoutingFacts {
  readonly VR2140: {
    readonly block: string;
    readonly word: string;
    readonly why: RoutingProblem;
    readonly suggestion: string | undefined;
  };
}
