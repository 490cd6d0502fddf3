/** What must hold of any text that is given to the configuration reader, whatever it is. */
import assert from "node:assert/strict";
import type { AnyFinding } from "#diagnostics/diagnostic";
import { applyFixes } from "#diagnostics/edit";
import { renderGithub } from "#diagnostics/render/github";
import { jsonFinding } from "#diagnostics/render/json";
import { renderSarif } from "#diagnostics/render/sarif";
import { renderTerminal } from "#diagnostics/render/terminal";
import { toDiagnostic } from "#diagnostics/render/to-diagnostic";
import { mapSources, type Source, type Span } from "#diagnostics/source";
import { formatText, meansTheSame } from "#keepalived/format";
import type { IncludeLoader } from "#keepalived/lines/include";
import { printTree, readTree } from "#keepalived/lines/tree";
import { comparePair } from "#keepalived/pair";
import { readConfiguration } from "#keepalived/read";
import { showEffective } from "#keepalived/show";

/** Pairs of texts: what includes the first is compared with the second, and with itself. */
function loaderFor(source: Source): IncludeLoader {
  const files: readonly Source[] = [
    source,
    { name: "b.conf", text: "vrrp_script b {\n script /bin/true\n" },
  ];
  return (pattern) => {
    const found = files.filter(({ name }) => pattern.includes(name));
    return { files: found, skipped: [], unmatched: found.length === 0 ? [pattern] : [] };
  };
}

/** Throws where something does not hold. */
export function examineConfig(text: string): void {
  const source = { name: "a.conf", text };
  assert.equal(printTree(readTree(source)), text, "the tree is the text");
  const include = loaderFor(source);
  const reading = readConfiguration([source], { configId: "main", include });
  const again = readConfiguration([source], { configId: "main", include });
  assert.deepEqual(codesOf(again.findings), codesOf(reading.findings), "reading has no memory");
  checkPlaces(reading.findings, reading.sources);
  const sources = mapSources(reading.sources);
  for (const language of ["en", "zh-CN"] as const) {
    const diagnostics = reading.findings.map((one) => toDiagnostic(one, language));
    for (const one of diagnostics) {
      renderTerminal(one, sources, { color: false, language });
      renderGithub(one, sources);
      JSON.stringify(jsonFinding(one, sources));
    }
    renderSarif(diagnostics, sources, "0");
  }
  JSON.stringify(reading.plan);
  showEffective(reading.plan, reading.model);
  const other = readConfiguration([{ ...source, name: "c.conf" }], { configId: "other" });
  checkPlaces(comparePair(reading, other), [...reading.sources, ...other.sources]);

  const fixes = reading.findings.flatMap(({ fix }) => (fix?.safety === "safe" ? [fix] : []));
  const fixed = applyFixes(reading.sources, fixes).sources;
  if (fixed[0] !== undefined) readConfiguration([fixed[0]], { configId: "main" });

  const formatted = formatText(source);
  if (formatted === undefined) return;
  assert.ok(meansTheSame(source, { ...source, text: formatted }), "formatting keeps the meaning");
  const twice = formatText({ ...source, text: formatted });
  assert.equal(twice, formatted, "formatting twice is formatting once");
}

const codesOf = (findings: readonly AnyFinding[]): readonly string[] =>
  findings.map(({ code, primary }) => `${code} ${primary.file} ${primary.start}`);

function checkPlaces(findings: readonly AnyFinding[], sources: readonly Source[]): void {
  const lengths = new Map(sources.map(({ name, text }) => [name, text.length]));
  const check = ({ file, start, end }: Span, what: string): void => {
    const length = lengths.get(file);
    assert.ok(length !== undefined, `${what}: a place in a file that was read, not in "${file}"`);
    assert.ok(0 <= start && start <= end && end <= length, `${what}: ${start} to ${end}`);
  };
  for (const { code, primary, related, fix } of findings) {
    check(primary, code);
    for (const span of related) check(span, `${code}, related`);
    for (const { span } of fix?.edits ?? []) check(span, `${code}, fix`);
  }
}
