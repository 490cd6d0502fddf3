/**
 * `baton status --json`, and the control socket (`control.sock` in the runtime directory).
 *
 * The socket speaks one JSON object per line: a `ControlRequest` in, a `ControlAnswer` out; `watch`
 * answers again at every change. Times in `Status` are ISO 8601 wall-clock strings and ages in
 * seconds, for people and scripts.
 */
import type { HavipCounters } from "#cloud/agreement/agreement-counters";
import type { CheckKind } from "#keepalived/keywords/checks";
import type { FromEngine, InstanceSnapshot } from "#vrrp/engine/engine-link";
import type { Pauses } from "#vrrp/engine/lateness";
import type { GateStatus } from "./gate-status.ts";
import type { Maintenance } from "./maintenance-shape.ts";
import type { PromoteAnswer, PromoteRequest } from "./promote-protocol.ts";
import type { SwitchAnswer, SwitchRequest } from "./switch-protocol.ts";

export type ControlRequest =
  /** `brief`: only what a table shows (`BriefStatus`), with sentences in this language alone. */
  | { readonly command: "status"; readonly brief?: "en" | "zh-CN" }
  | { readonly command: "watch" }
  /** `instance`: the name of an instance or a sync group; without it, all of them. */
  | { readonly command: "explain"; readonly instance?: string; readonly lang?: "en" | "zh-CN" }
  /** `lang`: the language of the findings, if the file is refused. */
  | { readonly command: "reload"; readonly lang?: "en" | "zh-CN" }
  /** In Prometheus' text format, or as JSON (src/metrics/metrics-json.ts). */
  | { readonly command: "metrics"; readonly format?: "json" }
  /** Several instances and sync groups at once; waits for their ends. */
  | ({ readonly command: "switch"; readonly lang?: "en" | "zh-CN" } & SwitchRequest)
  /** Neither `on` nor `off`: what it is. */
  | {
      readonly command: "maintenance";
      readonly on?: {
        readonly forSeconds?: number;
        readonly reason?: string;
        readonly lastResort?: true;
        /** Also if nobody takes over what this node owns. */
        readonly force?: true;
        readonly waitSeconds?: number;
      };
      readonly off?: true;
      readonly lang?: "en" | "zh-CN";
    }
  /** Waits for its end. */
  | ({ readonly command: "promote"; readonly lang?: "en" | "zh-CN" } & PromoteRequest)
  | { readonly command: "ping" };

export type ControlAnswer =
  | { readonly ok: true; readonly status: Status }
  | { readonly ok: true; readonly brief: BriefStatus }
  | { readonly ok: true; readonly text: string }
  | { readonly ok: true; readonly pong: number }
  | { readonly ok: true; readonly switch: SwitchAnswer }
  | { readonly ok: true; readonly promote: PromoteAnswer }
  /** Null: it is in none. `switch`: what happened to what it owned. */
  | {
      readonly ok: true;
      readonly maintenance: Maintenance | null;
      readonly switch?: SwitchAnswer;
    }
  | {
      readonly ok: false;
      readonly error: string;
      readonly help?: string;
      /**
       * Why a file was refused, with its lines, for people. `more` is the number of findings
       * that are left out.
       */
      readonly findings?: readonly string[];
      readonly more?: number;
      /** What of a maintenance that was refused stays where it is, and why. */
      readonly switch?: SwitchAnswer;
    };

export interface Status {
  readonly version: string;
  /** The version of Node.js. */
  readonly node: string;
  /** The machine's name, as events have it; a daemon of an earlier version does not say it. */
  readonly host?: string;
  readonly at: string;
  readonly pid: number;
  readonly enginePid: number | undefined;
  readonly configFile: string;
  readonly configId: string | undefined;
  readonly startedAt: string;
  readonly reloadedAt: string | undefined;
  /**
   * False if the engine is being started, or hangs. Then `instances` and `groups` are empty,
   * because nothing is known.
   */
  readonly engineAnswers: boolean;
  readonly instances: readonly InstanceStatus[];
  readonly groups: readonly GroupStatus[];
  readonly scripts: readonly ScriptStatus[];
  /** BFD sessions; undefined: none, or nothing is known. */
  readonly sessions?: readonly SessionStatus[];
  readonly engineRestarts: number;
  /** The number of log lines that could not be written (full disk, reader gone). */
  readonly logLinesLost: number;
  /** While an operator holds this node back. */
  readonly maintenance?: Maintenance;
  /** Where what happened is kept; undefined: nowhere. */
  readonly events?: EventsStatus;
  /**
   * How late the engine woke, in microseconds, since it was started, and what the worst was caused
   * by. Undefined: it has not answered yet.
   */
  readonly lateness?: Pauses["lateness"];
  /** How long its garbage collections took, likewise. */
  readonly collections?: Pauses["collections"];
  /** What the HTTP API listens on, if there is one. */
  readonly api?: { readonly listen: readonly string[] };
  /** With `alert` or `smtp_alert` in the file. */
  readonly alerts?: AlertsStatus;
}

