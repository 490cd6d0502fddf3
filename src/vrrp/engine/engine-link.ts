/**
 * The pipe between supervisor and engine: one JSON object per line, both ways, on file descriptor 3
 * of the engine.
 *
 * The supervisor is an ordinary Node.js process (scripts, notify, sockets, files); the engine is
 * one thread in a ppoll loop. The end of the pipe is a message too: to the engine it means "hand
 * over and end", to the supervisor "the engine is dead, hand over for it".
 */

import type { IpAddress, Ipv4, Mac } from "#units/address";
import type { Instant, Micros } from "#units/time";
import type { Priority } from "#units/vrrp";
import type { SessionState } from "../bfd/control-packet.ts";
import type { SessionPlan } from "../bfd/session-plan.ts";
import type { InstanceConfig, LinkDelay } from "../router/config.ts";
import type { DataComparison, Report } from "../router/event.ts";
import type { DemoteReason, FaultCause, PromoteReason, Reason } from "../router/reason.ts";
import type { AnnounceReason, Maintenance, PublicState, TrackerState } from "../router/state.ts";
import type { AdvertWarning, DropReason } from "../wire/vrrp-packet.ts";
import type { EngineDurations } from "./engine-durations.ts";
import type { LatenessCause, Pauses } from "./lateness.ts";

export type ToEngine =
  /**
   * The whole configuration, at start and at every reload. Instances are matched by interface, VRID
   * and transport kind; an unchanged one is not touched. `resume`: names of the instances with
   * addresses that the supervisor still holds for a dead engine.
   */
  | {
      readonly type: "configure";
      readonly instances: readonly InstanceConfig[];
      readonly groups: readonly GroupConfig[];
      /** BFD sessions that routers track; undefined: none. */
      readonly sessions?: readonly SessionPlan[];
      readonly resume: readonly string[];
      /**
       * Where others had put addresses of `resume` before they were ours. Whatever else of them is
       * found is a copy of ours.
       */
      readonly spared?: readonly Leftover[];
      /** Known already: a reload or a new engine does not wait for the next check. */
      readonly trackers: readonly TrackerResult[];
      /** Report advertisements for routers that nobody here is part of. */
      readonly logUnknownVrids?: boolean;
      /** `interface_up_down_delays` */
      readonly linkDelays?: readonly LinkDelay[];
      /** What an earlier engine left, if the kernel does not keep our mark. Looked at once. */
      readonly leftovers?: readonly Leftover[];
      /** As an operator wants it; undefined: as before, and a new engine is in none. */
      readonly maintenance?: Maintenance;
      /** Moved away by an operator before this engine was started: they do not preempt. */
      readonly switched?: readonly {
        readonly instance: string;
        readonly to: IpAddress | undefined;
      }[];
      /** Of each unit with a gate, as far as it is known; one that is not named is as before. */
      readonly eligible?: readonly { readonly unit: string; readonly eligible: boolean }[];
    }
  /**
   * An operator asks for a planned move of all of them, or of none; answered by `switchAnswer`, and
   * its end is a report of each. `to`: to this peer. `force`: also if nobody takes over. `dryRun`:
   * only what speaks against it.
   */
  | {
      readonly type: "switch";
      readonly id: number;
      readonly instances: readonly string[];
      readonly to?: IpAddress;
      readonly force?: true;
      readonly dryRun?: true;
    }
  /** They may preempt again. */
  | { readonly type: "switchBack"; readonly instances: readonly string[] }
  /** Undefined: over. */
  | { readonly type: "maintenance"; readonly mode: Maintenance | undefined }
  | ({ readonly type: "tracker" } & TrackerResult)
  /**
   * The instance, if it is MASTER, announces this address once more, within the limits of its
   * interface; undefined: all its addresses. With its first one go the excluded ones, which the
   * platform is not asked about.
   */
  | { readonly type: "announce"; readonly instance: string; readonly address?: IpAddress }
  /** The instance is stopping: the cloud has moved its addresses, or cannot say. */
  | { readonly type: "platform"; readonly instance: string; readonly moved: boolean }
  /**
   * Answer with a `snapshot` that carries the same id; `empty`: only to show that it answers;
   * `brief`: with a `brief` one. `from`: the place of the first instance wanted, 0 if it is not
   * given.
   */
  | {
      readonly type: "snapshot";
      readonly id: number;
      readonly from?: number;
      readonly empty?: true;
      readonly brief?: true;
    }
  /**
   * Answers to `gate`; one with another number than the last changes nothing. `unit`: a sync group
   * with a gate, or an instance.
   */
  | {
      readonly type: "gateAnswer";
      readonly unit: string;
      readonly run: number;
      readonly outcome: "done" | "refused";
    }
  | {
      readonly type: "probeAnswer";
      readonly instance: string;
      readonly run: number;
      readonly by: "nobody" | "somebody";
    }
  | {
      readonly type: "dataCompared";
      readonly unit: string;
      readonly run: number;
      readonly result: DataComparison;
    }
  | { readonly type: "drained"; readonly unit: string; readonly run: number }
  /** After a planned demotion: another node's service has been promoted. */
  | { readonly type: "successorServes"; readonly unit: string }
  /** At every change. */
  | { readonly type: "eligible"; readonly unit: string; readonly eligible: boolean }
  /** A person wants this node promoted, whatever its data lacks (`--accept-loss`). */
  | { readonly type: "promoteAsked"; readonly unit: string; readonly isForced?: true }
  /** To a recording engine: lines got lost, so begin afresh; or nobody takes them any more. */
  | { readonly type: "recording"; readonly goOn: boolean }
  /** Hand over everything and end. */
  | { readonly type: "stop" };

