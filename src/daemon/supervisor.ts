/**
 * The supervisor does everything in the daemon that may take time. It starts and watches the
 * engine, runs check and notify scripts, and answers `status`. src/vrrp/supervisor decides what
 * follows when the engine dies.
 *
 *   configuration ─> engine (fd 3) ─> transitions ─> log, notify, fifo, history, status
 *   check scripts, files, processes ─> results ─> engine
 *   engine gone ─> supervision.ts ─> hand-over, another engine
 */

import { signIn } from "#cloud/agreement/contrary-sign";
import { roleOf } from "#cloud/agreement/role";
import type { Language } from "#diagnostics/diagnostic";
import { reasonSentence } from "#diagnostics/render/reasons";
import type { Caller } from "#events/caller";
import { type EventLog, NO_EVENTS } from "#events/event-log";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { printIp } from "#units/address";
import type { FromEngine, TrackerResult } from "#vrrp/engine/engine-link";
import { CatchUp } from "./catch-up.ts";
import { CheckFeed } from "./check-feed.ts";
import { failureText } from "./contain.ts";
import type { ControlAnswer, ControlRequest, Status } from "./control-protocol.ts";
import type { AskingClient, ControlClient } from "./control-server.ts";
import { DumpFeed } from "./dump-feed.ts";
import { EngineProcess } from "./engine-process.ts";
import {
  engineEndedEvent,
  engineStartedEvent,
  messageEvent,
  reloadEvent,
  stoppedEvent,
  stoppingEvent,
} from "./event-texts.ts";
import { explain } from "./explain.ts";
import { GateFeed } from "./gate-feed.ts";
import { GlobalScript } from "./global-script.ts";
import { HavipLoop } from "./havip-loop.ts";
import { InstanceMemories } from "./instance-memory.ts";
import type { Log } from "./log.ts";
import { type DaemonMessages, daemonMessages } from "./messages.ts";
import { MetricsAnswer } from "./metrics-answer.ts";
import { Notifier } from "./notifier.ts";
import { Operator, type OperatorCommand } from "./operator.ts";
import { OutputPipe } from "./output-pipe.ts";
import { removeFile } from "./own-files.ts";
import { PacketLog } from "./packet-log.ts";
import { RecordFile } from "./record-file.ts";
import { acknowledgeReload, type Reloaded } from "./reload-answer.ts";
import { ReloadCount } from "./reload-count.ts";
import { writePid } from "./runtime-dir.ts";
import { logSession } from "./session-messages.ts";
import { SharedDatabases } from "./shared-databases.ts";
import { identity } from "./status.ts";
import { StatusAnswers } from "./status-answers.ts";
import { type ConfigureEffect, Supervision, type TakenEffect } from "./supervision.ts";
import type { Reread, SupervisorOptions } from "./supervisor-options.ts";
import { TrackFiles } from "./track-files.ts";
import { TrackProcesses } from "./track-processes.ts";
import { Watchers } from "./watchers.ts";

