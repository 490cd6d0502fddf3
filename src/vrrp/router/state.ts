/**
 * The router's state: a value, replaced by every step. A timer is an absolute instant in the phase
 * that needs it; leaving the phase cancels it, so a stale timer cannot exist.
 */

import type { IpAddress, Mac } from "#units/address";
import type { Centis, Instant, Micros } from "#units/time";
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
  readonly source: IpAddress | undefined;
  /** Base priority plus tracking, 1 to 254, or 255 for an owner. */
  readonly effectivePriority: Priority;
  /** The router that last advertised itself as master, ourselves excluded. */
  readonly heard: Heard | undefined;
  /** Involuntary losses in a row, for hold-down.ts. Undefined: none, or `hold_down` is off. */
  readonly losses: { readonly count: number; readonly lastAt: Instant } | undefined;
  /** How many take-overs priority-0 advertisements may still cause; see allowance.ts. */
  readonly takeOvers: Allowance | undefined;
  /** Faults the engine has raised (`faultRaised`), in addition to those of trackers and link. */
  readonly raised: readonly FaultCause[];
  /**
   * An operator has moved the address away (switch.ts): a BACKUP that does not preempt, until it is
   * master again. `to`: the successor that was heard; undefined where there was none.
   */
  readonly switched?: { readonly at: Instant; readonly to: IpAddress | undefined } | undefined;
  /** Held back by an operator (maintenance.ts). */
  readonly maintenance?: Maintenance | undefined;
  /** Undefined: it has no gate. */
  readonly gate?: GateState | undefined;
}

/** What is known of a gate in every phase (gate.ts). */
export interface GateState {
  /** The number of the last request; the next one has the next. An answer names its request. */
  readonly run: number;
  /** The promotion or demotion that has not been answered yet; there is one at a time. */
  readonly running: GateRun | undefined;
  /**
   * Promoted, or served all the same (`on_refusal serve`), and no demotion has begun since.
   */
  readonly isPromoted: boolean;
  /** "new": only packets of new connections are dropped. */
  readonly fence: "closed" | "new" | "open";
  /** As the supervisor says (`eligibleChanged`). */
  readonly eligible: "unknown" | "yes" | "no";
  /** After a refusal: not electable until then. */
  readonly heldUntil: Instant | undefined;
  /** Refusals in a row. */
  readonly refused: number;
  /** A person wants this node's data (`promoteAsked`): the next promotion says so. */
  readonly isAsked?: true;
  /** Another master was heard: its data is compared, or the result stands (gate-conflict.ts). */
  readonly conflict?: GateConflict | undefined;
}

export interface GateRun {
  readonly run: number;
  readonly kind: "promote" | "demote";
  readonly since: Instant;
  /** Without an answer by then it is late. */
  readonly until: Instant;
  /** Of a demotion: nobody waits for it before the address goes. */
  readonly isPlanned: boolean;
}

export interface GateConflict {
  readonly run: number;
  readonly peer: IpAddress;
  /** When the comparison is over at the latest, on the other node too. */
  readonly until: Instant;
  /** "undecided": diverged, or not known; a person decides. */
  readonly result: "comparing" | "ours" | "undecided";
  /**
   * "ours": a rival that hears us has yielded by then. If it has not, its own comparison has found
   * the same, and the data is compared again.
   */
  readonly againAt?: Instant | undefined;
  /**
   * The first master that it could not be decided with, and when that comparison was over at the
   * latest. Of three masters the one that is compared with changes all the time.
   */
  readonly undecided?: { readonly peer: IpAddress; readonly until: Instant } | undefined;
  /** A person has decided (`promoteAsked`): it is not compared again while that peer is heard. */
  readonly isAsked?: true;
}

/**
 * "on": never becomes master. "last-resort": with priority 1, and only when nobody else does for
 * longer than any peer needs.
 */
export type Maintenance = "on" | "last-resort";

export interface Heard {
  readonly from: IpAddress;
  readonly priority: Priority;
  readonly at: Instant;
}

export type Phase =
  | InitPhase
  | BackupPhase
  | PromotingPhase
  | MasterPhase
  | DemotingPhase
  | SwitchingPhase
  | HandoverPhase
  | FaultPhase
  | { readonly kind: "stopped" };

/** Not started, or waiting for the first result of a check that could mean FAULT. */
export interface InitPhase extends Listening {
  readonly kind: "init";
}

