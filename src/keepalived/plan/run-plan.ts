/**
 * The typed result of reading a configuration: what the daemon runs. JSON-safe. make-plan.ts makes
 * it from the model; nothing in it refers to the text any more except `origin`, which `baton config
 * show --effective` prints.
 */

import type { Secret } from "#units/secret";
import type { Micros } from "#units/time";
import type { SessionPlan } from "#vrrp/bfd/session-plan";
import type { FencePort, InstanceConfig, LinkDelay } from "#vrrp/router/config";
import type { AlertKind, DestinationWord } from "../keywords/alert.ts";

export interface RunPlan {
  readonly globals: Globals;
  readonly instances: readonly InstancePlan[];
  readonly groups: readonly GroupPlan[];
  /** Only scripts that some instance or group tracks: keepalived never runs the others. */
  readonly scripts: readonly ScriptPlan[];
  /** Only tracked ones, as of `scripts`. Undefined: none. */
  readonly checks?: readonly CheckPlan[];
  /** BFD sessions, as of `scripts`. Undefined: none. */
  readonly sessions?: readonly SessionPlan[];
  readonly files: readonly FileTrackerPlan[];
  readonly processes: readonly ProcessTrackerPlan[];
  /** The HTTP API, if the file has one. */
  /** `events`; undefined: the file says nothing about it. */
  readonly events?: EventsPlan;
  readonly api?: ApiPlan;
  readonly alerts?: readonly AlertPlan[];
  /** Undefined: none. */
  readonly linkDelays?: readonly LinkDelay[];
}

export interface ApiPlan {
  /** Each once. */
  readonly listen: readonly ApiAddress[];
  /** Without it, and without callers' certificates, nothing may be changed over HTTP. */
  readonly tokenFile: string | undefined;
  readonly tls: ApiTls | undefined;
}

export type ApiAddress =
  /** `host`: an address, never a name. */
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** Files in PEM. */
export interface ApiTls {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile: string | undefined;
}

/** `alert { … }` */
export interface AlertPlan {
  /** At least one. */
  readonly to: readonly DestinationPlan[];
  /** Undefined: every kind. */
  readonly on: readonly AlertKind[] | undefined;
  readonly minSeverity: "info" | "warning" | "error";
  /** While it lasts, again after this; 0: once. */
  readonly repeat: Micros;
  readonly resolved: boolean;
  /** What comes back within this time has not ended. */
  readonly settle: Micros;
  /** Of one attempt. */
  readonly timeout: Micros;
  /** Of all attempts of one message. */
  readonly deadline: Micros;
  /** Undefined: the daemon's. */
  readonly language: "en" | "zh-CN" | undefined;
}

export type DestinationPlan =
  | { readonly kind: DestinationWord; readonly url: Secret; readonly secret: Secret | undefined }
  /** To the recipients of `notification_email`. */
  | { readonly kind: "email" };

/** The mail keywords; there is at least one recipient. */
export interface MailPlan {
  readonly server: { readonly host: string; readonly port: number };
  readonly to: readonly MailAddress[];
  /** Undefined: `root@host`, as keepalived has it. */
  readonly from: MailAddress | undefined;
  /** Undefined: the host's name. */
  readonly helo: string | undefined;
  readonly connectTimeout: Micros;
  /** False: no mail for FAULT. */
  readonly faults: boolean;
}

export interface MailAddress {
  readonly name?: string;
  readonly address: string;
}

export interface Globals {
  readonly routerId: string | undefined;
  readonly scriptUser: UserPlan | undefined;
  readonly enableScriptSecurity: boolean;
  readonly notifyFifo: string | undefined;
  readonly vrrpNotifyFifo: string | undefined;
  /** The owner of a pipe that Baton creates. */
  readonly notifyFifoOwner?: UserPlan;
  readonly vrrpNotifyFifoOwner?: UserPlan;
  /** A reload writes all states to them again. */
  readonly fifoStatesOnReload?: true;
  readonly logUnknownVrids?: true;
  /** The programs that read them; the pipe's name is added as the last argument. */
  readonly notifyFifoScript?: CommandPlan;
  readonly vrrpNotifyFifoScript?: CommandPlan;
  readonly startupScript: CommandPlan | undefined;
  readonly shutdownScript: CommandPlan | undefined;
  readonly mail?: MailPlan;
  readonly dumps?: DumpPlan;
}