/** How long to wait for the engine's answer; after that its state is unknown. */
const SNAPSHOT_MS = 300;
const NOTIFY_STOP_MS = 5_000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #log: Log;
  readonly #events: EventLog;
  readonly #messages: DaemonMessages;
  readonly #engine: EngineProcess;
  readonly #supervision: Supervision;
  readonly #havips: HavipLoop;
  readonly #checks: CheckFeed;
  readonly #files: TrackFiles;
  readonly #processes: TrackProcesses;
  readonly #notifier: Notifier;
  readonly #memories: InstanceMemories = new InstanceMemories();
  readonly #watchers: Watchers;
  readonly #databases: SharedDatabases;
  readonly #gates: GateFeed;
  readonly #recording: RecordFile | undefined;
  readonly #packets: PacketLog;
  readonly #startedAt = new Date();
  #plan: RunPlan;
  /**
   * The number of the configuration that was read last; the machine refers to configurations by
   * it.
   */
  #revision = 0;
  /** The configurations by number, from the one that the engine has taken over on. */
  readonly #plans = new Map<number, RunPlan>();
  readonly #reloads = new ReloadCount();
  readonly metrics: MetricsAnswer = new MetricsAnswer(() => ({
    ...this.#parts,
    events: () => this.#options.eventsStatus?.(),
    shown: () => ({ ...this.#operator.status, ...this.#notifier.alertsStatus() }),
    groups: () => this.#plan.groups,
  }));
  /** What the dump signals write. */
  readonly dumps: DumpFeed = new DumpFeed(() => this.#parts);
  readonly #operator: Operator = new Operator(() => ({
    options: this.#options,
    engine: this.#engine,
    plan: this.#plan,
    gates: this.#gates.gates,
    busy: this.#isStopping ? "stopping" : this.isConfigured ? undefined : "reloading",
    role: (instance, role) => this.#havips.transition(instance, role),
    changed: () => this.#watchers.changed(),
  }));
  /** Resolves when the engine is gone and what it left is handed over. */
  readonly #handedOver: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Set since `stop` was called; a second call waits for the first. */
  #stopped: Promise<void> | undefined;
  #isStarted = false;
  #isReady = false;
  /** Of the engine that was ready last. */
  #readyPid: number | undefined;
  readonly #catchUp: CatchUp = new CatchUp(() => this.#supervision.isBehind);
  readonly #notifyReady = (): void => this.#options.manager.ready();
  readonly #reloadOnSignal = (): void => void this.reload();
  readonly #globalScript: GlobalScript;
  readonly #statuses = new StatusAnswers({
    parts: () => this.#parts,
    whole: async () => await this.#engine.snapshot(SNAPSHOT_MS),
    brief: async () => await this.#engine.brief(SNAPSHOT_MS),
  });

  constructor(plan: RunPlan, options: SupervisorOptions) {
    this.#plan = plan;
    this.#options = options;
    const { log, language, launcher, manager, events = NO_EVENTS } = options;
    this.#log = log;
    this.#events = events;
    this.#messages = daemonMessages(language);
    this.#packets = new PacketLog(log, language, undefined, undefined, events);
    const databases = new SharedDatabases(log);
    this.#databases = databases;
    const report = (name: string, result: "up" | "down"): void =>
      this.#engine.send({ type: "tracker", kind: "script", name, result });
    this.#checks = new CheckFeed({ launcher, log, language, events, databases, report });
    const track = (result: TrackerResult): void =>
      this.#engine.send({ type: "tracker", ...result });
    this.#files = new TrackFiles(log, this.#messages, track);
    this.#processes = new TrackProcesses(log, this.#messages, track);
    this.#globalScript = new GlobalScript(launcher, log, this.#messages);
    this.#notifier = new Notifier(launcher, log, language, events);
    this.#watchers = new Watchers(log, async () => await this.status());
    this.#engine = new EngineProcess(
      {
        message: (message) => this.#onMessage(message),
        exited: () => this.#onExit(),
        reaped: (pid, how) => this.#onReaped(pid, how),
        unreadable: (line, error) => this.#onUnreadable(line, error),
      },
      {
        program: options.engineProgram,
        more: () => (this.#recording?.isOpen === true ? ["--record"] : []),
        runtimeDir: options.runtimeDir,
      },
    );
    const changed = (): void => this.#watchers.changed();
    const isMaster = (name: string): boolean => this.#memories.get(name)?.state === "MASTER";
    this.#gates = new GateFeed({ options, engine: this.#engine, databases, isMaster, changed });
    if (options.recordFile !== undefined)
      this.#recording = new RecordFile(options.recordFile, {
        log,
        messages: this.#messages,
        notifyEngine: (goOn) => this.#engine.send({ type: "recording", goOn }),
      });
    this.#havips = new HavipLoop({
      cloud: options.cloud,
      env: options.env ?? {},
      language,
      log,
      events,
      announce: (one) => this.#engine.send({ type: "announce", ...one }),
      moved: (instance, moved) => this.#engine.send({ type: "platform", instance, moved }),
    });
    this.#supervision = new Supervision({
      engine: this.#engine,
      rtnetlink: options.rtnetlink,
      log,
      messages: this.#messages,
      language,
      events,
      watchdogMilliseconds: manager.watchdogMilliseconds,
      configure: (effect) => this.#configureEngine(effect),
      taken: (effect) => this.#onTaken(effect),
      isAlive: () => manager.alive(),
      demote: ({ router }) => this.#gates.engineDied(router.name, router.priority),
      gone: () => {
        manager.status(() => this.#messages.engineGone);
        this.#watchers.changed();
      },
      stopped: () => this.#handedOver.resolve(),
    });
  }

  async start(): Promise<void> {
    this.#configure(this.#plan);
    await this.#gates.ready();
    await this.#checks.ready(this.#plan);
    await this.#globalScript.run("startup_script", this.#plan.globals.startupScript);
    if (this.#isStopping) return;
    this.#isStarted = true;
    // The values of tracked files are known at once, and go to the engine with its
    // configuration.
    this.#startTrackers();
    this.#operator.start();
    this.#supervision.happened({ kind: "startAsked" });
  }

  /** The engine has taken over the newest configuration. */
  get isConfigured(): boolean {
    return this.#isReady && !this.#supervision.isBehind;
  }

  /** It gets the status after every change. */
  watch(client: ControlClient): void {
    this.#watchers.add(client);
  }

  /** Nobody waits for this process. */
  get isQuiet(): boolean {
    return this.#supervision.isQuiet;
  }

  /**
   * SIGHUP. While the engine has not taken the last configuration over, many are as good as one:
   * each would wait in memory.
   */
  askReload(): void {
    this.#catchUp.do(this.#reloadOnSignal);
  }

  /**
   * A file with errors changes nothing. If the start is not over yet, the daemon starts with what
   * is read now. The manager is notified when the engine has taken it over.
   */
  reload(language: Language = this.#options.language): Reloaded {
    if (this.#isStopping) return { kind: "stopping" };
    const { manager } = this.#options;
    manager.reloading();
    const read = this.#reread(language);
    if (read.kind === "refused") {
      this.#reloads.refused();
      manager.ready();
      this.#log("error", this.#messages.reloadRefused);
      this.#events.record(reloadEvent(read.findings));
      return read;
    }
    const { plan } = read;
    this.#reloads.taken(new Date());
    this.#configure(plan);
    if (this.#isStarted) void this.#settleClaims();
    this.#catchUp.do(this.#notifyReady);
    this.#options.reloaded?.(plan);
    this.#log("info", "Reload complete");
    this.#events.record(reloadEvent(undefined));
    this.#watchers.changed();
    return { kind: "done" };
  }

  /**
   * When the engine answers, it has carried out everything that was sent before. An instance
   * that hands over is reported later, with `removed`.
   */
  async #settleClaims(): Promise<void> {
    const snapshot = await this.#engine.snapshot(SNAPSHOT_MS);
    if (snapshot !== undefined && !this.#isStopping)
      this.#options.keepClaims?.(this.#memories.configs());
  }

  /**
   * Files may vanish or change between two reads: a file that cannot be read is not a
   * configuration.
   */
  #reread(language: Language): Reread {
    try {
      return this.#options.reread(language);
    } catch (error) {
      const why = `${this.#options.configFile}: ${failureText(error)}`;
      this.#log("error", why);
      return { kind: "refused", findings: [why] };
    }
  }

  get #isStopping(): boolean {
    return this.#stopped !== undefined;
  }

  /**
   * Hands over and ends. Resolves, for every caller, when everything is done or its time is
   * over.
   *
   * @param signal that asked for it, whoever sent it: a manager that starts keepalived instead does
   */
  async stop(signal: string): Promise<void> {
    this.#stopped ??= this.#stop(signal);
    await this.#stopped;
  }

  async #stop(signal: string): Promise<void> {
    // Before anything that may wait for others: what is logged is already under way.
    this.#supervision.happened({ kind: "stopAsked" });
    this.#options.manager.stopping();
    this.#log("info", `Stopping: ${this.#messages.signalReceived(signal)}`);
    this.#events.record(stoppingEvent(signal));
    this.#globalScript.end();
    this.#operator.stop();
    this.#checks.stop();
    this.#files.stop();
    this.#processes.stop();
    await this.#handedOver.promise;
    await this.#gates.finish();
    await this.#databases.close();
    this.#havips.stop();
    await this.#recording?.close();
    this.#notifyStop();
    await this.#notifier.finish(NOTIFY_STOP_MS);
    await this.#globalScript.run("shutdown_script", this.#plan.globals.shutdownScript);
    this.#checks.kill();
    this.#packets.end();
    OutputPipe.leaveAll();
    const { enginePidFile } = this.#options;
    if (enginePidFile !== undefined) removeFile(enginePidFile);
    this.#log("info", `Stopped Baton ${identity().version}`);
    this.#events.record(stoppedEvent(identity().version));
  }

  async handle(request: ControlRequest, client: AskingClient): Promise<ControlAnswer> {
    const en = ("lang" in request ? request.lang : undefined) ?? this.#options.language;
    switch (request.command) {
      case "ping":
        return { ok: true, pong: process.pid };
      case "reload":
        return await acknowledgeReload(this.reload(en), client.caller(), en, this.#events);
      case "status":
      case "watch":
        if (request.command === "watch") this.watch(client);
        return await this.#statuses.get("brief" in request ? request.brief : undefined);
      case "explain":
        return explain(await this.status(), request.instance, en);
      case "metrics":
        return { ok: true, text: await this.metrics.get(request.format) };
      case "switch":
      case "maintenance":
      case "promote":
        return await this.act(request, client.caller());
    }
  }

  /** What operators may ask, however they ask it. */
  async act(command: OperatorCommand, caller: Caller): Promise<ControlAnswer> {
    return await this.#operator.handle(command, caller);
  }

  async status(): Promise<Status> {
    return await this.#statuses.whole();
  }

  /** Whatever status, metrics and dumps are made of. */
  get #parts() {
    return {
      options: this.#options,
      language: this.#options.language,
      log: this.#log,
      engineMs: SNAPSHOT_MS,
      startedAt: this.#startedAt,
      plan: this.#plan,
      engine: this.#engine,
      supervision: this.#supervision,
      scripts: this.#checks,
      notifier: this.#notifier,
      memories: this.#memories,
      havips: this.#havips,
      reloads: this.#reloads,
      operator: this.#operator,
      gates: this.#gates,
    };
  }

  #configure(plan: RunPlan): void {
    this.#plan = plan;
    this.#options.launcher.forget();
    this.#options.launcher.isStrict = plan.globals.enableScriptSecurity;
    this.#notifier.configure(plan);
    this.#gates.configure(plan);
    if (!this.#isReady) this.#adopt(plan, 0);
    if (this.#isStarted) this.#startTrackers();
    this.#revision += 1;
    this.#plans.set(this.#revision, plan);
    const instances = plan.instances.map(({ config }) => config);
    this.#supervision.happened({ kind: "configured", revision: this.#revision, instances });
  }

  /**
   * What is remembered about each router moves to its name in the new configuration. This
   * happens when the engine says that it has taken the configuration over, since its earlier
   * messages use the old names.
   */
  #adopt(plan: RunPlan, nth: number): void {
    const configs = plan.instances.map(({ config }) => config);
    const { moved, gone } = this.#memories.configure(configs, nth);
    for (const name of gone) this.#notifier.forget(name);
    // Scripts and readers know a name, not the router behind it: the state they were last
    // notified of may be another router's.
    for (const name of moved) {
      const last = this.#memories.get(name)?.last;
      if (last !== undefined) this.#notifier.instance(name, last);
    }
    this.#havips.configure(
      plan.instances.map(({ config, havip }) => {
        const { name } = config.router;
        const isMaster = this.#memories.get(name)?.state === "MASTER";
        const addresses = config.addresses.map(({ address }) => printIp(address));
        return { name, addresses, isMaster, havip };
      }),
    );
  }

  #startTrackers(): void {
    this.#checks.configure(this.#plan);
    this.#files.configure(this.#plan.files);
    this.#processes.configure(this.#plan.processes);
  }

  #configureEngine({ instances, isReload, resume, spared }: ConfigureEffect): void {
    this.#options.places?.record(instances);
    this.#engine.send({
      type: "configure",
      instances,
      groups: this.#plan.groups.map(({ name, members }) => ({ name, members })),
      resume,
      spared,
      ...(this.#plan.sessions !== undefined && { sessions: this.#plan.sessions }),
      ...(this.#plan.linkDelays !== undefined && { linkDelays: this.#plan.linkDelays }),
      logUnknownVrids: this.#plan.globals.logUnknownVrids === true,
      ...this.#operator.forEngine(isReload),
      ...this.#gates.forEngine(),
      leftovers: isReload ? [] : (this.#options.places?.leftovers() ?? []),
      trackers: [...this.#checks.results(), ...this.#files.results(), ...this.#processes.results()],
    });
  }

  /** Of an engine that died before it could report itself; the others have been notified. */
  #notifyStop(): void {
    const reason = { kind: "stopped" } as const;
    const why = reasonSentence(reason, this.#options.language);
    for (const [name, { state: from, priority }] of this.#memories.entries())
      this.#notifier.instance(name, { from, to: "STOP", priority, reason, why });
  }

  #onExit(): void {
    this.#memories.engineGone();
    this.#operator.engineGone();
    this.#gates.engineGone();
    this.#havips.engineGone();
    this.#supervision.happened({ kind: "engineExited" });
    this.#catchUp.advanced();
  }

  #onUnreadable(line: string, error: unknown): void {
    const cut = line.slice(0, 200);
    this.#log("error", `${this.#messages.engineUnreadable}: ${cut}: ${failureText(error)}`);
  }

  #onReaped(pid: number | undefined, how: string): void {
    const isExpected = this.#isStopping && how === "exit 0";
    if (isExpected) return;
    const { cannotStartEngine, engineEnded } = this.#messages;
    this.#log("error", pid === undefined ? `${cannotStartEngine}: ${how}` : engineEnded(pid, how));
    this.#events.record(engineEndedEvent(pid, how));
  }

  #onMessage(message: FromEngine): void {
    this.#supervision.happened({ kind: "engineSaid", message });
    if (message.type === "configuring") this.#catchUp.advanced();
    this.#operator.engineSaid(message);
    this.#gates.engineSaid(message);
    switch (message.type) {
      case "ready":
        return this.#onReady(message.pid);
      case "transition":
        return this.#onTransition(message);
      case "groupTransition":
        this.#log("info", `VRRP_Group(${message.group}) Syncing instances to ${message.to} state`);
        this.#events.record(messageEvent(message));
        return this.#notifier.group(message.group, message.to);
      case "priorityChanged":
        return this.#onPriority(message);
      case "report":
        return this.#onReport(message);
      case "drop":
        return this.#packets.drop(message);
      case "announced":
      case "late":
        return this.#events.record(messageEvent(message));
      case "unknownVrid":
        return this.#packets.unknownVrid(message);
      case "log":
        return this.#log(message.level, message.text);
      case "session":
      case "sessionsClosed":
      case "sessionUnsent":
        logSession(message, this.#log, this.#options.language);
        return this.#watchers.changed();
      case "record":
        return this.#recording?.write(message.line);
      case "removed":
        return this.#onRemoved(message);
      case "configuring":
      case "stopped":
      case "snapshot":
      case "brief":
      case "switchAnswer":
      case "pauses":
      case "sessions":
      case "gate":
        return;
    }
  }

  #onReady(pid: number): void {
    if (!this.#isReady) this.#options.manager.ready();
    this.#isReady = true;
    // It says so after a reload too.
    if (pid !== this.#readyPid) this.#events.record(engineStartedEvent(pid));
    this.#readyPid = pid;
    const { enginePidFile } = this.#options;
    const failed = enginePidFile === undefined ? undefined : writePid(enginePidFile, pid);
    if (failed !== undefined)
      this.#log("warning", this.#messages.pidFile(enginePidFile ?? "", failed));
  }

  #onTaken({ revision, isReload, nth }: TakenEffect): void {
    const plan = this.#plans.get(revision);
    for (const earlier of this.#plans.keys()) if (earlier < revision) this.#plans.delete(earlier);
    if (plan === undefined) return;
    this.#adopt(plan, nth);
    if (isReload && plan.globals.fifoStatesOnReload === true)
      this.#notifier.statesAgain(plan, (name) => this.#memories.get(name)?.priority ?? 0);
  }

  #onTransition(message: Extract<FromEngine, { type: "transition" }>): void {
    const { instance, from, to, reason, priority } = message;
    const isReplaced = message.leaving !== undefined && this.#memories.get(instance) !== undefined;
    if (!isReplaced) this.#havips.transition(instance, roleOf(from, to));
    const why = reasonSentence(reason, this.#options.language);
    const what =
      to === "STOP" ? "Stopping" : `Entering ${to} STATE${from === "INIT" ? " (init)" : ""}`;
    this.#log("info", `(${instance}) ${what}: ${why}`, { instance, from, to, reason, priority });
    this.#events.record(messageEvent(message));
    const change = { from, to, reason, why, priority };
    this.#memories.changed(message, { at: Date.now(), from, to, reason }, change);
    this.#options.manager.status(() => this.#memories.summary());
    this.#watchers.changed();
    // Removed by a reload: notified as DELETED once it has given up its addresses.
    if (message.leaving === undefined) this.#notifier.instance(instance, change);
  }

  #onPriority(message: Extract<FromEngine, { type: "priorityChanged" }>): void {
    const { instance, from, to, tracker } = message;
    const why = tracker ?? "reload";
    const text = `(${instance}) Changing effective priority from ${from} to ${to} (${why})`;
    this.#log("info", text, { instance, from, to, tracker });
    this.#events.record(messageEvent(message));
    const memory = this.#memories.get(instance);
    if (memory !== undefined) memory.priority = to;
    // keepalived: a priority that changed by a reload is not written to the pipes.
    if (tracker !== undefined) this.#notifier.priority(instance, to);
    this.#watchers.changed();
  }

  #onReport(message: Extract<FromEngine, { type: "report" }>): void {
    const { instance, report } = message;
    const contrary = signIn(report);
    if (contrary !== undefined) this.#havips.sign(instance, contrary.sign, contrary.address);
    this.#packets.report(message);
    if (report.kind === "weaker-master") {
      this.#notifier.weakerMaster(instance, this.#memories.get(instance)?.priority ?? report.ours);
    }
  }

  #onRemoved(message: Extract<FromEngine, { type: "removed" }>): void {
    const { instance } = message;
    const memory = this.#memories.of(message);
    if (memory === undefined) return;
    this.#memories.delete(memory);
    this.#options.keepClaims?.(this.#memories.configs());
    // Another router may have the name by now, and it goes on.
    if (this.#memories.get(instance) === undefined)
      this.#notifier.deleted(instance, memory.priority);
    this.#watchers.changed();
  }
}
