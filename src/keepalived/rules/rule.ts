/** What a rule is: a function from the model to findings. Rules do not see each other. */

import type { Code } from "#diagnostics/codes";
import { type AnyFinding, type FindingExtras, finding } from "#diagnostics/diagnostic";
import type { Facts } from "#diagnostics/facts";
import type { Source, Span } from "#diagnostics/source";
import type { Model } from "../model/model.ts";
import type { KnownVendor } from "./cloud-vendor.ts";

export interface RuleContext {
  readonly model: Model;
  /** Advice for this cloud; undefined: no cloud. */
  readonly cloud: KnownVendor | undefined;
  readonly configId: string | undefined;
  /** Place of the first `@condition`. */
  readonly conditional: Span | undefined;
  readonly sources: readonly Source[];
  readonly lineOf: (span: Span) => number;
  readonly report: <C extends Code>(
    code: C,
    primary: Span,
    facts: Facts[C],
    extras?: FindingExtras,
  ) => void;
  /** One that was made elsewhere: by what reads values (plan/gate.ts). */
  readonly add: (finding: AnyFinding) => void;
  /** keepalived would not run, for a reason that was reported otherwise. */
  readonly stop: () => void;
}

export type Rule = (context: RuleContext) => void;

export const collect = (into: (finding: AnyFinding) => void): RuleContext["report"] => {
  return (code, primary, facts, extras) => {
    into(finding(code, primary, facts, extras));
  };
};
