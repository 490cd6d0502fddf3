/**
 * Runs a scenario: builds network, machines and client, lets the faults happen at their times, ends them all when the storm is
 * over, and looks on while everything settles. The same scenario always gives the same run.
 *
 *   storm (faults) ──> calm: what was broken works again ──> settled: every promise must hold ──> end
 */
import type { Record as EngineRecord } from "#engine/engine";
import { type Ipv4, ipv4, type Mac } from "#units/address";
import { Client } from "./client.ts";
import { EventQueue } from "./event-queue.ts";
import { applyFault } from "./faults.ts";
import { HookList } from "./hooks.ts";
import { Machine } from "./machine.ts";
import { Network, type Port } from "./network.ts";
import { createRandom, type Random } from "./random.ts";
import type { Fault, Scenario } from "./scenario.ts";
import { Stranger } from "./stranger.ts";

export interface Violation {
  readonly check: string;
  /** Simulation time, microseconds. */
  readonly at: number;
  readonly text: string;
}

export class Simulation {
  readonly scenario: Scenario;
  readonly queue: EventQueue = new EventQueue();
  readonly hooks: HookList = new HookList();
  readonly network: Network;
  readonly machines: readonly Machine[];
  readonly client: Client;
  readonly stranger: Stranger;
  readonly random: Random;
  readonly violations: Violation[] = [];
  readonly addresses: readonly Ipv4[];
  phase: "storm" | "calm" | "settled" = "storm";
  /** What has to be undone when the storm ends: faults that still last. */
  readonly lasting: Map<Fault, () => void> = new Map();

  constructor(scenario: Scenario, recorder?: (machine: number, record: EngineRecord) => void) {
    this.scenario = scenario;
    const { queue, hooks } = this;
    this.random = createRandom(scenario.seed);
    this.network = new Network(queue, this.random.split("network"), scenario.network);
    const machineAddresses = scenario.machines.map((one) => one.address);
    const macs = scenario.machines.map((_, index) => (0x02_00_00_00_00_10 + index) as Mac);
    const around = {
      queue,
      hooks,
      network: this.network,
      random: this.random,
      hasGuard: scenario.hasGuard,
      wakeLateMicros: scenario.wakeLateMicros,
      keeperLateMicros: scenario.keeperLateMicros,
      macOf: (address: Ipv4) => macs[machineAddresses.indexOf(address)],
      machineOf: (address: Ipv4) => machineAddresses.indexOf(address),
      recorder,
    };
    this.machines = scenario.machines.map(
      (spec, index) => new Machine(index, macs[index] as Mac, spec, around),
    );
    this.addresses = virtualAddresses(scenario);
    this.client = new Client(
      queue,
      this.network,
      this.machines,
      this.random.split("client"),
      0x02_00_00_00_00_01 as Mac,
      this.addresses,
    );
    this.stranger = new Stranger(this.network, queue, this.random.split("stranger"), scenario);
    this.network.onLoss = (from, to, frame) => {
      if (frame.kind !== "vrrp") return;
      hooks.tell("advertLost", this.machineAt(from), this.machineAt(to), frame.bytes[21] ?? 0);
    };
    this.network.onChange = () => hooks.tell("connectivity");
    hooks.add(this.client.hooks());
    for (const machine of this.machines) machine.port.arpLimit = scenario.arpLimit;
  }

  violate(check: string, text: string): void {
    this.violations.push({ check, at: this.queue.now, text });
  }

  run(): void {
    const { scenario, queue, hooks } = this;
    const halted = (): boolean => this.violations.length > 0;
    for (const machine of this.machines)
      queue.at(machine.spec.startsAt, () => machine.keeper.start());
    for (const fault of scenario.faults) queue.at(fault.at, () => applyFault(this, fault));
    queue.runUntil(scenario.stormMicros, halted);
    if (halted()) return;
    for (const undo of this.lasting.values()) undo();
    this.stranger.isQuiet = true;
    this.phase = "calm";
    hooks.tell("calm");
    queue.runUntil(queue.now + scenario.settleMicros, halted);
    if (halted()) return;
    this.phase = "settled";
    hooks.tell("settled");
    queue.runUntil(queue.now + scenario.watchMicros, halted);
    if (!halted()) hooks.tell("end");
  }

  machine(id: number): Machine {
    const machine = this.machines[id];
    if (machine === undefined) throw new RangeError(`no machine ${id}`);
    return machine;
  }

  /** Machine number of a port, -1 for client and stranger. */
  machineAt(port: Port): number {
    return this.machines.findIndex((machine) => machine.port === port);
  }

  /** Do the two hear each other, loss aside? */
  areConnected(a: Machine, b: Machine): boolean {
    return this.network.reaches(a.port, b.port) && this.network.reaches(b.port, a.port);
  }
}

export function virtualAddresses(scenario: Scenario): readonly Ipv4[] {
  const found = new Set<number>();
  const reloads = scenario.faults.flatMap((fault) =>
    fault.kind === "reload" ? fault.instances : [],
  );
  for (const instance of [...scenario.machines.flatMap((one) => one.instances), ...reloads]) {
    for (const { address } of [...instance.addresses, ...instance.excludedAddresses])
      found.add(address);
  }
  return [...found].toSorted((a, b) => a - b).map((one) => ipv4(one));
}
