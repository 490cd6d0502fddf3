/**
 * What the HTTP API (src/api) and the daemon have to do with each other. The daemon knows no more
 * of it: whoever starts the daemon says how it is loaded.
 */
import type { Language } from "#diagnostics/diagnostic";
import type { Caller } from "#events/caller";
import type { EventLog } from "#events/event-log";
import type { EventText } from "#events/record";
import type { ApiPlan } from "#keepalived/plan/run-plan";
import type { ControlAnswer, Status } from "./control-protocol.ts";
import type { Log } from "./log.ts";

/** What it asks of the node it speaks for. */
export interface ApiNode {
  /** The host name: what requests may call it, besides addresses. */
  readonly name: string;
  /** Of sentences, where a request asks for none. */
  readonly language: Language;
  readonly events: EventLog;
  /** Not older than the question. */
  status(): Promise<Status>;
  /** Calls `listener` with the status after every change; the result ends it. */
  follow(listener: (status: Status) => void): () => void;
  readiness(): Promise<Readiness>;
  /** What `baton check --json` says of the file. */
  check(language: Language): Promise<object>;
  /** Undefined: this node can be asked for nothing but answers. */
  readonly act?: ((action: ApiAction, caller: Caller) => Promise<ControlAnswer>) | undefined;
  /** Prometheus text; undefined: there is none. */
  readonly metrics?: (() => Promise<readonly string[]>) | undefined;
  /**
   * Resolves when a request may be answered: one after the other, with time for the node's own work
   * in between.
   */
  turn(isGone: () => boolean): Promise<void>;
}

export type Readiness = "ready" | "no-engine" | "configuring";

/** A body that has been looked at, with the command that it is for. */
export interface ApiAction {
  readonly command: "switch" | "maintenance" | "promote";
  readonly body: Readonly<Record<string, unknown>>;
  readonly language: Language;
}

/** What it needs of the machine. */
export interface ApiHost {
  readonly node: ApiNode;
  readonly log: Log;
  readonly language: Language;
  /** Of the Unix socket that every API has, for the group. */
  readonly socket: string;
  /** The number of the group `baton`; undefined: there is none. */
  readonly group: number | undefined;
  /**
   * One that nobody else can change.
   *
   * @param mode "secret": nor read
   */
  readonly readFile: (path: string, mode: "secret" | "public") => ReadFile;
  /** Why others could replace files of this folder; undefined: they cannot. */
  readonly folderProblem: (folder: string) => string | undefined;
  /**
   * The number of the user at the other end of a connection of this machine with itself; undefined:
   * not known.
   */
  readonly userOf: (ends: TcpEnds) => number | undefined;
  /** Wrong tokens; called at most once a minute. */
  readonly wrongTokens: (text: EventText, count: number, from: string) => void;
}

export interface TcpEnds {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

export type ReadFile =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "refused"; readonly why: string };

export interface RunningApi {
  /** What changed is opened and closed; files are read again. Undefined: everything is closed. */
  configure(plan: ApiPlan | undefined): void;
  /** What is open, as `listen` has it. */
  readonly listens: readonly string[];
  close(): void;
}

export type OpenApi = (host: ApiHost) => RunningApi;
