/**
 * What the check page asks of its worker: one or two files in, findings out, all of it inside the
 * browser. Pure.
 */
import type { Severity } from "#diagnostics/codes";
import { CODES } from "#diagnostics/codes";
import type { AnyFinding, Diagnostic, Fix, Label, Language } from "#diagnostics/diagnostic";
import { applyFixes } from "#diagnostics/edit";
import { toDiagnostic } from "#diagnostics/render/to-diagnostic";
import { mapSources, positionAt, type Source, type SourceMap } from "#diagnostics/source";
import { comparePair } from "#keepalived/pair";
import { type Reading, readConfiguration } from "#keepalived/read";
import type { CloudVendor } from "#keepalived/rules/cloud-vendor";

export interface ExamineRequest {
  /** One, or the two nodes of a pair. The names differ. */
  readonly files: readonly Source[];
  readonly language: Language;
  /** Undefined: the one that the files speak of. */
  readonly cloud?: CloudVendor | undefined;
}

/** A place as an editor needs it; lines and columns begin at 1. */
export interface Place {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

export interface PageFinding {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly place: Place;
  readonly related: readonly Place[];
  readonly notes: readonly string[];
  readonly help?: string;
  readonly fix?: Fix;
  /** Of the two files together. */
  readonly isOfPair: boolean;
}

export interface Examined {
  readonly findings: readonly PageFinding[];
  readonly counts: Readonly<Record<Severity, number>>;
  /** keepalived would start with each of the files. */
  readonly wouldRun: boolean;
  /** What the files read besides themselves, which the page cannot. */
  readonly notRead: readonly string[];
  readonly instances: readonly string[];
  readonly cloud: string | undefined;
}

/** A correction can uncover another mistake, so there are a few rounds, as in `check --fix`. */
const ROUNDS_MAX = 5;
const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

export function examine(request: ExamineRequest): Examined {
  const { files, language } = request;
  const notRead = new Set<string>();
  const readings = files.map((file) => readOne(file, request, notRead));
  const [first, second] = readings;
  const pair = first === undefined || second === undefined ? [] : comparePair(first, second);
  const sources = mapSources(files);
  const own = readings.flatMap(({ findings }) => findings);
  const found = [
    ...own.map((one) => pageFinding(one, language, sources, false)),
    ...pair.map((one) => pageFinding(one, language, sources, true)),
  ];
  const all = [...own, ...pair];
  const count = (severity: Severity): number =>
    all.filter(({ code }) => CODES[code].severity === severity).length;
  return {
    findings: found.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]),
    counts: { error: count("error"), warning: count("warning"), info: count("info") },
    wouldRun: readings.every(({ wouldRun }) => wouldRun),
    notRead: [...notRead],
    instances: readings.flatMap(({ plan }) =>
      plan.instances.map(({ config }) => config.router.name),
    ),
    cloud: readings.find(({ cloud }) => cloud !== undefined)?.cloud,
  };
}

function readOne(file: Source, { language, cloud }: ExamineRequest, notRead: Set<string>): Reading {
  return readConfiguration([file], {
    language,
    ...(cloud !== undefined && { cloud }),
    // The page has no other files. That is said once, not as a mistake of this file.
    include: (pattern) => {
      notRead.add(pattern);
      return { files: [], skipped: [], unmatched: [] };
    },
  });
}

function pageFinding(
  finding: AnyFinding,
  language: Language,
  sources: SourceMap,
  isOfPair: boolean,
): PageFinding {
  const { code, severity, message, primary, related, notes, help, fix }: Diagnostic = toDiagnostic(
    finding,
    language,
  );
  return {
    code,
    severity,
    message,
    place: placeOf(primary, sources),
    related: related.map((label) => placeOf(label, sources)),
    notes,
    ...(help !== undefined && { help }),
    ...(fix !== undefined && { fix }),
    isOfPair,
  };
}

function placeOf({ span, text }: Label, sources: SourceMap): Place {
  const index = sources.find(span.file);
  const at = index === undefined ? { line: 1, column: 1 } : positionAt(index, span.start);
  return { ...span, ...at, text };
}

/** The files with every correction that is certain, and how many there were. */
export function fixAll(request: ExamineRequest): {
  readonly files: readonly Source[];
  readonly count: number;
} {
  let { files } = request;
  let count = 0;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const fixes = files
      .flatMap((file) => readOne(file, { ...request, files }, new Set()).findings)
      .flatMap(({ fix }) => (fix?.safety === "safe" ? [fix] : []));
    const applied = applyFixes(files, fixes);
    if (applied.count === 0) break;
    count += applied.count;
    files = applied.sources;
  }
  return { files, count };
}
