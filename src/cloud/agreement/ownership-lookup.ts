/** Which rows of the control plane speak of our HAVIP, and what they say. */
import type { AnswerOf } from "../api/actions.ts";
import type { View } from "./agreement-state.ts";

/** What counts of a row. */
type Holding = Pick<HavipRow, "Vip" | "SubnetId" | "InstanceId" | "FlushedTime">;

export type HavipRow = AnswerOf<"DescribeHaVips">["HaVipSet"][number];

/** This machine as the cloud names it. */
export interface OwnIdentity {
  readonly instanceId: string;
  /** Of its network interfaces; empty: not asked for, every row of the address counts. */
  readonly subnetIds: readonly string[];
}

/** Longer ids are none, and end up in a log line. */
const ID_MAX = 100;

/** Two VPCs may have the same address: the row of a subnet of ours counts. */
export function viewOf(rows: readonly Holding[], address: string, own: OwnIdentity): View {
  const row = rows.find(
    (one) =>
      one.Vip === address && (own.subnetIds.length === 0 || own.subnetIds.includes(one.SubnetId)),
  );
  if (row === undefined) return { kind: "no-havip" };
  if (row.InstanceId === own.instanceId) return { kind: "ours", movedAt: row.FlushedTime };
  return { kind: "theirs", instanceId: row.InstanceId.slice(0, ID_MAX) };
}
