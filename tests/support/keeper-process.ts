/**
 * The whole daemon but for its engine, in a process of its own: `baton run` with tests/support/fake-engine.ts, which touches no
 * network. The arguments are those of `baton run`; FAKE_ENGINE_DIR is where the engine is steered from.
 */
import { fileURLToPath } from "node:url";
import { openRtnetlink } from "#linux/rtnetlink";
import { readRunOptions } from "../../apps/cli/run-options.ts";
import { readPlan, reread, tell } from "../../apps/cli/run-plan.ts";
import { runDaemon } from "../../apps/daemon/daemon.ts";
import { openLog } from "../../apps/daemon/log.ts";
import { catchSignals } from "../../apps/daemon/signals.ts";

catchSignals();
const io = {
  stdout: (text: string): void => void process.stdout.write(text),
  stderr: (text: string): void => void process.stderr.write(text),
  env: process.env,
  isTty: false,
};
const request = readRunOptions(process.argv.slice(2), process.env);
if (request.kind !== "run") throw new Error(`not a run: ${request.kind}`);
const { options } = request;
const log = openLog({ format: "text", most: "debug" });
const read = readPlan(options, io);
tell(read, options, io, log);
if (read.plan === undefined) process.exitCode = read.status;
else
  process.exitCode = await runDaemon({
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
    // As on an old kernel: the daemon has more to record there.
    openRequests: () => openRtnetlink({ marks: false }),
    engineProgram: [fileURLToPath(new URL("./fake-engine.ts", import.meta.url))],
  });
