/**
 * Runs the machine of src/vrrp/supervisor: gives it what happens to the engine, performs what it
 * decides, and wakes it in time. The process is engine-process.ts, the hand-over hand-over.ts.
 */

import type { Language } from "#diagnostics/diagnostic";
import type { EventLog } from "#events/event-log";
import { now } from "#linux/clock";
import type { Rtnetlink } from "#linux/rtnetlink";
import { elapsed, fromMillis, toMillis } from "#units/time";
import type { InstanceConfig } from "#vrrp/router/config";
import type { SupervisorEffect, SupervisorEvent, SupervisorReport } from "#vrrp/supervisor/event";
import { INITIAL, type SupervisorConfig, type SupervisorState } from "#vrrp/supervisor/state";
import { deadline, step } from "#vrrp/supervisor/supervisor";
import { contain } from "./contain.ts";
import { engineNews, supervisionEvent } from "./engine-news.ts";
import type { EngineProcess } from "./engine-process.ts";
import { HandOver } from "./hand-over.ts";
import type { Log } from "./log.ts";
import type { DaemonMessages } from "./messages.ts";

export type ConfigureEffect = Extract<SupervisorEffect, { readonly kind: "configureEngine" }>;
export type TakenEffect = Extract<SupervisorEffect, { readonly kind: "configurationTaken" }>;

export interface SupervisionOptions {
  readonly engine: Pick<EngineProcess, "start" | "kill" | "send" | "isAnswering" | "snapshot">;
  readonly rtnetlink: Rtnetlink;
  readonly log: Log;
  readonly messages: DaemonMessages;
  readonly language: Language;
  readonly events?: EventLog | undefined;
  /** The period of the service manager's watchdog; undefined if nothing waits for `isAlive`. */
  readonly watchdogMilliseconds: number | undefined;
  readonly configure: (effect: ConfigureEffect) => void;
  readonly taken: (effect: TakenEffect) => void;
  readonly isAlive: () => void;
  /** An engine has gone unexpectedly, and what it owned is being handed over. */
  readonly gone: () => void;
  /** The engine had the unit of this instance's gate promoted, and died. Ends by itself. */
  readonly demote?: (config: InstanceConfig) => void;
  readonly stopped: () => void;
}

/**
 * How often to look for a successor's advertisement while addresses are held for a dead engine.
 */
const POLL_MS = 1;
const QUESTION_MS = 2_000;
const ANSWER_MS = 1_000;

export class Supervision {
  readonly #options: SupervisionOptions;
  readonly #config: SupervisorConfig;
  readonly #answerMs: number;
  readonly #handOver: HandOver;
  #state: SupervisorState = INITIAL;
  #timer: NodeJS.Timeout | undefined;
  /** What the timer is set for: a deadline, or the next look at the sockets. */
  #armedFor: number | "poll" | undefined;

  constructor(options: SupervisionOptions) {
    this.#options = options;
    const period = Math.min(QUESTION_MS, options.watchdogMilliseconds ?? QUESTION_MS);
    this.#config = { questionPeriod: fromMillis(period) };
    this.#answerMs = Math.min(ANSWER_MS, period);
    this.#handOver = new HandOver(options.rtnetlink, options.log);
  }

  get restarts(): number {
    return this.#state.restarts;
  }

  /** The engine has been sent a configuration that it has not taken over yet. */
  get isBehind(): boolean {
    return this.#state.sent.length > 0;
  }

  /** An engine runs, and nothing has to be done for one that died. */
  get isQuiet(): boolean {
    const { engine, orphans, holds } = this.#state;
    return engine.kind === "running" && !this.isBehind && orphans.length + holds.length === 0;
  }

