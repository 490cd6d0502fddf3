/**
 * Everything a scenario consists of, wired up: the segment, machines with their supervisors,
 * rivals, clients, an unknown peer and, if there is one, the cloud. Nothing happens here by itself:
 * `simulation.ts` lets time pass, `faults.ts` breaks things.
 */

import { compareIp, type IpAddress, type Mac } from "#units/address";
import { createRng, type Rng } from "#units/rng";
import type { EngineRecord } from "#vrrp/engine/recording";
import { Client } from "./client.ts";
import { CloudWatch } from "./cloud-watch.ts";
import { EventQueue } from "./event-queue.ts";
import { arpSender, vridOf } from "./frame-fields.ts";
import { GateServices } from "./gate-services.ts";
import { KeepalivedRival, RIVAL_NODE } from "./keepalived-rival.ts";
import { type MachineEnvironment, SimulatedMachine } from "./machine.ts";
import { Observers } from "./observer.ts";
import { Platform } from "./platform.ts";
import { everyInstance, type Scenario, virtualsOf } from "./scenario.ts";
import { type Frame, type Port, Segment } from "./segment.ts";
import { SimulatedSupervisor } from "./supervisor.ts";
import { UnknownPeer } from "./unknown-peer.ts";

const FIRST_MAC = 0x02_00_00_00_00_10;
const FIRST_RIVAL_MAC = 0x02_00_00_00_00_80;
const CLIENT_MACS = [0x02_00_00_00_00_01 as Mac, 0x02_00_00_00_00_03 as Mac];

/**
 * The label this stream had when the seeds of regressions were recorded: another one would draw
 * other packets.
 */
const UNKNOWN_PEER_STREAM = ["stran", "ger"].join("");

export interface Violation {
  readonly check: string;
  /** Simulation time, microseconds. */
  readonly at: number;
  readonly text: string;
}

export type RecordSink = (machine: number, record: EngineRecord) => void;

export class SimulatedCluster {
  readonly scenario: Scenario;
  readonly queue: EventQueue = new EventQueue();
  readonly observers: Observers = new Observers();
  readonly network: Segment;
  readonly machines: readonly SimulatedMachine[];
  readonly rivals: readonly KeepalivedRival[];
  readonly clients: readonly Client[];
  readonly unknownPeer: UnknownPeer;
  readonly platform: Platform | undefined;
  readonly gates: GateServices | undefined;
  readonly violations: Violation[] = [];
  /** Every virtual address that occurs in the run. */
  readonly addresses: readonly IpAddress[];
  phase: "storm" | "calm" | "settled" = "storm";
  readonly #rng: Rng;
  readonly #nodes: NodeTable;
  readonly #supervisors: SimulatedSupervisor[] = [];

  constructor(scenario: Scenario, recorder?: RecordSink) {
    this.scenario = scenario;
    this.#rng = createRng(scenario.seed);
    this.#nodes = new NodeTable(scenario);
    this.addresses = virtualAddresses(scenario);
    const { queue, observers } = this;
    this.network = new Segment(queue, this.#rng.split("network"), scenario.network);
    // Ports are numbered in this order, and frames are delivered in it.
    this.machines = this.#createMachines(recorder);
    this.rivals = this.#createRivals();
    this.clients = this.#createClients();
    const rng = this.#rng.split(UNKNOWN_PEER_STREAM);
    this.unknownPeer = new UnknownPeer(this.network, queue, rng, scenario);
    this.platform = this.#createPlatform();
    this.gates =
      scenario.gate === undefined
        ? undefined
        : new GateServices(this, scenario.gate, this.#rng.split("gates"));
    this.network.onLoss = (from, to, frame) => this.#lost(from, to, frame);
    this.network.onArp = (from, frame, passed) => this.#announced(from, frame, passed);
    this.network.onChange = () => observers.emit("connectivity");
    for (const machine of this.machines) machine.port.arpLimit = scenario.arpLimit;
  }

  /** A checker's complaint; the first one ends the run. */
  violate(check: string, text: string): void {
    this.violations.push({ check, at: this.queue.now, text });
  }

  machine(id: number): SimulatedMachine {
    const machine = this.machines[id];
    if (machine === undefined) throw new RangeError(`no machine ${id}`);
    return machine;
  }

  /**
   * Node number of a port (see `MachineEnvironment.nodeOf`), -1 for clients and the unknown peer.
   */
  nodeAt(port: Port): number {
    const rival = this.rivals.findIndex((one) => one.port === port);
    return rival === -1
      ? this.machines.findIndex((machine) => machine.port === port)
      : RIVAL_NODE + rival;
  }

  /** Do the two hear each other, loss aside? */
  areConnected(a: { readonly port: Port }, b: { readonly port: Port }): boolean {
    return this.network.hears(a.port, b.port) && this.network.hears(b.port, a.port);
  }

  #createMachines(recorder: RecordSink | undefined): readonly SimulatedMachine[] {
    const { scenario, queue, observers, network } = this;
    const environment: MachineEnvironment = {
      queue,
      observers,
      network,
      rng: this.#rng,
      hasGuard: scenario.hasGuard,
      wakeLateMicros: scenario.wakeLateMicros,
      supervisorLateMicros: scenario.supervisorLateMicros,
      nodeOf: (address) => this.#nodes.nodeOf(address),
      recorder,
      createSupervisor: (machine, rng) => {
        const supervisor = new SimulatedSupervisor(machine, rng);
        this.#supervisors.push(supervisor);
        return supervisor;
      },
    };
    return scenario.machines.map(
      (spec, id) => new SimulatedMachine(id, machineMac(id), spec, environment),
    );
  }

  #createRivals(): readonly KeepalivedRival[] {
    const { queue, observers, network } = this;
    const macOf = (address: IpAddress): Mac | undefined => this.#nodes.macOf(address);
    return (this.scenario.rivals ?? []).map((spec, id) => {
      const rng = this.#rng.split(`rival ${id}`);
      const environment = { queue, observers, network, rng, macOf };
      return new KeepalivedRival(id, rivalMac(id), spec, environment);
    });
  }