/** Where the dump signals write; undefined members: keepalived's defaults. */
export interface DumpPlan {
  /** Absolute paths. */
  readonly stateFile?: string;
  readonly statsFile?: string;
  readonly jsonFile?: string;
  readonly jsonVersion?: 2;
  /** `data_use_instance`: the name of `instance`, which becomes a part of the state file's. */
  readonly instance?: string;
}

export interface InstancePlan {
  readonly config: InstanceConfig;
  readonly notify: NotifyPlan;
  /** The cloud is asked about its addresses. */
  readonly havip?: HavipPlan;
  /** `smtp_alert` */
  readonly isMailed?: true;
  /** Of the instance itself; the gate of its sync group stands there. */
  readonly gate?: GatePlan;
}

/** Where to ask. Undefined: the command line, the environment, or the machine's metadata say. */
export interface HavipPlan {
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly instanceId: string | undefined;
  readonly credentialsFile: string | undefined;
  /** See `handoverWait` in vrrp/router/config.ts; 0: no waiting. */
  readonly handoverWait: Micros;
}

/** Undefined members: the daemon's defaults. */
export interface EventsPlan {
  readonly isOff: boolean;
  readonly hours: number | undefined;
  readonly bytes: number | undefined;
  readonly entries: number | undefined;
}

export interface GroupPlan {
  readonly name: string;
  readonly members: readonly string[];
  readonly notify: NotifyPlan;
  /** `smtp_alert` */
  readonly isMailed?: true;
  readonly gate?: GatePlan;
}

/**
 * `gate { … }` of an instance or a sync group: what must have succeeded before the address is
 * added, and what is done before it goes.
 */
export interface GatePlan {
  /** Name of the instance or sync group. */
  readonly unit: string;
  /** Runs behind the promotion of the database, if there is one. */
  readonly promote?: GateScript;
  /** Runs before the demotion of the database. */
  readonly demote?: GateScript;
  /** Makes a former primary follow the new one; runs before the database is asked for it. */
  readonly rejoin?: GateScript;
  readonly database?: DatabasePlan;
  /** How long the router waits for all of a promotion or demotion: database and script. */
  readonly promoteTimeout: Micros;
  readonly demoteTimeout: Micros;
  /** Ports of the address that are closed while not promoted; each once. */
  readonly fence: readonly FencePort[];
  readonly onRefusal: "backup" | "fault" | "serve";
  /** How long a refused node is not electable. */
  readonly hold: Micros;
  readonly probe: "arp" | "service" | "off";
  readonly resetConnections: boolean;
  /** At a planned move connections may go on for so long; 0: not at all. */
  readonly drain: Micros;
}

export interface GateScript {
  readonly command: CommandPlan;
  readonly timeout: Micros;
}

export type DatabaseKind = "mysql" | "postgresql" | "redis";

/** Host: a name or an address. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export type DatabaseAddress = { readonly socket: string } | HostPort;

/** `mysql { … }`, `postgresql { … }` or `redis { … }` in a gate. */
export interface DatabasePlan {
  readonly kind: DatabaseKind;
  readonly at: DatabaseAddress;
  /** The databases of the other nodes; none: nothing can be compared. */
  readonly peers: readonly HostPort[];
  /** An absolute path; secrets are read from it by the process that asks. */
  readonly credentialsFile?: string;
  /** A standby that is further behind is not eligible. */
  readonly maxLag: Micros;
  readonly sync: "required" | "preferred" | "off";
  readonly rejoin: "auto" | "manual";
  /** From look to look. */
  readonly interval: Micros;
  /** Of one look. */
  readonly timeout: Micros;
  /** Of a promotion and a demotion, without scripts. */
  readonly promoteTimeout: Micros;
  readonly demoteTimeout: Micros;
}

