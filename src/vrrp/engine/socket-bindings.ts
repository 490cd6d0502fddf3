/**
 * The sockets an instance listens by. Where they cannot be opened the instance is in FAULT and says
 * which call failed; it is tried again, as one of an address is.
 */
import type { Instant } from "#units/time";
import type { AddressDevices } from "./address-devices.ts";
import type { EngineContext } from "./context.ts";
import { type Instance, isRaised, isUnbound } from "./instance.ts";
import { listeningOn } from "./listening.ts";
import { scheduleRetry } from "./retry.ts";
import type { Steps } from "./steps.ts";
import { ANY_DEVICE, printFailure } from "./world.ts";

export class SocketBindings {
  readonly #context: EngineContext;
  readonly #steps: Steps;
  readonly #addressDevices: AddressDevices;

  constructor(context: EngineContext, steps: Steps, addressDevices: AddressDevices) {
    this.#context = context;
    this.#steps = steps;
    this.#addressDevices = addressDevices;
  }

  /** Opens its sockets, or joins the ones that are open. */
  open(instance: Instance, now: Instant): void {
    const { world, interfaces } = this.#context;
    const link = isUnbound(instance)
      ? { index: ANY_DEVICE, name: "" }
      : interfaces.link(instance.interfaceIndex);
    if (link === undefined) return;
    const { all } = this.#context.instances;
    const wanted = listeningOn(link.index, link.name, all, instance);
    const outcome = world.listen(link.index, link.name, wanted);
    if (outcome.ok) {
      if (isRaised(instance, "cannot-listen"))
        this.#steps.apply(instance, { kind: "faultLifted", cause: "cannot-listen" }, now);
      return;
    }
    scheduleRetry(instance, now);
    const cause = { kind: "cannot-listen", error: printFailure(outcome) } as const;
    this.#steps.apply(instance, { kind: "faultRaised", cause }, now);
  }

  /** An instance has left this device: closes its sockets unless they are still needed. */
  left(index: number): void {
    if (this.#context.instances.all.some((one) => one.interfaceIndex === index)) return;
    if (!this.#addressDevices.isHeard(index)) this.#close(index);
  }

  /** After the instance was removed. Its multicast group is left unless another router is in it. */
  removed({ interfaceIndex, config }: Instance, now: Instant): void {
    if (interfaceIndex === undefined) return;
    const { all } = this.#context.instances;
    const staying = all.find((one) => one.interfaceIndex === interfaceIndex);
    if (staying === undefined) this.#close(interfaceIndex);
    else if (config.transport.kind === "multicast") this.open(staying, now);
  }

  #close(index: number): void {
    this.#context.world.unlisten(index);
    this.#addressDevices.forget(index);
  }
}
