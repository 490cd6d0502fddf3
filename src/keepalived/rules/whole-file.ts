/**
 * The file as a whole: empty, without an instance, read as one machine of several would read it.
 */
import type { Rule } from "./rule.ts";

export const checkWholeFile: Rule = ({ model, report, sources, conditional, configId }) => {
  const [first] = sources;
  if (first === undefined) return;
  const place = { file: first.name, start: 0, end: Math.min(1, first.text.length) };
  if (sources.every(({ text }) => text.trim() === "")) report("VR1028", place, {});
  else if (
    !model.root.damaged &&
    model.instances.length === 0 &&
    !model.root.settings.some(({ keyword }) => keyword.acts.kind === "foreign")
  ) {
    report("VR2037", place, {});
  }
  if (conditional !== undefined) report("VR1037", conditional, { id: configId });
};
