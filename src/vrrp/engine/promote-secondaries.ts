/**
 * `promote_secondaries`, on the devices where an instance with the keyword has addresses, as long
 * as the instance is there.
 */
import type { InstanceConfig } from "../router/config.ts";
import type { EngineContext } from "./context.ts";
import { printFailure } from "./world.ts";

export class SecondaryPromotion {
  readonly #context: EngineContext;
  #isUsed = false;
  #refused: string | undefined;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /**
   * After devices or instances have come or gone, and before those of a reload come. A refusal is
   * logged once.
   */
  settle(coming: readonly InstanceConfig[] = []): void {
    const { world, instances } = this.#context;
    const devices = new Set<string>();
    const running = instances.all.filter(({ state }) => state.phase.kind !== "stopped");
    for (const config of [...running.map((one) => one.config), ...coming]) {
      if (config.promoteSecondaries !== true) continue;
      for (const one of [...config.addresses, ...config.excludedAddresses]) {
        const device = one.interface ?? config.interface;
        if (device !== undefined) devices.add(device);
      }
    }
    if (devices.size === 0 && !this.#isUsed) return;
    this.#isUsed = devices.size > 0;
    const outcome = world.promoteSecondaries(devices);
    const refused = outcome.ok ? undefined : printFailure(outcome);
    if (refused !== undefined && refused !== this.#refused) {
      const text = `promote_secondaries is not set: ${refused}`;
      world.emit({ type: "log", level: "warning", text });
    }
    this.#refused = refused;
  }
}
