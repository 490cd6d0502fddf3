/**
 * What was found in all, in bounded memory: how often each kind, the longest of each, and the first
 * differences that nobody can explain.
 */
import { type IpAddress, printIp } from "#units/address";
import type { Finding, Section, Verdict, WhatKind } from "./finding.ts";

const EXAMPLES_MAX = 20;
/** Kinds, verdicts and instances are few; this only bounds a mistake. */
const ROWS_MAX = 10_000;

export interface SummaryRow {
  readonly node: IpAddress | undefined;
  readonly instance: string;
  readonly kind: WhatKind;
  readonly verdict: Verdict;
  readonly section: Section | undefined;
  count: number;
  /** Undefined for kinds without a duration. */
  longestMicros: number | undefined;
}

export class Summary {
  readonly #rows = new Map<string, SummaryRow>();
  readonly #examples: Finding[] = [];

  add(finding: Finding): void {
    const { node, instance, what, verdict, section } = finding;
    const micros = "micros" in what ? what.micros : undefined;
    const place = node === undefined ? "" : printIp(node);
    const key = `${place}/${instance}/${what.kind}/${verdict}/${section ?? ""}`;
    const known = this.#rows.get(key);
    if (known === undefined && this.#rows.size >= ROWS_MAX) return;
    const row = known ?? {
      node,
      instance,
      kind: what.kind,
      verdict,
      section,
      count: 0,
      longestMicros: undefined,
    };
    row.count += 1;
    if (micros !== undefined && Math.abs(micros) >= Math.abs(row.longestMicros ?? 0))
      row.longestMicros = micros;
    this.#rows.set(key, row);
    if (verdict === "unexplained" && this.#examples.length < EXAMPLES_MAX)
      this.#examples.push(finding);
  }

  rows(): readonly SummaryRow[] {
    return [...this.#rows.values()];
  }

  count(verdict: Verdict): number {
    let sum = 0;
    for (const row of this.#rows.values()) if (row.verdict === verdict) sum += row.count;
    return sum;
  }

  get examples(): readonly Finding[] {
    return this.#examples;
  }
}
