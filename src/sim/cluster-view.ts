/**
 * What a checker may see of a cluster, and what every message to it is about. These interfaces are
 * the bottom of the room: whoever watches (checkers, clients, the trace) knows them alone, never
 * how a machine is made.
 */
import type { AgreementState } from "#cloud/agreement/agreement-state";
import type { IpAddress, Mac } from "#units/address";
import type { Instant } from "#units/time";
import type { Engine } from "#vrrp/engine/engine";
import type { GroupConfig, TrackerResult } from "#vrrp/engine/engine-link";
import type { InstanceConfig } from "#vrrp/router/config";
import type { ReplicatedService } from "./databases.ts";
import type { SimulatedKernel } from "./kernel.ts";
import type { RivalSpec } from "./scenario.ts";
import type { Port } from "./segment.ts";

/** Somebody who can answer for an address: one of our machines, or a rival. */
export interface AddressOwner {
  readonly mac: Mac;
  readonly port: Port;
  owns(address: IpAddress): boolean;
}

export interface MachineView extends AddressOwner {
  readonly id: number;
  readonly address: IpAddress;
  readonly kernel: SimulatedKernel;
  readonly supervisor: SupervisorView;
  /** Where instances have a gate. */
  readonly gate: GateView | undefined;
  /** Undefined while the process does not exist. */
  readonly engine: Engine | undefined;
  /** The engine exists, and neither it nor the machine is stopped. */
  readonly engineRuns: boolean;
  /** Of the configuration file. What the engine has been given: `ClusterFacts.instances`. */
  readonly instances: readonly InstanceConfig[];
  readonly groups: readonly GroupConfig[];
  readonly trackers: ReadonlyMap<string, TrackerResult>;
  readonly isPaused: boolean;
  /** Microseconds that busy processors add to each wake-up. */
  readonly extraLate: number;
  /** The machine's clock minus simulation time, microseconds. */
  readonly clockOffset: number;
  /** When its clock last fell behind without its knowing. */
  readonly clockOffsetFellAt: number;
  clock(): Instant;
  /** It answers for the address, and running connections pass its fence. */
  serves(address: IpAddress): boolean;
  /** Virtual addresses of the present configuration, and those still owned from an earlier one. */
  addresses(): Iterable<IpAddress>;
}

export interface SupervisorView {
  readonly isAlive: boolean;
  /** It exists, and neither it nor the machine is stopped. */
  readonly runs: boolean;
  /** The engine is dead, the supervisor alive and about to take over for it. */
  readonly isTakingOver: boolean;
  /** Is the address of this instance kept for a successor right now? */
  isHolding(instance: string): boolean;
  holds(address: IpAddress): boolean;
  /** Where there is a cloud: what the daemon asks it about. */
  readonly cloud: { all(): Iterable<AgreementWatch> } | undefined;
}

/** Whether the database of this unit was made primary here, and what is being done about it. */
export type GateStanding = "not-promoted" | "promoting" | "promoted" | "demoting";

/** The daemon's side of the gates of a machine. */
export interface GateView {
  standingOf(unit: string): GateStanding;
  /** It was primary, and has not been demoted cleanly since. */
  isMarked(unit: string): boolean;
  /** Would it be promoted, by what is known here? */
  isEligible(unit: string): boolean;
}

/** An instance or sync group with a gate, the address of its clients, and its databases. */
export interface GateUnit {
  readonly name: string;
  readonly address: IpAddress;
  readonly service: ReplicatedService;
}

/** One address of one instance, about which the daemon asks the platform. */
export interface AgreementWatch {
  readonly instance: string;
  readonly address: IpAddress;
  state: AgreementState;
}

export interface RivalView extends AddressOwner {
  readonly id: number;
  readonly spec: RivalSpec;
  /** State of one of its routers; undefined while it does not run. */
  state(vrid: number): "BACKUP" | "MASTER" | undefined;
}

/**
 * Whether a client's packets get to an owner. `blackholed`: there is one in reach, but the cache
 * points elsewhere. `nobody`: there is none.
 */
export type Reachability = "reached" | "blackholed" | "nobody";

export interface ArpClient {
  readonly id: number;
  readonly port: Port;
  /** The MAC address that its cache has for the address. */
  macOf(address: IpAddress): Mac | undefined;
  service(address: IpAddress): Reachability | undefined;
  /** Nodes that own the address and hear this client, and it them. */
  ownersOf(address: IpAddress): readonly AddressOwner[];
}
