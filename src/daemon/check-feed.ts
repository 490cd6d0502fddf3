/**
 * What the supervisor has of checks: those that are programs, and those that are not
 * (service-checks.ts, loaded when the file has one). Their names are of one space.
 */
import type { Language } from "#diagnostics/diagnostic";
import type { EventLog } from "#events/event-log";
import type { CheckPlan, RunPlan } from "#keepalived/plan/run-plan";
import type { CheckReading } from "#metrics/reading";
import type { TrackerResult } from "#vrrp/engine/engine-link";
import { CheckScripts } from "./check-scripts.ts";
import type { AskDatabase } from "./checks/load-probe.ts";
import { isDatabase } from "./checks/probe.ts";
import { failureText } from "./contain.ts";
import type { ScriptStatus } from "./control-protocol.ts";
import type { DatabaseProcess } from "./database-process.ts";
import type { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import type { ServiceChecks } from "./service-checks.ts";
import type { SharedDatabases } from "./shared-databases.ts";

export interface CheckFeedOptions {
  readonly launcher: Launcher;
  readonly log: Log;
  readonly language: Language;
  readonly events: EventLog;
  readonly databases: Pick<SharedDatabases, "load">;
  readonly report: (name: string, result: "up" | "down") => void;
}

export class CheckFeed {
  readonly #options: CheckFeedOptions;
  readonly #scripts: CheckScripts;
  #services: ServiceChecks | undefined;
  #loading: Promise<void> | undefined;
  #plans: readonly CheckPlan[] = [];
  #isStopped = false;
  /** With the databases of the newest configuration; undefined while there never was one. */
  #databases: Promise<DatabaseProcess> | undefined;

  constructor(options: CheckFeedOptions) {
    const { launcher, log, language, events, report } = options;
    this.#options = options;
    this.#scripts = new CheckScripts(launcher, log, language, report, events);
  }

  /** Resolves when what this configuration needs is loaded. */
  async ready({ checks = [] }: RunPlan): Promise<void> {
    if (checks.length > 0) await this.#load();
  }

  configure({ scripts, checks = [] }: RunPlan): void {
    this.#plans = checks;
    this.#scripts.configure(scripts);
    this.#configureDatabases(checks);
    if (this.#services !== undefined) this.#services.configure(checks);
    else if (checks.length > 0)
      void this.#load().then(() => this.#services?.configure(this.#plans));
  }

  results(): readonly TrackerResult[] {
    return [...this.#scripts.results(), ...(this.#services?.results() ?? this.#unrun())];
  }

  status(): readonly ScriptStatus[] {
    return [...this.#scripts.status(), ...(this.#services?.status() ?? [])];
  }

  readings(): readonly CheckReading[] {
    return [...this.#scripts.readings(), ...(this.#services?.readings() ?? [])];
  }

  /** Starts nothing more, gives up what is asked, and asks running scripts to end. */
  stop(): void {
    this.#isStopped = true;
    this.#scripts.stop();
    this.#services?.stop();
  }

  /** Kills what has not ended by itself since `stop`. */
  kill(): void {
    this.#scripts.kill();
  }

  /** While they are being loaded. */
  #unrun(): readonly TrackerResult[] {
    return this.#plans.map(({ name, initFail }) => ({
      kind: "script",
      name,
      result: initFail ? "down" : "unknown",
    }));
  }

  async #load(): Promise<void> {
    this.#loading ??= this.#start();
    await this.#loading;
  }

  async #start(): Promise<void> {
    const { log, language, events, report } = this.#options;
    try {
      const { ServiceChecks: Loaded } = await import("./service-checks.ts");
      if (this.#isStopped) return;
      const askDatabase = this.#askDatabase;
      this.#services = new Loaded({ log, language, events, report, askDatabase });
    } catch (error) {
      // They stay as they are, and a router that waits for them does not become master.
      log("error", `check: ${failureText(error)}`);
    }
  }

  readonly #askDatabase: AskDatabase = async (target, timeoutMs) => {
    const databases = await this.#databases;
    if (databases !== undefined) return await databases.check(target, timeoutMs);
    return { ok: "unknown", why: { en: "not configured", "zh-CN": "未配置" } };
  };

  #configureDatabases(checks: readonly CheckPlan[]): void {
    const targets = checks.flatMap(({ target }) => (isDatabase(target) ? [target] : []));
    if (targets.length === 0 && this.#databases === undefined) return;
    const configured = this.#options.databases.load().then(async (databases) => {
      databases.setChecks(targets, (target, ageMs) => this.#services?.doubt(target, ageMs));
      // What is set together is one configuration, a turn later.
      await Promise.resolve();
      return databases;
    });
    configured.catch((error: unknown) =>
      this.#options.log("error", `check: ${failureText(error)}`),
    );
    this.#databases = configured;
  }
}