/** A `bfd_instance`. */
export interface SessionStatus {
  readonly name: string;
  readonly neighbor: string;
  readonly state: "admin-down" | "down" | "init" | "up";
  /** As the neighbor says itself. */
  readonly remoteState: "admin-down" | "down" | "init" | "up";
  readonly forSeconds: number;
  /** Why it is not up: a number of RFC 5880 4.1; 0: it never was. */
  readonly diagnostic: number;
  readonly sent: number;
  readonly received: number;
  /** From the neighbor's address, but not acceptable. */
  readonly refused: number;
}

/** Of all destinations since the start, in messages. */
export interface AlertsStatus {
  readonly sent: number;
  /** Given up, or without room. */
  readonly failed: number;
  readonly waiting: number;
}

/** The engine's view, with instants turned into wall-clock time and the reason into a sentence. */
export interface InstanceStatus {
  readonly name: string;
  readonly state: InstanceSnapshot["state"];
  readonly phase: string;
  readonly since: string;
  readonly forSeconds: number;
  readonly why: {
    readonly en: string;
    readonly "zh-CN": string;
    readonly reason: InstanceSnapshot["reason"];
  };
  /** Null if it is bound to none; then the routing table leads to its unicast peers. */
  readonly interface: string | null;
  readonly vrid: number;
  readonly version: number;
  readonly source: string | undefined;
  readonly linkUp: boolean;
  readonly basePriority: number;
  readonly effectivePriority: number;
  readonly advertIntervalSeconds: number;
  readonly trackers: InstanceSnapshot["trackers"];
  /** BACKUP only: the master it hears, and what it waits for. */
  readonly standby?: {
    /** Undefined if no master is heard now. */
    readonly master:
      | { readonly address: string; readonly priority: number; readonly heardSecondsAgo: number }
      | undefined;
    /**
     * The time without an advertisement after which it takes over, and how much of it is left.
     */
    readonly masterDownSeconds: number;
    readonly leftSeconds: number;
    readonly preempt: boolean;
    /**
     * How long `preempt_delay` or `hold_down` still keeps it from preempting a weaker master
     * that is heard.
     */
    readonly preemptInSeconds?: number;
  };
  /**
   * `hold_down`, while losses are remembered. `leftSeconds`: how much longer a weaker master is
   * left alone.
   */
  readonly holdDown?: {
    readonly losses: number;
    readonly seconds: number;
    readonly leftSeconds: number | undefined;
  };
  readonly peers: readonly {
    readonly address: string;
    readonly configured: boolean;
    readonly heardSecondsAgo: number | undefined;
    readonly priority: number | undefined;
    readonly checksum: string | undefined;
    /**
     * MASTER with unicast peers: how long a peer has not answered ARP, so that nothing we send
     * reaches it.
     */
    readonly unresolvedSeconds?: number;
    /** `auth_hmac`: whether its last advertisement was signed. */
    readonly signed?: boolean;
  }[];
  readonly addresses: readonly {
    readonly address: string;
    readonly interface: string;
    readonly owned: boolean;
    readonly announcedSecondsAgo: number | undefined;
    readonly announcements: number;
    readonly error: string | undefined;
    /** Devices of this machine that have the address although Baton has not put it there. */
    readonly foreign: readonly string[];
  }[];
  /**
   * MASTER, while another machine claims an address of ours by ARP: which address, for how
   * long, how often, and when last.
   */
  readonly claim?: {
    readonly address: string;
    readonly mac: string | undefined;
    readonly forSeconds: number;
    readonly lastSecondsAgo: number;
    readonly count: number;
  };
  readonly lease: {
    readonly guarantee: string;
    readonly seconds: number;
    readonly takeOverSeconds: number;
  };
  readonly counters: Readonly<Record<string, number>>;
  /**
   * BACKUP that does not preempt since an operator moved the address to this router. It ends when
   * the new owner gives up or fails, and by `back`: `switch --back`, or the end of the maintenance.
   */
  readonly switched?: {
    readonly at: string;
    readonly to: string;
    readonly by: string;
    readonly back: "switch-back" | "maintenance-off";
  };
  /** With a gate: whether it may be promoted, and what was tried. */
  readonly gate?: GateStatus;
  /**
   * What the cloud says about its addresses; empty unless it is asked (`havip`, `baton run
   * --cloud`).
   */
  readonly havips: readonly HavipStatus[];
  readonly history: readonly {
    readonly at: string;
    readonly from: string;
    readonly to: string;
    readonly why: Readonly<Record<"en" | "zh-CN", string>>;
  }[];
  readonly notify: NotifyStatus;
}

/**
 * What the table of `baton status` shows: of a thousand instances a fifth of the whole. A `Status`
 * is one too.
 */
export type BriefStatus = Omit<Status, "instances"> & {
  readonly instances: readonly BriefInstance[];
};

export type BriefInstance = Pick<
  InstanceStatus,
  "name" | "state" | "forSeconds" | "basePriority" | "effectivePriority" | "interface"
