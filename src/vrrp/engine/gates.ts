/**
 * The gate of an instance, or of its sync group (router/gate.ts), as the engine carries it out: the
 * fence is the kernel's (`World.fence`), promotions and demotions are the supervisor's, who is
 * asked by a `gate` message and answers with the number it was given.
 *
 * A sync group has one gate. Its members ask one by one; whatever asks for what is under way
 * already waits for the same answer. Who joins a group that is promoted is promoted, and who leaves
 * one that stays so demotes nothing.
 *
 * The supervisor counts by numbers of its own, which no other engine of this boot has used: what an
 * earlier engine asked for is answered to nobody.
 */
import type { IpAddress } from "#units/address";
import type { Instant } from "#units/time";
import type { RouterEffect, RouterEvent } from "../router/event.ts";
import type { EngineContext } from "./context.ts";
import type { GateRequest, ToEngine } from "./engine-link.ts";
import { fenceMode, fenceOf, isSameEntry, resetPortsOf, unitOf } from "./fences.ts";
import type { Instance } from "./instance.ts";
import { scheduleRetry } from "./retry.ts";
import { type FenceEntry, type Outcome, printFailure } from "./world.ts";

export type GateEffect = Extract<
  RouterEffect,
  {
    kind:
      | "promote"
      | "demote"
      | "cancelGate"
      | "closeFence"
      | "openFence"
      | "compare"
      | "drain"
      | "resetConnections";
  }
>;
type Work = Extract<GateEffect, { kind: "promote" | "demote" }>;
type Question = Exclude<GateRequest, { kind: "cancel" | "reset" }>;
export type GateAnswer = Extract<
  ToEngine,
  { type: "gateAnswer" | "dataCompared" | "drained" | "probeAnswer" }
>;

/** What a unit has not asked for. */
type UnitNews = Extract<RouterEvent, { kind: "promoteAsked" | "successorServes" }>;

/** Asked for and not answered yet. */
interface Pending {
  readonly unit: string;
  readonly kind: Question["kind"];
  /** Who waits, and the number it knows the request by. */
  readonly waiting: Map<Instance, number>;
}

/** Gives a router an event (steps.ts). */
interface Stepper {
  apply(instance: Instance, event: RouterEvent, now: Instant): void;
}

const NO_FENCE: Outcome = {
  ok: false,
  errno: "EOPNOTSUPP",
  call: "nf_tables",
  detail: "this kernel has no nf_tables, or it may not be used",
};

export class Gates {
  readonly #context: EngineContext;
  readonly #pending = new Map<number, Pending>();
  /** Units with a promotion that was done, and nothing asked for since. */
  readonly #promoted = new Set<string>();
  /** As the supervisor said last, by unit. */
  readonly #eligible = new Map<string, boolean>();
  /** The number of the last request. */
  #run: number | undefined;
  /** Nobody answers any more. */
  #isAlone = false;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  perform(instance: Instance, effect: GateEffect, now: Instant, outcomes: RouterEvent[]): void {
    switch (effect.kind) {
      case "promote":
      case "demote":
        return this.#work(instance, effect, now, outcomes);
      case "cancelGate":
        return this.#cancel(instance, effect.run);
      case "closeFence":
        return this.#close(instance, effect.only, now, outcomes);
      case "openFence": {
        // Another member's run is under way: it opens when the unit is promoted (seed 102222).
        if (this.#isUnderWay(instance)) return;
        const outcome = this.#context.world.fence?.open(fenceOf(instance.config));
        return this.#taken(instance, outcome, now, outcomes);
      }
      case "compare": {
        const { kind, run, peer, micros } = effect;
        return this.#join(instance, run, { kind, run: 0, peer, micros }, now, outcomes);
      }
      case "drain": {
        const { kind, run, micros } = effect;
        const addresses = addressesOf(instance);
        return this.#ask(instance, run, { kind, run: 0, micros, addresses }, now, outcomes);
      }
      case "resetConnections":
        return this.#reset(instance, effect.stays === true);
    }
  }

