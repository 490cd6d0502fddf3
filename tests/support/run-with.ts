/**
 * `baton run` with other parts, for tests: what the options mean, and the daemon with what is
 * replaced.
 */

import { apiOptions } from "#cli/run-api";
import { daemonCommand, type RunOptions } from "#cli/run-options";
import { logFindings, readPlan, reread } from "#cli/run-plan";
import type { CommandIo } from "#command-line/io";
import { type DaemonOptions, runDaemon } from "#daemon/daemon";
import { openLog } from "#daemon/open-log";

export const processIo: CommandIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  env: process.env,
  isTty: false,
};

/** The exit status. */
export const runWith = async (
  args: readonly string[],
  parts: Pick<DaemonOptions, "openRequests" | "engineProgram">,
): Promise<number> =>
  await daemonCommand(async (options) => await start(options, parts))(args, processIo);

async function start(
  options: RunOptions,
  parts: Pick<DaemonOptions, "openRequests" | "engineProgram">,
): Promise<number> {
  const log = openLog({ format: "text", most: "debug" });
  const read = readPlan(options, processIo);
  logFindings(read, options, processIo, log);
  if (read.plan === undefined) return read.status;
  return await runDaemon({
    plan: read.plan,
    configFile: options.file ?? "",
    configId: options.configId,
    runtimeDir: options.runtimeDir,
    stateDir: options.stateDir,
    pidFiles: options.pidFiles,
    enginePidFile: options.enginePidFile,
    language: options.language,
    log,
    env: process.env,
    recordFile: options.recordFile,
    cloud: options.cloud,
    api: apiOptions(options, processIo),
    reread: (language) => reread(options, processIo, log, language),
    ...parts,
  });
}
