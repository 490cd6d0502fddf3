/**
 * Does the engine decide the same without its shortcuts? A backup that hears its master say the
 * same again only notes when (router/hear-again.ts), and a master's ordinary advertisement takes no
 * step (router/advertise-again.ts); an engine with a recorder steps each time. So the same scenario
 * runs twice, and everything that can be seen of it has to be the same to the microsecond.
 */
import { printIp } from "#units/address";
import type { MachineView } from "./cluster-view.ts";
import type { Observer } from "./observer.ts";
import type { Scenario } from "./scenario.ts";
import type { RecordSink } from "./simulated-cluster.ts";
import { Simulation } from "./simulation.ts";

export interface Comparison {
  /** Undefined: none. */
  readonly difference: string | undefined;
  /** What was compared: packets, announcements, turns, changes of owners, messages. */
  readonly lines: number;
}

/** The scenario with the shortcuts and without. */
export function compareWithSteps(scenario: Scenario): Comparison {
  const each = live(scenario, () => undefined);
  const ordinary = live(scenario, undefined);
  return { difference: firstDifference(ordinary, each), lines: each.length };
}

function live(scenario: Scenario, recorder: RecordSink | undefined): readonly string[] {
  const simulation = new Simulation(scenario, recorder);
  const { queue, observers, machines } = simulation.cluster;
  const lines: string[] = [];
  const add = (machine: MachineView, text: string): void => {
    lines.push(`${queue.now} machine ${machine.id} ${text}`);
  };
  observers.add(watch(add));
  simulation.run();
  for (const machine of machines) {
    const clock = machine.clock();
    for (const instance of machine.engine?.instances ?? [])
      add(machine, `ends ${JSON.stringify(instance.state)}`);
    add(machine, `status ${JSON.stringify(machine.engine?.snapshot(clock))}`);
  }
  lines.push(`${queue.now} after ${queue.ran} events`);
  return lines;
}

function watch(add: (machine: MachineView, text: string) => void): Observer {
  return {
    advertSent: (machine, vrid, priority, packet) =>
      add(machine, `advertises ${vrid} ${priority}, packet ${hashOf(packet)}`),
    arpSent: (machine, address) => add(machine, `announces ${printIp(address)}`),
    ownership: (machine, address, owns) => add(machine, `owns ${printIp(address)} ${owns}`),
    engineMessage: (machine, message) => add(machine, `emits ${JSON.stringify(message)}`),
    loopDone: (machine) => add(machine, `is due ${machine.engine?.deadline()}`),
  };
}

function firstDifference(one: readonly string[], other: readonly string[]): string | undefined {
  const length = Math.max(one.length, other.length);
  for (let place = 0; place < length; place++) {
    if (one[place] !== other[place])
      return `with shortcuts: ${one[place]}\nevery step:     ${other[place]}`;
  }
  return undefined;
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