/**
 * What the engine asks of a unit's gate. `run` grows with each request of a unit within the life of
 * an engine; `micros` is how long its answer is waited for.
 */
export type GateRequest =
  | {
      readonly kind: "promote";
      readonly run: number;
      readonly reason: PromoteReason;
      readonly peer?: IpAddress;
      readonly micros: Micros;
      readonly priority: Priority;
    }
  /** `isPlanned`: the release waits for it. */
  | {
      readonly kind: "demote";
      readonly run: number;
      readonly reason: DemoteReason;
      readonly isPlanned: boolean;
      readonly peer?: IpAddress;
      readonly micros: Micros;
      readonly priority: Priority;
    }
  /** Nobody waits for this promotion or demotion any more: end it. */
  | { readonly kind: "cancel"; readonly run: number }
  /** Does the service answer at one of these? Answered by `probeAnswer`. */
  | { readonly kind: "probe"; readonly run: number; readonly addresses: readonly IpAddress[] }
  | {
      readonly kind: "compare";
      readonly run: number;
      readonly peer: IpAddress;
      readonly micros: Micros;
    }
  /** Answered by `drained` when no connection of these addresses is left. */
  | {
      readonly kind: "drain";
      readonly run: number;
      readonly micros: Micros;
      readonly addresses: readonly IpAddress[];
    }
  /** Not answered. The addresses are still there. */
  | { readonly kind: "reset"; readonly addresses: readonly IpAddress[] };

/** An address on this machine that a list beside the kernel says is ours. */
export interface Leftover {
  /** Of its device, as in `LinkInfo`. */
  readonly index: number;
  readonly address: IpAddress;
  readonly prefix: number;
}

/** What speaks against a planned move, as far as this node can know. */
export type SwitchRefusal =
  | { readonly kind: "unknown" }
  /** `master`: whom a BACKUP hears. */
  | {
      readonly kind: "not-owner";
      readonly state: PublicState;
      readonly master: { readonly address: IpAddress; readonly priority: Priority } | undefined;
    }
  | { readonly kind: "under-way" }
  /** `gate`: it is being promoted, or is MASTER and waits for a decision about its data. */
  | { readonly kind: "promoting" | "fenced" }
  /** Another master is heard, and one of the two will yield. */
  | { readonly kind: "rival"; readonly from: IpAddress }
  | { readonly kind: "no-peers" }
  | { readonly kind: "not-a-peer"; readonly to: IpAddress; readonly peers: readonly IpAddress[] }
  /** Unicast: none of them answers ARP. */
  | { readonly kind: "unanswered"; readonly peers: readonly IpAddress[] }
  /** Multicast: it never advertised, so nothing is known of it. */
  | { readonly kind: "never-heard"; readonly to: IpAddress }
  /** Multicast: `other` had at least its priority when it was heard. */
  | { readonly kind: "would-not-win"; readonly to: IpAddress; readonly other: IpAddress };

export interface GroupConfig {
  readonly name: string;
  readonly members: readonly string[];
}

export interface TrackerResult {
  readonly kind: "script" | "file" | "process" | "bfd";
  readonly name: string;
  readonly result: TrackerState;
}

/**
 * The instance that a message is about. `leaving` is set if a reload has removed it and it is
 * handing over. Other instances may have had its name before, or may have it now, so `leaving` is
 * the number of the configuration that removed it. An engine counts its configurations from 1.
 */
export interface AboutInstance {
  readonly instance: string;
  readonly leaving?: number;
}

