/**
 * Between the supervisor and the process that talks to databases: JSON lines over the process's
 * standard input and output. No secret passes: the process reads the files itself.
 */
import type { DatabaseAddress, DatabaseKind } from "#keepalived/plan/run-plan";
import type {
  Answer,
  CheckOutcome,
  Comparison,
  DatabaseSettings,
  DemoteAsk,
  PromoteAsk,
  Standing,
  SurveyAsk,
} from "./port/database.ts";

export interface DatabaseUnit {
  /** Name of the instance or sync group that has the gate. */
  readonly unit: string;
  readonly database: DatabaseSettings;
}

export interface CheckTarget {
  readonly kind: DatabaseKind;
  readonly at: DatabaseAddress;
  readonly credentialsFile?: string;
  readonly query?: string;
  /** Whoever answers is asked for its settings too; nothing that the daemon does. */
  readonly survey?: SurveyAsk;
}

export interface DatabasesConfiguration {
  readonly units: readonly DatabaseUnit[];
  /** Only these are asked. */
  readonly checks: readonly CheckTarget[];
}

export type DatabaseAsk =
  | ({ readonly kind: "promote" } & PromoteAsk)
  | ({ readonly kind: "demote" } & DemoteAsk)
  | { readonly kind: "compare" }
  | { readonly kind: "look" };

export type ToDatabases =
  /** The first, and only once: another configuration is for another process. */
  | { readonly type: "configure"; readonly configuration: DatabasesConfiguration }
  | {
      readonly type: "ask";
      readonly id: number;
      readonly unit: string;
      readonly ask: DatabaseAsk;
    }
  | {
      readonly type: "check";
      readonly id: number;
      /** Place in the configuration's list. */
      readonly check: number;
      readonly timeoutMs: number;
    };

export type FromDatabases =
  /** `user`: the number that the process runs as from now on. */
  | { readonly type: "ready"; readonly user: number }
  | { readonly type: "standing"; readonly unit: string; readonly standing: Standing }
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer }
  | { readonly type: "compared"; readonly id: number; readonly comparison: Comparison }
  | { readonly type: "looked"; readonly id: number; readonly standing: Standing }
  | { readonly type: "checked"; readonly id: number; readonly outcome: CheckOutcome }
  /** A question between two runs of a check is not answered, or not well; it began so long ago. */
  | { readonly type: "doubt"; readonly check: number; readonly ageMs: number }
  /** Nothing else to report. */
  | { readonly type: "alive" };

/** At the latest so often something is written. */
export const ALIVE_MS = 3_000;
