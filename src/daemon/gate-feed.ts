/**
 * What the supervisor has of gates: gates.ts is loaded when the file has a gate, and what the
 * engine asks until it is loaded waits.
 */
import { NO_EVENTS } from "#events/event-log";
import type { RunPlan } from "#keepalived/plan/run-plan";
import type { GateReading } from "#metrics/reading";
import type { BriefSnapshot, FromEngine, ToEngine } from "#vrrp/engine/engine-link";
import { failureText } from "./contain.ts";
import type { InstanceStatus } from "./control-protocol.ts";
import type { EngineProcess } from "./engine-process.ts";
import type { Gates } from "./gates.ts";
import type { SharedDatabases } from "./shared-databases.ts";
import type { SupervisorOptions } from "./supervisor-options.ts";

export interface GateFeedOptions {
  readonly options: Pick<
    SupervisorOptions,
    "launcher" | "log" | "language" | "events" | "stateDir"
  >;
  readonly engine: Pick<EngineProcess, "send" | "snapshot">;
  readonly databases: SharedDatabases;
  /** As far as its engine has said so. */
  readonly isMaster: (instance: string) => boolean;
  /** The status is another one. */
  readonly changed: () => void;
}

export class GateFeed {
  readonly #options: GateFeedOptions;
  #plan: RunPlan | undefined;
  #gates: Gates | undefined;
  #loading: Promise<void> | undefined;
  #early: ((gates: Gates) => void)[] = [];

  constructor(options: GateFeedOptions) {
    this.#options = options;
  }

  /** Before the engine is sent the same configuration. */
  configure(plan: RunPlan): void {
    this.#plan = plan;
    if (this.#gates !== undefined) this.#gates.configure(plan);
    else if ([...plan.instances, ...plan.groups].some(({ gate }) => gate !== undefined))
      this.#loading ??= this.#load();
  }

  /** Resolves when what is configured is loaded. */
  async ready(): Promise<void> {
    await this.#loading;
  }

  get gates(): Gates | undefined {
    return this.#gates;
  }

  engineSaid(message: FromEngine): void {
    if (message.type === "gate") return this.#pass((gates) => gates.engineSaid(message));
    if (message.type !== "transition" || message.reason.kind !== "fault") return;
    const { instance, reason } = message;
    this.#pass((gates) => gates.faulted(instance, reason.causes));
  }

  engineGone(): void {
    this.#early = [];
    this.#gates?.engineGone();
  }

  /** The engine died while this instance was master. */
  engineDied(instance: string, priority: number): void {
    this.#pass((gates) => gates.engineDied(instance, priority));
  }

  forEngine(): Pick<Extract<ToEngine, { type: "configure" }>, "eligible"> {
    const eligible = this.#gates?.forEngine() ?? [];
    return eligible.length === 0 ? {} : { eligible };
  }

  statusOf(snapshot: BriefSnapshot, at: number): Pick<InstanceStatus, "gate"> {
    const gate = this.#gates?.statusOf(snapshot, at);
    return gate === undefined ? {} : { gate };
  }

  readings(): readonly GateReading[] {
    return this.#gates?.readings() ?? [];
  }

  async finish(): Promise<void> {
    await this.#loading;
    await this.#gates?.finish();
  }

  /** Only while it is being loaded: without a gate in the file nobody asks. */
  #pass(what: (gates: Gates) => void): void {
    if (this.#gates !== undefined) what(this.#gates);
    else if (this.#loading !== undefined) this.#early.push(what);
  }

  async #load(): Promise<void> {
    const { options, engine, databases, isMaster, changed } = this.#options;
    const { launcher, log, language, stateDir, events = NO_EVENTS } = options;
    try {
      const { Gates: Loaded } = await import("./gates.ts");
      const { openDatabase } = await databases.load();
      const gates = new Loaded({
        launcher,
        engine,
        log,
        language,
        events,
        stateDir,
        isMaster,
        changed,
        openDatabase,
      });
      if (this.#plan !== undefined) gates.configure(this.#plan);
      this.#gates = gates;
      const early = this.#early;
      this.#early = [];
      for (const what of early) what(gates);
    } catch (error) {
      // Nobody is promoted then.
      log("error", `gate: ${failureText(error)}`);
    }
  }
}
