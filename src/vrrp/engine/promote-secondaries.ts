/** `promote_secondaries`, on the devices where an instance with the keyword has addresses, as long as it is there. */
import type { InstanceConfig } from "../router/config.ts";
import type { Engine } from "./engine.ts";
import { describe } from "./guard.ts";

/** After devices or instances have come or gone, and before those of a reload come. A refusal is reported once. */
export class PromoteSecondaries {
  #isUsed = false;
  #refused: string | undefined;

  settle(engine: Engine, coming: readonly InstanceConfig[] = []): void {
    const devices = new Set<string>();
    const running = engine.instances.filter(({ state }) => state.phase.kind !== "stopped");
    for (const config of [...running.map((one) => one.config), ...coming]) {
      if (config.promoteSecondaries !== true) continue;
      for (const one of [...config.addresses, ...config.excludedAddresses]) {
        const device = one.interface ?? config.interface;
        if (device !== undefined) devices.add(device);
      }
    }
    if (devices.size === 0 && !this.#isUsed) return;
    this.#isUsed = devices.size > 0;
    const outcome = engine.world.promoteSecondaries(devices);
    const refused = outcome.ok ? undefined : describe(outcome);
    if (refused !== undefined && refused !== this.#refused) {
      const text = `promote_secondaries is not set: ${refused}`;
      engine.emit({ type: "log", level: "warning", text });
    }
    this.#refused = refused;
  }
}
