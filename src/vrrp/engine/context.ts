/** What every concern of the engine works on, and questions that take more than one part of it. */
import type { IpAddress } from "#units/address";
import type { Instant } from "#units/time";
import type { RouterEvent } from "../router/event.ts";
import type { MasterPhase, Phase } from "../router/state.ts";
import type { Instance } from "./instance.ts";
import type { Instances } from "./instances.ts";
import type { Interfaces } from "./interfaces.ts";
import type { World } from "./world.ts";

export interface EngineContext {
  readonly world: World;
  readonly interfaces: Interfaces;
  readonly instances: Instances;
}

/** An effect that had waited was refused: what that means for its router. */
export interface Refused {
  readonly instance: Instance;
  readonly event: RouterEvent;
}

/** Index of the device an address belongs on; `name` undefined: that of the instance. */
export function deviceOf(
  { interfaces }: EngineContext,
  instance: Instance,
  name: string | undefined,
): number | undefined {
  return name === undefined ? instance.interfaceIndex : interfaces.named(name)?.index;
}

/**
 * A master that has its address and prolongs the lease: also one that its gate demotes, and one
 * that takes back a move in which it has kept the address.
 */
export const ownsAddress = (phase: Phase): boolean => masterOf(phase) !== undefined;

/** What such a master is on the wire. */
export function masterOf(phase: Phase): MasterPhase | undefined {
  if (phase.kind === "master") return phase;
  if (phase.kind === "demoting") return phase.master;
  return phase.kind === "promoting" && phase.takenBack?.hasAddress === true
    ? phase.master
    : undefined;
}

/** It has its address, or gives it up and still answers for it. */
export const answers = (phase: Phase): boolean =>
  ownsAddress(phase) || phase.kind === "switching" || phase.kind === "handover";

/** Until when a planned move holds the address for its successor. */
export const heldUntil = (phase: Phase): Instant | undefined =>
  phase.kind === "switching" ? phase.ownedUntil : undefined;

/**
 * Is another instance master, or does it still answer, for this address on this device? Then it is
 * not ours to remove.
 */
export function isOwnedElsewhere(
  context: EngineContext,
  except: Instance,
  interfaceIndex: number,
  address: IpAddress,
): boolean {
  return context.instances.lookup
    .byAddress(address)
    .some(
      (other) =>
        other !== except &&
        answers(other.state.phase) &&
        other.addresses.some(
          (one) =>
            one.virtual.address === address &&
            deviceOf(context, other, one.virtual.interface) === interfaceIndex,
        ),
    );
}

/** Another instance answers for the address, on whatever device: the guard knows addresses only. */
export function isGuardedElsewhere(
  { instances }: EngineContext,
  except: Instance,
  address: IpAddress,
): boolean {
  return instances.lookup
    .byAddress(address)
    .some(
      (other) =>
        other !== except &&
        other.addresses.some((one) => one.owned && one.virtual.address === address),
    );
}
