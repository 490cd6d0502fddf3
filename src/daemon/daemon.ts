/**
 * The daemon put together: runtime directory, control socket, signals, PID files, and the
 * supervisor in the middle.
 */
import type { Server } from "node:net";
import { hostname } from "node:os";
import type { Language } from "#diagnostics/diagnostic";
import type { EventLog } from "#events/event-log";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { now, wallClock } from "#linux/clock";
import { keepDescriptorsToOurselves } from "#linux/descriptors";
import { exitNow } from "#linux/process";
import type { Result } from "#linux/result";
import { openRtnetlink, type Rtnetlink } from "#linux/rtnetlink";
import { sdNotify } from "#linux/sd-notify";
import { catchRealtimeSignals, listenRealtime, unblockSignal } from "#linux/signals";
import { printFailure } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { groupInFile, READERS } from "./account.ts";
import { type ApiOptions, DaemonApi } from "./api-host.ts";
import type { CloudQuestion } from "./cloud-source.ts";
import { background, errnoOf, failureText } from "./contain.ts";
import { type Handler, serveControl } from "./control-server.ts";
import { recordEarlierEnd } from "./earlier-end.ts";
import { killEngine, untilEngineGone } from "./engine-lock.ts";
import { boundsOf } from "./event-bounds.ts";
import { EventRecorder } from "./event-recorder.ts";
import { startedEvent } from "./event-texts.ts";
import { Housekeeping } from "./housekeeping.ts";
import { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import { type DaemonMessages, daemonMessages } from "./messages.ts";
import { removeFile, writeOwnFile } from "./own-files.ts";
import { OwnedPlaces } from "./owned-places.ts";
import { Ownership, refusalSentence } from "./ownership.ts";
import { serveReaders } from "./reader-socket.ts";
import { RunningGroups } from "./running-groups.ts";
import {
  type RuntimeDir,
  removePid,
  type Taken,
  takeRuntimeDir,
  takeStateDir,
  writePid,
} from "./runtime-dir.ts";
import { type Asked, isStopKept, keepStops, obeySignals, take } from "./signals.ts";
import { folderSentence } from "./start-problem.ts";
import { VERSION } from "./status.ts";
import { Supervisor } from "./supervisor.ts";
import type { Reread } from "./supervisor-options.ts";
import { readManager, SystemManager } from "./system-manager.ts";

export interface DaemonOptions {
  readonly plan: RunPlan;
  readonly configFile: string;
  readonly configId: string | undefined;
  readonly runtimeDir: string;
  /** What outlasts a restart of the machine; made when something is to be kept. */
  readonly stateDir: string;
  readonly pidFiles: readonly string[];
  readonly enginePidFile: string | undefined;
  readonly language: Language;
  readonly log: Log;
  /** Opens the log file again, which may have been moved away. */
  readonly reopenLog?: (() => void) | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--record` */
  readonly recordFile: string | undefined;
  /** `--cloud`: ask the cloud about the addresses. */
  readonly cloud: CloudQuestion | undefined;
  readonly reread: (language: Language) => Reread;
  /** The HTTP API; undefined: this daemon cannot have one. */
  readonly api?: ApiOptions | undefined;
  /** The program of the engine and its arguments; undefined for the real one. */
  readonly engineProgram?: readonly string[] | undefined;
  /** How the kernel is asked for links and addresses; undefined for the usual way. */
  readonly openRequests?: (() => Result<Rtnetlink>) | undefined;
}

/** sysexits.h: internal software error */
const EX_SOFTWARE = 70;
/** How long to wait after everything has been handed over and notified. */
const LINGER_MS = 200;
/** signal(7) */
const SIGUSR1 = 10;
/** keepalived's signals and one of ours, named for `--signum` in src/cli/run-options.ts. */
const REOPEN_SIGNAL = 35;
const JSON_SIGNAL = 36;
const STATS_CLEAR = 63;
/** The time that an earlier daemon's scripts get between SIGTERM and SIGKILL. */
const LEFTOVER_MS = 2_000;
/** How long the last events wait for the disk, when everything else is done. */
const EVENTS_MS = 3_000;
/** The kernel ends a process at once, but on a busy machine that may take a moment. */
const KILLED_MS = 1_000;

/** Runs until it is asked to stop; the result is the exit status. */
export async function runDaemon(options: DaemonOptions): Promise<number> {
  const { log, language } = options;
  const messages = daemonMessages(language);
  keepDescriptorsToOurselves();
  // This comes before anything is written that a stop would have to remove.
  keepStops();
  catchRealtime(log);
  const exit: Exit = { isStuck: () => false };
  endOnBugs(log, messages, exit);
  const taken = takeRuntimeDir(options.runtimeDir);
  if (taken.kind !== "ours") {
    log("error", refusal(options.runtimeDir, taken, language));
    return 1;
  }
  try {
    const { stateDir } = options;
    const state = stateDir === undefined ? undefined : takeStateDir(stateDir);
    if (state?.kind === "taken") {
      log("error", stateRefusal(stateDir ?? "", language));
      return 1;
    }
    try {
      return await runInside(options, taken.dir, exit);
    } finally {
      state?.release();
    }
  } finally {
    taken.dir.release();
  }
}

/** How this process ends. */
interface Exit {
  /** A thread waits for the disk. */
  isStuck: () => boolean;
}

function leave(status: number, { isStuck }: Exit): void {
  if (isStuck()) exitNow(status);
  process.exit(status);
}

/**
 * If an earlier daemon was killed, its engine may still be handing over, and ours would remove its
 * addresses.
 */
async function endOtherEngine(
  { runtimeDir, log }: DaemonOptions,
  messages: DaemonMessages,
): Promise<void> {
  if (await untilEngineGone(runtimeDir)) return;
  log("warning", messages.otherEngine(killEngine(runtimeDir)));
  await untilEngineGone(runtimeDir, KILLED_MS);
}

async function runInside(options: DaemonOptions, dir: RuntimeDir, exit: Exit): Promise<number> {
  const { log, language } = options;
  const messages = daemonMessages(language);
  await endOtherEngine(options, messages);
  const ownership = new Ownership((text) => log("warning", text));
  const refused = await ownership.take(configsOf(options.plan), undefined, isStopKept);
  if (refused !== undefined) {
    log("error", refusalSentence(refused, language));
    return 1;
  }
  if (isStopKept()) return 0;
  const rtnetlink = (options.openRequests ?? openRtnetlink)();
  if (!rtnetlink.ok) {
    log("error", printFailure(rtnetlink));
    return 1;
  }
  const groups = runningGroups(dir, log, messages);
  const about = readManager(options.env, process.pid);
  const manager = new SystemManager({ ...about, send: sdNotify });
  const places = new OwnedPlaces(options.runtimeDir, rtnetlink.value, (path, errno) =>
    log("warning", messages.placesNotRecorded(path, errno)),
  );
  const memory = new Housekeeping(() => supervisor.isQuiet);
  const events = makeRecorder(options, exit, () => memory.threadCollected());
  const supervisor = new Supervisor(options.plan, {
    configFile: options.configFile,
    configId: options.configId,
    language,
    log,
    events,
    eventsStatus: () => events.status,
    rtnetlink: rtnetlink.value,
    launcher: new Launcher(groups, log, language),
    manager,
    reread: (asked) => rereadOwned(options, ownership, asked),
    keepClaims: (instances) => ownership.keepOnly(instances),
    enginePidFile: options.enginePidFile,
    runtimeDir: options.runtimeDir,
    places,
    stateDir: options.stateDir,
    recordFile: options.recordFile,
    cloud: options.cloud,
    env: options.env,
    reloaded: (plan) => {
      events.configure(boundsOf(plan));
      api?.configure(plan);
    },
    apiListens: () => api?.listens,
    ...(options.engineProgram !== undefined && { engineProgram: options.engineProgram }),
  });
  const api = openDaemonApi(supervisor, events, options);
  const closeSockets = await serveSockets(supervisor, dir, options);
  if (closeSockets === undefined) return 1;
  const pidFiles = writePids([dir.pidFile, ...options.pidFiles], log, messages);
  recordStart(options, events);
  const stopped = untilStopped(supervisor, dir, options);
  const endHousekeeping = memory.start();
  await supervisor.start();
  // The engine is on its way by now.
  api?.start(options.plan);
  await stopped;
  endHousekeeping();
  places.settle();
  api?.close();
  await events.close(EVENTS_MS);
  closeSockets();
  for (const path of pidFiles) removePid(path, process.pid);
  // A watching client or a script's pipe must not keep a daemon alive that no longer owns
  // anything.
  setTimeout(() => leave(0, exit), LINGER_MS).unref();
  return 0;
}

function recordStart({ log, configFile }: DaemonOptions, events: EventLog): void {
  log("info", `Starting Baton ${VERSION} with ${configFile}`);
  background(log, "events", async () => {
    await recordEarlierEnd(events, { wall: wallClock(), boot: now() });
  });
  events.record(startedEvent(VERSION, configFile));
}

/**
 * After the handlers are installed (keepStops), because whoever reads the PID may send any signal.
 */
function writePids(
  pidFiles: readonly string[],
  log: Log,
  messages: DaemonMessages,
): readonly string[] {
  for (const path of pidFiles) {
    const failed = writePid(path, process.pid);
    if (failed !== undefined) log("warning", messages.pidFile(path, failed));
  }
  return pidFiles;
}

function openDaemonApi(
  supervisor: Supervisor,
  events: EventLog,
  options: DaemonOptions,
): DaemonApi | undefined {
  const { runtimeDir, language, log } = options;
  if (options.api === undefined) return undefined;
  return new DaemonApi({ options: options.api, supervisor, events, runtimeDir, language, log });
}

const configsOf = ({ instances }: RunPlan): readonly InstanceConfig[] =>
  instances.map(({ config }) => config);

function makeRecorder(
  { plan, stateDir, language, log }: DaemonOptions,
  exit: Exit,
  onCollected: () => void,
): EventRecorder {
  const events = new EventRecorder({
    folder: stateDir,
    bounds: boundsOf(plan),
    group: groupInFile(READERS),
    node: hostname(),
    log,
    language,
    onCollected,
  });
  exit.isStuck = () => events.isStuck;
  return events;
}

/** Undefined if there is no control socket, which is logged; else what closes the sockets. */
async function serveSockets(
  supervisor: Supervisor,
  dir: RuntimeDir,
  { log, language }: DaemonOptions,
): Promise<(() => void) | undefined> {
  const handle: Handler = async (request, client) => await supervisor.handle(request, client);
  let server: Server;
  try {
    server = await serveControl(dir.socket, handle, log);
  } catch (error) {
    log("error", `${dir.socket}: ${errnoOf(error)}`);
    return undefined;
  }
  const readers = await serveReaders({ path: dir.readerSocket, handle, log, language });
  return () => {
    server.close();
    readers?.close();
    for (const path of [dir.socket, dir.readerSocket]) removeFile(path);
  };
}

/** A file that names an address of another daemon is refused, like one with errors. */
function rereadOwned(options: DaemonOptions, ownership: Ownership, language: Language): Reread {
  const read = options.reread(language);
  if (read.kind !== "plan") return read;
  const refused = ownership.change(read.plan.instances.map(({ config }) => config));
  if (refused === undefined) return read;
  options.log("error", refusalSentence(refused, options.language));
  return { kind: "refused", findings: [refusalSentence(refused, language)] };
}

function refusal(
  folder: string,
  taken: Exclude<Taken, { kind: "ours" }>,
  language: Language,
): string {
  if (taken.kind === "failed") return `${folder}: ${taken.why}`;
  if (taken.kind === "unsafe") return folderSentence(folder, taken.problem, language);
  const who = taken.pid === undefined ? "" : ` (PID ${taken.pid})`;
  return language === "en"
    ? `another daemon runs with ${folder}${who}; stop it, or give another --runtime-dir`
    : `${folder} 已有守护进程在运行${who}；请先停止它，或用 --runtime-dir 指定其他目录`;
}

const stateRefusal = (folder: string, language: Language): string =>
  language === "en"
    ? `another daemon keeps its state in ${folder}, with a lock on ${folder}/lock; stop it, or give this one another --state-dir`
    : `另一守护进程正在使用状态目录 ${folder}（已锁定 ${folder}/lock）；请先停止它，或用 --state-dir 为本进程指定其他目录`;

/**
 * After a programming mistake the daemon must not carry on. The pipe to the engine ends with
 * this process, and the engine hands over.
 */
function endOnBugs(log: Log, messages: DaemonMessages, exit: Exit): void {
  const end = (error: unknown): void => {
    log("error", `${messages.internalError}: ${failureText(error)}`);
    leave(EX_SOFTWARE, exit);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
}

/** Those of an earlier daemon are ended. */
function runningGroups({ scripts }: RuntimeDir, log: Log, messages: DaemonMessages): RunningGroups {
  const groups = new RunningGroups(scripts);
  const ended = groups.endLeftovers("SIGTERM");
  for (const command of ended) log("warning", messages.leftover(command));
  if (ended.length > 0) setTimeout(() => groups.endLeftovers("SIGKILL"), LEFTOVER_MS).unref();
  return groups;
}

/** Resolves when everything has been handed over, however often it is called meanwhile. */
async function untilStopped(
  supervisor: Supervisor,
  dir: RuntimeDir,
  { log, language, reopenLog }: DaemonOptions,
): Promise<void> {
  const messages = daemonMessages(language);
  await new Promise<void>((resolve) => {
    const obey = ({ wish, signal }: Asked): void => {
      switch (wish) {
        case "stop":
          return background(log, signal, async () => {
            await supervisor.stop(signal);
            resolve();
          });
        case "reload":
          return background(log, signal, async () => await Promise.resolve(supervisor.askReload()));
        case "stats":
        case "clear":
          return supervisor.dumps.ask(wish);
        case "data":
        case "json":
          supervisor.dumps.ask(wish);
          return background(
            log,
            signal,
            async () => await dump(supervisor, dir.statusDump, log, messages),
          );
        case "reopen":
          reopenLog?.();
          return log("debug", messages.logReopened);
        case "nothing":
          if (signal !== "SIGPIPE") log("info", messages.signalIgnored(signal));
      }
    };
    obeySignals(obey);
  });
}

function catchRealtime(log: Log): void {
  for (const outcome of [
    unblockSignal(SIGUSR1),
    catchRealtimeSignals(),
    // Without free descriptors they do nothing, and the daemon goes on.
    listenRealtime(REOPEN_SIGNAL, () => take("REOPEN", "reopen")),
    listenRealtime(JSON_SIGNAL, () => take("JSON", "json")),
    listenRealtime(STATS_CLEAR, () => take("STATS_CLEAR", "clear")),
  ])
    if (!outcome.ok) log("warning", printFailure(outcome));
}

async function dump(
  supervisor: Supervisor,
  path: string,
  log: Log,
  messages: DaemonMessages,
): Promise<void> {
  const text = `${JSON.stringify(await supervisor.status(), undefined, 2)}\n`;
  const failed = writeOwnFile(path, text, 0o600);
  if (failed === undefined) log("info", messages.statusWritten(path));
  else log("error", `${path}: ${failed}`);
}
