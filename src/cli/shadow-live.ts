/**
 * `baton shadow` beside a running keepalived: frames with the kernel's times, links and addresses,
 * keepalived's processes, and the trackers that can be read without a side effect, in order of
 * time.
 */
import { CheckScripts } from "#daemon/check-scripts";
import { Launcher } from "#daemon/launcher";
import { daemonMessages } from "#daemon/messages";
import { openLog } from "#daemon/open-log";
import { RunningGroups } from "#daemon/running-groups";
import { TrackFiles } from "#daemon/track-files";
import { TrackProcesses } from "#daemon/track-processes";
import type { Language } from "#diagnostics/diagnostic";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { type CaptureSocket, openCaptureSocket } from "#linux/capture-socket";
import { now } from "#linux/clock";
import { keepalivedsWithVrrp } from "#linux/keepalived-processes";
import { openMonitor, type RtnetlinkMonitor } from "#linux/rtnetlink";
import { successOf } from "#shadow/capture-plan";
import { type Observation, Shadow } from "#shadow/shadow";
import type { NodePlan } from "#shadow/shadow-node";
import { type Instant, type Micros, micros, toMillis } from "#units/time";
import type { TrackerResult } from "#vrrp/engine/engine-link";
import { type LinkInfo, printFailure } from "#vrrp/engine/world";
import { readCapturedFrame } from "#vrrp/wire/captured-frame";
import { durationOf, type NodeFile, type ShadowLine } from "./shadow-options.ts";
import { ShadowOutput } from "./shadow-output.ts";
import { KeepalivedProcesses } from "./shadow-processes.ts";

const POLL_MS = 20;
const LOOK_MS = 100;
const ALL_DEVICES = 0;
/** setTimeout(3) of Node.js takes no more. */
const TIMEOUT_MAX = 2_147_483_647;

interface Seen {
  readonly at: Instant;
  readonly observation: Observation;
}

export async function shadowLive(
  { plan }: NodeFile,
  tolerance: Micros | undefined,
  line: ShadowLine,
): Promise<number> {
  const { options, language, io } = line;
  const complain = (what: string): number => {
    io.stderr(`baton shadow: ${what}\n`);
    return 2;
  };
  const monitor = openMonitor();
  if (!monitor.ok) return complain(printFailure(monitor));
  const machine = readMachine(plan, options["run-scripts"], monitor.value);
  if (typeof machine === "string") {
    monitor.value.close();
    return complain(machine);
  }
  const capture = new Capture(machine.names);
  const refused = capture.open(machine.plan.links);
  if (refused !== undefined) {
    monitor.value.close();
    return complain(refusedSentence(refused, language));
  }
  for (const name of machine.names) {
    if (name === undefined || machine.plan.links.some((link) => link.name === name)) continue;
    io.stderr(`baton shadow: ${missingSentence(name, language)}\n`);
  }
  const where = machine.names.filter((name) => name !== undefined);
  const isThere = keepalivedsWithVrrp().length > 0;
  io.stderr(`baton shadow: ${listeningSentence(where, options.for, isThere, language)}\n`);
  const { json, all } = options;
  const dateOf = (at: number): Date => new Date(Date.now() - (now() - at) / 1_000);
  const output = new ShadowOutput({ io, language, json, all, dateOf });
  const observer = new Observer(machine.plan, tolerance, output, capture, monitor.value);
  const trackers = new Trackers(plan, options["run-scripts"], language, (result) =>
    observer.add({ kind: "tracker", result }),
  );
  const beganAt = now();
  observer.begin();
  await untilEnd(options.for, () => observer.poll());
  await trackers.stop();
  observer.close();
  return output.end({
    micros: micros(now() - beganAt),
    adverts: observer.shadow.adverts,
    skipped: observer.shadow.skipped,
    packets: undefined,
    unread: capture.drops,
  });
}

/** Polls until a signal, or until the time is over. */
async function untilEnd(duration: string | undefined, poll: () => void): Promise<void> {
  const wait = duration === undefined ? undefined : durationOf(duration);
  const timer = setInterval(poll, POLL_MS);
  const end = wait === undefined ? undefined : Date.now() + toMillis(wait);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
    const sleep = (): void => {
      const left = (end ?? Number.POSITIVE_INFINITY) - Date.now();
      if (left <= 0) return resolve();
      if (end !== undefined) setTimeout(sleep, Math.min(left, TIMEOUT_MAX)).unref();
    };
    sleep();
  });
  clearInterval(timer);
  poll();
}

