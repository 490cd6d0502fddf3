/**
 * A scenario is data: machines with their configurations, a network, and faults at their times.
 * JSON-safe, so that a failing one can be kept, made smaller and run again by a later version.
 * `generate.ts` makes one from a seed.
 */

import type { IpAddress } from "#units/address";
import { Secret } from "#units/secret";
import type { GroupConfig, TrackerResult } from "#vrrp/engine/engine-link";
import type { AddressGuard } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import type { Maintenance } from "#vrrp/router/state";
import type { NetworkConditions } from "./segment.ts";

export interface Scenario {
  readonly seed: number;
  readonly machines: readonly MachineSpec[];
  readonly network: NetworkConditions;
  /** Kernels have the sub-second guard (nftables). */
  readonly hasGuard: boolean;
  /** The engine is woken up to this many microseconds late. */
  readonly wakeLateMicros: number;
  /** From the engine's death until the supervisor has noticed, at most. */
  readonly supervisorLateMicros: number;
  /** ARP frames let through at each port; undefined: all. */
  readonly arpLimit?: { readonly perSecond: number; readonly burst: number };
  /** Nodes that run keepalived. */
  readonly rivals?: readonly RivalSpec[];
  /** A cloud that decides who has an address; undefined: none. */
  readonly platform?: PlatformSpec;
  /** What the gates of the instances stand for; undefined: there are none. */
  readonly gate?: GateSpec;
  readonly faults: readonly ScenarioFault[];
  /** Faults begin before this; what lasts is ended here. */
  readonly stormMicros: number;
  /**
   * Then nothing fails any more: within `settleMicros` all must be well, and stay so for
   * `watchMicros`.
   */
  readonly settleMicros: number;
  readonly watchMicros: number;
}

export interface MachineSpec {
  readonly address: IpAddress;
  readonly startsAt: number;
  readonly instances: readonly InstanceConfig[];
  readonly groups: readonly GroupConfig[];
  /** Results that are known when the daemon starts. */
  readonly trackers: readonly TrackerResult[];
}

export interface RivalSpec {
  readonly address: IpAddress;
  readonly startsAt: number;
  /** What keepalived knows of it is used. */
  readonly instances: readonly InstanceConfig[];
}

export interface PlatformSpec {
  /** From an accepted announcement until the address points at its sender. */
  readonly claimLatency: number;
  /** From a question until its answer. */
  readonly askMin: number;
  readonly askMax: number;
  /** Announcements that are let through. */
  readonly perInterface: { readonly burst: number; readonly perSecond: number };
  readonly perAddress: { readonly burst: number; readonly perSecond: number };
  /** Nodes outside the drift range: what they announce is refused. Empty: everybody may claim. */
  readonly barred: readonly number[];
}

export interface GateSpec {
  /** A database that can be asked and compared, not a script. */
  readonly isBuiltIn: boolean;
  /** A write is acknowledged only once a follower has it. */
  readonly sync: boolean;
  /** Until the storm is over; then all is done in time. */
  readonly promote: AnswersSpec;
  readonly demote: AnswersSpec;
}

export interface AnswersSpec {
  /** Microseconds until it has ended, if the time-out does not end it first. */
  readonly fastest: number;
  readonly slowest: number;
  /** Shares of those that fail, and of those that never end. */
  readonly refused: number;
  readonly late: number;
}

interface Timed {
  /** Microseconds after the start. */
  readonly at: number;
}
interface Lasting extends Timed {
  readonly micros: number;
}
interface On {
  readonly machine: number;
}

