/**
 * Runs a scenario: builds network, machines and client, lets the faults happen at their times, ends them all when the storm is
 * over, and looks on while everything settles. The same scenario always gives the same run.
 *
 *   storm (faults) ──> calm: what was broken works again ──> settled: every promise must hold ──> end
 */

import { type Ipv4, ipv4, type Mac } from "#units/address";
import type { EngineRecord } from "#vrrp/engine/recording";
import { Client } from "./client.ts";
import { CloudWatch } from "./cloud-watch.ts";
import { EventQueue } from "./event-queue.ts";
import { applyFault } from "./faults.ts";
import { arpSender, vridOf } from "./frame-fields.ts";
import { HookList } from "./hooks.ts";
import { Machine } from "./machine.ts";
import { Network, type Port } from "./network.ts";
import { Platform } from "./platform.ts";
import { createRandom, type Random } from "./random.ts";
import { RIVAL_NODE, Rival } from "./rival.ts";
import { everyInstance, type Fault, type Scenario } from "./scenario.ts";
import { Stranger } from "./stranger.ts";

const FIRST_MAC = 0x02_00_00_00_00_10;
const FIRST_RIVAL_MAC = 0x02_00_00_00_00_80;
const CLIENT_MACS = [0x02_00_00_00_00_01 as Mac, 0x02_00_00_00_00_03 as Mac];

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
  readonly rivals: readonly Rival[];
  readonly clients: readonly Client[];
  readonly stranger: Stranger;
  readonly random: Random;
  readonly platform: Platform | undefined;
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
    const rivalSpecs = scenario.rivals ?? [];
    const machineAddresses = scenario.machines.map((one) => one.address);
    const rivalAddresses = rivalSpecs.map((one) => one.address);
    const macs = scenario.machines.map((_, index) => (FIRST_MAC + index) as Mac);
    const rivalMacs = rivalSpecs.map((_, index) => (FIRST_RIVAL_MAC + index) as Mac);
    const macOf = (address: Ipv4): Mac | undefined =>
      macs[machineAddresses.indexOf(address)] ?? rivalMacs[rivalAddresses.indexOf(address)];
    const around = {
      queue,
      hooks,
      network: this.network,
      random: this.random,
      hasGuard: scenario.hasGuard,
      wakeLateMicros: scenario.wakeLateMicros,
      supervisorLateMicros: scenario.supervisorLateMicros,
      nodeOf: (address: Ipv4) => {
        const rival = rivalAddresses.indexOf(address);
        return rival === -1 ? machineAddresses.indexOf(address) : RIVAL_NODE + rival;
      },
      recorder,
    };
    this.machines = scenario.machines.map(
      (spec, index) => new Machine(index, macs[index] as Mac, spec, around),
    );
    this.addresses = virtualAddresses(scenario);
    this.rivals = rivalSpecs.map((spec, index) => {
      const random = this.random.split(`rival ${index}`);
      const mac = rivalMacs[index] as Mac;
      return new Rival(index, mac, spec, { queue, hooks, network: this.network, random, macOf });
    });
    const nodes = [...this.machines, ...this.rivals];
    this.clients = CLIENT_MACS.map((mac, id) => {
      const random = this.random.split(id === 0 ? "client" : `client ${id}`);
      return new Client(
        id,
        { queue, hooks, network: this.network, random },
        nodes,
        mac,
        this.addresses,
      );
    });
    this.stranger = new Stranger(this.network, queue, this.random.split("stranger"), scenario);
    this.network.onLoss = (from, to, frame) => {
      if (frame.kind === "vrrp")
        return hooks.tell("advertLost", this.nodeAt(from), this.nodeAt(to), vridOf(frame.bytes));
      if (frame.kind === "arp")
        return hooks.tell("questionLost", this.nodeAt(from), this.nodeAt(to));
      const machine = this.machines.find((one) => one.port === from);
      const client = this.clients.find((one) => one.port === to);
      if (machine !== undefined && client !== undefined)
        hooks.tell("arpLost", machine, client, arpSender(frame.bytes));
    };
    this.platform = this.#createPlatform();
    this.network.onArp = (from, frame, passed) => {
      if (passed) this.platform?.receive(from, frame);
      const machine = this.machines.find((one) => one.port === from);
      if (machine !== undefined) hooks.tell("arpAtSwitch", machine, arpSender(frame.bytes), passed);
    };
    this.network.onChange = () => hooks.tell("connectivity");
    for (const machine of this.machines) machine.port.arpLimit = scenario.arpLimit;
  }

  #createPlatform(): Platform | undefined {
    const { scenario, queue, hooks } = this;
    if (scenario.platform === undefined) return undefined;
    const nodes = [
      ...this.machines.map((one) => ({ one, node: one.id })),
      ...this.rivals.map((one) => ({ one, node: RIVAL_NODE + one.id })),
    ].map(({ one: { port, mac, spec }, node }) => ({ node, port, mac, address: spec.address }));
    const random = this.random.split("platform");
    const around = { queue, hooks, random };
    const platform = new Platform(scenario.platform, around, nodes, this.addresses);
    for (const machine of this.machines)
      machine.supervisor.cloud = new CloudWatch(machine, platform);
    return platform;
  }

  violate(check: string, text: string): void {
    this.violations.push({ check, at: this.queue.now, text });
  }

  run(): void {
    const { scenario, queue, hooks } = this;
    const halted = (): boolean => this.violations.length > 0;
    for (const machine of this.machines)
      queue.at(machine.spec.startsAt, () => machine.supervisor.start());
    for (const rival of this.rivals) queue.at(rival.spec.startsAt, () => rival.start());
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

  /** Node number of a port (see `Surroundings.nodeOf`), -1 for clients and the stranger. */
  nodeAt(port: Port): number {
    const rival = this.rivals.findIndex((one) => one.port === port);
    return rival === -1
      ? this.machines.findIndex((machine) => machine.port === port)
      : RIVAL_NODE + rival;
  }

  /** Do the two hear each other, loss aside? */
  areConnected(a: Machine, b: Machine): boolean {
    return this.network.hears(a.port, b.port) && this.network.hears(b.port, a.port);
  }
}

export function virtualAddresses(scenario: Scenario): readonly Ipv4[] {
  const found = new Set<number>();
  for (const instance of everyInstance(scenario)) {
    for (const { address } of [...instance.addresses, ...instance.excludedAddresses])
      found.add(address);
  }
  return [...found].toSorted((a, b) => a - b).map((one) => ipv4(one));
}