/** A program and its arguments, split as keepalived splits them; never given to a shell. */
export interface CommandPlan {
  readonly argv: readonly string[];
  readonly user: UserPlan | undefined;
  readonly timeout: Micros | undefined;
}

export interface UserPlan {
  readonly user: string;
  readonly group: string | undefined;
}

/** keepalived runs the state's own script first, then `notify` with four arguments added. */
export interface NotifyPlan {
  readonly master: CommandPlan | undefined;
  readonly backup: CommandPlan | undefined;
  readonly fault: CommandPlan | undefined;
  readonly stop: CommandPlan | undefined;
  readonly deleted: CommandPlan | undefined;
  readonly masterRxLowerPri: CommandPlan | undefined;
  /** Arguments added: INSTANCE|GROUP, name, state, priority. */
  readonly any: CommandPlan | undefined;
  readonly priorityChanges: boolean;
}

export interface ScriptPlan {
  readonly name: string;
  readonly command: CommandPlan;
  readonly interval: Micros;
  readonly timeout: Micros;
  readonly rise: number;
  readonly fall: number;
  readonly initFail: boolean;
}

/**
 * `check NAME { … }`: tracked in `track_script` by its name as a `vrrp_script` is, run without a
 * process. No answer within `timeout` is a failure at that moment.
 */
export interface CheckPlan {
  readonly name: string;
  readonly target: CheckTarget;
  readonly interval: Micros;
  readonly timeout: Micros;
  readonly rise: number;
  readonly fall: number;
  readonly initFail: boolean;
}

/** `host` is a name or an address; a name is resolved at each run, within its time-out. */
export type CheckTarget =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | HttpTarget
  | {
      readonly kind: DatabaseKind;
      readonly at: DatabaseAddress;
      readonly credentialsFile?: string;
      /** Must give at least one row, and none with a first column of 0 or false. */
      readonly query?: string;
    }
  | {
      readonly kind: "dns";
      /** An address, never a name. */
      readonly server: HostPort;
      readonly name: string;
      readonly type: DnsType;
    }
  | { readonly kind: "ping"; readonly host: string };

export type DnsType = "A" | "AAAA" | "CNAME" | "MX" | "NS" | "SOA" | "SRV" | "TXT";

export interface HttpTarget {
  readonly kind: "http";
  /** `http://` or `https://`, without account and fragment. */
  readonly url: string;
  /** Both included. */
  readonly status: { readonly from: number; readonly to: number };
  /** A pattern of units/pattern.ts that the first 64 KB of the body must match. */
  readonly body?: string;
  /** The header `Host`; undefined: the URL's. */
  readonly hostHeader?: string;
  /** With `https://` only. */
  readonly tls?: HttpTls;
}

export interface HttpTls {
  /** False: `tls insecure`, any certificate will do. */
  readonly isVerified: boolean;
  /** Name in the certificate and in SNI; undefined: that of `Host`, else the URL's. */
  readonly name?: string;
  /** Authorities in PEM instead of the system's. */
  readonly caFile?: string;
}

export interface FileTrackerPlan {
  readonly name: string;
  readonly file: string;
  readonly initValue: number | undefined;
  readonly initOverwrite: boolean;
}

export interface ProcessTrackerPlan {
  readonly name: string;
  readonly argv: readonly string[];
  readonly paramMatch: "exact" | "initial" | "partial" | "none";
  readonly fullCommand: boolean;
  readonly quorum: number;
  readonly quorumMax: number | undefined;
  readonly forkDelay: Micros;
  readonly terminateDelay: Micros;
}
