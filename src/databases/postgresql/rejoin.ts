/**
 * Whether a former primary follows the new one. Nothing is done here: a server becomes a standby
 * by being started as one, and follows by itself then if the primary has all that it has.
 */
import { type Rejoin, refusedRejoin } from "../port/rejoin.ts";
import * as common from "../port/texts.ts";
import { hasAll } from "./history.ts";
import { follows, lackingText, primaryOf, roleOf, type View } from "./standing.ts";
import * as texts from "./texts.ts";

export function rejoinOf({ own, peers }: View): Rejoin {
  if (roleOf(own) === "primary") return refusedRejoin("writable", texts.stillWritable);
  const primary = primaryOf(peers)?.seen.facts;
  const isContained = primary === undefined ? undefined : hasAll(primary.history, own.history);
  if (follows(own) && (primary === undefined || isContained === true)) return { kind: "follows" };
  if (primary === undefined) return refusedRejoin("no-primary", common.noPrimary);
  if (own.standby === undefined) return refusedRejoin("restart", texts.needsRestart);
  if (isContained === undefined) return refusedRejoin("unknown", lackingText(own, primary));
  // It was started a moment ago, and connects.
  if (isContained) return { kind: "begun" };
  return refusedRejoin("diverged", lackingText(own, primary));
}
