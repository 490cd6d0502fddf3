/**
 * `baton run` and `baton release` as on a kernel without IFA_PROTO (before Linux 5.18): addresses are added without the mark.
 * The arguments are those of `baton`.
 */
import { fileURLToPath } from "node:url";
import { openRtnetlink } from "#linux/rtnetlink";
import type { CommandIo } from "../../apps/cli/io.ts";
import { release } from "../../apps/cli/release.ts";
import { readRunOptions } from "../../apps/cli/run-options.ts";
import { readPlan, reread, tell } from "../../apps/cli/run-plan.ts";
import { runDaemon } from "../../apps/daemon/daemon.ts";
import { openLog } from "../../apps/daemon/log.ts";
import { catchSignals } from "../../apps/daemon/signals.ts";

const io: CommandIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  env: process.env,
  isTty: false,
};
const openRequests = () => openRtnetlink({ marks: false });

async function run(args: readonly string[]): Promise<number> {
  catchSignals();
  const request = readRunOptions(args, process.env);
  if (request.kind !== "run") throw new Error(`not a run: ${request.kind}`);
  const { options } = request;
  const log = openLog({ format: "text", most: "debug" });
  const read = readPlan(options, io);
  tell(read, options, io, log);
  if (read.plan === undefined) return read.status;
  return await runDaemon({
    plan: read.plan,
    configFile: options.file ?? "",
    configId: options.configId,
    runtimeDir: options.runtimeDir,
    pidFiles: options.pidFiles,
    enginePidFile: options.enginePidFile,
    language: options.language,
    log,
    env: process.env,
    recordFile: options.recordFile,
    cloud: options.cloud,
    reread: (language) => reread(options, io, log, language),
    engineProgram: [fileURLToPath(new URL("./unmarked-engine.ts", import.meta.url))],
    openRequests,
  });
}

const [command, ...args] = process.argv.slice(2);
process.exitCode = await (command === "release" ? release(args, io, openRequests) : run(args));
