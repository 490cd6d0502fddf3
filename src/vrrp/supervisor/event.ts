/**
 * What happens to the process that watches the engine, and what it does about it. Events marked
 * "answers" come back from an effect: an executor performs effects in order, and gives the machine
 * what one brings back before it performs the next.
 */
import type { IpAddress, Mac } from "#units/address";
import type { FromEngine } from "../engine/engine-link.ts";
import type { AddressPlace } from "../engine/instance.ts";
import type { AddressInfo, Failure, LinkInfo } from "../engine/world.ts";
import type { InstanceConfig, IpVersion, VirtualAddress } from "../router/config.ts";
import type { RoutingItem } from "../router/routes.ts";

export type SupervisorEvent =
  /**
   * The configuration was read, at the start or by a reload. `revision` names it, and counts up.
   */
  | {
      readonly kind: "configured";
      readonly revision: number;
      readonly instances: readonly InstanceConfig[];
    }
  /** Everything is ready for an engine. */
  | { readonly kind: "startAsked" }
  /** Hand over and end. */
  | { readonly kind: "stopAsked" }
  /** Answers `startEngine`: a process waits for its configuration. */
  | { readonly kind: "engineStarted" }
  /** Answers `startEngine`: there is none, for want of memory, descriptors or processes. */
  | { readonly kind: "engineNotStarted" }
  | { readonly kind: "engineSaid"; readonly message: FromEngine }
  /** The end of its process or of its pipe, whichever was noticed first, after its last message. */
  | { readonly kind: "engineExited" }
  /** Answers `askEngine`, later: it did, or did not in time. */
  | { readonly kind: "engineAnswered" }
  | { readonly kind: "engineDidNotAnswer" }
  /** Answers `readKernel`. */
  | { readonly kind: "kernelRead"; readonly kernel: KernelState }
  | { readonly kind: "kernelUnreadable"; readonly failure: Failure }
  /** Answers `listen`. */
  | { readonly kind: "listening"; readonly hold: number }
  | { readonly kind: "listenRefused"; readonly hold: number; readonly failure: Failure }
  /**
   * Answers `removeAddresses`, and repeats its `spared`: those that are gone, and every address of
   * this machine now.
   */
  | {
      readonly kind: "addressesRemoved";
      readonly instance: string;
      readonly spared: Spared | undefined;
      readonly gone: readonly IpAddress[];
      readonly here: readonly AddressInfo[];
    }
  /** A valid advertisement of another router for what is held (successor.ts). */
  | { readonly kind: "peerHeard"; readonly hold: number }
  | { readonly kind: "timeReached" };