/** The links and addresses of this machine; a sentence: why they cannot be read. */
function readMachine(
  plan: RunPlan,
  runScripts: boolean,
  monitor: RtnetlinkMonitor,
): { readonly plan: NodePlan; readonly names: readonly (string | undefined)[] } | string {
  const found = monitor.snapshot();
  if (!found.ok) return printFailure(found);
  const instances = plan.instances.map(({ config }) => config);
  const { links, addresses } = found.value;
  const names = [...new Set(instances.map((one) => one.interface))];
  const trackers = successOf(instances);
  const periods = plan.scripts.map(({ interval, timeout, fall }) => fall * (interval + timeout));
  const checkPeriod = micros(runScripts ? Math.max(0, ...periods) : 0);
  const { groups } = plan;
  return { plan: { instances, groups, trackers, links, addresses, checkPeriod }, names };
}

/** A socket for each interface of a router; one for all where a router is bound to none. */
class Capture {
  readonly #names: readonly (string | undefined)[];
  readonly #sockets = new Map<number, CaptureSocket>();
  #drops = 0;

  constructor(names: readonly (string | undefined)[]) {
    this.#names = names;
  }

  get drops(): number {
    for (const socket of this.#sockets.values()) this.#drops += socket.drops();
    return this.#drops;
  }

  /** Those of interfaces that are there. Returns why one cannot be opened. */
  open(links: Iterable<LinkInfo>): ReturnType<typeof openCaptureSocket> | undefined {
    const wanted = new Set<number>();
    const all = [...links];
    for (const name of this.#names) {
      const index = name === undefined ? ALL_DEVICES : all.find((one) => one.name === name)?.index;
      if (index !== undefined) wanted.add(index);
    }
    for (const [index, socket] of this.#sockets) {
      if (wanted.has(index) && (index === ALL_DEVICES || socket.isBound())) continue;
      this.#drops += socket.drops();
      socket.close();
      this.#sockets.delete(index);
    }
    for (const index of wanted) {
      if (this.#sockets.has(index)) continue;
      const opened = openCaptureSocket(index);
      if (!opened.ok) return opened;
      this.#sockets.set(index, opened.value);
    }
    return undefined;
  }

  read(): readonly Seen[] {
    const seen: Seen[] = [];
    for (const socket of this.#sockets.values()) {
      for (const { at, frame } of socket.read()) {
        const read = readCapturedFrame("ethernet", frame);
        if (read.kind === "vrrp") {
          const { packet: bytes, mac } = read;
          seen.push({ at, observation: { kind: "vrrp", bytes, mac } });
        } else if (read.kind === "arp") {
          seen.push({ at, observation: { kind: "arp", bytes: read.frame } });
        }
      }
    }
    return seen;
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
  }
}

/** Brings together what comes from several places, in order of time. */
class Observer {
  readonly shadow: Shadow;
  readonly #capture: Capture;
  readonly #monitor: RtnetlinkMonitor;
  readonly #processes = new KeepalivedProcesses();
  readonly #links = new Map<number, LinkInfo>();
  #waiting: Seen[] = [];
  #lookAt = 0;

  constructor(
    plan: NodePlan,
    tolerance: Micros | undefined,
    output: ShadowOutput,
    capture: Capture,
    monitor: RtnetlinkMonitor,
  ) {
    this.#capture = capture;
    this.#monitor = monitor;
    for (const link of plan.links) this.#links.set(link.index, link);
    this.shadow = new Shadow({
      tolerance,
      nodes: [plan],
      report: (finding, isRepeated) => output.add(finding, isRepeated),
    });
  }

  /** A daemon that runs already has decided what it is. */
  begin(): void {
    this.#processes.look();
    const change = this.#processes.look();
    const state = change?.kind === "started" ? "found" : "ended";
    this.shadow.observe(now(), { kind: "daemon", state });
  }

  add(observation: Observation): void {
    this.#waiting.push({ at: now(), observation });
  }

  poll(): void {
    // Links and addresses first: what keepalived sent before it changed them is then read too.
    const events = this.#monitor.read();
    const at = now();
    const seen = [...this.#waiting, ...this.#capture.read()];
    this.#waiting = [];
    for (const event of events) {
      if (event.kind === "link") this.#links.set(event.link.index, event.link);
      if (event.kind === "linkGone") this.#links.delete(event.index);
      if (event.kind === "link" || event.kind === "linkGone") this.#reopen();
      seen.push({ at, observation: { kind: "world", event } });
    }
    for (const one of seen.toSorted((a, b) => a.at - b.at))
      this.shadow.observe(one.at, one.observation);
    this.shadow.advance(at);
    if (at >= this.#lookAt) this.#look(at);
  }

  /** An interface that cannot be listened on is tried again at the next change. */
  #reopen(): void {
    void this.#capture.open(this.#links.values());
  }

  #look(at: Instant): void {
    this.#lookAt = at + LOOK_MS * 1_000;
    const change = this.#processes.look();
    if (change === undefined) return;
    if (change.kind === "ended") this.shadow.observe(at, { kind: "daemon", state: "ended" });
    else this.shadow.observe(at, { kind: "daemon", state: "started", since: change.at });
  }

  close(): void {
    this.#capture.close();
    this.#monitor.close();
  }
}

/** Files and processes are looked at as the daemon does; scripts are run only if asked for. */
class Trackers {
  readonly #files: TrackFiles;
  readonly #processes: TrackProcesses;
  readonly #scripts: CheckScripts | undefined;

  constructor(
    plan: RunPlan,
    runScripts: boolean,
    language: Language,
    report: (result: TrackerResult) => void,
  ) {
    const log = openLog({ format: "text", most: "warning" });
    const messages = daemonMessages(language);
    this.#files = new TrackFiles(log, messages, report);
    // `init_file` would write: keepalived has done that.
    this.#files.configure(plan.files.map((file) => ({ ...file, initValue: undefined })));
    this.#processes = new TrackProcesses(log, messages, report);
    this.#processes.configure(plan.processes);
    for (const one of [...this.#files.results(), ...this.#processes.results()]) report(one);
    if (!runScripts) return;
    const launcher = new Launcher(new RunningGroups(undefined), log, language);
    launcher.isStrict = plan.globals.enableScriptSecurity;
    this.#scripts = new CheckScripts(launcher, log, language, (name, result) =>
      report({ kind: "script", name, result }),
    );
    this.#scripts.configure(plan.scripts);
  }

  async stop(): Promise<void> {
    this.#files.stop();
    this.#processes.stop();
    if (this.#scripts === undefined) return;
    this.#scripts.stop();
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
    this.#scripts.kill();
  }
}

/** A week may go by before there is anything else to print. */
export function listeningSentence(
  interfaces: readonly string[],
  duration: string | undefined,
  isThere: boolean,
  language: Language,
): string {
  const en = language === "en";
  const where = interfaces.length > 0 ? interfaces.join(", ") : en ? "every interface" : "所有网卡";
  const absent = en
    ? "; keepalived does not run here (systemctl start keepalived)"
    : "；本机没有运行 keepalived（systemctl start keepalived）";
  const end = en
    ? `${duration === undefined ? "until Ctrl-C" : `for ${duration}`}, then a summary`
    : `${duration === undefined ? "按 Ctrl-C " : `${duration} 后`}结束并输出总结`;
  return (
    (en ? `listening on ${where} ${end}` : `正在 ${where} 上监听，${end}`) + (isThere ? "" : absent)
  );
}

const missingSentence = (name: string, language: Language): string =>
  language === "en"
    ? `there is no interface ${name} on this machine; it is listened to when it appears`
    : `本机没有网卡 ${name}；出现后再监听`;

function refusedSentence(
  refused: NonNullable<ReturnType<Capture["open"]>>,
  language: Language,
): string {
  const failure = refused.ok ? "" : printFailure(refused);
  return language === "en"
    ? `cannot listen: ${failure}; it needs root, or CAP_NET_RAW`
    : `无法监听：${failure}；需要 root 或 CAP_NET_RAW`;
}
