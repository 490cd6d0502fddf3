/**
 * Makes a failing scenario small while it still fails in the same way: fewer faults, a perfect
 * network, less time.
 */
import { runScenario } from "./run.ts";
import type { Scenario, ScenarioFault } from "./scenario.ts";

const TRIES_MAX = 400;

export function shrinkScenario(scenario: Scenario, check: string): Scenario {
  let best = scenario;
  let tries = 0;
  const attempt = (candidate: Scenario): boolean => {
    tries += 1;
    if (tries > TRIES_MAX) return false;
    const fails = runScenario(candidate).violations[0]?.check === check;
    if (fails) best = candidate;
    return fails;
  };
  for (let progress = true; progress && tries < TRIES_MAX; ) {
    progress = false;
    for (const fault of best.faults) {
      const faults = best.faults.filter((one) => one !== fault);
      if (attempt({ ...best, faults })) progress = true;
    }
    for (const candidate of simpler(best)) if (attempt(candidate)) progress = true;
    for (const fault of best.faults) {
      const shorter = shortened(fault);
      if (shorter === undefined) continue;
      const faults = best.faults.map((one) => (one === fault ? shorter : one));
      if (attempt({ ...best, faults })) progress = true;
    }
  }
  return best;
}

function* simpler(scenario: Scenario): Iterable<Scenario> {
  const { network } = scenario;
  if (network.loss > 0) yield { ...scenario, network: { ...network, loss: 0 } };
  if (network.duplication > 0) yield { ...scenario, network: { ...network, duplication: 0 } };
  if (network.reordering > 0) yield { ...scenario, network: { ...network, reordering: 0 } };
  const last = Math.max(
    0,
    ...scenario.faults.map((one) => one.at + ("micros" in one ? one.micros : 0)),
  );
  const stormMicros = Math.ceil(last + 1_000_000);
  if (stormMicros < scenario.stormMicros) yield { ...scenario, stormMicros };
  if (scenario.machines.some((one) => one.startsAt > 0))
    yield { ...scenario, machines: scenario.machines.map((one) => ({ ...one, startsAt: 0 })) };
  const highest = Math.max(
    1,
    ...scenario.faults.map((one) => ("machine" in one ? one.machine : 1)),
  );
  const isPlain = scenario.faults.every(
    (one) => !["one-way", "partition", "vrrp-cut"].includes(one.kind),
  );
  if (scenario.machines.length > highest + 1 && scenario.machines.length > 2 && isPlain)
    yield { ...scenario, machines: scenario.machines.slice(0, -1) };
  if (
    scenario.machines.some((one) => one.instances.some((instance) => instance.addresses.length > 1))
  ) {
    const machines = scenario.machines.map((one) => ({
      ...one,
      instances: one.instances.map((instance) => ({
        ...instance,
        addresses: instance.addresses.slice(0, 1),
      })),
    }));
    yield { ...scenario, machines };
  }
}

function shortened(fault: ScenarioFault): ScenarioFault | undefined {
  if (!("micros" in fault) || fault.micros < 2_000) return undefined;
  return { ...fault, micros: Math.round(fault.micros / 2) };
}