export type SupervisorEffect =
  | { readonly kind: "startEngine" }
  | { readonly kind: "killEngine" }
  | {
      readonly kind: "configureEngine";
      readonly revision: number;
      readonly isReload: boolean;
      readonly instances: readonly InstanceConfig[];
      /** Names of the instances that are held for the engine that died. */
      readonly resume: readonly string[];
      /** Where others had put addresses of those before they were ours. */
      readonly spared: readonly AddressPlace[];
    }
  /**
   * The engine has taken this configuration over: from here on it uses its names. `nth`: of this
   * engine, counted from 1, as `leaving` of its messages does.
   */
  | {
      readonly kind: "configurationTaken";
      readonly revision: number;
      readonly isReload: boolean;
      readonly nth: number;
    }
  | { readonly kind: "stopEngine" }
  | { readonly kind: "askEngine" }
  /** The engine is alive: the service manager's watchdog may be fed. */
  | { readonly kind: "engineIsAlive" }
  | { readonly kind: "readKernel" }
  /** Opens a socket for VRRP there; with a group it listens for a successor. */
  | {
      readonly kind: "listen";
      readonly hold: number;
      readonly instance: string;
      readonly link: Link;
      readonly version: IpVersion;
      readonly group: IpAddress | undefined;
      /** The device of its virtual MAC address, which a successor with the same one is heard by. */
      readonly vmac?: Link & { readonly mac: Mac };
    }
  | { readonly kind: "unlisten"; readonly hold: number }
  /** Priority 0, to every peer or to the group. */
  | {
      readonly kind: "sendRelease";
      readonly hold: number;
      readonly config: InstanceConfig;
      readonly source: IpAddress;
    }
  /** The kernel keeps the addresses for so long, and no longer. */
  | {
      readonly kind: "holdAddresses";
      readonly instance: string;
      readonly places: readonly Place[];
      readonly seconds: number;
    }
  /**
   * Those of them that are still answered for under a rule of the sub-second lease go on for so
   * long, and no longer. One with a lease that has ended stays unanswered.
   */
  | {
      readonly kind: "prolongGuard";
      readonly instance: string;
      readonly addresses: readonly IpAddress[];
      readonly milliseconds: number;
    }
  | {
      readonly kind: "removeAddresses";
      readonly instance: string;
      /** Undefined: nothing but these places is removed. */
      readonly spared: Spared | undefined;
      /** In this order. */
      readonly places: readonly Place[];
      /** Connections to these ports are reset first; "all": to every port. */
      readonly resets?: readonly number[] | "all";
      /** Routes and rules that go before them, the last first. */
      readonly routing?: readonly RoutingItem[];
    }
  /** Takes away the rules of the sub-second lease, which would make these addresses unreachable. */
  | {
      readonly kind: "clearGuard";
      readonly instance: string;
      readonly addresses: readonly IpAddress[];
    }
  /**
   * `gate`: their ports are closed. Before the first engine starts, and before anything else that
   * is done for one that died.
   */
  | { readonly kind: "closeFence"; readonly instances: readonly InstanceConfig[] }
  /**
   * `gate`: the engine had this unit promoted, and died. Nobody waits for its end; a promotion or a
   * demotion that still runs is ended first.
   */
  | { readonly kind: "demote"; readonly unit: string; readonly config: InstanceConfig }
  | { readonly kind: "report"; readonly report: SupervisorReport }
  /** Asked to stop: nothing is left to do. */
  | { readonly kind: "stopped" };

export type SupervisorReport =
  | { readonly kind: "engine-gone" }
  | { readonly kind: "engine-does-not-stop" }
  | { readonly kind: "engine-unresponsive" }
  | { readonly kind: "engine-unresponsive-for-long" }
  | { readonly kind: "engine-answers-again" }
  /** The engine died as MASTER, and this instance's priority 0 has been sent. */
  | { readonly kind: "handing-over"; readonly instance: string }
  /** `break-before-make`: the addresses went first. */
  | { readonly kind: "removed-first"; readonly instance: string }
  /** The kernel had taken the addresses away already. */
  | { readonly kind: "lease-was-over"; readonly instance: string }
  | { readonly kind: "handed-over"; readonly instance: string; readonly isSuccessorHeard: boolean }
  /** Undefined: the interface has no address to send from. */
  | {
      readonly kind: "cannot-hand-over";
      readonly instance: string | undefined;
      readonly failure: Failure | undefined;
    };

/** What the kernel has at one moment. */
export interface KernelState {
  readonly links: readonly LinkInfo[];
  readonly addresses: readonly AddressInfo[];
}

export type Link = Pick<LinkInfo, "index" | "name">;

/** Which addresses of a held instance are no copies of ours (copies.ts). */
export interface Spared {
  readonly places: readonly AddressPlace[];
  /** Those that were not where they belong when the engine was dead: moved by hand, it may be. */
  readonly absent: readonly IpAddress[];
  /** On other devices than these there are no copies; their indexes. */
  readonly devices: readonly number[];
}

/** A virtual address, and the device it is on. */
export interface Place {
  readonly interfaceIndex: number;
  readonly address: VirtualAddress;
}