  happened(event: SupervisorEvent): void {
    const { state, effects } = step(this.#config, this.#state, event, now());
    this.#state = state;
    for (const effect of effects) {
      const answer = this.#perform(effect);
      if (answer !== undefined) this.happened(answer);
    }
    this.#arm();
  }

  #perform(effect: SupervisorEffect): SupervisorEvent | undefined {
    const { engine, configure, taken, isAlive, stopped } = this.#options;
    switch (effect.kind) {
      case "startEngine":
        return { kind: engine.start() ? "engineStarted" : "engineNotStarted" };
      case "killEngine":
        engine.kill();
        return undefined;
      case "stopEngine":
        engine.send({ type: "stop" });
        return undefined;
      case "askEngine":
        void this.#ask();
        return undefined;
      case "configureEngine":
        configure(effect);
        return undefined;
      case "configurationTaken":
        taken(effect);
        return undefined;
      case "engineIsAlive":
        isAlive();
        return undefined;
      case "report":
        this.#report(effect.report);
        return undefined;
      case "demote":
        this.#options.demote?.(effect.config);
        return undefined;
      case "stopped":
        stopped();
        return undefined;
      case "readKernel":
      case "listen":
      case "unlisten":
      case "sendRelease":
      case "holdAddresses":
      case "prolongGuard":
      case "removeAddresses":
      case "clearGuard":
      case "closeFence":
        return this.#contained(effect);
    }
  }

  /** A mistake in our code costs one address its hand-over, but does not end the daemon. */
  #contained(effect: KernelEffect): SupervisorEvent | undefined {
    const { log, messages } = this.#options;
    const answer = contain(log, messages.cannotHandOver, () => this.#performOnKernel(effect));
    if (answer !== undefined || effect.kind !== "readKernel") return answer;
    return { kind: "kernelUnreadable", failure: { ok: false, errno: "EIO", call: "rtnetlink" } };
  }

  #performOnKernel(effect: KernelEffect): SupervisorEvent | undefined {
    const handOver = this.#handOver;
    switch (effect.kind) {
      case "readKernel":
        return handOver.readKernel();
      case "listen":
        return handOver.listen(effect);
      case "unlisten":
        handOver.unlisten(effect);
        return undefined;
      case "sendRelease":
        handOver.sendRelease(effect);
        return undefined;
      case "holdAddresses":
        handOver.holdAddresses(effect);
        return undefined;
      case "prolongGuard":
        handOver.prolongGuard(effect);
        return undefined;
      case "removeAddresses":
        return handOver.removeAddresses(effect);
      case "clearGuard":
        handOver.clearGuard(effect);
        return undefined;
      case "closeFence":
        handOver.closeFence(effect);
        return undefined;
    }
  }

  async #ask(): Promise<void> {
    const answered = await this.#options.engine.isAnswering(this.#answerMs);
    this.happened({ kind: answered ? "engineAnswered" : "engineDidNotAnswer" });
  }

  #arm(): void {
    const due = deadline(this.#state);
    const wanted = this.#state.holds.length > 0 ? "poll" : due;
    if (wanted === this.#armedFor) return;
    this.#armedFor = wanted;
    clearTimeout(this.#timer);
    if (wanted === undefined) return;
    const wait = wanted === "poll" ? POLL_MS : Math.ceil(toMillis(elapsed(now(), wanted)));
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, wait));
  }

  #wake(): void {
    this.#armedFor = undefined;
    for (const hold of this.#state.holds) {
      if (hold.removeAt !== undefined || !this.#handOver.isSuccessorHeard(hold)) continue;
      this.happened({ kind: "peerHeard", hold: hold.id });
    }
    const due = deadline(this.#state);
    if (due !== undefined && due <= now()) this.happened({ kind: "timeReached" });
    this.#arm();
  }

  #report(report: SupervisorReport): void {
    const { log, language, events, gone } = this.#options;
    const { level, text, instance } = engineNews(report, language);
    log(level, instance === undefined ? text : `(${instance}) ${text}`);
    events?.record(supervisionEvent(report));
    if (report.kind === "engine-gone") gone();
  }
}

type KernelEffect = Extract<
  SupervisorEffect,
  {
    readonly kind:
      | "readKernel"
      | "listen"
      | "unlisten"
      | "sendRelease"
      | "holdAddresses"
      | "prolongGuard"
      | "removeAddresses"
      | "clearGuard"
      | "closeFence";
  }
>;
