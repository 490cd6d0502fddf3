/**
 * From the file to what the daemon runs, at its start and at every reload. What is wrong goes
 * to the log.
 */

import type { CommandIo } from "#command-line/io";
import { errnoOf } from "#daemon/contain";
import type { Log } from "#daemon/log";
import type { Reread } from "#daemon/supervisor-options";
import type { Severity } from "#diagnostics/codes";
import { CODES } from "#diagnostics/codes";
import type { Language } from "#diagnostics/diagnostic";
import { renderTerminal } from "#diagnostics/render/terminal";
import { toDiagnostic } from "#diagnostics/render/to-diagnostic";
import { mapSources, positionAt } from "#diagnostics/source";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { DEFAULT_FILE, loadFile, readFiles } from "./config-files.ts";
import { exitStatus } from "./exit-status.ts";
import { unreadableSentence } from "./read-regular.ts";
import type { RunOptions } from "./run-options.ts";

export interface Read {
  /** Undefined if it must not run. */
  readonly plan: RunPlan | undefined;
  /** The exit status of `baton check`: 4 would not run, 5 errors, 6 security. */
  readonly status: number;
  readonly findings: readonly {
    readonly severity: Severity;
    readonly code: string;
    /** One line. */
    readonly text: string;
    /** With the lines of the file. */
    readonly rendered: string;
  }[];
}

/** EX_NOINPUT of sysexits.h would be right, but keepalived exits with 1. */
const UNREADABLE = 1;

/** What decides how a file is read. */
export type ReadingOptions = Pick<RunOptions, "file" | "configId" | "isCompatible" | "language">;

/** @param language in which findings are rendered */
export function readPlan(
  options: ReadingOptions,
  io: CommandIo,
  language: Language = options.language,
): Read {
  try {
    return readFile(options, io, language);
  } catch (error) {
    // Reading a file that is being replaced can fail in any way.
    const text = unreadableSentence(options.file ?? DEFAULT_FILE, errnoOf(error), language);
    const one = { severity: "error", code: "VR5004", text, rendered: text } as const;
    return { plan: undefined, status: UNREADABLE, findings: [one] };
  }
}

function readFile(options: ReadingOptions, io: CommandIo, language: Language): Read {
  const file = options.file ?? DEFAULT_FILE;
  const loaded = loadFile(file);
  const reading = readFiles(loaded.source, {
    environment: io.env,
    language,
    ...(options.configId === undefined ? {} : { configId: options.configId }),
  });
  const isUnread = loaded.findings.some(({ code }) => CODES[code].fatal === true);
  const findings = isUnread ? loaded.findings : [...loaded.findings, ...reading.findings];
  const sources = mapSources(reading.sources);
  const diagnostics = findings.map((one) => toDiagnostic(one, language));
  const wouldRun = !isUnread && reading.wouldRun;
  const hasErrors = diagnostics.some(({ severity }) => severity === "error");
  const mayRun = wouldRun && (!hasErrors || options.isCompatible);
  return {
    plan: mayRun ? reading.plan : undefined,
    status: exitStatus(findings, wouldRun),
    findings: diagnostics.map((one) => {
      const { file: name, start } = one.primary.span;
      const index = sources.find(name);
      const line = index === undefined ? "" : `:${positionAt(index, start).line}`;
      return {
        severity: one.severity,
        code: one.code,
        text: `${name}${line}: ${one.message}`,
        rendered: renderTerminal(one, sources, { color: false, language }).trimEnd(),
      };
    }),
  };
}

/**
 * Findings go through the log, because a running daemon must not wait for a reader of its
 * stderr. A person also sees the lines of the file; the journal and programs get one line for
 * each finding.
 */
export function logFindings(read: Read, options: RunOptions, io: CommandIo, log: Log): void {
  const isForPeople = options.logFormat === "text" && io.env["JOURNAL_STREAM"] === undefined;
  for (const { severity, code, text, rendered } of read.findings) {
    if (severity === "info") continue;
    // The rendered form begins with its severity.
    if (isForPeople) log("info", rendered);
    else log(severity, text, { code });
  }
  if (read.plan !== undefined) return;
  const file = options.file ?? DEFAULT_FILE;
  log("error", refusal(file, read.status, options.language));
}

function refusal(file: string, status: number, language: Language): string {
  const en = language === "en";
  if (status === 4) return en ? `${file} would not run; see above` : `${file} 无法运行，原因见上`;
  return en
    ? `${file} has errors and is not run; correct them, or add --compat to run what keepalived would run`
    : `${file} 有错误，未运行；请改正，或加 --compat 运行 keepalived 会运行的部分`;
}

/**
 * At a reload the log has the findings in the daemon's language, and whoever asked gets them in
 * their own.
 */
export function reread(options: RunOptions, io: CommandIo, log: Log, language: Language): Reread {
  const read = readPlan(options, io);
  logFindings(read, options, io, log);
  if (read.plan !== undefined) return { kind: "plan", plan: read.plan };
  const asked = language === options.language ? read : readPlan(options, io, language);
  const findings = asked.findings
    .filter(({ severity }) => severity === "error")
    .map(({ rendered }) => rendered);
  return { kind: "refused", findings };
}
