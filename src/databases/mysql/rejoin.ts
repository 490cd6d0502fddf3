/**
 * What a database is given to do without being asked: a former primary follows the new one if that
 * has everything it has; a primary waits for its replica again once that has caught up; a replica
 * waits for nobody.
 */

import type { Credentials, Login } from "../port/credentials.ts";
import { type DatabaseSettings, printAddress } from "../port/database.ts";
import { asProblem } from "../port/problem.ts";
import { type Rejoin, refusedRejoin } from "../port/rejoin.ts";
import * as common from "../port/texts.ts";
import { type Facts, readFacts } from "./facts.ts";
import { missing } from "./gtid.ts";
import { query, type SqlLink } from "./sql.ts";
import { primaryOf, roleOf, type View } from "./standing.ts";
import { statementsOf } from "./statements.ts";
import * as texts from "./texts.ts";

/** A database that may write is never made a replica here: whoever wants that demotes it first. */
export async function rejoin(
  own: SqlLink,
  view: View,
  settings: DatabaseSettings,
  credentials: Credentials,
  timeoutMs: number,
): Promise<Rejoin> {
  const { replication } = view.own;
  const found = primaryOf(view.peers);
  const primary = found?.seen.facts;
  if (replication?.receives === "yes" && replication.applies) {
    // Received from a server that is there: GTIDs of its own would have been refused by it.
    const extra = primary === undefined ? "" : (missing(primary.data, view.own.data) ?? "");
    return extra === "" ? { kind: "follows" } : refusedRejoin("diverged", texts.errant(extra));
  }
  if (!view.own.isReadOnly) return refusedRejoin("writable", texts.stillWritable);
  if (found === undefined || primary === undefined || "socket" in found.link.at)
    return refusedRejoin("no-primary", texts.noPrimary);
  const extra = missing(primary.data, view.own.data);
  if (extra === undefined) return refusedRejoin("other-kind", texts.otherKind);
  if (extra !== "") return refusedRejoin("diverged", texts.errant(extra));
  const { host, port } = found.link.at;
  if (settings.rejoin === "manual")
    return refusedRejoin("manual", texts.rejoinManually(host, port));
  const login = credentials.replication;
  if (login === undefined) return refusedRejoin("no-login", texts.noReplicationLogin);
  try {
    await follow(own, view.own, { host, port }, login, timeoutMs);
    return { kind: "begun" };
  } catch (error) {
    const message = without(login, asProblem(error, "answer").message);
    return refusedRejoin(
      "failed",
      common.failed(`CHANGE MASTER TO ${printAddress(found.link.at)}`, message),
    );
  }
}

/** A server may repeat what it was sent. */
function without({ password }: Login, message: string): string {
  return password?.isIn(message, REPEATED_LEAST) === true
    ? "its answer repeats the password, and is left out"
    : message;
}

/** Servers cut long values. */
const REPEATED_LEAST = 8;

async function follow(
  own: SqlLink,
  facts: Facts,
  primary: { readonly host: string; readonly port: number },
  login: NonNullable<Credentials["replication"]>,
  timeoutMs: number,
): Promise<void> {
  const statements = statementsOf(facts.dialect, facts.version);
  // A connection of its own: stopping takes a while if what it followed is gone.
  const sql = await own.another(timeoutMs);
  try {
    if (facts.replication !== undefined) {
      await sql.query(statements.stopApplying, timeoutMs);
      await sql.query(statements.stopReceiving, timeoutMs);
    }
    if (facts.semiSync?.isReplicaEnabled === false)
      await sql.query(statements.semiSyncReplica, timeoutMs);
    if (facts.semiSync?.isSourceEnabled === true)
      await sql.query(statements.semiSyncOff, timeoutMs);
    for (const statement of statements.follow(primary.host, primary.port, login))
      await sql.query(statement, timeoutMs);
  } finally {
    sql.destroy();
  }
}

/** Waiting for acknowledgements: on at a primary with a replica that has everything, else off. */
export async function tendSemiSync(
  own: SqlLink,
  view: View,
  settings: DatabaseSettings,
  timeoutMs: number,
): Promise<void> {
  const { semiSync, dialect, version } = view.own;
  if (settings.sync === "off" || semiSync === undefined) return;
  const statements = statementsOf(dialect, version);
  const role = roleOf(view.own);
  if (role !== "primary") {
    if (semiSync.isSourceEnabled) await query(own, statements.semiSyncOff, timeoutMs);
    return;
  }
  if (semiSync.isSourceEnabled) return;
  const isReady = view.peers.some(({ seen: { facts } }) => {
    const { replication } = facts ?? {};
    if (facts === undefined || replication === undefined) return false;
    const follows = replication.receives === "yes" && replication.applies;
    return (
      follows && facts.semiSync?.isReplicaOn === true && missing(facts.data, view.own.data) === ""
    );
  });
  if (!isReady) return;
  await query(own, statements.semiSyncOn, timeoutMs);
  const after = await own.use(timeoutMs, readFacts);
  // It has gone meanwhile: no commit waits for it.
  if (after.semiSync?.clients === 0) await query(own, statements.semiSyncOff, timeoutMs);
}