export type FromEngine =
  /** Sockets are open and the configuration is running. */
  | { readonly type: "ready"; readonly pid: number }
  /** A configuration is being taken over: from here on names are its own, but for `leaving`. */
  | { readonly type: "configuring" }
  /** Change of state of an instance; the supervisor runs notify for it. */
  | ({
      readonly type: "transition";
      readonly from: PublicState;
      readonly to: PublicState;
      readonly reason: Reason;
      readonly priority: Priority;
      readonly at: Instant;
    } & AboutInstance)
  | {
      readonly type: "groupTransition";
      readonly group: string;
      readonly to: PublicState;
      readonly at: Instant;
    }
  | {
      readonly type: "priorityChanged";
      readonly instance: string;
      readonly from: Priority;
      readonly to: Priority;
      /** Undefined: a reload brought it. */
      readonly tracker: string | undefined;
    }
  | ({ readonly type: "report"; readonly report: Report } & AboutInstance)
  /**
   * Its addresses are announced: on becoming MASTER, or again for a reason. At most some a second
   * for each reason; regular repetitions are not reported.
   */
  | ({ readonly type: "announced"; readonly why: AnnounceReason } & AboutInstance)
  /** The engine woke so long after something was due; not more than one a second. */
  | { readonly type: "late"; readonly micros: number; readonly cause: LatenessCause | undefined }
  /** A packet was refused. Counted always, sent at most once a minute per instance and kind. */
  | {
      readonly type: "drop";
      readonly instance: string;
      readonly drop: DropReason | AdvertWarning;
      readonly from: IpAddress;
      readonly count: number;
    }
  | {
      readonly type: "log";
      readonly level: "error" | "warning" | "info" | "debug";
      readonly text: string;
    }
  /**
   * At most `SNAPSHOT_MAX` instances, so that no advertisement waits for more. `more`: how many
   * come after them, if there are any; who wants them asks again.
   */
  | {
      readonly type: "snapshot";
      readonly id: number;
      readonly at: Instant;
      readonly instances: readonly InstanceSnapshot[];
      readonly more?: number;
    }
  | {
      readonly type: "brief";
      readonly id: number;
      readonly at: Instant;
      readonly instances: readonly BriefSnapshot[];
      readonly more?: number;
    }
  /** Before the first instances of a snapshot. */
  | { readonly type: "pauses"; readonly pauses: Pauses; readonly durations: EngineDurations }
  /** Before the first instances of a snapshot, if there are any. */
  | { readonly type: "sessions"; readonly sessions: readonly SessionSnapshot[] }
  /** Another state of a BFD session. `diagnostic`: why it left Up (RFC 5880 4.1). */
  | {
      readonly type: "session";
      readonly name: string;
      readonly neighbor: Ipv4;
      readonly from: SessionState;
      readonly to: SessionState;
      readonly diagnostic: number;
      readonly at: Instant;
    }
  /** No session can come up: the port cannot be opened. Tried again. */
  | { readonly type: "sessionsClosed"; readonly errno: string; readonly call: string }
  /** A packet of it could not be sent; not more than one a minute for each. */
  | {
      readonly type: "sessionUnsent";
      readonly name: string;
      readonly errno: string;
      readonly call: string;
    }
  /** `--record`: a line of the recording (recording.ts) for the supervisor. May be dropped. */
  | { readonly type: "record"; readonly line: string }
  /** An instance removed by a reload has given up its addresses. */
  | ({ readonly type: "removed" } & AboutInstance)
  /** `log_unknown_vrids`: at most once a minute for each, with how many there were. */
  | {
      readonly type: "unknownVrid";
      readonly interface: string;
      readonly vrid: number;
      readonly from: IpAddress;
      readonly count: number;
    }
  /** Empty: a planned move has begun, or could. */
  | {
      readonly type: "switchAnswer";
      readonly id: number;
      readonly refused: readonly { readonly instance: string; readonly why: SwitchRefusal }[];
    }
  | {
      readonly type: "gate";
      /** The sync group, or the instance itself. */
      readonly unit: string;
      readonly instance: string;
      readonly request: GateRequest;
    }
  /** Everything is handed over; the engine ends now. */
  | { readonly type: "stopped" };

/** A BFD session; instants as of `InstanceSnapshot`. */
export interface SessionSnapshot {
  readonly name: string;
  readonly neighbor: Ipv4;
  readonly state: SessionState;
  readonly since: Instant;
  readonly diagnostic: number;
  readonly remoteState: SessionState;
  readonly sent: number;
  readonly received: number;
  /** Of its neighbour, but not acceptable. */
  readonly refused: number;
}

/**
 * One instance as the engine sees it. All instants are CLOCK_BOOTTIME microseconds, like `at` of
 * the snapshot.
 */
