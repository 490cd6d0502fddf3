/**
 * `no_accept`: what this node does not answer for although it may hold it. The filter is for the
 * addresses of every instance with the keyword, from before its first address is added until all
 * are gone; whoever of the nodes is master, so a take-over does not wait for it.
 *
 * A refusal of the kernel is logged, and it is tried again whenever an instance takes its
 * addresses. They answer meanwhile, as under keepalived without nftables.
 */
import type { InstanceConfig } from "../router/config.ts";
import type { EngineContext } from "./context.ts";
import { printFailure, type Unanswered } from "./world.ts";

/** Nothing without the keyword. */
export function unansweredOf(config: InstanceConfig): readonly Unanswered[] {
  if (config.accept !== false) return [];
  return [...config.addresses, ...config.excludedAddresses].map(
    ({ address, interface: device = config.interface ?? "" }) => ({ address, interface: device }),
  );
}

export class Acceptance {
  readonly #context: EngineContext;
  #isUsed = false;
  #refused: string | undefined;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** After instances have gone, and before those of a reload come. A refusal is logged once. */
  settle(coming: readonly InstanceConfig[] = []): void {
    const { world, instances } = this.#context;
    const running = instances.all.filter(({ state }) => state.phase.kind !== "stopped");
    const all = [...running.map(({ config }) => config), ...coming].flatMap(unansweredOf);
    if (all.length === 0 && !this.#isUsed) return;
    this.#isUsed = all.length > 0;
    const outcome = world.acceptFilter?.set(all);
    const refused = outcome?.ok === false ? printFailure(outcome) : undefined;
    if (refused !== undefined && refused !== this.#refused) {
      const text = `no_accept has no effect, the addresses answer: ${refused}`;
      world.emit({ type: "log", level: "error", text });
    }
    this.#refused = refused;
  }

  /** An instance is about to take its addresses. */
  tryAgain(): void {
    if (this.#refused !== undefined) this.settle();
  }
}
