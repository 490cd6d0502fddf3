/**
 * The daemon's side of a cloud: `src/daemon/havip-loop.ts` over the simulated supervisor and
 * platform. What it decides is the machine that ships (src/cloud/agreement).
 */
import { agreementDeadline, stepAgreement } from "#cloud/agreement/agreement";
import { type AgreementEffect, type AgreementEvent, IDLE } from "#cloud/agreement/agreement-state";
import { signIn } from "#cloud/agreement/contrary-sign";
import { viewOf } from "#cloud/agreement/ownership-lookup";
import { roleAsked, roleOf } from "#cloud/agreement/role";
import { printIp } from "#units/address";
import type { FromEngine } from "#vrrp/engine/engine-link";
import type { AgreementWatch } from "./cluster-view.ts";
import type { SimulatedMachine } from "./machine.ts";
import type { Platform, PlatformAnswer } from "./platform.ts";

/** A supervisor that stands still looks again after this. */
const RETRY = 10_000;
const MILLISECOND = 1_000;

export class CloudWatch {
  readonly #machine: SimulatedMachine;
  readonly #platform: Platform;
  #watches = new Map<string, AgreementWatch>();
  /** Counts up with each supervisor: what an earlier one waited for is no matter. */
  #life = 0;
  #timerAt: number | undefined;

  constructor(machine: SimulatedMachine, platform: Platform) {
    this.#machine = machine;
    this.#platform = platform;
  }

  all(): Iterable<AgreementWatch> {
    return this.#watches.values();
  }

  /** The supervisor starts, or is gone. */
  forget(): void {
    this.#life += 1;
    this.#watches.clear();
    this.#timerAt = undefined;
  }

  /** At the start and after every reload; what is watched already goes on. */
  configure(isMaster: (instance: string) => boolean): void {
    const before = this.#watches;
    this.#watches = new Map();
    for (const { router, addresses } of this.#machine.instances) {
      for (const { address } of addresses) {
        const key = `${router.name}/${address}`;
        const watch = before.get(key) ?? { instance: router.name, address, state: IDLE };
        this.#watches.set(key, watch);
        const role = isMaster(router.name) ? "master" : "other";
        this.#step(watch, { kind: "role", role });
      }
    }
    this.#arm();
  }

  engineGone(): void {
    for (const watch of this.#watches.values()) this.#step(watch, { kind: "role", role: "other" });
    this.#arm();
  }

  receive(message: FromEngine): void {
    if (message.type === "transition") {
      const role = roleAsked(roleOf(message.from, message.to), false);
      for (const watch of this.#of(message.instance)) this.#step(watch, { kind: "role", role });
    }
    const contrary = message.type === "report" ? signIn(message.report) : undefined;
    if (message.type === "report" && contrary !== undefined) {
      for (const watch of this.#of(message.instance)) {
        const isMeant = (contrary.address ?? printIp(watch.address)) === printIp(watch.address);
        if (isMeant) this.#step(watch, { kind: "sign", sign: contrary.sign });
      }
    }
    this.#arm();
  }

  #of(instance: string): readonly AgreementWatch[] {
    return [...this.#watches.values()].filter((one) => one.instance === instance);
  }

  #step(watch: AgreementWatch, event: AgreementEvent): void {
    const step = stepAgreement(watch.state, event, this.#machine.clock());
    watch.state = step.state;
    for (const effect of step.effects) this.#perform(watch, effect);
    this.#machine.environment.observers.emit("agreement", this.#machine, watch);
  }

  #perform(watch: AgreementWatch, effect: AgreementEffect): void {
    const machine = this.#machine;
    switch (effect.kind) {
      case "ask":
        return this.#ask(watch, effect.turn);
      case "announce":
        if (machine.engine !== undefined)
          machine.send({ type: "announce", instance: watch.instance, address: watch.address });
        return machine.environment.observers.emit("announcedAgain", machine, watch);
      case "report":
        return machine.environment.observers.emit("agreementReported", machine, watch, effect.news);
      case "moved":
        // Of a stop that waits for the platform, which these machines are not configured for.
        return;
    }
  }

  #ask({ instance, address }: AgreementWatch, turn: number): void {
    const { id, environment } = this.#machine;
    const life = this.#life;
    const askedAt = environment.queue.now;
    const own = { instanceId: this.#platform.instanceIdOf(id), subnetIds: [] };
    const deliver = (rows: PlatformAnswer): void => {
      if (life !== this.#life) return;
      if (!this.#machine.supervisor.runs) return environment.queue.in(RETRY, () => deliver(rows));
      const watch = this.#watches.get(`${instance}/${address}`);
      if (watch === undefined) return;
      const view =
        rows === undefined
          ? ({ kind: "unknown", why: "" } as const)
          : viewOf(rows, printIp(address), own);
      // Emitted before the machine has it, so that what it shows by it can be checked.
      if (watch.state.turn === turn)
        environment.observers.emit("answered", this.#machine, watch, view, askedAt);
      this.#step(watch, { kind: "answered", turn, view });
      this.#arm();
    };
    this.#platform.ask(id, address, deliver);
  }

  /** A timer of whole milliseconds, by a clock that runs. */
  #arm(): void {
    const { queue } = this.#machine.environment;
    let first: number | undefined;
    for (const { state } of this.#watches.values()) {
      const due = agreementDeadline(state);
      if (due !== undefined) first = Math.min(first ?? due, due);
    }
    if (first === undefined) {
      this.#timerAt = undefined;
      return;
    }
    const wait = Math.max(0, first - this.#machine.clock());
    const at = queue.now + Math.ceil(wait / MILLISECOND) * MILLISECOND;
    if (this.#timerAt !== undefined && this.#timerAt <= at && this.#timerAt > queue.now) return;
    this.#timerAt = at;
    this.#timer(at, this.#life);
  }

  #timer(at: number, life: number): void {
    const { queue } = this.#machine.environment;
    queue.at(at, () => {
      if (life !== this.#life || this.#timerAt !== at) return;
      if (!this.#machine.supervisor.runs) {
        this.#timerAt = queue.now + RETRY;
        return this.#timer(this.#timerAt, life);
      }
      this.#timerAt = undefined;
      const now = this.#machine.clock();
      for (const watch of this.#watches.values()) {
        const due = agreementDeadline(watch.state);
        if (due !== undefined && due <= now) this.#step(watch, { kind: "timeReached" });
      }
      this.#arm();
    });
  }
}