export type ScenarioFault =
  | PlatformFault
  /** Everything between all ports. */
  | ({ readonly kind: "loss"; readonly share: number } & Lasting)
  | ({ readonly kind: "slow-network"; readonly latency: number } & Lasting)
  | ({ readonly kind: "reordering"; readonly share: number } & Lasting)
  /** `from` is not heard by `to`. */
  | ({ readonly kind: "one-way"; readonly from: number; readonly to: number } & Lasting)
  /** The machines named hear each other but none of the rest. */
  | ({ readonly kind: "partition"; readonly machines: readonly number[] } & Lasting)
  /** The same for advertisements alone: they hear each other's ARP. */
  | ({ readonly kind: "vrrp-cut"; readonly machines: readonly number[] } & Lasting)
  /** The switch port forwards `portLate` (nothing: 0) after the carrier is back. */
  | ({ readonly kind: "link-flap"; readonly portLate?: number } & Lasting & On)
  /** The device disappears and comes back with another index. */
  | ({ readonly kind: "interface-gone" } & Lasting & On)
  /** `ip link set eth0 name lan0`, and back. */
  | ({ readonly kind: "interface-renamed" } & Lasting & On)
  /** Deleted and made anew in one go; `isLost`: the kernel's notifications of it are. */
  | ({
      readonly kind: "interface-replaced";
      readonly keepsIndex: boolean;
      readonly isLost: boolean;
    } & Timed &
      On)
  /** Somebody moves an owned address: removes it, and adds it in another place by hand. */
  | ({ readonly kind: "address-moved"; readonly address: IpAddress } & Lasting & On)
  /** A network manager restarts: every address that is not its own goes in one burst, so often. */
  | ({
      readonly kind: "addresses-flushed";
      readonly times: number;
      readonly every: number;
    } & Timed &
      On)
  /** A second daemon, with other instances and another runtime directory, starts and ends. */
  | ({ readonly kind: "second-daemon" } & Timed & On)
  /** Clean stop, and a start afterwards. */
  | ({ readonly kind: "stop" } & Lasting & On)
  | ({ readonly kind: "engine-crash" } & Timed & On)
  /** The service manager starts it again afterwards. */
  | ({ readonly kind: "supervisor-crash" } & Lasting & On)
  | ({ readonly kind: "kill-all" } & Lasting & On)
  /** No power; at start the switch port forwards `portLate` after the link is up. */
  | ({ readonly kind: "power-off"; readonly portLate: number } & Lasting & On)
  /** SIGSTOP and SIGCONT; sockets fill meanwhile. */
  | ({ readonly kind: "hang"; readonly who: "engine" | "all" } & Lasting & On)
  /** The whole machine; what is sent to it is lost. `stops`: its clock does not know of it. */
  | ({ readonly kind: "pause"; readonly clock: "runs" | "stops" } & Lasting & On)
  /** Forwards. */
  | ({ readonly kind: "clock-jump"; readonly by: number } & Timed & On)
  /** The engine is woken up to `late` later than it should. */
  | ({ readonly kind: "busy"; readonly late: number } & Lasting & On)
  | ({ readonly kind: "address-fails"; readonly errno: string } & Lasting & On)
  /** The kernel refuses these calls of the sub-second lease. */
  | ({ readonly kind: "guard-fails"; readonly calls: readonly (keyof AddressGuard)[] } & Lasting &
      On)
  | ({ readonly kind: "address-slow"; readonly slow: number } & Lasting & On)
  | ({
      readonly kind: "address-deleted";
      readonly address: IpAddress;
      readonly times: number;
      readonly every: number;
    } & Timed &
      On)
  | ({
      readonly kind: "tracker";
      readonly result: TrackerResult;
      readonly afterwards: TrackerResult;
    } & Lasting &
      On)
  /** An operator asks for a planned move of all it owns; at the end it may preempt again. */
  | ({ readonly kind: "switch" } & Lasting & On)
  | ({ readonly kind: "maintenance"; readonly mode: Maintenance } & Lasting & On)
  | ({ readonly kind: "reload"; readonly instances: readonly InstanceConfig[] } & Timed & On)
  /** The kernel's notifications overflow: everything has to be read anew. */
  | ({ readonly kind: "resync" } & Timed & On)
  /** `cut`: it and the machines do not hear each other; clients hear all. */
  | ({
      readonly kind: "rival";
      readonly rival: number;
      readonly what: "stop" | "kill" | "hang" | "cut";
    } & Lasting)
  | ({
      readonly kind: "hostile";
      readonly what: Hostile;
      readonly times: number;
      readonly every: number;
    } & Timed)
  /** Somebody who is no router of ours announces a virtual address. */
  | ({
      readonly kind: "foreign-announcement";
      readonly address: IpAddress;
      readonly times: number;
    } & Timed);

/** What is wrong with the platform alone. */
export type PlatformFault =
  | ({ readonly kind: "platform-slow"; readonly latency: number } & Lasting)
  /** Share of the questions that are refused or get no answer. */
  | ({ readonly kind: "platform-fails"; readonly share: number } & Lasting)
  /** It answers what was true `age` ago. */
  | ({ readonly kind: "platform-stale"; readonly age: number } & Lasting)
  /** Share of the announcements it does not see. */
  | ({ readonly kind: "claims-lost"; readonly share: number } & Lasting);

export const PLATFORM_FAULTS: readonly string[] = [
  "platform-slow",
  "platform-fails",
  "platform-stale",
  "claims-lost",
] satisfies readonly PlatformFault["kind"][];

export const isPlatformFault = (fault: ScenarioFault): fault is PlatformFault =>
  PLATFORM_FAULTS.includes(fault.kind);

/** Packets an unknown peer sends. All but the last three must change nothing. */
export type Hostile =
  | "noise"
  | "truncated"
  | "bad-checksum"
  | "wrong-password"
  | "wrong-ttl"
  | "wrong-version"
  | "other-vrid"
  | "not-a-peer"
  /** A copy of an advertisement seen before, with one bit changed; where packets are signed. */
  | "altered"
  /** A copy of an advertisement seen before. */
  | "replay"
  /** With a peer's source address; plain VRRP cannot see that. */
  | "forged-release"
  | "forged-master";

export const isDeceiving = (what: Hostile): boolean =>
  what === "replay" || what === "forged-release" || what === "forged-master";

/** All virtual addresses of an instance, in the advertisement or not. */
export const virtualsOf = (config: InstanceConfig): readonly IpAddress[] =>
  [...config.addresses, ...config.excludedAddresses].map(({ address }) => address);

/** Every configuration of a run: of machines and rivals, and those that reloads bring. */
export const everyInstance = (scenario: Scenario): readonly InstanceConfig[] => [
  ...[...scenario.machines, ...(scenario.rivals ?? [])].flatMap((one) => one.instances),
  ...scenario.faults.flatMap((fault) => (fault.kind === "reload" ? fault.instances : [])),
];

/**
 * For `JSON.parse` of a printed scenario. Its passwords are hidden; one hidden text for all of them
 * is as good.
 */
export const reviveSecret = (key: string, value: unknown): unknown =>
  key === "secret" && typeof value === "string" ? new Secret(value) : value;
