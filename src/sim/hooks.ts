/** What really happens in a simulation, told to whoever watches: checkers, the client, the transcript. */
import type { AgreementNews, View } from "#cloud/agreement/agreement-state";
import type { Ipv4 } from "#units/address";
import type { FromEngine, ToEngine, TrackerResult } from "#vrrp/engine/engine-link";
import type { InstanceConfig } from "#vrrp/router/config";
import type { Client, Service } from "./client.ts";
import type { Watch } from "./cloud-watch.ts";
import type { Machine } from "./machine.ts";
import type { NeighbourState } from "./neighbours.ts";
import type { Rival } from "./rival.ts";
import type { Fault } from "./scenario.ts";

export type TransitionMessage = Extract<FromEngine, { type: "transition" }>;

export interface Hooks {
  /** The machine began or ceased to answer for an address. */
  readonly ownership?: (machine: Machine, address: Ipv4, owns: boolean) => void;
  readonly rivalOwnership?: (rival: Rival, address: Ipv4, owns: boolean) => void;
  /** Who hears whom may have changed. */
  readonly connectivity?: () => void;
  /** `packet`: a whole IPv4 packet. */
  readonly advertSent?: (
    machine: Machine,
    vrid: number,
    priority: number,
    packet: Uint8Array,
  ) => void;
  /** An advertisement reached the machine's socket (it may wait there). `from`: see `Surroundings.nodeOf`. */
  readonly advertArrived?: (
    machine: Machine,
    from: number,
    vrid: number,
    priority: number,
    sentAt: number,
  ) => void;
  readonly advertLost?: (from: number, to: number, vrid: number) => void;
  /** An ordinary ARP question or answer. */
  readonly questionLost?: (from: number, to: number) => void;
  /** What a machine knows of the way to a unicast peer has changed. */
  readonly neighbour?: (machine: Machine, address: Ipv4, state: NeighbourState) => void;
  readonly arpSent?: (machine: Machine, address: Ipv4) => void;
  /** The switch let an announcement of this machine in, or threw it away. */
  readonly arpAtSwitch?: (machine: Machine, address: Ipv4, passed: boolean) => void;
  /** An announcement of this machine did not reach a client. */
  readonly arpLost?: (machine: Machine, client: Client, address: Ipv4) => void;
  /** Frames of an announcement have reached a client. */
  readonly clientLearned?: (client: Client, address: Ipv4) => void;
  readonly service?: (
    client: Client,
    address: Ipv4,
    service: Service,
    before: Service,
    since: number,
  ) => void;
  /** The engine has been given a message of the supervisor. */
  readonly handled?: (machine: Machine, message: ToEngine) => void;
  readonly transition?: (machine: Machine, message: TransitionMessage) => void;
  readonly told?: (machine: Machine, message: FromEngine) => void;
  /** The supervisor is about to work with a message of the engine. */
  readonly releaseSent?: (machine: Machine, message: FromEngine) => void;
  /** An announcement as the platform took it. `refusal`: empty if it was accepted. Nodes: see `Surroundings.nodeOf`. */
  readonly claimed?: (node: number, address: Ipv4, refusal: string) => void;
  /** The platform has bound the address to another node. */
  readonly addressMoved?: (address: Ipv4, from: number | undefined, to: number | undefined) => void;
  /** The platform's answer to a question of `askedAt` has come. */
  readonly answered?: (machine: Machine, watch: Watch, view: View, askedAt: number) => void;
  /** What may be shown of the platform may have changed. */
  readonly agreement?: (machine: Machine, watch: Watch) => void;
  readonly agreementNews?: (machine: Machine, watch: Watch, news: AgreementNews) => void;
  /** An announcement that the platform's answer called for. */
  readonly announcedAgain?: (machine: Machine, watch: Watch) => void;
  /** What is wrong with the platform alone; nothing of it concerns VRRP. */
  readonly platformFault?: (fault: Fault, begins: boolean) => void;
  readonly fault?: (fault: Fault, begins: boolean) => void;
  readonly engineStarted?: (machine: Machine, resume: readonly string[]) => void;
  readonly engineEnded?: (machine: Machine, how: "stopped" | "died") => void;
  /** The engine or the whole machine stopped running for a while, or runs again. */
  readonly runs?: (machine: Machine, runs: boolean) => void;
  /** The engine has drained its inputs and fired what was due. */
  readonly loopDone?: (machine: Machine) => void;
  readonly beforeReload?: (machine: Machine, instances: readonly InstanceConfig[]) => void;
  readonly afterReload?: (machine: Machine) => void;
  readonly tracker?: (machine: Machine, result: TrackerResult) => void;
  /** The storm is over; everything that was broken works again. */
  readonly calm?: () => void;
  readonly settled?: () => void;
  readonly end?: () => void;
}

type Hook = (...args: readonly unknown[]) => void;

export class HookList {
  readonly #byName = new Map<keyof Hooks, Hook[]>();

  /** Whoever was added first is told first. */
  add(hooks: Hooks): void {
    for (const [name, hook] of Object.entries(hooks) as [keyof Hooks, Hook | undefined][]) {
      if (hook === undefined) continue;
      const known = this.#byName.get(name);
      if (known === undefined) this.#byName.set(name, [hook]);
      else known.push(hook);
    }
  }

  tell<K extends keyof Hooks>(name: K, ...args: Parameters<NonNullable<Hooks[K]>>): void {
    const hooks = this.#byName.get(name);
    if (hooks === undefined) return;
    // Spreading costs an iterator for each hook, and this is where most of a simulation passes through.
    const [a, b, c, d, e] = args as readonly unknown[];
    for (const hook of hooks) hook(a, b, c, d, e);
  }
}
