/** A reload that changes nothing does nothing: no packet, no address, no message for what stayed the same. */
import { identity } from "#engine/instance";
import type { Hooks } from "./hooks.ts";
import type { Simulation } from "./simulation.ts";

export function checkReload(simulation: Simulation): Hooks {
  let unchanged:
    | { readonly machine: number; readonly names: ReadonlySet<string>; readonly all: boolean }
    | undefined;
  let announces = false;
  const isQuiet = (machine: number): boolean => unchanged?.machine === machine && unchanged.all;
  const complain = (what: string): void =>
    simulation.violate("reload-disturbs", `machine ${unchanged?.machine}: ${what}`);
  return {
    beforeReload: (machine, instances) => {
      const old = new Map(
        (machine.engine?.instances ?? []).map((one) => [
          identity(one.config),
          JSON.stringify(one.config),
        ]),
      );
      const same = instances.filter((one) => old.get(identity(one)) === JSON.stringify(one));
      const all = old.size > 0 && same.length === instances.length && old.size === instances.length;
      // A round of announcements that is due anyway may leave at this very moment.
      const due = machine.engine?.announcements.deadline();
      announces = due !== undefined && due <= machine.clock();
      const stopped = machine.engine?.instances.some((one) => one.state.phase.kind === "stopped");
      unchanged = {
        machine: machine.id,
        names: new Set(stopped === true ? [] : same.map((one) => one.router.name)),
        all: all && stopped !== true,
      };
    },
    afterReload: () => {
      unchanged = undefined;
    },
    advertSent: (machine) => {
      if (isQuiet(machine.id)) complain("an advertisement is sent");
    },
    arpSent: (machine) => {
      if (isQuiet(machine.id) && !announces) complain("an announcement is sent");
    },
    ownership: (machine) => {
      if (isQuiet(machine.id)) complain("an address changes");
    },
    transition: (machine, { instance }) => {
      if (unchanged?.machine === machine.id && unchanged.names.has(instance))
        complain(`${instance} changes state`);
    },
  };
}
