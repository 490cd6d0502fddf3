/**
 * A run line by line, for people: faults, changes of state with their numbers, who answers, what
 * clients see.
 */
import { type IpAddress, printIp } from "#units/address";
import type { FromEngine } from "#vrrp/engine/engine-link";
import type { AgreementWatch, MachineView } from "./cluster-view.ts";
import type { NeighbourState } from "./neighbours.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

export interface TraceLine {
  /** Simulation time, microseconds. */
  readonly at: number;
  readonly text: string;
}

const KEPT_MAX = 20_000;

const NEIGHBOUR_TEXT: Readonly<Record<NeighbourState, string>> = {
  incomplete: "asks for",
  known: "knows",
  doubted: "doubts",
  failed: "gives up",
};

export class Trace {
  readonly lines: TraceLine[] = [];
  readonly #cluster: SimulatedCluster;
  /** By machine, router and priority. */
  readonly #gates = new Map<number, string>();
  readonly #lastSent = new Map<string, number>();

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
  }

  observer(): Observer {
    return {
      ...this.#ofRun(),
      ...this.#ofMachines(),
      ...this.#ofClients(),
      ...this.#ofPlatform(),
      ...this.#ofGates(),
    };
  }

  #ofRun(): Observer {
    return {
      fault: (fault, begins) => this.#fault(short(fault), begins),
      platformFault: (fault, begins) => this.#fault(fault, begins),
      calm: () => this.#add("CALM: nothing fails any more"),
      settled: () => this.#add("SETTLED: every promise must hold now"),
    };
  }

  #ofMachines(): Observer {
    return {
      transition: (machine, { instance, from, to, reason }) =>
        this.#add(`machine ${nameOf(machine)} ${instance} ${from} -> ${to}: ${asJson(reason)}`),
      engineMessage: (machine, message) => this.#message(machine, message),
      ownership: (machine, address, owns) =>
        this.#add(`machine ${nameOf(machine)} ${answers(owns)} for ${printIp(address)}`),
      engineStarted: (machine, resume) => {
        const resumed = resume.length > 0 ? ` (resumes ${resume.join(" ")})` : "";
        this.#add(`machine ${nameOf(machine)} engine starts${resumed}`);
      },
      engineEnded: (machine, how) => this.#add(`machine ${nameOf(machine)} engine ${how}`),
      runs: (machine, runs) =>
        this.#add(`machine ${nameOf(machine)} ${runs ? "runs again" : "stands still"}`),
      advertSent: (machine, vrid, priority) => this.#advertised(machine, vrid, priority),
      arpAtSwitch: (machine, address, passed) => {
        const fate = passed ? "" : " (not let through)";
        this.#add(`machine ${machine.id} announces ${printIp(address)}${fate}`);
      },
      neighbour: (machine, address, state) =>
        this.#add(`machine ${machine.id} ${NEIGHBOUR_TEXT[state]} ${printIp(address)}`),
      rivalOwnership: (rival, address, owns) =>
        this.#add(`rival ${rival.id} ${answers(owns)} for ${printIp(address)}`),
    };
  }

  #ofClients(): Observer {
    return {
      service: (client, address, service, before, since) => {
        const after = this.#cluster.queue.now - since;
        const change = `${before} -> ${service} after ${after} us`;
        this.#add(`client ${client.id} ${printIp(address)} ${change}`);
      },
    };
  }

  #ofGates(): Observer {
    return {
      gateAsked: ({ id }, { unit, request }) =>
        this.#add(`machine ${id} asks the gate of ${unit} ${asJson(request)}`),
      gateChanged: (machine) => this.#gateChanged(machine),
    };
  }

  /** What was made of the database, and whether its address is fenced. */
  #gateChanged(machine: MachineView): void {
    const now = (this.#cluster.gates?.units ?? []).map(({ name, address, service }) => {
      const { isWritable, length } = service.of(machine);
      const fence = machine.kernel.fence.lets(address) ? "open" : "closed";
      const writes = isWritable ? "takes writes" : "read-only";
      const standing = machine.gate?.standingOf(name);
      return `${name} is ${standing}, ${writes}, has ${length}, fence ${fence}`;
    });
    const text = `machine ${machine.id} ${now.join("; ")}`;
    if (this.#gates.get(machine.id) === text) return;
    this.#gates.set(machine.id, text);
    this.#add(text);
  }

  #ofPlatform(): Observer {
    return {
      claimed: (node, address, refusal) => {
        if (refusal !== "")
          this.#add(`platform refuses node ${node} ${printIp(address)}: ${refusal}`);
      },
      addressMoved: (address, from, to) => {
        const way = `from ${from ?? "nobody"} to ${to ?? "nobody"}`;
        this.#add(`platform moves ${printIp(address)} ${way}`);
      },
      answered: (machine, watch, view, askedAt) => {
        const after = this.#cluster.queue.now - askedAt;
        this.#watch(machine, watch, `is answered ${JSON.stringify(view)} after ${after} us`);
      },
      agreementReported: (machine, watch, report) =>
        this.#watch(machine, watch, `reports ${JSON.stringify(report)}`),
      announcedAgain: (machine, { instance, address }) =>
        this.#add(`machine ${machine.id} ${instance} announces ${printIp(address)} again`),
    };
  }

  #fault(fault: object, begins: boolean): void {
    this.#add(`${begins ? "FAULT" : "END OF FAULT"} ${JSON.stringify(fault)}`);
  }

  #message({ id }: MachineView, message: FromEngine): void {
    if (message.type === "report") this.#add(`machine ${id} reports ${asJson(message.report)}`);
    if (message.type === "log") this.#add(`machine ${id} logs ${message.text}`);
  }

  #watch({ id }: MachineView, { instance, address }: AgreementWatch, what: string): void {
    this.#add(`machine ${id} ${instance} ${printIp(address)} ${what}`);
  }

  /** Regular advertisements would drown everything else: only what is out of time, or the first. */
  #advertised(machine: MachineView, vrid: number, priority: number): void {
    const { now } = this.#cluster.queue;
    const key = `${machine.id}/${vrid}/${priority}`;
    const last = this.#lastSent.get(key) ?? Number.NEGATIVE_INFINITY;
    this.#lastSent.set(key, now);
    // To each unicast peer.
    if (now === last) return;
    const instance = machine.instances.find(({ router }) => router.vrid === vrid);
    const interval = instance?.router.advertInterval ?? 1;
    const isRegular = now - last >= interval * 9_000 && now - last <= interval * 11_500;
    if (priority === 0 || !isRegular)
      this.#add(`machine ${machine.id} advertises ${priority} (vrid ${vrid})`);
  }

  #add(text: string): void {
    this.lines.push({ at: this.#cluster.queue.now, text });
    if (this.lines.length > KEPT_MAX) this.lines.shift();
  }
}

const nameOf = ({ id, address }: MachineView): string => `${id} (${printIp(address)})`;
const answers = (owns: boolean): string => (owns ? "answers" : "does not answer any more");

const short = (fault: object): object =>
  "instances" in fault ? { ...fault, instances: "changed" } : fault;

const asJson = (value: object): string => JSON.stringify(value, printAddresses);

function printAddresses(key: string, value: unknown): unknown {
  return (key === "from" || key === "ours" || key === "address") &&
    typeof value === "number" &&
    value > 255
    ? printIp(value as IpAddress)
    : value;
}
