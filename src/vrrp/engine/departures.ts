/**
 * Instances that go: those that a reload removed, and all of them at a stop. Each hands over first;
 * when it has, its sockets go too, and when all have at a stop the engine ends.
 */
import type { Instant } from "#units/time";
import type { Acceptance } from "./acceptance.ts";
import type { AddressDevices } from "./address-devices.ts";
import type { EngineContext } from "./context.ts";
import type { Effects } from "./effects.ts";
import type { Gates } from "./gates.ts";
import { about, type Instance } from "./instance.ts";
import type { SecondaryPromotion } from "./promote-secondaries.ts";
import type { Routing } from "./routing.ts";
import type { SocketBindings } from "./socket-bindings.ts";
import type { Steps } from "./steps.ts";
import type { VirtualMacs } from "./virtual-macs.ts";

interface DepartureParts {
  readonly context: EngineContext;
  readonly steps: Steps;
  readonly effects: Effects;
  readonly gates: Gates;
  readonly bindings: SocketBindings;
  readonly addressDevices: AddressDevices;
  readonly promoting: SecondaryPromotion;
  readonly virtualMacs: VirtualMacs;
  readonly routing: Routing;
  readonly acceptance: Acceptance;
}

export class Departures {
  readonly #parts: DepartureParts;
  /** Instances that a reload removed and that still hand over. */
  #leaving = 0;
  isStopping = false;
  /** Everything is handed over. */
  isFinished = false;

  constructor(parts: DepartureParts) {
    this.#parts = parts;
  }

  /** A reload has removed it: the engine's nth configuration. */
  leave(instance: Instance, nth: number, now: Instant): void {
    instance.leaving = nth;
    this.#leaving += 1;
    this.#parts.steps.apply(instance, { kind: "stop" }, now);
  }

  /** The supervisor asks for it, or is gone. */
  stop(now: Instant): void {
    const { context, steps, effects, routing } = this.#parts;
    this.isStopping = true;
    for (const instance of context.instances.all) {
      steps.apply(instance, { kind: "stop" }, now);
      if (!instance.resuming) continue;
      // What the supervisor still holds for it goes too: the supervisor itself may be gone.
      instance.resuming = false;
      routing.sweep(instance);
      effects.perform(instance, { kind: "removeAddresses" }, now, []);
    }
    this.sweep(now);
  }

  /** At the end of every turn: drops those that have handed over. */
  sweep(now: Instant): void {
    if (this.#leaving > 0) this.#sweepLeaving(now);
    if (!this.isStopping || this.isFinished) return;
    const { context, promoting, acceptance, virtualMacs } = this.#parts;
    if (context.instances.all.every((instance) => instance.state.phase.kind === "stopped")) {
      this.isFinished = true;
      promoting.settle();
      acceptance.settle();
      virtualMacs.close();
      context.world.emit({ type: "stopped" });
    }
  }

  #sweepLeaving(now: Instant): void {
    const { context, bindings, addressDevices, promoting, acceptance, gates, virtualMacs } =
      this.#parts;
    let isSmaller = false;
    for (const instance of context.instances.all) {
      if (instance.leaving === undefined || instance.state.phase.kind !== "stopped") continue;
      isSmaller = true;
      this.#leaving -= 1;
      context.world.emit({ type: "removed", ...about(instance) });
      context.instances.remove(instance);
      bindings.removed(instance, now);
      gates.removed(this.#parts.steps, instance, now);
    }
    if (!isSmaller) return;
    virtualMacs.close();
    addressDevices.settle(now);
    promoting.settle();
    acceptance.settle();
  }
}
