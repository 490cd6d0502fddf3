/**
 * An `include` that finds nothing has consequences: names, checks and definitions that are in it
 * are not here. They are reported with the include, not each by itself.
 */
import type { Code } from "#diagnostics/codes";
import { type AnyFinding, finding } from "#diagnostics/diagnostic";

/**
 * Findings about something that is missing and may be in the lost file. What is wrong with the text
 * that is there stays.
 */
const CONSEQUENCES: ReadonlySet<Code> = new Set([
  "VR1013",
  "VR2010",
  "VR2011",
  "VR2012",
  "VR2013",
  "VR2034",
  "VR2037",
  "VR2040",
]);

export function reportLostIncludes(found: readonly AnyFinding[]): readonly AnyFinding[] {
  const lost = found.find(({ code }) => code === "VR1016" || code === "VR1017");
  if (lost === undefined) return found;
  const names = new Set<string>();
  const own = found.filter((one) => {
    if (!CONSEQUENCES.has(one.code)) return true;
    if (one.code === "VR2010" || one.code === "VR2012") names.add(one.facts.name);
    if (one.code === "VR1013") names.add(`$${one.facts.name}`);
    return false;
  });
  if (names.size === 0 || lost.code !== "VR1016") return own;
  const { pattern, keyword } = lost.facts;
  const facts = { pattern, keyword, names: [...names] };
  return own.map((one) => (one === lost ? finding("VR1045", lost.primary, facts) : one));
}