export interface InstanceSnapshot {
  readonly name: string;
  readonly state: PublicState;
  /**
   * The exact phase, finer than `state`: "handover" is STOP to the outside, and still has the
   * address until it ends.
   */
  readonly phase: string;
  readonly since: Instant;
  readonly reason: Reason;
  readonly basePriority: Priority;
  readonly effectivePriority: Priority;
  readonly vrid: number;
  readonly version: number;
  /** Undefined: bound to none. */
  readonly interface: string | undefined;
  readonly linkUp: boolean;
  readonly source: IpAddress | undefined;
  readonly advertInterval: number;
  /** Master: next advertisement. Backup: when the master counts as dead. */
  readonly deadline: Instant | undefined;
  readonly faults: readonly FaultCause[];
  /**
   * Its sync group. `isReady`: it would be MASTER by itself, and waits until every member is
   * ready.
   */
  readonly group?: { readonly name: string; readonly isReady: boolean };
  /** BACKUP: whom it hears, and what it waits for. */
  readonly standby?: {
    readonly master:
      | { readonly address: IpAddress; readonly priority: Priority; readonly heardAt: Instant }
      | undefined;
    readonly masterDownMicros: Micros;
    readonly masterDownAt: Instant;
    /** Its timer has fired so often without a master, and it was held back; 2 at most. */
    readonly missed?: number;
    readonly preempt: boolean;
    readonly preemptAt: Instant | undefined;
  };
  /** `hold_down`, while losses are remembered. */
  readonly holdDown?: {
    readonly losses: number;
    /** How long so many losses hold down; 0: they do not yet. */
    readonly micros: Micros;
    readonly until: Instant | undefined;
  };
  readonly trackers: readonly {
    readonly kind: string;
    readonly name: string;
    readonly weight: number;
    readonly result: TrackerState;
    /** What it adds to the priority now; "fault" when it holds the instance in FAULT. */
    readonly effect: number | "fault";
  }[];
  readonly peers: readonly {
    readonly address: IpAddress;
    readonly configured: boolean;
    readonly heardAt: Instant | undefined;
    readonly priority: number | undefined;
    /** "v2", "pseudo-header", "no-pseudo-header", "multicast-pseudo-header" */
    readonly checksum: string | undefined;
    /** MASTER, unicast: it has not answered ARP since, so nothing that we send reaches it. */
    readonly unresolvedSince?: Instant;
    /** `auth_hmac`: whether its last advertisement was signed. */
    readonly isSigned?: boolean;
  }[];
  readonly addresses: readonly {
    readonly address: IpAddress;
    readonly prefix: number;
    readonly interface: string;
    readonly owned: boolean;
    readonly announcedAt: Instant | undefined;
    readonly announcements: number;
    readonly error: string | undefined;
    /** Names of devices where somebody else has put it. */
    readonly foreign: readonly string[];
  }[];
  /** MASTER, and somebody else claims an address of ours by ARP. */
  readonly claim?: {
    readonly address: IpAddress;
    readonly mac: Mac | undefined;
    readonly since: Instant;
    readonly lastAt: Instant;
    /** Frames seen. */
    readonly count: number;
  };
  readonly gate?: GateSnapshot;
  readonly lease: LeaseSnapshot;
  readonly counters: Readonly<Record<string, number>>;
  /**
   * How many packets were refused for each reason, and how many were accepted with a warning.
   * Absent: none.
   */
  readonly refused?: Readonly<Record<string, number>>;
}

/** For a table: three fifths of the bytes. */
export type BriefSnapshot = Omit<InstanceSnapshot, "trackers" | "counters" | "refused">;

/** "open" and "closed": the address is served here, or is not. */
export interface GateSnapshot {
  readonly phase: "closed" | "probing" | "promoting" | "open" | "demoting";
  readonly fence: "closed" | "new" | "open";
  /** The number of the last request. */
  readonly run: number;
  readonly eligible: "unknown" | "yes" | "no";
  readonly isPromoted: boolean;
  /** Nobody advertises, and somebody answers for the address (`takeover_probe`). */
  readonly isAnswered?: true;
  /** After a refusal: not electable until then. */
  readonly heldUntil?: Instant;
  /** Promotions that failed in a row, if any did. */
  readonly refused?: number;
  /** Another master was heard; "undecided": a person decides. */
  readonly conflict?: {
    readonly peer: IpAddress;
    readonly result: "comparing" | "ours" | "undecided";
  };
}

export interface LeaseSnapshot {
  /** What ends the address in time when the daemon cannot; backstop: nothing, only later. */
  readonly guarantee: "address-lifetime" | "nftables" | "backstop";
  readonly micros: Micros;
  /** Earliest take-over by a peer after our last advertisement. */
  readonly takeOverMicros: Micros;
  /** MASTER: how much of `micros` is left, if it was last prolonged by all of it. */
  readonly leftMicros?: Micros;
}
