/** The daemon put together: runtime directory, control socket, signals, PID files, and the keeper in the middle. */
import { rmSync, writeFileSync } from "node:fs";
import type { RunPlan } from "#config/plan";
import type { Language } from "#diagnostics/diagnostic";
import { keepDescriptorsToOurselves } from "#linux/descriptors";
import { printFailure } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";
import { sdNotify } from "#linux/sd-notify";
import type { CloudQuestion } from "./cloud-source.ts";
import { serveControl } from "./control-server.ts";
import { killEngine, untilEngineGone } from "./engine-lock.ts";
import { Keeper } from "./keeper.ts";
import { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import { RunningGroups } from "./running-groups.ts";
import { removePid, takeRuntimeDir, writePid } from "./runtime-dir.ts";
import { VERSION } from "./status.ts";
import { readManager, SystemManager } from "./system-manager.ts";
import { type Words, wordsOf } from "./words.ts";

export interface DaemonOptions {
  readonly plan: RunPlan;
  readonly configFile: string;
  readonly configId: string | undefined;
  readonly runtimeDir: string;
  readonly pidFiles: readonly string[];
  readonly enginePidFile: string | undefined;
  readonly language: Language;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--record` */
  readonly recordFile: string | undefined;
  /** `--cloud`: ask it about the addresses. */
  readonly cloud: CloudQuestion | undefined;
  /** Undefined: the file has errors, which have been told. */
  readonly reread: () => RunPlan | undefined;
}

/** sysexits.h: internal software error */
const EX_SOFTWARE = 70;
/** What an earlier daemon's scripts get between SIGTERM and SIGKILL. */
const LEFTOVER_MS = 2_000;
/** The kernel ends a process at once; it may take a moment on a busy machine. */
const KILLED_MS = 1_000;

/** Runs until it is told to stop; the result is the exit status. */
export async function runDaemon(options: DaemonOptions): Promise<number> {
  const { log, language } = options;
  const words = wordsOf(language);
  keepDescriptorsToOurselves();
  const taken = takeRuntimeDir(options.runtimeDir);
  if (taken.kind !== "ours") {
    log("error", refusal(options.runtimeDir, taken, language));
    return 1;
  }
  const { dir } = taken;
  // Of a daemon that was killed: its engine hands over, and ours would take the addresses from under it.
  if (!(await untilEngineGone(options.runtimeDir))) {
    log("warning", words.otherEngine(killEngine(options.runtimeDir)));
    await untilEngineGone(options.runtimeDir, KILLED_MS);
  }
  const rtnetlink = openRtnetlink();
  if (!rtnetlink.ok) {
    log("error", printFailure(rtnetlink));
    return 1;
  }
  endOnBugs(log, words);
  const groups = new RunningGroups(dir.scripts);
  endLeftovers(groups, log, words);
  const send = sdNotify;
  const manager = new SystemManager({ ...readManager(options.env, process.pid), send });
  const keeper = new Keeper(options.plan, {
    configFile: options.configFile,
    configId: options.configId,
    language,
    log,
    rtnetlink: rtnetlink.value,
    launcher: new Launcher(groups, log, language),
    manager,
    reread: options.reread,
    enginePidFile: options.enginePidFile,
    runtimeDir: options.runtimeDir,
    recordFile: options.recordFile,
    cloud: options.cloud,
    env: options.env,
  });
  const pidFiles = [dir.pidFile, ...options.pidFiles];
  for (const path of pidFiles) {
    const failed = writePid(path, process.pid);
    if (failed !== undefined) log("warning", words.pidFile(path, failed));
  }
  const server = await serveControl(
    dir.socket,
    async (request, client) => await keeper.handle(request, client),
  );
  log("info", `Starting Baton ${VERSION} with ${options.configFile}`);
  const stopped = untilStopped(keeper, async () => await dump(keeper, dir.statusDump, log, words));
  await keeper.start();
  await stopped;
  server.close();
  rmSync(dir.socket, { force: true });
  for (const path of pidFiles) removePid(path, process.pid);
  dir.release();
  return 0;
}

function refusal(
  folder: string,
  taken: Exclude<ReturnType<typeof takeRuntimeDir>, { kind: "ours" }>,
  language: Language,
): string {
  if (taken.kind === "failed") return `${folder}: ${taken.why}`;
  const who = taken.pid === undefined ? "" : ` (PID ${taken.pid})`;
  return language === "en"
    ? `another daemon runs with ${folder}${who}; stop it, or give another --runtime-dir`
    : `${folder} 已有守护进程在运行${who}；请先停止它，或用 --runtime-dir 指定其他目录`;
}

/** Our own mistake is no state to carry on from. The pipe to the engine ends with us, and the engine hands over. */
function endOnBugs(log: Log, words: Words): void {
  const end = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log("error", `${words.internalError}: ${text}`);
    process.exit(EX_SOFTWARE);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
}

function endLeftovers(groups: RunningGroups, log: Log, words: Words): void {
  const ended = groups.endLeftovers("SIGTERM");
  for (const command of ended) log("warning", words.leftover(command));
  if (ended.length > 0) setTimeout(() => groups.endLeftovers("SIGKILL"), LEFTOVER_MS).unref();
}

async function untilStopped(keeper: Keeper, write: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = (): void => void keeper.stop().then(resolve);
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    process.on("SIGHUP", () => void keeper.reload());
    process.on("SIGUSR1", () => void write());
    // keepalived writes statistics; here they are part of the status.
    process.on("SIGUSR2", () => void write());
    // A log reader that went away is found out by the next line, not by dying.
    process.on("SIGPIPE", () => undefined);
  });
}

async function dump(keeper: Keeper, path: string, log: Log, words: Words): Promise<void> {
  const text = `${JSON.stringify(await keeper.status(), undefined, 2)}\n`;
  try {
    writeFileSync(path, text, { mode: 0o600 });
    log("info", words.statusWritten(path));
  } catch (error) {
    log("error", `${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
