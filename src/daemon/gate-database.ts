/** A gate's database as the supervisor sees it: it is asked in a process of its own. */
import type { DatabasePlan } from "#keepalived/plan/run-plan";
import type { Text } from "./switch-protocol.ts";

export interface Standing {
  readonly role: "primary" | "replica" | "alone" | "unreachable";
  readonly isWritable: boolean;
  /** It replicates from the peer, and has nothing that the peer lacks. */
  readonly follows: boolean;
  readonly lagMicros?: number;
  readonly isSynchronous?: boolean;
  /** A GTID set, an LSN, an offset. */
  readonly position?: string;
  readonly peer?: Omit<Standing, "peer" | "eligible" | "why">;
  readonly eligible: boolean;
  /** Empty when eligible. */
  readonly why: readonly Text[];
}

export type DatabaseAnswer =
  | { readonly ok: true; readonly details?: string }
  | { readonly ok: false; readonly code: string; readonly text: Text };

export interface DatabaseAsk {
  readonly reason: string;
  readonly peer?: string;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

/** An ask overtakes the one before it: the answer to that one is of no use then. */
export interface Database {
  look(): Promise<Standing>;
  promote(ask: DatabaseAsk & { readonly acceptLoss: boolean }): Promise<DatabaseAnswer>;
  demote(ask: DatabaseAsk & { readonly isPlanned: boolean }): Promise<DatabaseAnswer>;
  compare(): Promise<{ readonly result: Comparison; readonly difference?: string }>;
  close(): Promise<void>;
}

/** Until there is a process that asks databases: none is ever eligible. */
export const noDatabase: OpenDatabase = (_unit, { kind }, onStanding) => {
  const text = {
    en: `this version cannot ask ${kind}`,
    "zh-CN": `此版本不支持 ${kind}`,
  };
  const standing: Standing = {
    role: "unreachable",
    isWritable: false,
    follows: false,
    eligible: false,
    why: [text],
  };
  queueMicrotask(() => onStanding(standing));
  const refused = async (): Promise<DatabaseAnswer> =>
    await Promise.resolve({ ok: false, code: "no-client", text });
  return {
    look: async () => await Promise.resolve(standing),
    promote: refused,
    demote: refused,
    compare: async () => await Promise.resolve({ result: "unknown" }),
    close: async () => await Promise.resolve(),
  };
};

export type Comparison = "ours" | "theirs" | "equal" | "diverged" | "unknown";

/** @param onStanding called with every change, and once in a while */
export type OpenDatabase = (
  unit: string,
  plan: DatabasePlan,
  onStanding: (standing: Standing) => void,
) => Database;
