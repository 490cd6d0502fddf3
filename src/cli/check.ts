/** `baton check`: what is wrong with a keepalived.conf, before it matters. */

import type { Command } from "#command-line/definition";
import type { CommandIo } from "#command-line/io";
import { CODES } from "#diagnostics/codes";
import type { AnyFinding, Fix } from "#diagnostics/diagnostic";
import { applyFixes } from "#diagnostics/edit";
import { toDiagnostic } from "#diagnostics/render/to-diagnostic";
import { mapSources, type Source } from "#diagnostics/source";
import { countFindings } from "#keepalived/findings/tidy";
import { comparePair } from "#keepalived/pair";
import type { Reading } from "#keepalived/read";
import { checkCloud } from "./check-cloud.ts";
import { checkMachine } from "./check-live.ts";
import { type CheckOptions, checkCommand } from "./check-options.ts";
import { type Outcome, printReport } from "./check-report.ts";
import {
  DEFAULT_FILE,
  defaultConfigId,
  includeLoader,
  loadFile,
  readFiles,
} from "./config-files.ts";
import { detectCloud } from "./detect-cloud.ts";
import { exitStatus } from "./exit-status.ts";
import { notWritten, replaceFile } from "./replace-file.ts";
import { BATON_VERSION } from "./version.ts";

export const command: Command = checkCommand(check);

interface CheckedFile {
  readonly reading: Reading;
  readonly findings: readonly AnyFinding[];
  readonly writable: boolean;
}

function checkFile(path: string, options: CheckOptions, io: CommandIo): CheckedFile {
  const loaded = loadFile(path);
  const reading = readFiles(loaded.source, {
    configId: options.configId ?? defaultConfigId(),
    environment: io.env,
    include: includeLoader,
    language: options.language,
    all: options.all,
    ...(options.cloud === undefined ? {} : { cloud: options.cloud }),
  });
  // A file that could not be read is not reported as empty as well.
  const unread = loaded.findings.some(({ code }) => CODES[code].fatal === true);
  return {
    reading,
    findings: unread ? loaded.findings : [...loaded.findings, ...reading.findings],
    writable: loaded.writable,
  };
}

async function check(given: CheckOptions, io: CommandIo): Promise<number> {
  const asked = given.cloud ?? (given.live ? await detectCloud({ env: io.env }) : undefined);
  const options = { ...given, cloud: asked };
  const paths = options.files.length === 0 ? [DEFAULT_FILE] : options.files;
  let files = paths.map((path) => checkFile(path, options, io));
  const fixable = files.flatMap(({ findings }) => safeFixes(findings)).length;
  let fixed = 0;
  if (options.fix) {
    const written = writeFixes(files, options, io);
    for (const { path, why } of written.refused)
      io.stderr(`baton check: ${notWritten(path, why, options.language)}\n`);
    fixed = written.count;
    if (fixed > 0) files = paths.map((path) => checkFile(path, options, io));
  }
  const readings = files.map(({ reading }) => reading);
  const pair = pairFindings(readings);
  const { language } = options;
  const { env } = io;
  const report = (text: string): void => io.stderr(text);
  const live = options.live
    ? (
        await Promise.all(readings.map((reading) => checkMachine(reading, { language, report })))
      ).flat()
    : [];
  const cloud = options.live ? await checkCloud(readings, { env, language, report }) : [];
  const findings = [...files.flatMap((file) => file.findings), ...pair, ...live, ...cloud];
  const sources = mapSources(uniqueSources(readings));
  const outcome: Outcome = {
    readings,
    diagnostics: bySeverity(findings).map((one) => toDiagnostic(one, options.language)),
    counts: countFindings(findings),
    sources,
    wouldRun:
      readings.every(({ wouldRun }) => wouldRun) &&
      findings.every(({ code }) => CODES[code].fatal !== true),
    fixable: options.fix ? fixed : fixable,
    fixed: options.fix,
    skipped: skippedKeywords(findings),
    version: BATON_VERSION,
    isCloudAsked: options.cloud !== undefined,
  };
  const color =
    io.env["NO_COLOR"] === undefined && (io.isTty || io.env["FORCE_COLOR"] !== undefined);
  io.stdout(printReport(outcome, { format: options.format, language: options.language, color }));
  return exitStatus(findings, outcome.wouldRun);
}

const skippedKeywords = (findings: readonly AnyFinding[]): readonly string[] => [
  ...new Set(findings.flatMap((one) => (one.code === "VR4004" ? [one.facts.keyword] : []))),
];

function safeFixes(findings: readonly AnyFinding[]): readonly Fix[] {
  return findings.flatMap(({ fix }) => (fix?.safety === "safe" ? [fix] : []));
}

/**
 * A correction can uncover another mistake (behind a line that was unreadable), so there are a
 * few rounds.
 */
const ROUNDS_MAX = 5;

interface Written {
  /** How many corrections were made, in files that have been written. */
  readonly count: number;
  readonly refused: readonly { readonly path: string; readonly why: string }[];
}

function writeFixes(files: readonly CheckedFile[], options: CheckOptions, io: CommandIo): Written {
  let count = 0;
  const refused: { readonly path: string; readonly why: string }[] = [];
  for (const { reading, findings, writable } of files) {
    if (!writable || safeFixes(findings).length === 0) continue;
    let sources: readonly Source[] = reading.sources;
    let fixes = safeFixes(findings);
    let own = 0;
    for (let round = 0; round < ROUNDS_MAX && fixes.length > 0; round++) {
      const applied = applyFixes(sources, fixes);
      if (applied.count === 0) break;
      own += applied.count;
      sources = applied.sources;
      const [first, ...others] = sources;
      if (first === undefined) break;
      const again = readFiles(first, {
        configId: options.configId ?? defaultConfigId(),
        environment: io.env,
        all: true,
        include: (pattern, from) => edited(includeLoader(pattern, from), others),
      });
      fixes = safeFixes(again.findings);
    }
    const refusedBefore = refused.length;
    for (const { name, text } of sources) {
      const before = reading.sources.find((source) => source.name === name)?.text;
      if (before === undefined || text === before) continue;
      const result = replaceFile(name, before, text);
      if (result.kind === "refused") refused.push({ path: name, why: result.why });
    }
    if (refused.length === refusedBefore) count += own;
  }
  return { count, refused };
}

/** The included files, with the corrections made so far. */
function edited(
  answer: ReturnType<typeof includeLoader>,
  texts: readonly Source[],
): ReturnType<typeof includeLoader> {
  const files = answer.files.map((file) => texts.find(({ name }) => name === file.name) ?? file);
  return { ...answer, files };
}

function pairFindings(readings: readonly Reading[]): readonly AnyFinding[] {
  const found: AnyFinding[] = [];
  for (const [index, first] of readings.entries()) {
    for (const second of readings.slice(index + 1)) found.push(...comparePair(first, second));
  }
  return found;
}

function uniqueSources(readings: readonly Reading[]): readonly Source[] {
  const all = readings.flatMap(({ sources }) => sources);
  return all.filter((source, index) => all.findIndex(({ name }) => name === source.name) === index);
}

const RANK = { error: 0, warning: 1, info: 2 } as const;

const bySeverity = (findings: readonly AnyFinding[]): readonly AnyFinding[] =>
  findings.toSorted((a, b) => RANK[CODES[a.code].severity] - RANK[CODES[b.code].severity]);
