/**
 * What Baton asks of a database behind an address, whatever its kind. Each kind implements
 * `Database` in a folder of its own; who asks, and when, is the gate's (src/daemon).
 *
 * Every call ends by its deadline, whatever the server does, and none rejects: what went wrong is
 * in the answer.
 */
import type { DatabaseAddress, DatabasePlan, HostPort } from "#keepalived/plan/run-plan";
import type { Credentials } from "./credentials.ts";

export type Text = Readonly<Record<"en" | "zh-CN", string>>;

/** `alone`: takes no writes, and follows nobody. */
export type DatabaseRole = "primary" | "replica" | "alone" | "unreachable";

export interface ServerStanding {
  readonly role: DatabaseRole;
  readonly isWritable: boolean;
  /** Receives and applies what another server writes, and has nothing that the primary lacks. */
  readonly follows: boolean;
  /** Behind the server that it follows; undefined: not known. */
  readonly lagMicros?: number;
  /** Of a primary: it acknowledges nothing that no replica has. Of a replica: its primary does. */
  readonly isSynchronous?: boolean;
  /** GTID set, LSN or offset: what it has. */
  readonly position?: string;
}

export interface Standing extends ServerStanding {
  readonly peer?: ServerStanding;
  /** Whether it could be promoted now without losing what was acknowledged. */
  readonly eligible: boolean;
  /** Reasons; empty if eligible. */
  readonly why: readonly Text[];
  /** What an operator should know beside that. */
  readonly notes?: readonly Text[];
  /**
   * Another server is primary, and only a program that starts this one anew can make it follow
   * (`rejoin` of the gate).
   */
  readonly needsRejoin?: boolean;
}

interface Ask {
  /** Another node's address, if it is known whom this is about. */
  readonly peer?: string;
  /** Milliseconds of the wall clock since 1970. */
  readonly deadline: number;
}

export interface PromoteAsk extends Ask {
  /** As in `BATON_REASON`. */
  readonly reason: string;
  /** A person has decided: what the others may have is given up. */
  readonly acceptLoss: boolean;
}

export interface DemoteAsk extends Ask {
  /** `rejoin`: only if it now follows the peer (again) is the answer ok. */
  readonly reason: string;
  /** The peer must have everything before the answer; else there is no time for that. */
  readonly isPlanned: boolean;
}

export type Answer =
  | { readonly ok: true; readonly details?: string }
  | { readonly ok: false; readonly code: string; readonly text: Text };

/** Of the data here and at the peer: which of them has all that the other one has. */
export interface Comparison {
  readonly result: "ours" | "theirs" | "equal" | "diverged" | "unknown";
  /** Exactly what each has that the other lacks, as the server writes it. */
  readonly difference?: string;
}

/** An ask overtakes the one before it: the answer to that one is of no use then. */
export interface Database {
  /**
   * What is so now; also puts right what may be put right by itself (`rejoin auto`). While an ask
   * is carried out: what was so before.
   */
  look(): Promise<Standing>;
  promote(ask: PromoteAsk): Promise<Answer>;
  demote(ask: DemoteAsk): Promise<Answer>;
  compare(): Promise<Comparison>;
  /**
   * Why it does not take writes any more though it was promoted and never demoted: its server was
   * started again, or somebody else has taken its role. As of the last look; undefined: it does.
   */
  lostRole?(): Text | undefined;
  close(): Promise<void>;
}

export type DatabaseSettings = DatabasePlan;

/** @param onStanding called with every change, and once in a while */
export type OpenDatabase = (
  unit: string,
  plan: DatabasePlan,
  onStanding: (standing: Standing) => void,
) => Database;

/** `unknown`: nothing was found out about the service, so what was known stays. */
export type CheckOutcome =
  | { readonly ok: true; readonly remarks?: readonly Remark[] }
  | { readonly ok: false | "unknown"; readonly why: Text };

/** For whom a server is to be good, when `baton check --live` looks at its settings. */
export interface SurveyAsk {
  readonly sync: DatabasePlan["sync"];
  /** Hosts of the nodes that may follow it. */
  readonly peers: readonly string[];
}

/** What of its settings, or of the account's rights, a gate needs otherwise. */
export type Remark =
  /** Redis: `saves` is its `save`; empty: nothing is written to the disk. */
  | { readonly kind: "no-append-only-file"; readonly saves: string }
  | { readonly kind: "server"; readonly why: Text; readonly fix: Text };

/** Asks again and again by one connection that it keeps. */
export interface DatabaseCheck {
  /**
   * Ends within `timeoutMs`, and never rejects.
   *
   * @param query must give at least one row, and none with a first column of 0 or false; undefined:
   * an answer of any kind will do
   */
  run(query: string | undefined, timeoutMs: number): Promise<CheckOutcome>;
  close(): void;
}

/** One kind of database: a module that is loaded when one is configured. */
export interface DatabaseModule {
  /** Credentials: what was in the file that the settings name; empty without one. */
  open(settings: DatabaseSettings, credentials: Credentials): Database;
  openCheck(at: DatabaseAddress, credentials: Credentials): DatabaseCheck;
  /**
   * By a connection of its own. Rejects with `ServerProblem`. Undefined: there is nothing to ask
   * for.
   */
  survey?(
    at: DatabaseAddress,
    credentials: Credentials,
    ask: SurveyAsk,
    timeoutMs: number,
  ): Promise<readonly Remark[]>;
}

export const printAddress = (at: DatabaseAddress | HostPort): string =>
  "socket" in at ? at.socket : `${at.host}:${at.port}`;

/** Before the first look. */
export const UNSEEN: Standing = {
  role: "unreachable",
  isWritable: false,
  follows: false,
  eligible: false,
  why: [{ en: "the database has not been asked yet", "zh-CN": "尚未查询过数据库" }],
};
