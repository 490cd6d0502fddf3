/**
 * The keeper: everything of the daemon that may take time. It reads the configuration, starts and watches the engine, runs
 * check and notify scripts, answers `status`, and hands over when the engine dies.
 *
 *   configuration ─> engine (fd 3) ─> transitions ─> log, notify, fifo, history
 *   check scripts, files, processes ─> results ─> engine
 *   engine gone ─> emergency.ts
 */
import type { InstancePlan, NotifyPlan, RunPlan } from "#config/plan";
import type { FromEngine } from "#contract/engine-link";
import type { ControlAnswer, ControlRequest, Status } from "#contract/status";
import type { InstanceConfig } from "#core/config";
import type { PublicState } from "#core/state";
import type { Language } from "#diagnostics/diagnostic";
import { dropSentence, reasonSentence, reportSentence } from "#diagnostics/reasons";
import type { Rtnetlink } from "#linux/rtnetlink";
import { printIpv4 } from "#units/address";
import { CheckScripts } from "./check-scripts.ts";
import { Emergency } from "./emergency.ts";
import { EngineProcess } from "./engine-process.ts";
import { explain } from "./explain.ts";
import { NotifyFifo } from "./fifo.ts";
import type { Log } from "./log.ts";
import { NotifyQueue } from "./notify-runner.ts";
import { type History, instanceStatus, VERSION } from "./status.ts";
import { Trackers } from "./trackers.ts";

export interface KeeperOptions {
  readonly configFile: string;
  readonly configId: string | undefined;
  readonly language: Language;
  readonly log: Log;
  readonly rtnetlink: Rtnetlink;
  /** `systemctl` sees these; undefined when it did not ask. */
  readonly notifySystem: ((message: string) => void) | undefined;
  /** Reads the file again; undefined keeps what runs (the reasons have been logged). */
  readonly reread: () => RunPlan | undefined;
  readonly recordFile: string | undefined;
}

interface InstanceMemory {
  readonly queue: NotifyQueue;
  state: PublicState;
  notified: PublicState | undefined;
  priority: number;
  history: History;
}