/** A router that cannot take the address itself watches whether anybody owns it (no-owner.ts). */
export interface Listening {
  /** Last instant at which somebody owned the address, or at which we began to listen. */
  readonly noMasterSince: Instant;
  /** When the alarm is due. Undefined before the start, and once it was raised. */
  readonly alarmAt: Instant | undefined;
}

export type PhaseKind = Phase["kind"];

export interface BackupPhase {
  readonly kind: "backup";
  readonly masterDownAt: Instant;
  /** Active_Adver_Interval: learned from the master in version 3, our own in version 2. */
  readonly masterInterval: Centis;
  /** `vrrp_startup_delay`: until then an advertisement is remembered but starts no timer. */
  readonly startupDelayUntil: Instant | undefined;
  /**
   * Set by a weaker master's first advertisement: from this instant on its advertisements no longer
   * restart the timer (`preempt_delay`, `hold_down`).
   */
  readonly preemptAt: Instant | undefined;
  /** When this router last ran. Time in which it did not run says nothing about the master. */
  readonly awakeAt: Instant;
  /**
   * After a stall: a skew time in which a priority 0 may be one that waited in the socket, with the
   * advertisements that came after it.
   */
  readonly stalledUntil?: Instant;
  /** The master sent priority 0, so `masterDownAt` is only the skew time away. */
  readonly released: boolean;
  /**
   * We yielded: priority 0 is sent again, for the winner announces the address when it hears it.
   */
  readonly resend: Resend | undefined;
  /**
   * Held back (maintenance, a gate that is not eligible): detection times that have passed without
   * an owner, 2 at the most.
   */
  readonly missed?: number | undefined;
  /** `gate`: whether anybody answers for the address is being asked, until then at the longest. */
  readonly probing?: { readonly run: number; readonly until: Instant } | undefined;
  /** `gate`: somebody answered for the address, and that was reported. */
  readonly isAnswered?: true | undefined;
  /** `gate`: a person wants the address to be taken whoever answers for it. */
  readonly skipsProbe?: true | undefined;
}

/**
 * `gate`: elected, and the promotion runs (gate.ts). On the wire a master, so that nobody else is
 * elected; it has no address yet, and BACKUP is what the outside sees.
 */
export interface PromotingPhase {
  readonly kind: "promoting";
  /** What it is on the wire, and will be. */
  readonly master: MasterPhase;
  /** Why it was elected. */
  readonly elected: Reason;
  /**
   * Not served before: an owner that lives (its priority 0 was forged, or the move was taken back)
   * has answered the first advertisement by then.
   */
  readonly opensAt: Instant;
  /** Promoted, but not served yet: it is too early, or another master is heard that may yield. */
  readonly isDone?: true;
  /**
   * A planned move was taken back: MASTER to the outside all the time. `hasAddress`: the address
   * was not removed, and is kept.
   */
  readonly takenBack?: { readonly hasAddress: boolean };
}

/**
 * `gate`: a planned release has begun, and the demotion comes first. Still a master with the
 * address; the fence is closed.
 */
export interface DemotingPhase {
  readonly kind: "demoting";
  readonly master: MasterPhase;
  readonly askedAt: Instant;
  /** What comes when it is demoted. */
  readonly goal:
    | { readonly kind: "stop" }
    | {
        readonly kind: "switch";
        readonly order: SwitchOrder;
        readonly why: "switch" | "maintenance";
      };
  /**
   * `drain`: running connections may end until then; new ones are dropped. Undefined: the demotion
   * itself runs.
   */
  readonly draining: { readonly run: number; readonly until: Instant } | undefined;
}

/** Priority-0 advertisements still to be repeated. */
export interface Resend {
  /** The masters we have heard. */
  readonly to: readonly IpAddress[];
  readonly at: Instant;
  /** Repetitions left, this one included. */
  readonly left: number;
}

