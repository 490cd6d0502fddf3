/**
 * The router's state: a value, replaced by every step. A timer is an absolute instant in the phase that needs it, so a
 * stale timer cannot exist: leaving the phase is cancelling it.
 */

import type { Ipv4, Mac } from "#units/address";
import type { Centis, Instant } from "#units/time";
import type { Priority } from "#units/vrrp";
import type { Allowance } from "./allowance.ts";
import type { FaultCause, Reason } from "./reason.ts";

export interface RouterState {
  readonly phase: Phase;
  /** When the phase kind was entered. */
  readonly since: Instant;
  /** Why it was entered. */
  readonly reason: Reason;
  /** Results of the trackers, by index into `config.trackers`. */
  readonly trackers: readonly TrackerState[];
  /** Own link has carrier and is up. */
  readonly linkUp: boolean;
  /** Source address of our advertisements; undefined while the interface has none. */
  readonly source: Ipv4 | undefined;
  /** Base priority plus tracking, 1 to 254, or 255 for an owner. */
  readonly effectivePriority: Priority;
  /** The router that last advertised itself as master, ourselves excluded. */
  readonly heard: Heard | undefined;
  /** Involuntary ones in a row, and when the last one was (hold-down.ts); undefined: none, or nobody counts. */
  readonly losses: { readonly count: number; readonly lastAt: Instant } | undefined;
  /** Take-overs that priority 0 may still cause at once; see allowance.ts. */
  readonly takeOvers: Allowance | undefined;
  /** Faults that come from outside the router's own trackers; see `faultRaised`. */
  readonly raised: readonly FaultCause[];
}

export interface Heard {
  readonly from: Ipv4;
  readonly priority: Priority;
  readonly at: Instant;
}

export type Phase =
  | InitPhase
  | BackupPhase
  | MasterPhase
  | HandoverPhase
  | FaultPhase
  | { readonly kind: "stopped" };

/** Not started, or waiting for the first result of a check that would mean FAULT. */
export interface InitPhase extends Listening {
  readonly kind: "init";
}

/** Whether somebody owns the address, asked by one that cannot take it itself (no-owner.ts). */
export interface Listening {
  /** No advertisement since, and before that we or somebody else owned the address, or we knew nothing. */
  readonly noMasterSince: Instant;
  /** Raise the alarm then. Undefined before the start, and when it was raised. */
  readonly alarmAt: Instant | undefined;
}

export type PhaseKind = Phase["kind"];

export interface BackupPhase {
  readonly kind: "backup";
  readonly masterDownAt: Instant;
  /** Learned from the master in version 3, our own otherwise. */
  readonly masterInterval: Centis;
  /** `vrrp_startup_delay`: until then advertisements are remembered but start no timer. */
  readonly startupDelayUntil: Instant | undefined;
  /** Set by the first weaker advertisement: from then on it is no longer accepted (`preempt_delay`, `hold_down`). */
  readonly preemptAt: Instant | undefined;
  /** Last step. Time in which we were not running is not time in which the master was silent. */
  readonly awakeAt: Instant;
  /** The master said priority 0, so `masterDownAt` is only the skew time away. */
  readonly released: boolean;
  /** We yielded and told the other masters so; one packet may be lost, and they would let clients wait for us. */
  readonly resend: Resend | undefined;
}

/** Priority 0, said again. */
export interface Resend {
  readonly to: readonly Ipv4[];
  readonly at: Instant;
  readonly left: number;
}

export interface MasterPhase {
  readonly kind: "master";
  readonly advertAt: Instant;
  readonly lastAdvertAt: Instant;
  /** No peer can have taken over before this, if it heard our last advertisement. Past it we have stalled. */
  readonly ownershipSafeUntil: Instant;
  /**
   * Came back to a seat that lasts until then (fault.ts), and has advertised only once since: a port that has just got its
   * carrier may have swallowed that one, so another flap still counts from before.
   */
  readonly resumedSafeUntil: Instant | undefined;
  /** Since when the address has been ours; a link flap within the seat does not count. */
  readonly ownerSince: Instant;
  /**
   * From here on we are no newcomer any more (master-conflict.ts): at once if a peer was heard before we became master, else
   * after `UNCONFIRMED` (longer than a switch port needs to forward).
   */
  readonly confirmedAt: Instant;
  /** Announcements to come, earliest first. */
  readonly announcements: readonly Announcement[];
  readonly refreshAt: Instant | undefined;
  /** `nopreempt`: others that are master too; one of us has to yield (master-conflict.ts). */
  readonly rivals: readonly Rival[];
  /** Next round of the contest. */
  readonly probeAt: Instant | undefined;
  /** Last announcement, sent or to come, because somebody else announced our address. */
  readonly foreignAt: Instant | undefined;
  /** Somebody else's ARP for our address, until it is over. */
  readonly claim: Claim | undefined;
  /** What others' packets may still make us send; see allowance.ts. */
  readonly answers: Allowance | undefined;
  readonly announced: Allowance | undefined;
}

export interface Rival {
  readonly from: Ipv4;
  /** Our own, when the two met: see master-conflict.ts. */
  readonly seniority: number;
  /** The tie-break of RFC 9568 6.4.3 is for us. */
  readonly weWin: boolean;
  /** That it hears us and stays. */
  readonly signs: number;
  readonly heardAt: Instant;
  /** No word from it until then: it has yielded. */
  readonly goneAt: Instant;
}

/**
 * ARP of another machine for an address of this instance (claim.ts). One for the whole instance: of
 * several addresses, the one claimed last is named.
 */
export interface Claim {
  readonly address: Ipv4;
  readonly mac: Mac | undefined;
  readonly since: Instant;
  readonly lastAt: Instant;
  /** Frames seen. */
  readonly count: number;
  /** Times we have announced because of it. */
  readonly answers: number;
  readonly isReported: boolean;
}

export interface Announcement {
  readonly at: Instant;
  /** Frames per address. */
  readonly repeat: number;
  readonly why: AnnounceReason;
}

export type AnnounceReason =
  | "became-master"
  | "second-block"
  | "refresh"
  | "weaker-master"
  | "rival-gone"
  | "foreign-announcement"
  | "address-restored"
  | "added-address";

/** Giving up in good order: the address stays and answers until the successor is heard. */
export interface HandoverPhase {
  readonly kind: "handover";
  /** Give up waiting for a successor. */
  readonly until: Instant;
  /** Set when the successor was heard: remove then. */
  readonly removeAt: Instant | undefined;
  /** "not-awaited": nobody asks the platform, there is none, or it does not answer. */
  readonly platform: "waiting" | "moved" | "not-awaited";
}

export interface FaultPhase extends Listening {
  readonly kind: "fault";
  /**
   * We were master and nobody can have taken over before this instant: if the link is back earlier, the seat is
   * still ours (a link flap shorter than the peers' detection time).
   */
  readonly ownershipSafeUntil: Instant | undefined;
  /** Together with it: since when the address was ours. */
  readonly ownerSince: Instant | undefined;
  /** Another member of the sync group has lost its link, ours works: the peers are told when the seat has ended. */
  readonly releaseAt: Instant | undefined;
}

/** Scripts, processes and interfaces answer "up" or "down"; files answer with a number. */
export type TrackerState = "unknown" | "up" | "down" | number;

/** keepalived's words for the outside. `init` and `handover` are seen as what the operator can act on. */
export type PublicState = "INIT" | "BACKUP" | "MASTER" | "FAULT" | "STOP";
