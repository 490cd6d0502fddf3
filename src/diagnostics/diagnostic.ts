/**
 * Findings and diagnostics.
 *
 * Rules produce findings: values in no language, so that a test compares facts, and one run can be
 * printed in English and in Chinese. `toDiagnostic` (render/) turns a finding into a diagnostic,
 * which every renderer understands.
 */
import type { Code, Severity } from "./codes.ts";
import type { Facts } from "./facts.ts";
import type { Span } from "./source.ts";

export type Language = "en" | "zh-CN";

export interface Edit {
  readonly span: Span;
  readonly text: string;
}

/**
 * "safe": certain to be what was meant, so `--fix` applies it. "maybe": only shown.
 */
export interface Fix {
  readonly safety: "safe" | "maybe";
  readonly edits: readonly Edit[];
  /** An edit contains a secret: `--fix` applies it, but it is never printed. */
  readonly isSecret?: true;
}

export interface Finding<C extends Code = Code> {
  readonly code: C;
  readonly facts: Facts[C];
  readonly primary: Span;
  /** Other places that matter, in the order in which the texts name them. */
  readonly related: readonly Span[];
  readonly fix?: Fix;
}

/** A finding of any code, with code and facts still belonging together. */
export type AnyFinding = { readonly [C in Code]: Finding<C> }[Code];

export interface Label {
  readonly span: Span;
  /** Short, written beside the underline; may be empty. */
  readonly text: string;
}

export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  /** Stands alone: lower case, no full stop, the user's text in backticks. */
  readonly message: string;
  readonly primary: Label;
  readonly related: readonly Label[];
  /** Facts. */
  readonly notes: readonly string[];
  /** What to do. */
  readonly help?: string;
  readonly fix?: Fix;
}

export interface FindingExtras {
  readonly related?: readonly Span[];
  readonly fix?: Fix;
}

export function finding<C extends Code>(
  code: C,
  primary: Span,
  facts: Facts[C],
  extras: FindingExtras = {},
): AnyFinding {
  const made: Finding<C> = {
    code,
    facts,
    primary,
    related: extras.related ?? [],
    ...(extras.fix === undefined ? {} : { fix: extras.fix }),
  };
  // A union over all codes cannot be built generically; code and facts were checked together just
  // above.
  return made as unknown as AnyFinding;
}