> &
  Pick<InstanceStatus, "holdDown" | "claim" | "switched" | "gate" | "havips"> & {
    /** At least in the language that was asked for. */
    readonly why: Partial<Readonly<Record<"en" | "zh-CN", string>>>;
    readonly standby?: { readonly master: { readonly address: string } | undefined };
    readonly peers: readonly Omit<InstanceStatus["peers"][number], "checksum">[];
    readonly addresses: readonly Pick<
      InstanceStatus["addresses"][number],
      "address" | "owned" | "error" | "foreign"
    >[];
    readonly lease: Pick<InstanceStatus["lease"], "guarantee" | "seconds">;
    /** `last`: not, if it succeeded. */
    readonly notify: NotifyStatus;
  };

/** A `vrrp_sync_group`: the state that its members share. */
export interface GroupStatus {
  readonly name: string;
  /**
   * The members' own state; "MIXED" while they differ, as when one still waits for its first check.
   */
  readonly state: InstanceStatus["state"] | "MIXED";
  /** When the last member entered its state. */
  readonly since: string;
  readonly forSeconds: number;
  /** Why the member changed that made the others follow. */
  readonly why: InstanceStatus["why"] & { readonly member: string };
  readonly members: readonly GroupMemberStatus[];
  readonly notify: NotifyStatus;
}

export interface GroupMemberStatus {
  readonly name: string;
  readonly state: InstanceStatus["state"];
  /** It is ready to become MASTER itself, and waits until every member is. */
  readonly isReady: boolean;
  /**
   * Why the group cannot become MASTER before this member changes. "fault": it is in FAULT for
   * a reason of its own, and keeps all others there. "init": it waits for the first result of a
   * check. "not-ready": it hears a master, or has not waited long enough. The last two are
   * given only while another member is ready.
   */
  readonly holdsBack: "fault" | "init" | "not-ready" | undefined;
}

export interface NotifyStatus {
  readonly last: NotifyResult | undefined;
  /** The number of scripts that run or wait. */
  readonly queued: number;
}

export type HavipStatus = {
  readonly address: string;
  readonly counters: HavipCounters;
} /** Not MASTER, so there is nothing to ask. */ & (
  | { readonly platform: "not-asked" }
  /**
   * `answerSecondsAgo`: the age of the answer that says so; undefined while the address is
   * being handed over.
   */
  | {
      readonly platform: "agrees";
      readonly forSeconds: number;
      readonly answerSecondsAgo: number | undefined;
    }
  /** It agreed, and something seen since speaks against it. */
  | { readonly platform: "doubtful"; readonly forSeconds: number; readonly detail: string }
  /**
   * Another instance announces the address too, so two nodes own it, whatever the cloud says at
   * the moment.
   */
  | {
      readonly platform: "disputed";
      readonly forSeconds: number;
      /** Undefined if it was back before the cloud was asked. */
      readonly rival: string | undefined;
      /** How often it was seen to have left, and how long ago that was last seen. */
      readonly moves: number;
      readonly rivalSecondsAgo: number;
      /** Undefined if it is bound to us at the moment, or if that is not known (`detail`). */
      readonly holder: string | undefined;
      readonly detail: string | undefined;
      readonly announcements: number;
    }
  /** `unknown`: no answer, or none yet. */
  | {
      readonly platform: "disagrees" | "unknown";
      readonly forSeconds: number;
      /** The instance that it is bound to; empty if there is none. */
      readonly holder: string | undefined;
      readonly detail: string | undefined;
      /** The number of announcements repeated for this reason. */
      readonly announcements: number;
    }
);

export interface NotifyResult {
  readonly command: readonly string[];
  readonly state: string;
  readonly at: string;
  readonly exit: number | string;
  readonly milliseconds: number;
  readonly output: string;
}

/** A `vrrp_script`, or a `check`. */
export interface ScriptStatus {
  readonly name: string;
  /** Of a `check`: what it asks; `command` is its keyword and target then, and `user` empty. */
  readonly check?: CheckKind;
  /** Of a `check`: what its last run found; `lastOutput` in the daemon's language. */
  readonly found?: Readonly<Record<"en" | "zh-CN", string>>;
  readonly command: readonly string[];
  readonly user: string;
  readonly intervalSeconds: number;
  readonly result: "unknown" | "up" | "down";
  readonly lastRunAt: string | undefined;
  /** Of a `check`: 0, `failed` or `timeout`. */
  readonly lastExit: number | string | undefined;
  readonly lastMilliseconds: number | undefined;
  readonly lastOutput: string;
  readonly consecutive: number;
}

/** Re-exported, so that this file shows what it builds upon. */
export type Transition = Extract<FromEngine, { type: "transition" }>;

export interface EventsStatus {
  readonly file: string;
  /** ISO 8601; undefined if there is none. */
  readonly oldest: string | undefined;
  readonly count: number;
  /** Events that the disk did not take in time, since the start. */
  readonly lost: number;
}
