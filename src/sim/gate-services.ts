/**
 * Everything about the gates of a simulated cluster: a database on each machine for each instance
 * or sync group with a gate, the daemons' side of it, clients that write, and after the storm a
 * person who decides what only a person may.
 */
import type { IpAddress } from "#units/address";
import type { Rng } from "#units/rng";
import { unitOf } from "#vrrp/engine/fences";
import type { ArpClient, GateUnit, MachineView } from "./cluster-view.ts";
import { ReplicatedService } from "./databases.ts";
import type { EventQueue } from "./event-queue.ts";
import { GateRunner } from "./gate-runner.ts";
import type { SimulatedMachine } from "./machine.ts";
import { everyInstance, type GateSpec, type Scenario } from "./scenario.ts";
import type { Segment } from "./segment.ts";

const WRITE_EVERY_MIN = 20_000;
/** After the storm nobody has served it for so long, and nobody is going to: a person decides. */
const PERSON_AFTER = 6_000_000;
const PERSON_LOOKS_EVERY = 500_000;

export interface GateParts {
  readonly scenario: Scenario;
  readonly queue: EventQueue;
  readonly network: Segment;
  readonly machines: readonly SimulatedMachine[];
  readonly clients: readonly ArpClient[];
}

export class GateServices {
  readonly units: readonly GateUnit[];
  readonly #parts: GateParts;
  readonly #runners: readonly GateRunner[];
  readonly #unservedSince = new Map<string, number>();

  constructor(parts: GateParts, spec: GateSpec, rng: Rng) {
    this.#parts = parts;
    const { machines, network, scenario } = parts;
    const reach = (a: MachineView, b: MachineView): boolean =>
      !b.isPaused && network.reaches(a.port, b.port) && network.reaches(b.port, a.port);
    const reachById = (a: number, b: number): boolean => {
      const [one, other] = [machines[a], machines[b]];
      return one !== undefined && other !== undefined && reach(one, other);
    };
    const units = unitsOf(scenario);
    const services = new Map<string, ReplicatedService>();
    this.units = [...units].map(([name, address]) => {
      const service = new ReplicatedService(machines.length, spec.sync, reachById);
      services.set(name, service);
      return { name, address, service };
    });
    this.#runners = machines.map((machine) => {
      const serving = (unit: string): SimulatedMachine | undefined => {
        const address = units.get(unit);
        return machines.find(
          (one) =>
            one !== machine && address !== undefined && one.serves(address) && reach(machine, one),
        );
      };
      const runner = new GateRunner(
        machine,
        spec,
        services,
        serving,
        rng.split(`gate ${machine.id}`),
      );
      machine.gate = runner;
      return runner;
    });
    this.#write(rng.split("writes"));
  }

  /** The storm is over. */
  calm(): void {
    for (const runner of this.#runners) runner.calm();
    this.#decide();
  }

  /** Clients write to whom they reach at the address. */
  #write(rng: Rng): void {
    const { queue, scenario, clients, machines } = this.#parts;
    const every = Math.max(WRITE_EVERY_MIN, Math.round(scenario.stormMicros / 400));
    const turn = (): void => {
      for (const { address, service } of this.units) {
        for (const client of clients) {
          const mac = client.macOf(address);
          const to = machines.find((one) => one.mac === mac);
          if (to === undefined || client.service(address) !== "reached") continue;
          if (to.serves(address)) service.write(service.of(to));
        }
        for (const database of service.databases)
          if (database.isWritable) service.replicate(database);
      }
      queue.in(every + rng.between(0, every), turn);
    };
    queue.in(every, turn);
  }

  /** `baton promote --accept-loss`, on the node that has most. */
  #decide(): void {
    const { queue, machines } = this.#parts;
    for (const { name, address, service } of this.units) {
      const isServed = machines.some((one) => one.serves(address));
      if (isServed) {
        this.#unservedSince.delete(name);
        continue;
      }
      const since = this.#unservedSince.get(name) ?? queue.now;
      this.#unservedSince.set(name, since);
      if (queue.now - since < PERSON_AFTER) continue;
      if (this.#isToBeServed(name)) continue;
      this.#bestOf(name, service)?.gate?.acceptLoss(name);
      this.#unservedSince.set(name, queue.now);
    }
    queue.in(PERSON_LOOKS_EVERY, () => this.#decide());
  }

  /** Who has most, of those that are master and wait for a decision, or else of all. */
  #bestOf(unit: string, service: ReplicatedService): SimulatedMachine | undefined {
    const configured = this.#parts.machines.filter((one) => routersOf(one, unit).length > 0);
    const masters = configured.filter((one) =>
      routersOf(one, unit).some(({ state }) => state.phase.kind === "master"),
    );
    const all = masters.length > 0 ? masters : configured;
    return all.toSorted((a, b) => service.of(b).length - service.of(a).length)[0];
  }

  /** Without a person: somebody is eligible, and no two masters wait for a decision. */
  #isToBeServed(unit: string): boolean {
    const { machines } = this.#parts;
    const isUndecided = machines.some((one) =>
      routersOf(one, unit).some(({ state }) => state.gate?.conflict?.result === "undecided"),
    );
    const isEligible = (one: SimulatedMachine): boolean =>
      routersOf(one, unit).length > 0 && one.gate?.isEligible(unit) === true;
    return !isUndecided && machines.some(isEligible);
  }
}

type Router = NonNullable<SimulatedMachine["engine"]>["instances"][number];

const routersOf = ({ engine }: SimulatedMachine, unit: string): readonly Router[] =>
  (engine?.instances ?? []).filter(({ config }) => unitOf(config) === unit);

/** The address by which clients come, by unit. */
function unitsOf(scenario: Scenario): ReadonlyMap<string, IpAddress> {
  const units = new Map<string, IpAddress>();
  for (const config of everyInstance(scenario)) {
    const [first] = config.addresses;
    const unit = unitOf(config);
    if (config.router.gate !== undefined && first !== undefined && !units.has(unit))
      units.set(unit, first.address);
  }
  return units;
}
