/** `baton run`: the daemon in the foreground. */
import { writeFileSync } from "node:fs";
import type { Command } from "#command-line/definition";
import type { CommandIo } from "#command-line/io";
import { runDaemon } from "#daemon/daemon";
import { openLog } from "#daemon/open-log";
import { keepalivedsWithVrrp } from "#linux/keepalived-processes";
import { missingCapabilities, setThreadName } from "#linux/process";
import { DEFAULT_FILE } from "./config-files.ts";
import { apiOptions } from "./run-api.ts";
import { daemonCommand, type RunOptions } from "./run-options.ts";
import { logFindings, readPlan, reread } from "./run-plan.ts";
import { besideSentence, ignoredSentence, rightsSentence, testSentence } from "./run-text.ts";

export const command: Command = daemonCommand((options, io) =>
  options.isTest ? test(options, io) : run(options, io),
);

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
  const why = testSentence(options.file ?? DEFAULT_FILE, read.status, options.language);
  if (why !== undefined) io.stderr(`baton run: ${why}\n`);
  return read.status;
}

async function run(options: RunOptions, io: CommandIo): Promise<number> {
  const { language } = options;
  const missing = missingCapabilities();
  if (missing.length > 0) {
    io.stderr(`baton run: ${rightsSentence(missing, language)}\n`);
    return 1;
  }
  // For ps, pgrep and pidof; the main thread of Node.js is called MainThread.
  void setThreadName("baton");
  if (options.umask !== undefined) process.umask(options.umask);
  const log = openLog({
    format: options.logFormat,
    most: options.logDetail ? "debug" : "info",
    journalStream: io.env["JOURNAL_STREAM"],
    language,
    file: options.logFile,
    syslog: options.syslog,
  });
  const first = readPlan(options, io);
  logFindings(first, options, io, log);
  if (first.plan === undefined) return first.status;
  for (const { option, why } of options.ignored)
    log("info", ignoredSentence(option, why, language));
  const others = keepalivedsWithVrrp();
  if (others.length > 0) log("warning", besideSentence(others, language));
  return await runDaemon({
    plan: first.plan,
    configFile: options.file ?? DEFAULT_FILE,
    configId: options.configId,
    runtimeDir: options.runtimeDir,
    stateDir: options.stateDir,
    pidFiles: options.pidFiles,
    enginePidFile: options.enginePidFile,
    language,
    log,
    reopenLog: log.reopen,
    env: io.env,
    recordFile: options.recordFile,
    cloud: options.cloud,
    api: apiOptions(options, io),
    reread: (asked) => reread(options, io, log, asked),
  });
}
