/**
 * keepalived.conf → tree → blocks → findings and plan.
 *
 *     text ──> line reader ──> block reader ──> model ──> rules ──> findings
 *      │       (comments,      (keyword          │
 *      │        conditions,     tables,          └──> plan ──> RunPlan
 *      │        definitions,    typed values)
 *      │        loops, include)
 *      └─────> tree (lossless: print(tree) is the text)
 *
 * Nothing is thrown for what an operator wrote: it becomes a finding, and reading goes on where
 * keepalived's own reader goes on. The plan is what keepalived would run, with the differences that
 * docs/keywords.md lists; a finding says where that is not what the file seems to say. Files,
 * environment and randomness come in as values and callbacks.
 */
import { CODES } from "#diagnostics/codes";
import type { AnyFinding, Diagnostic, Language } from "#diagnostics/diagnostic";
import { toDiagnostic } from "#diagnostics/render/to-diagnostic";
import { indexLines, positionAt, type Source, type Span } from "#diagnostics/source";
import { textOf } from "./blocks/block.ts";
import { BlockReader } from "./blocks/block-reader.ts";
import { createCollector } from "./findings/collector.ts";
import { completeCommented } from "./findings/commented-checks.ts";
import { createRedactor } from "./findings/redact.ts";
import { tidyFindings } from "./findings/tidy.ts";
import type { Predefined } from "./lines/definitions.ts";
import { type IncludeLoader, loadInclude } from "./lines/include.ts";
import { LineReader } from "./lines/line-reader.ts";
import { readTree, type Tree } from "./lines/tree.ts";
import { type Model, modelOf } from "./model/model.ts";
import { makePlan } from "./plan/make-plan.ts";
import type { RunPlan } from "./plan/run-plan.ts";
import type { CloudVendor, KnownVendor } from "./rules/cloud-vendor.ts";
import { runRules } from "./rules/rules.ts";
import type { KeyFileReader } from "./values/key-file.ts";

export interface ReadOptions {
  /** `-i`; keepalived's default is the host name up to the first dot. */
  readonly configId?: string;
  /** For `${_ENV NAME}`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** For `${_RANDOM min max}`: a whole number from `min` to `max`. Without it, `min`. */
  readonly random?: (min: number, max: number) => number;
  /** For `${_PWD}`: the absolute folder of a file that was read. Without it, what its name says. */
  readonly folder?: (file: string) => string;
  /** Finds and reads the files of an `include`. Without it, nothing is found. */
  readonly include?: IncludeLoader;
  /** Reads the files of keys (`key 1 file:…`). Without it, they are taken as good. */
  readonly keyFile?: KeyFileReader;
  /** Advice for a cloud; undefined: guessed from the file. */
  readonly cloud?: CloudVendor;
  /** Every finding, also of a code of which there are thousands. */
  readonly all?: boolean;
  /** Language of `diagnostics`. */
  readonly language?: Language;
}

export interface Reading {
  /** Built on first use: only the formatter and editors need them. */
  readonly trees: readonly Tree[];
  readonly plan: RunPlan;
  readonly findings: readonly AnyFinding[];
  /** The findings in `options.language`. */
  readonly diagnostics: readonly Diagnostic[];
  /** keepalived would start and keep running. */
  readonly wouldRun: boolean;
  /** No finding is an error. */
  readonly ok: boolean;
  /** All files that were read, in order: the renderers need them, and print `shown` of them. */
  readonly sources: readonly Source[];
  /** The cloud that the advice is for: as asked, or as the file says. */
  readonly cloud: KnownVendor | undefined;
  readonly model: Model;
}

export function readConfiguration(files: readonly Source[], options: ReadOptions = {}): Reading {
  const isComplete = options.all === true;
  const collector = createCollector(isComplete);
  const { report } = collector;
  let instanceName: string | undefined;
  const reader = new LineReader(files, {
    configId: options.configId,
    predefined: predefinedOf(options, () => instanceName ?? options.configId ?? ""),
    include: (request) => loadInclude(request, options.include, report),
    report,
  });
  const lines = lineFinder(reader.sources);
  const blocks = new BlockReader({
    report,
    sourceOf: (file) => reader.sources.find(({ name }) => name === file),
    lineOf: lines,
  });
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    blocks.take(line);
    if (line.text.startsWith("instance")) instanceName = textOf(blocks.root, "instance");
  }
  blocks.end(endOf(files));
  const model = modelOf(blocks.root, blocks.lostNames, options.keyFile);
  const rules = runRules(model, {
    cloud: options.cloud,
    lineOf: lines,
    conditional: reader.conditional,
    configId: options.configId,
    sources: reader.sources,
    isComplete,
  });
  const own = collector.found.filter((one) => !blocks.withdrawn.has(one));
  const found = completeCommented(own, model);
  const all = [...found, ...rules.findings];
  const dropped = [collector.dropped, rules.dropped];
  const { sources, redact } = createRedactor(reader.sources);
  const findings = tidyFindings(all, reader.sources, dropped, isComplete).map(redact);
  const wouldRun = !all.some(({ code }) => CODES[code].fatal === true) && rules.wouldRun;
  const language = options.language ?? "en";
  return {
    get trees(): readonly Tree[] {
      return reader.sources.map((source) => readTree(source));
    },
    plan: makePlan(model),
    findings,
    diagnostics: findings.map((one) => toDiagnostic(one, language)),
    wouldRun,
    ok: !findings.some(({ code }) => CODES[code].severity === "error"),
    sources,
    cloud: rules.cloud,
    model,
  };
}

function predefinedOf(options: ReadOptions, instance: () => string): Predefined {
  return {
    folder: (file) =>
      options.folder?.(file) ??
      (file.includes("/") ? file.slice(0, file.lastIndexOf("/")) || "/" : "."),
    instance,
    random: (min, max) => options.random?.(min, max) ?? min,
    environment: (name) => options.environment?.[name],
  };
}

/** The line of a place. An index is built once per file, when first needed. */
function lineFinder(sources: readonly Source[]): (span: Span) => number {
  const known = new Map<string, ReturnType<typeof indexLines>>();
  return ({ file, start }) => {
    let index = known.get(file);
    if (index === undefined) {
      const source = sources.find(({ name }) => name === file);
      if (source === undefined) return 1;
      index = indexLines(source);
      known.set(file, index);
    }
    return positionAt(index, start).line;
  };
}

function endOf(files: readonly Source[]): Span {
  const last = files.at(-1);
  if (last === undefined) return { file: "", start: 0, end: 0 };
  return { file: last.name, start: last.text.length, end: last.text.length };
}
