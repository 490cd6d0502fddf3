/** What happens in a cluster, for whoever watches: checkers, clients, the trace. */
import type { AgreementNews, View } from "#cloud/agreement/agreement-state";
import type { IpAddress } from "#units/address";
import type { FromEngine, ToEngine, TrackerResult } from "#vrrp/engine/engine-link";
import type { InstanceConfig } from "#vrrp/router/config";
import type {
  AgreementWatch,
  ArpClient,
  MachineView,
  Reachability,
  RivalView,
} from "./cluster-view.ts";
import type { NeighbourState } from "./neighbours.ts";
import type { ScenarioFault } from "./scenario.ts";

export type TransitionMessage = Extract<FromEngine, { type: "transition" }>;

export type GateMessage = Extract<FromEngine, { type: "gate" }>;

export interface Observer {
  /** The machine began or ceased to answer for an address. */
  readonly ownership?: (machine: MachineView, address: IpAddress, owns: boolean) => void;
  /** A fence, or what was made of a database, is another than before. */
  readonly gateChanged?: (machine: MachineView) => void;
  /** The engine has asked for something of its gate. */
  readonly gateAsked?: (machine: MachineView, message: GateMessage) => void;
  readonly rivalOwnership?: (rival: RivalView, address: IpAddress, owns: boolean) => void;
  /** Who hears whom may have changed. */
  readonly connectivity?: () => void;
  /** `packet`: a whole IPv4 packet. */
  readonly advertSent?: (
    machine: MachineView,
    vrid: number,
    priority: number,
    packet: Uint8Array,
  ) => void;
  /**
   * An advertisement reached the machine's socket (it may wait there). `from`: see
   * `MachineEnvironment.nodeOf`.
   */
  readonly advertArrived?: (
    machine: MachineView,
    from: number,
    vrid: number,
    priority: number,
    sentAt: number,
  ) => void;
  readonly advertLost?: (from: number, to: number, vrid: number) => void;
  /** An ordinary ARP question or answer. */
  readonly questionLost?: (from: number, to: number) => void;
  /** What a machine knows of the way to a unicast peer has changed. */
  readonly neighbour?: (machine: MachineView, address: IpAddress, state: NeighbourState) => void;
  readonly arpSent?: (machine: MachineView, address: IpAddress) => void;
  /** The switch let an announcement of this machine in, or threw it away. */
  readonly arpAtSwitch?: (machine: MachineView, address: IpAddress, passed: boolean) => void;
  /** An announcement of this machine did not reach a client. */
  readonly arpLost?: (machine: MachineView, client: ArpClient, address: IpAddress) => void;
  /** Frames of an announcement have reached a client. */
  readonly clientLearned?: (client: ArpClient, address: IpAddress) => void;
  readonly service?: (
    client: ArpClient,
    address: IpAddress,
    service: Reachability,
    before: Reachability,
    since: number,
  ) => void;
  /** The engine has been given a message of the supervisor. */
  readonly engineReceived?: (machine: MachineView, message: ToEngine) => void;
  readonly transition?: (machine: MachineView, message: TransitionMessage) => void;
  /** The engine has sent this; the supervisor may be stopped and read it later. */
  readonly engineMessage?: (machine: MachineView, message: FromEngine) => void;
  /** The supervisor is about to work with a message of the engine. */
  readonly supervisorReceives?: (machine: MachineView, message: FromEngine) => void;
  readonly supervisorStarted?: (machine: MachineView) => void;
  /** It has handed over for a dead engine, or something was due. */
  readonly supervisorActed?: (machine: MachineView) => void;
  /** In order: nothing of the daemon is left. */
  readonly daemonStopped?: (machine: MachineView) => void;
  /**
   * An announcement as the platform took it. `refusal`: empty if it was accepted. Nodes: see
   * `MachineEnvironment.nodeOf`.
   */
  readonly claimed?: (node: number, address: IpAddress, refusal: string) => void;
  /** The platform has bound the address to another node. */
  readonly addressMoved?: (
    address: IpAddress,
    from: number | undefined,
    to: number | undefined,
  ) => void;
  /** The platform's answer to a question of `askedAt` has come. */
  readonly answered?: (
    machine: MachineView,
    watch: AgreementWatch,
    view: View,
    askedAt: number,
  ) => void;
  /** What may be shown of the platform may have changed. */
  readonly agreement?: (machine: MachineView, watch: AgreementWatch) => void;
  readonly agreementReported?: (
    machine: MachineView,
    watch: AgreementWatch,
    news: AgreementNews,
  ) => void;
  /** An announcement that the platform's answer called for. */
  readonly announcedAgain?: (machine: MachineView, watch: AgreementWatch) => void;
  /** What is wrong with the platform alone; nothing of it concerns VRRP. */
  readonly platformFault?: (fault: ScenarioFault, begins: boolean) => void;
  readonly fault?: (fault: ScenarioFault, begins: boolean) => void;
  readonly engineStarted?: (machine: MachineView, resume: readonly string[]) => void;
  readonly engineEnded?: (machine: MachineView, how: "stopped" | "died") => void;
  /** The engine or the whole machine stopped running for a while, or runs again. */
  readonly runs?: (machine: MachineView, runs: boolean) => void;
  /** The engine has drained its inputs and fired what was due. */
  readonly loopDone?: (machine: MachineView) => void;
  readonly beforeReload?: (machine: MachineView, instances: readonly InstanceConfig[]) => void;
  readonly afterReload?: (machine: MachineView) => void;
  readonly tracker?: (machine: MachineView, result: TrackerResult) => void;
  /** The storm is over; everything that was broken works again. */
  readonly calm?: () => void;
  readonly settled?: () => void;
  readonly end?: () => void;
}

type Handler = (...args: readonly unknown[]) => void;

export class Observers {
  readonly #byName = new Map<keyof Observer, Handler[]>();

  /** Whoever was added first is called first. */
  add(observer: Observer): void {
    const handlers = Object.entries(observer) as [keyof Observer, Handler | undefined][];
    for (const [name, handler] of handlers) {
      if (handler === undefined) continue;
      const known = this.#byName.get(name);
      if (known === undefined) this.#byName.set(name, [handler]);
      else known.push(handler);
    }
  }

  emit<K extends keyof Observer>(name: K, ...args: Parameters<NonNullable<Observer[K]>>): void {
    const handlers = this.#byName.get(name);
    if (handlers === undefined) return;
    // Spreading costs an iterator for each handler, and this is where most of a simulation passes
    // through.
    const [a, b, c, d, e] = args as readonly unknown[];
    for (const handler of handlers) handler(a, b, c, d, e);
  }
}
