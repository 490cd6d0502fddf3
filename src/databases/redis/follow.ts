/** A former primary follows the one that takes writes, if that has everything it has. */
import type { HostPort } from "#keepalived/plan/run-plan";
import type { Credentials } from "../port/credentials.ts";
import type { DatabaseSettings } from "../port/database.ts";
import { asProblem } from "../port/problem.ts";
import { type Rejoin, refusedRejoin } from "../port/rejoin.ts";
import * as common from "../port/texts.ts";
import type { RedisLink } from "./connection.ts";
import { isWritable } from "./facts.ts";
import { hasAll, printHistory } from "./history.ts";
import { follows, primaryOf, type View } from "./standing.ts";
import * as texts from "./texts.ts";

/** A server that takes writes is never made a replica here: whoever wants that demotes it first. */
export async function rejoin(
  link: RedisLink,
  { own, peers }: View,
  settings: DatabaseSettings,
  credentials: Credentials,
  timeoutMs: number,
): Promise<Rejoin> {
  if (isWritable(own)) return refusedRejoin("writable", texts.stillWritable);
  const found = primaryOf(peers);
  const primary = found?.seen.facts;
  if (follows(own) && (primary === undefined || hasAll(primary.history, own.history) === true))
    return { kind: "follows" };
  if (found === undefined || primary === undefined || "socket" in found.link.at)
    return refusedRejoin("no-primary", common.noPrimary);
  const { at } = found.link;
  const isContained = hasAll(primary.history, own.history);
  // Following begins with a copy of the other one's data: what is only here would be lost.
  if (isContained !== true) {
    const [here, there] = [printHistory(own.history), printHistory(primary.history)];
    return refusedRejoin(
      isContained === undefined ? "unknown" : "diverged",
      isContained === undefined ? texts.unrelated(here, there) : texts.diverged(here, there),
    );
  }
  const isGiven = own.source?.host === at.host && own.source.port === at.port;
  if (isGiven) return { kind: "begun" };
  if (settings.rejoin === "manual") return refusedRejoin("manual", texts.rejoinManually(at));
  try {
    await follow(link, at, credentials, timeoutMs);
    return { kind: "begun" };
  } catch (error) {
    return refusedRejoin("failed", common.failed("REPLICAOF", asProblem(error).message));
  }
}

/** Rejects with `ServerProblem`. The pause ends: it would hold up what comes from the primary. */
export async function follow(
  link: RedisLink,
  to: HostPort,
  { replication }: Credentials,
  timeoutMs: number,
): Promise<void> {
  await link.use(timeoutMs, async (connection, leftMs) => {
    const password = replication?.password;
    if (replication !== undefined && password !== undefined) {
      const { user } = replication;
      await connection.call(["CONFIG", "SET", "masteruser", user], leftMs);
      await connection.call(["CONFIG", "SET", "masterauth", password.reveal()], leftMs);
    }
    await connection.call(["CONFIG", "SET", "replica-read-only", "yes"], leftMs);
    await connection.call(["REPLICAOF", to.host, String(to.port)], leftMs);
    await connection.call(["CLIENT", "UNPAUSE"], leftMs);
  });
}

/** A master again, which takes writes unless it is closed. */
export async function followNobody(link: RedisLink, timeoutMs: number): Promise<void> {
  await link.use(timeoutMs, async (connection, leftMs) => {
    await connection.call(["REPLICAOF", "NO", "ONE"], leftMs);
  });
}