  /** Does anything answer at the address's service? Answered by `probeAnswer`. */
  probeService(instance: Instance, run: number, now: Instant, outcomes: RouterEvent[]): void {
    const addresses = addressesOf(instance);
    this.#ask(instance, run, { kind: "probe", run: 0, addresses }, now, outcomes);
  }

  /**
   * Here, since the address may be removed in this turn, and after that no client hears of it. What
   * is left is the supervisor's, and all of them if the address stays.
   */
  #reset(instance: Instance, stays: boolean): void {
    const addresses = addressesOf(instance);
    if (stays && !this.#isAlone) return this.#send(instance, { kind: "reset", addresses });
    const ports = resetPortsOf(instance.config) ?? "all";
    const only = ports === "all" ? undefined : ports;
    const outcome = this.#context.world.resetConnections?.(addresses, only);
    if (outcome?.ok !== true && !this.#isAlone) this.#send(instance, { kind: "reset", addresses });
  }

  // ---- requests --------------------------------------------------------------------------------

  #work(instance: Instance, effect: Work, now: Instant, outcomes: RouterEvent[]): void {
    const { run, peer, micros } = effect;
    const { effectivePriority: priority } = instance.state;
    if (this.#isDoneAlready(instance, effect))
      return void outcomes.push({ kind: "gateAnswered", run, outcome: "done" });
    if (effect.kind === "demote") this.#closeOthers(instance, now);
    this.#promoted.delete(unitOf(instance.config));
    const common = { run: 0, micros, priority, ...(peer === undefined ? {} : { peer }) };
    const request: Question =
      effect.kind === "promote"
        ? { kind: "promote", ...common, reason: effect.reason }
        : { kind: "demote", ...common, reason: effect.reason, isPlanned: effect.isPlanned };
    this.#join(instance, run, request, now, outcomes);
  }

  /**
   * What is behind the addresses of its whole sync group goes: the others are about to close theirs
   * too, and may not be a moment late. One that cannot says so by itself.
   */
  #closeOthers(instance: Instance, now: Instant): void {
    for (const other of this.#othersOf(instance))
      if (other.state.gate?.fence !== "closed") this.#close(other, undefined, now, []);
  }

  /**
   * By what the rest of its sync group is. A member may not have heard yet that its unit is
   * demoted.
   */
  #isDoneAlready(instance: Instance, { kind }: Work): boolean {
    if (kind === "demote" && instance.leaving === undefined) return false;
    return (
      this.#promoted.has(unitOf(instance.config)) &&
      this.#othersOf(instance).some(
        ({ state: { phase, gate } }) => phase.kind === "master" && gate?.isPromoted === true,
      )
    );
  }

  #othersOf(instance: Instance): readonly Instance[] {
    const { group } = instance.config;
    if (group === undefined) return [];
    return this.#context.instances.all.filter(
      (one) => one !== instance && one.leaving === undefined && one.config.group === group,
    );
  }

  /** With others of its unit that wait for the same. */
  #join(
    instance: Instance,
    run: number,
    request: Question,
    now: Instant,
    outcomes: RouterEvent[],
  ): void {
    const unit = unitOf(instance.config);
    for (const pending of this.#pending.values()) {
      if (pending.unit !== unit || pending.kind !== request.kind) continue;
      // It asks anew: its own earlier request is no matter any more.
      if (pending.waiting.has(instance)) break;
      pending.waiting.set(instance, run);
      return;
    }
    this.#ask(instance, run, request, now, outcomes);
  }

  #ask(
    instance: Instance,
    run: number,
    request: Question,
    now: Instant,
    outcomes: RouterEvent[],
  ): void {
    if (this.#isAlone) return void outcomes.push(unanswered(request.kind, run));
    const nth = this.#next(now);
    const unit = unitOf(instance.config);
    this.#forget(unit, request.kind);
    this.#pending.set(nth, { unit, kind: request.kind, waiting: new Map([[instance, run]]) });
    this.#send(instance, { ...request, run: nth });
  }

  /** A promotion ends a demotion of the same unit, and a demotion a promotion. */
  #forget(unit: string, kind: Question["kind"]): void {
    if (kind !== "promote" && kind !== "demote") return;
    for (const [nth, pending] of this.#pending)
      if (pending.unit === unit && (pending.kind === "promote" || pending.kind === "demote"))
        this.#pending.delete(nth);
  }

  /** It is no more: its demotion goes on, and nobody waits for its end. */
  removed(steps: Stepper, instance: Instance, now: Instant): void {
    for (const { waiting } of this.#pending.values()) waiting.delete(instance);
    this.release(fenceOf(instance.config));
    if (instance.config.router.gate === undefined) return;
    for (const one of this.#of(unitOf(instance.config))) this.settle(steps, one, now);
  }

  #cancel(instance: Instance, run: number): void {
    for (const [nth, { waiting }] of this.#pending) {
      if (waiting.get(instance) !== run) continue;
      waiting.delete(instance);
      if (waiting.size > 0) return;
      this.#pending.delete(nth);
      if (!this.#isAlone) this.#send(instance, { kind: "cancel", run: nth });
    }
  }

  /** By milliseconds of this boot: an earlier engine has used none that is as high. */
  #next(now: Instant): number {
    this.#run = this.#run === undefined ? Math.ceil(now / 1_000) : this.#run + 1;
    return this.#run;
  }

  #send(instance: Instance, request: GateRequest): void {
    const { name } = instance.config.router;
    const unit = unitOf(instance.config);
    this.#context.world.emit({ type: "gate", unit, instance: name, request });
  }

  // ---- answers ---------------------------------------------------------------------------------

  answered(steps: Stepper, message: GateAnswer, now: Instant): void {
    const pending = this.#pending.get(message.run);
    if (pending === undefined) return;
    this.#pending.delete(message.run);
    if (pending.kind === "promote" && message.type === "gateAnswer" && message.outcome === "done")
      this.#promoted.add(pending.unit);
    for (const [instance, run] of pending.waiting)
      steps.apply(instance, eventOf(message, run), now);
    if (this.#promoted.has(pending.unit)) this.#openOthers(steps, pending.unit, now);
  }

  /** Of a sync group: whether its unit is being promoted or demoted. */
  #isUnderWay({ config: { group } }: Instance): boolean {
    if (group === undefined) return false;
    for (const { unit, kind } of this.#pending.values())
      if (unit === group && (kind === "promote" || kind === "demote")) return true;
    return false;
  }

  /** Those that wanted to open while it was. */
  #openOthers(steps: Stepper, unit: string, now: Instant): void {
    for (const instance of this.#of(unit)) {
      if (instance.config.group === undefined || instance.state.gate?.fence !== "open") continue;
      const outcomes: RouterEvent[] = [];
      const outcome = this.#context.world.fence?.open(fenceOf(instance.config));
      this.#taken(instance, outcome, now, outcomes);
      for (const event of outcomes) steps.apply(instance, event, now);
    }
  }

  /** Known before the engine was; the routers get it at their start. */
  remember(unit: string, eligible: boolean): void {
    this.#eligible.set(unit, eligible);
  }

  eligible(steps: Stepper, unit: string, eligible: boolean, now: Instant): void {
    this.remember(unit, eligible);
    for (const instance of this.#of(unit)) this.settle(steps, instance, now);
  }

  /** What is known of the unit of an instance that starts, or has got a gate. */
  settle(steps: Stepper, instance: Instance, now: Instant): void {
    const { gate } = instance.config.router;
    if (gate === undefined) return;
    const isHeld = this.#isLeft(instance);
    const wasHeld = instance.state.gate?.eligible === "no";
    const known = this.#eligible.get(unitOf(instance.config));
    const eligible = isHeld ? false : (known ?? (wasHeld ? !gate.needsEligible : undefined));
    if (eligible !== undefined) steps.apply(instance, { kind: "eligibleChanged", eligible }, now);
  }

  /**
   * A router of the same gate, which a reload has removed, is demoted still (seed 202752): there
   * would be two that promote and demote the same.
   */
  #isLeft({ config }: Instance): boolean {
    const unit = unitOf(config);
    return this.#context.instances.all.some(
      (one) =>
        one.leaving !== undefined &&
        one.config.router.gate !== undefined &&
        unitOf(one.config) === unit &&
        (one.state.phase.kind === "demoting" || one.state.gate?.running !== undefined),
    );
  }

  /** Each member of it. */
  notify(steps: Stepper, unit: string, event: UnitNews, now: Instant): void {
    for (const instance of this.#of(unit)) steps.apply(instance, event, now);
  }

  #of(unit: string): readonly Instance[] {
    return this.#context.instances.all.filter(
      ({ leaving, config }) =>
        leaving === undefined && config.router.gate !== undefined && unitOf(config) === unit,
    );
  }

  /** The supervisor is gone: what was asked is refused, and so is what is asked from now on. */
  supervisorGone(steps: Stepper, now: Instant): void {
    this.#isAlone = true;
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { kind, waiting } of all)
      for (const [instance, run] of waiting) steps.apply(instance, unanswered(kind, run), now);
  }

  // ---- the fence -------------------------------------------------------------------------------

  #close(instance: Instance, only: "new" | undefined, now: Instant, outcomes: RouterEvent[]): void {
    const entries = fenceOf(instance.config);
    if (entries.length === 0) return;
    const mode = only ?? fenceMode(instance.config);
    const outcome = this.#context.world.fence?.close(entries, mode) ?? NO_FENCE;
    this.#taken(instance, outcome, now, outcomes);
  }

  /** An address that cannot be fenced is not served: FAULT, and another try after a while. */
  #taken(
    instance: Instance,
    outcome: Outcome | undefined,
    now: Instant,
    outcomes: RouterEvent[],
  ): void {
    if (outcome === undefined || outcome.ok) return;
    scheduleRetry(instance, now);
    const error = printFailure(outcome);
    outcomes.push({ kind: "faultRaised", cause: { kind: "fence-refused", error } });
  }

  /** After a refusal. False: refused again. */
  closeAgain(instance: Instance, now: Instant): boolean {
    const outcomes: RouterEvent[] = [];
    if (instance.state.gate?.fence !== "open") this.#close(instance, undefined, now, outcomes);
    return outcomes.length === 0;
  }

  /**
   * A reload has changed the addresses, the ports, or whether there is a gate.
   *
   * @param before the ports that were fenced
   */
  reloaded(
    instance: Instance,
    before: readonly FenceEntry[],
    now: Instant,
    outcomes: RouterEvent[],
  ): void {
    this.release(before);
    const { gate } = instance.state;
    if (gate === undefined || gate.fence === "open") return;
    this.#close(instance, gate.fence === "new" ? "new" : undefined, now, outcomes);
  }

  /** What is fenced for nobody any more is let through: whoever has the address next is no gate. */
  release(entries: readonly FenceEntry[]): void {
    if (entries.length === 0) return;
    const configured = this.#context.instances.all.flatMap(({ config }) => fenceOf(config));
    const free = entries.filter((one) => !configured.some((other) => isSameEntry(one, other)));
    if (free.length === 0) return;
    const outcome = this.#context.world.fence?.open(free);
    if (outcome === undefined || outcome.ok) return;
    const text = `the fence of an address without a gate stays: ${printFailure(outcome)}`;
    this.#context.world.emit({ type: "log", level: "error", text });
  }
}

const addressesOf = ({ addresses }: Instance): readonly IpAddress[] =>
  addresses.map(({ virtual }) => virtual.address);

function eventOf(message: GateAnswer, run: number): RouterEvent {
  switch (message.type) {
    case "gateAnswer":
      return { kind: "gateAnswered", run, outcome: message.outcome };
    case "dataCompared":
      return { kind: "dataCompared", run, result: message.result };
    case "drained":
      return { kind: "drained", run };
    case "probeAnswer":
      return { kind: "probeAnswered", run, by: message.by };
  }
}

/** Nobody is there who could find out. */
function unanswered(kind: Question["kind"], run: number): RouterEvent {
  switch (kind) {
    case "promote":
    case "demote":
      return { kind: "gateAnswered", run, outcome: "refused" };
    case "compare":
      return { kind: "dataCompared", run, result: "unknown" };
    case "drain":
      return { kind: "drained", run };
    case "probe":
      return { kind: "probeAnswered", run, by: "nobody" };
  }
}
