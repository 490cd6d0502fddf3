/** The supervisor's state: a value, replaced by every step. Timers are absolute instants. */

import type { IpAddress } from "#units/address";
import { type Instant, type Micros, micros } from "#units/time";
import type { AddressPlace } from "../engine/instance.ts";
import type { InstanceConfig } from "../router/config.ts";
import type { Place, Spared, SupervisorEffect } from "./event.ts";

export interface SupervisorConfig {
  /** From one answer of the engine to the next question. */
  readonly questionPeriod: Micros;
}

export interface SupervisorState {
  readonly engine: EngineState;
  /** Engines started after the first. */
  readonly restarts: number;
  readonly questions: Questions;
  readonly stop: "not-asked" | "asked" | "done";
  /** As last read. */
  readonly wanted: Revision;
  /** What this engine was sent and has not taken over yet, oldest first. */
  readonly sent: readonly Sent[];
  /** How many configurations this engine has taken over. */
  readonly taken: number;
  /** Of the configuration that the engine has taken over, and those that it is giving up. */
  readonly routers: readonly KnownRouter[];
  /** What the dead engine may have owned, until the kernel has been asked. */
  readonly orphans: readonly Orphan[];
  readonly holds: readonly Hold[];
  readonly nextHold: number;
}

export type EngineState =
  | { readonly kind: "none" }
  /** `delay`: how long the one after the next would wait. */
  | { readonly kind: "waiting"; readonly startAt: Instant; readonly delay: Micros }
  | { readonly kind: "starting"; readonly since: Instant; readonly delay: Micros }
  | {
      readonly kind: "running";
      readonly since: Instant;
      readonly delay: Micros;
      /** Asked to stop, it is killed then. */
      readonly killAt: Instant | undefined;
    };

export interface Questions {
  /** Undefined: one waits for its answer, or nobody asks. */
  readonly askAt: Instant | undefined;
  readonly unanswered: number;
}

export interface Revision {
  readonly revision: number;
  readonly instances: readonly InstanceConfig[];
}

export interface Sent extends Revision {
  readonly isReload: boolean;
  /** Which hold is for which of its instances. */
  readonly resumed: ReadonlyMap<InstanceConfig, number>;
}

export interface KnownRouter {
  readonly config: InstanceConfig;
  /**
   * From MASTER until the addresses are given up for certain: a hand-over at a stop belongs to it.
   */
  readonly mayOwn: boolean;
  /** `gate`: from the request for a promotion until the one for a demotion. */
  readonly mayBePromoted: boolean;
  /** The engine's nth configuration has removed it, and it hands over. */
  readonly leaving: number | undefined;
  /** The hold that this engine is to resume for it. It may have ended by now. */
  readonly hold: number | undefined;
  /** Where others had added its addresses before they were ours, as the engine has reported. */
  readonly beside: readonly AddressPlace[];
}

export type Orphan = Pick<KnownRouter, "config" | "beside">;

/** The addresses of an instance, kept for a successor after its engine died. */
export interface Hold {
  readonly id: number;
  readonly config: InstanceConfig;
  readonly source: IpAddress;
  readonly places: readonly Place[];
  readonly spared: Spared;
  /** Nobody has taken over: the addresses are removed then. */
  readonly until: Instant;
  /** A successor was heard: the addresses are removed then. */
  readonly removeAt: Instant | undefined;
}

export interface Step {
  readonly state: SupervisorState;
  /** In the order in which they are to be performed. */
  readonly effects: readonly SupervisorEffect[];
}

/** Starting a process blocks for some milliseconds, which the hand-over for the dead one needs. */
export const FIRST_DELAY: Micros = micros(40_000);

export const INITIAL: SupervisorState = {
  engine: { kind: "none" },
  restarts: 0,
  questions: { askAt: undefined, unanswered: 0 },
  stop: "not-asked",
  wanted: { revision: 0, instances: [] },
  sent: [],
  taken: 0,
  routers: [],
  orphans: [],
  holds: [],
  nextHold: 1,
};

const NOTHING: readonly SupervisorEffect[] = [];

export const unchanged = (state: SupervisorState): Step => ({ state, effects: NOTHING });
