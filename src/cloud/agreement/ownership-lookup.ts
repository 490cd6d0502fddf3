/** Which rows of the control plane are about our HAVIP, and what they say. */
import type { AnswerOf } from "../api/actions.ts";
import type { View } from "./agreement-state.ts";

/** The fields of a row that matter here. */
type Holding = Pick<HavipRow, "Vip" | "SubnetId" | "InstanceId" | "FlushedTime">;

export type HavipRow = AnswerOf<"DescribeHaVips">["HaVipSet"][number];

/** This machine's instance id in the cloud. */
export interface OwnIdentity {
  readonly instanceId: string;
  /**
   * The subnets of its network interfaces. If empty, they were not asked for, and every row of
   * the address counts.
   */
  readonly subnetIds: readonly string[];
}

/** A longer text is not an id, and must not end up in a log line. */
const ID_MAX = 100;

/** Two VPCs may have the same address: only the row of one of our subnets counts. */
export function viewOf(rows: readonly Holding[], address: string, own: OwnIdentity): View {
  const row = rows.find(
    (one) =>
      one.Vip === address && (own.subnetIds.length === 0 || own.subnetIds.includes(one.SubnetId)),
  );
  if (row === undefined) return { kind: "no-havip" };
  if (row.InstanceId === own.instanceId) return { kind: "ours", movedAt: row.FlushedTime };
  return { kind: "theirs", instanceId: row.InstanceId.slice(0, ID_MAX) };
}