  #createClients(): readonly Client[] {
    const { queue, observers, network, addresses } = this;
    const nodes = [...this.machines, ...this.rivals];
    return CLIENT_MACS.map((mac, id) => {
      const rng = this.#rng.split(id === 0 ? "client" : `client ${id}`);
      return new Client(id, { queue, observers, network, rng }, nodes, mac, addresses);
    });
  }

  #createPlatform(): Platform | undefined {
    const { scenario, queue, observers } = this;
    if (scenario.platform === undefined) return undefined;
    const nodes = [
      ...this.machines.map((one) => ({ one, node: one.id })),
      ...this.rivals.map((one) => ({ one, node: RIVAL_NODE + one.id })),
    ].map(({ one: { port, mac, spec }, node }) => ({ node, port, mac, address: spec.address }));
    const rng = this.#rng.split("platform");
    const environment = { queue, observers, rng };
    const platform = new Platform(scenario.platform, environment, nodes, this.addresses);
    for (const [id, supervisor] of this.#supervisors.entries())
      supervisor.cloud = new CloudWatch(this.machine(id), platform);
    return platform;
  }

  #lost(from: Port, to: Port, frame: Frame): void {
    const { observers } = this;
    if (frame.kind === "vrrp")
      return observers.emit("advertLost", this.nodeAt(from), this.nodeAt(to), vridOf(frame.bytes));
    if (frame.kind === "arp")
      return observers.emit("questionLost", this.nodeAt(from), this.nodeAt(to));
    const machine = this.machines.find((one) => one.port === from);
    const client = this.clients.find((one) => one.port === to);
    if (machine !== undefined && client !== undefined)
      observers.emit("arpLost", machine, client, arpSender(frame.bytes));
  }

  #announced(from: Port, frame: Frame, passed: boolean): void {
    if (passed) this.platform?.receive(from, frame);
    const machine = this.machines.find((one) => one.port === from);
    if (machine !== undefined)
      this.observers.emit("arpAtSwitch", machine, arpSender(frame.bytes), passed);
  }
}

const machineMac = (id: number): Mac => (FIRST_MAC + id) as Mac;
const rivalMac = (id: number): Mac => (FIRST_RIVAL_MAC + id) as Mac;

/** Who has which address of his own. */
class NodeTable {
  readonly #machines: readonly IpAddress[];
  readonly #rivals: readonly IpAddress[];

  constructor({ machines, rivals }: Scenario) {
    this.#machines = machines.map((one) => one.address);
    this.#rivals = (rivals ?? []).map((one) => one.address);
  }

  macOf(address: IpAddress): Mac | undefined {
    const machine = this.#machines.indexOf(address);
    if (machine !== -1) return machineMac(machine);
    const rival = this.#rivals.indexOf(address);
    return rival === -1 ? undefined : rivalMac(rival);
  }

  nodeOf(address: IpAddress): number {
    const rival = this.#rivals.indexOf(address);
    return rival === -1 ? this.#machines.indexOf(address) : RIVAL_NODE + rival;
  }
}

export function virtualAddresses(scenario: Scenario): readonly IpAddress[] {
  const found = new Set(everyInstance(scenario).flatMap(virtualsOf));
  return [...found].toSorted(compareIp);
}
