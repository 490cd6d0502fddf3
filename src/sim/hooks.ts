/** What really happens in a simulation, told to whoever watches: checkers, the client, the transcript. */
import type { FromEngine, TrackerResult } from "#contract/engine-link";
import type { InstanceConfig } from "#core/config";
import type { Ipv4 } from "#units/address";
import type { Machine } from "./machine.ts";
import type { Fault } from "./scenario.ts";

export type TransitionMessage = Extract<FromEngine, { type: "transition" }>;

export interface Hooks {
  /** The machine began or ceased to answer for an address. */
  readonly ownership?: (machine: Machine, address: Ipv4, owns: boolean) => void;
  /** Who hears whom may have changed. */
  readonly connectivity?: () => void;
  readonly advertSent?: (machine: Machine, vrid: number, priority: number) => void;
  /** An advertisement reached the machine's socket (it may wait there). `from`: machine number, or -1 for a stranger. */
  readonly advertArrived?: (
    machine: Machine,
    from: number,
    vrid: number,
    priority: number,
    sentAt: number,
  ) => void;
  readonly advertLost?: (from: number, to: number, vrid: number) => void;
  readonly arpSent?: (machine: Machine, address: Ipv4) => void;
  readonly transition?: (machine: Machine, message: TransitionMessage) => void;
  readonly told?: (machine: Machine, message: FromEngine) => void;
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

export class HookList {
  readonly #list: Hooks[] = [];
  add(hooks: Hooks): void {
    this.#list.push(hooks);
  }
  tell<K extends keyof Hooks>(name: K, ...args: Parameters<NonNullable<Hooks[K]>>): void {
    for (const hooks of this.#list) {
      const hook = hooks[name] as ((...args: readonly unknown[]) => void) | undefined;
      hook?.(...args);
    }
  }
}
