/** `baton run`: the daemon in the foreground. */
import { writeFileSync } from "node:fs";
import type { RunPlan } from "#config/plan";
import { CODES } from "#diagnostics/codes";
import type { Language, Severity } from "#diagnostics/diagnostic";
import { say } from "#diagnostics/say";
import { mapSources, positionAt } from "#diagnostics/source";
import { renderTerminal } from "#diagnostics/terminal";
import { runDaemon } from "../daemon/daemon.ts";
import { type Log, openLog } from "../daemon/log.ts";
import { exitStatus } from "./check.ts";
import { DEFAULT_FILE, loadFile, readFiles } from "./config-files.ts";
import type { Command, CommandIo } from "./io.ts";
import { type RunOptions, readRunOptions } from "./run-options.ts";
import { ignoredSentence, RUN_USAGE, usageSentence } from "./run-text.ts";
import { BATON_VERSION } from "./version.ts";

export const command: Command = async (args, io) => {
  const request = readRunOptions(args, io.env);
  switch (request.kind) {
    case "help":
      io.stdout(RUN_USAGE[request.language]);
      return 0;
    case "version":
      io.stdout(`baton ${BATON_VERSION}\n`);
      return 0;
    case "signal-number":
      io.stdout(`${request.number}\n`);
      return 0;
    case "usage": {
      const { problem, language } = request;
      io.stderr(`baton run: ${usageSentence(problem, language)}\n\n${RUN_USAGE[language]}`);
      return 2;
    }
    case "run":
      return request.options.isTest ? test(request.options, io) : await run(request.options, io);
  }
};

function test(options: RunOptions, io: CommandIo): number {
  const read = readPlan(options, io);
  const findings = read.findings.map(({ rendered }) => `${rendered}\n\n`).join("");
  if (options.testLog === undefined) io.stderr(findings);
  else {
    try {
      writeFileSync(options.testLog, findings);
    } catch (error) {
      io.stderr(`baton run: ${options.testLog}: ${(error as NodeJS.ErrnoException).code ?? "?"}\n`);
      return 1;
    }
  }
  return read.status;
}

async function run(options: RunOptions, io: CommandIo): Promise<number> {
  const { language } = options;
  if (options.umask !== undefined) process.umask(options.umask);
  const log = openLog({
    format: options.logFormat,
    most: options.logDetail ? "debug" : "info",
    journalStream: io.env["JOURNAL_STREAM"],
  });
  const first = readPlan(options, io);
  tell(first, options, io, log);
  if (first.plan === undefined) return first.status;
  for (const { option, why } of options.ignored)
    log("info", ignoredSentence(option, why, language));
  return await runDaemon({
    plan: first.plan,
    configFile: options.file ?? DEFAULT_FILE,
    configId: options.configId,
    runtimeDir: options.runtimeDir,
    pidFiles: options.pidFiles,
    enginePidFile: options.enginePidFile,
    language,
    log,
    env: io.env,
    recordFile: options.recordFile,
    cloud: options.cloud,
    reread: () => {
      const again = readPlan(options, io);
      tell(again, options, io, log);
      return again.plan;
    },
  });
}

interface Read {
  /** Undefined: it must not run. */
  readonly plan: RunPlan | undefined;
  /** 4 would not run, 5 errors, 6 security, as `baton check`. */
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

function readPlan(options: RunOptions, io: CommandIo): Read {
  const { language } = options;
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
  const diagnostics = findings.map((one) => say(one, language));
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
 * Through the log, because a running daemon may not wait for whoever reads its stderr. A person gets the lines of the file
 * with it, the journal and programs one line each.
 */
function tell(read: Read, options: RunOptions, io: CommandIo, log: Log): void {
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