export interface MasterPhase {
  readonly kind: "master";
  readonly advertAt: Instant;
  readonly lastAdvertAt: Instant;
  /**
   * End of the ownership window: no peer that heard our last advertisement can have taken over
   * before it. A master that is woken later has stalled.
   */
  readonly ownershipSafeUntil: Instant;
  /**
   * Set when we resumed ownership after a link flap (fault.ts) and have advertised only once since.
   * A port that has just got its carrier may have dropped that advertisement, so after another flap
   * the ownership window still ends here.
   */
  readonly resumedSafeUntil: Instant | undefined;
  /**
   * Since when we have owned the address; a link flap within the ownership window does not count.
   */
  readonly ownerSince: Instant;
  /**
   * Before it we are an unconfirmed master (master-conflict.ts): nobody was heard before we became
   * master, and less than `UNCONFIRMED` has passed. With a peer heard it is the instant we became
   * master.
   */
  readonly confirmedAt: Instant;
  /** Announcements to come, earliest first. */
  readonly announcements: readonly Announcement[];
  readonly refreshAt: Instant | undefined;
  /** `nopreempt`: other masters that were heard; one of us has to yield (master-conflict.ts). */
  readonly rivals: readonly Rival[];
  /** When the next probe of the master conflict is due. */
  readonly probeAt: Instant | undefined;
  /** Last announcement, sent or due, that answers somebody else's announcement of our address. */
  readonly foreignAt: Instant | undefined;
  /** Somebody else's claim of our address, until it has ended. */
  readonly claim: ArpClaim | undefined;
  /** How much others' packets may still make us send; see allowance.ts. */
  readonly answers: Allowance | undefined;
  readonly announced: Allowance | undefined;
}

/** Another master, and what is known of it (master-conflict.ts). */
export interface Rival {
  readonly from: IpAddress;
  /** Our own seniority when it was first heard. */
  readonly seniority: number;
  /** The tie-break of RFC 9568 6.4.3 is in our favour. */
  readonly weWin: boolean;
  /** Advertisements that show that it hears us and stays master. */
  readonly signs: number;
  readonly heardAt: Instant;
  /** Without an advertisement until then it is taken to have yielded. */
  readonly goneAt: Instant;
}

/**
 * ARP of another machine for an address of this instance (claim.ts). One for the whole instance: of
 * several addresses, the one claimed last is named.
 */
export interface ArpClaim {
  readonly address: IpAddress;
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
  | "taken-back"
  | "added-address";

/**
 * A planned move: the address stays and is answered for until the successor is heard, and without
 * one this router is what it was (switch.ts). MASTER to the outside.
 */
export interface SwitchingPhase {
  readonly kind: "switching";
  /** What it was, and is again if nobody takes over. */
  readonly master: MasterPhase;
  readonly askedAt: Instant;
  /** Without a successor the move is taken back then; with one the address is removed then. */
  readonly until: Instant;
  /** Not running until then, we cannot be certain any more that nobody else is the owner. */
  readonly ownedUntil: Instant;
  /** Unicast: priority 0 was sent to this peer alone, and the others hear us as before. */
  readonly to: IpAddress | undefined;
  readonly successor: Successor | undefined;
  /** As in `HandoverPhase`. */
  readonly platform: "waiting" | "moved" | "not-awaited";
  /** The address goes at `until`, successor or not, and this is why. */
  readonly gives: Extract<Reason, { kind: "group" }> | { readonly kind: "gave-up" } | undefined;
  /** It may preempt afterwards. */
  readonly isRecalled?: true;
}

/** What an operator asks for; see the event `switchAsked`. */
export interface SwitchOrder {
  readonly to?: IpAddress;
  readonly leastWait?: Micros;
  readonly force?: true;
}

/** The router that was heard first after our priority 0. */
export interface Successor {
  readonly from: IpAddress;
  readonly priority: Priority;
  readonly interval: Centis;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
}

/**
 * A planned stop: the address stays and is answered for until the successor is heard (leave.ts).
 */
export interface HandoverPhase {
  readonly kind: "handover";
  /** Without a successor the address is removed then. */
  readonly until: Instant;
  /** Set when the successor was heard: when the address is removed. */
  readonly removeAt: Instant | undefined;
  /** "not-awaited": there is no platform, nobody asks it, or it does not answer. */
  readonly platform: "waiting" | "moved" | "not-awaited";
}

export interface FaultPhase extends Listening {
  readonly kind: "fault";
  /**
   * We were master and no peer can have taken over before this instant. If the link is back
   * earlier, we still own the address (a link flap shorter than the peers' detection time).
   */
  readonly ownershipSafeUntil: Instant | undefined;
  /** Set together with it: since when we have owned the address. */
  readonly ownerSince: Instant | undefined;
  /**
   * Another member of the sync group has lost its link and ours works: priority 0 is sent when the
   * ownership window has ended.
   */
  readonly releaseAt: Instant | undefined;
}

/** Scripts, processes and interfaces answer "up" or "down"; files answer with a number. */
export type TrackerState = "unknown" | "up" | "down" | number;

/** The states keepalived shows. A hand-over is shown as STOP: see `publicState`. */
export type PublicState = "INIT" | "BACKUP" | "MASTER" | "FAULT" | "STOP";