const HISTORY_MAX = 100;
const SNAPSHOT_MS = 300;
const STOP_MS = 10_000;
const NOTIFY_STOP_MS = 5_000;
/** One line a minute about the same rival is enough. */
const REPORT_GAP_MS = 60_000;

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #log: Log;
  readonly #engine: EngineProcess;
  readonly #emergency: Emergency;
  readonly #scripts: CheckScripts;
  readonly #trackers: Trackers;
  readonly #instances = new Map<string, InstanceMemory>();
  readonly #groups = new Map<string, NotifyQueue>();
  readonly #watchers = new Set<() => void>();
  readonly #toldAt = new Map<string, number>();
  readonly #startedAt = new Date();
  #plan: RunPlan;
  #fifos: readonly NotifyFifo[] = [];
  #reloadedAt: Date | undefined;
  #stopping: (() => void) | undefined;
  #ready = false;

  constructor(plan: RunPlan, options: KeeperOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#log = options.log;
    this.#emergency = new Emergency(options.rtnetlink, options.log);
    this.#scripts = new CheckScripts(options.log, (name, result) =>
      this.#engine.send({ type: "tracker", kind: "script", name, result }),
    );
    this.#trackers = new Trackers(options.log, (result) =>
      this.#engine.send({ type: "tracker", ...result }),
    );
    this.#engine = new EngineProcess({
      message: (message) => this.#onMessage(message),
      died: (how) => this.#onDeath(how),
      started: () => this.#configureEngine(),
    });
  }

  start(): void {
    this.#prepare();
    this.#engine.start();
    this.#scripts.configure(this.#plan.scripts);
    this.#trackers.configure(this.#plan.files, this.#plan.processes);
  }

  /** SIGHUP. A file with errors changes nothing. */
  reload(): boolean {
    this.#options.notifySystem?.("RELOADING=1");
    const plan = this.#options.reread();
    this.#options.notifySystem?.("READY=1");
    if (plan === undefined) {
      this.#log("error", "reload refused: the running configuration stays");
      return false;
    }
    this.#plan = plan;
    this.#reloadedAt = new Date();
    this.#prepare();
    this.#scripts.configure(plan.scripts);
    this.#trackers.configure(plan.files, plan.processes);
    this.#configureEngine();
    this.#log("info", "Reload complete");
    return true;
  }

  /** Hands over and ends: resolves when everything is done, or has had its time. */
  async stop(): Promise<void> {
    if (this.#stopping !== undefined) return;
    this.#options.notifySystem?.("STOPPING=1");
    this.#log("info", "Stopping");
    this.#engine.end();
    this.#scripts.stop();
    this.#trackers.stop();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#log("error", "the engine does not stop; it is killed");
        this.#engine.kill();
      }, STOP_MS);
      this.#stopping = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#engine.pid === undefined) this.#stopping();
      else this.#engine.send({ type: "stop" });
    });
    this.#emergency.finish();
    const queues = [
      ...[...this.#instances.values()].map((one) => one.queue),
      ...this.#groups.values(),
    ];
    const notified = Promise.all(queues.map(async (queue) => await queue.idle()));
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, NOTIFY_STOP_MS);
    });
    await Promise.race([notified, enough]);
    clearTimeout(timer);
    for (const fifo of this.#fifos) fifo.close();
    this.#log("info", `Stopped Baton ${VERSION}`);
  }

  async handle(
    request: ControlRequest,
    push: (answer: ControlAnswer) => boolean,
  ): Promise<ControlAnswer> {
    switch (request.command) {
      case "ping":
        return { ok: true, pong: process.pid };
      case "reload":
        return this.reload()
          ? { ok: true, text: "reloaded" }
          : {
              ok: false,
              error: "the file has errors; nothing changed",
              help: "baton check says which",
            };
      case "status":
        return { ok: true, status: await this.status() };
      case "watch": {
        const changed = (): void => {
          void this.status().then((status) => {
            if (!push({ ok: true, status })) this.#watchers.delete(changed);
          });
        };
        this.#watchers.add(changed);
        return { ok: true, status: await this.status() };
      }
      case "explain": {
        const status = await this.status();
        return explain(status, request.instance, request.lang ?? this.#options.language);
      }
    }
  }

  async status(): Promise<Status> {
    const snapshot = await this.#engine.snapshot(SNAPSHOT_MS);
    const wall = Date.now();
    return {
      version: VERSION,
      node: process.version,
      at: new Date(wall).toISOString(),
      pid: process.pid,
      enginePid: this.#engine.pid,
      configFile: this.#options.configFile,
      configId: this.#options.configId,
      startedAt: this.#startedAt.toISOString(),
      reloadedAt: this.#reloadedAt?.toISOString(),
      engineAnswers: snapshot !== undefined,
      instances: (snapshot?.instances ?? []).map((one) => {
        const memory = this.#instances.get(one.name);
        return instanceStatus(one, snapshot?.at ?? one.since, wall, {
          history: memory?.history ?? [],
          notify: { last: memory?.queue.last, queued: memory?.queue.queued ?? 0 },
        });
      }),
      scripts: this.#scripts.status(),
      engineRestarts: this.#engine.restarts,
      logLinesLost: this.#log.dropped(),
    };
  }

  #prepare(): void {
    const { instances, groups, globals } = this.#plan;
    for (const { config, notify } of instances) {
      const { name } = config.router;
      const known = this.#instances.get(name);
      if (known !== undefined) known.queue.plan = notify;
      else {
        const queue = new NotifyQueue("INSTANCE", name, notify, this.#log);
        const priority = config.router.priority;
        this.#instances.set(name, {
          queue,
          state: "INIT",
          notified: undefined,
          priority,
          history: [],
        });
      }
    }
    for (const { name, notify } of groups) {
      const known = this.#groups.get(name);
      if (known !== undefined) known.plan = notify;
      else this.#groups.set(name, new NotifyQueue("GROUP", name, notify, this.#log));
    }
    if (this.#fifos.length > 0) return;
    const paths = [globals.notifyFifo, globals.vrrpNotifyFifo].filter((path) => path !== undefined);
    this.#fifos = paths.map((path) => new NotifyFifo(path, this.#log));
  }

  #configureEngine(): void {
    this.#engine.send({
      type: "configure",
      instances: this.#plan.instances.map((one) => one.config),
      groups: this.#plan.groups.map(({ name, members }) => ({ name, members })),
      resume: this.#emergency.held,
      trackers: [...this.#scripts.results(), ...this.#trackers.results()],
    });
  }

  #onDeath(how: string): void {
    if (this.#stopping !== undefined) {
      this.#stopping();
      return;
    }
    this.#handOverForEngine();
    this.#log("error", `the engine died (${how}); another is started`);
    for (const memory of this.#instances.values()) memory.state = "INIT";
    this.#changed();
  }

  #handOverForEngine(): void {
    const owned = this.#plan.instances
      .filter((one) => this.#instances.get(one.config.router.name)?.state === "MASTER")
      .map((one): InstanceConfig => one.config);
    if (owned.length > 0) this.#emergency.handOver(owned);
  }

  #onMessage(message: FromEngine): void {
    switch (message.type) {
      case "ready":
        if (!this.#ready) this.#options.notifySystem?.(`READY=1\nMAINPID=${process.pid}`);
        this.#ready = true;
        return;
      case "transition":
        return this.#onTransition(message);
      case "groupTransition":
        this.#log("info", `VRRP_Group(${message.group}) Syncing instances to ${message.to} state`);
        if (message.to === "INIT") return;
        for (const fifo of this.#fifos) fifo.write("GROUP", message.group, message.to, 0);
        return this.#groups.get(message.group)?.push({ state: message.to, priority: 0 });
      case "priorityChanged":
        return this.#onPriority(message);
      case "report":
        return this.#onReport(message);
      case "drop": {
        const { instance, from, count, drop } = message;
        const why = dropSentence(drop, this.#options.language);
        const times = count > 1 ? ` (${count} so far)` : "";
        return this.#log(
          "warning",
          `(${instance}) packet from ${printIpv4(from)}: ${why}${times}`,
          { drop },
        );
      }
      case "log":
        return this.#log(message.level, message.text);
      case "removed":
        return this.#onRemoved(message.instance);
      case "stopped":
        return;
      case "snapshot":
        return;
    }
  }

  #onTransition(message: Extract<FromEngine, { type: "transition" }>): void {
    const { instance, from, to, reason, priority } = message;
    if (to === "MASTER") this.#emergency.taken(instance);
    const memory = this.#instances.get(instance);
    const why = reasonSentence(reason, this.#options.language);
    const words =
      to === "STOP" ? "Stopping" : `Entering ${to} STATE${from === "INIT" ? " (init)" : ""}`;
    this.#log("info", `(${instance}) ${words}: ${why}`, { instance, from, to, reason, priority });
    if (memory === undefined) return;
    memory.state = to;
    memory.priority = priority;
    memory.history = [{ at: new Date().toISOString(), from, to, why }, ...memory.history].slice(
      0,
      HISTORY_MAX,
    );
    this.#options.notifySystem?.(`STATUS=${this.#summary()}`);
    this.#changed();
    // A new engine begins as BACKUP: no news for a script that was told BACKUP last.
    if (to === "INIT" || memory.notified === to) return;
    memory.notified = to;
    for (const fifo of this.#fifos) fifo.write("INSTANCE", instance, to, priority);
    memory.queue.push({ state: to, priority });
  }

  #onPriority(message: Extract<FromEngine, { type: "priorityChanged" }>): void {
    const { instance, from, to, tracker } = message;
    this.#log(
      "info",
      `(${instance}) Changing effective priority from ${from} to ${to} (${tracker})`,
    );
    const memory = this.#instances.get(instance);
    if (memory === undefined) return;
    memory.priority = to;
    this.#changed();
    const notify = this.#notifyOf(instance);
    if (notify?.priorityChanges !== true) return;
    const state = memory.state === "MASTER" ? "MASTER_PRIORITY" : "BACKUP_PRIORITY";
    for (const fifo of this.#fifos) fifo.write("INSTANCE", instance, state, to);
    if (notify.any !== undefined) {
      memory.queue.runBeside([...notify.any.argv, "INSTANCE", instance, state, String(to)]);
    }
  }

  #onReport(message: Extract<FromEngine, { type: "report" }>): void {
    const { instance, report } = message;
    const key = `${instance}/${report.kind}`;
    const last = this.#toldAt.get(key) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - last >= REPORT_GAP_MS || report.kind === "handed-over") {
      this.#toldAt.set(key, performance.now());
      const level =
        report.kind === "no-owner" ? "error" : report.kind === "handed-over" ? "info" : "warning";
      this.#log(level, `(${instance}) ${reportSentence(report, this.#options.language)}`, {
        instance,
        report,
      });
    }
    if (report.kind !== "weaker-master") return;
    const memory = this.#instances.get(instance);
    const notify = this.#notifyOf(instance);
    for (const fifo of this.#fifos)
      fifo.write("INSTANCE", instance, "MASTER_RX_LOWER_PRI", memory?.priority ?? 0);
    if (notify?.masterRxLowerPri !== undefined)
      memory?.queue.runBeside(notify.masterRxLowerPri.argv);
  }

  #onRemoved(instance: string): void {
    const memory = this.#instances.get(instance);
    if (memory === undefined || this.#notifyOf(instance) !== undefined) return;
    memory.queue.push({ state: "DELETED", priority: memory.priority });
    this.#instances.delete(instance);
    this.#changed();
  }

  #notifyOf(instance: string): NotifyPlan | undefined {
    return this.#plan.instances.find((one: InstancePlan) => one.config.router.name === instance)
      ?.notify;
  }

  #summary(): string {
    return [...this.#instances].map(([name, { state }]) => `${name} ${state}`).join(", ");
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
