/** What `status --json` shows of a gate: the router's part and the supervisor's. */
import type { Standing } from "#databases/port/database";
import type { Text } from "./switch-protocol.ts";

export interface GateStatus {
  /** The instance or sync group that has the gate. */
  readonly unit: string;
  readonly phase: "closed" | "probing" | "promoting" | "open" | "demoting";
  /** Whether its ports are answered: "new-closed" while connections drain. */
  readonly fence: "open" | "closed" | "new-closed";
  readonly eligible: "unknown" | "yes" | "no";
  /** Why it is not eligible; empty if it is. */
  readonly why: readonly Text[];
  /** Nobody advertises, and somebody answers for the address (`takeover_probe`). */
  readonly answered?: true;
  /** After a refusal: how much longer it is not electable. */
  readonly heldSeconds?: number;
  /** Promotions refused in a row. */
  readonly refused?: number;
  /** Of the last promotion (`BATON_EPOCH`); 0: there was none. */
  readonly epoch: number;
  /** It was primary, and has not shown since that it follows. */
  readonly marked: boolean;
  /** What runs now. */
  readonly running?: { readonly kind: GateKind; readonly reason: string; readonly seconds: number };
  readonly last?: GateResult;
  readonly database?: Standing;
}

/** "rejoin": a demotion that shows that the node follows the new primary. */
export type GateKind = "promote" | "demote" | "rejoin";
export type GateOutcome = "done" | "refused" | "late" | "ended";

export interface GateResult {
  readonly kind: GateKind;
  readonly reason: string;
  /** "ended": the router did not want it any more. */
  readonly outcome: GateOutcome;
  readonly at: string;
  readonly tookMs: number;
  /** Why, or what a database said of a success. */
  readonly text?: Text;
}

/** The supervisor's part. */
export type UnitStatus = Pick<
  GateStatus,
  "unit" | "why" | "epoch" | "marked" | "running" | "last" | "database"
>;
