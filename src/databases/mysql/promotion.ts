/**
 * Promotion. A database of a peer that answers is made read-only from here first, and everything
 * that it has is applied; if none does, what was received is. Then the SQL thread is stopped (some
 * ms; all threads would take seconds while the primary is unreachable), and the server is made
 * writable.
 * What is left of the replication is removed behind the answer.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, printAddress } from "../port/database.ts";
import { type PeerView, see } from "../port/link.ts";
import { MARGIN_MS, type Promotion, seePeers } from "../port/promotion.ts";
import { Refusal } from "../port/refusal.ts";
import { type Facts, readFacts } from "./facts.ts";
import { missing } from "./gtid.ts";
import { makeReadOnly } from "./read-only.ts";
import { query, type Sql, type SqlLink } from "./sql.ts";
import { type Memory, roleOf, sameServer, standingOf } from "./standing.ts";
import { type Statements, statementsOf } from "./statements.ts";
import * as texts from "./texts.ts";

const AGAIN_MS = 2;

type MySqlPromotion = Promotion<Sql, Memory>;
type SqlPeer = PeerView<Sql, Facts>;

interface Prepared {
  readonly facts: Facts;
  readonly statements: Statements;
}

export async function promote(promotion: MySqlPromotion): Promise<Answer> {
  const { steps, own } = promotion;
  try {
    // Both at once: a peer that is gone takes its time.
    const [facts, peers] = await Promise.all([
      steps.run("look", () => own.use(steps.left, readFacts)),
      steps.run("peers", () => seePeers(promotion, readFacts)),
    ]);
    checkIdentity(promotion, facts, peers);
    const statements = statementsOf(facts.dialect, facts.version);
    const prepared: Prepared = { facts, statements };
    const quiet = await steps.run("their read-only", () => quieten(promotion, peers));
    await catchUp(promotion, prepared, quiet);
    if (facts.replication?.applies === true)
      await steps.run("stop applying", () => stopApplying(promotion, prepared));
    await steps.run("writable", () => makeWritable(promotion, prepared, quiet));
    return { ok: true, details: steps.print() };
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    throw error;
  }
}

/** What is taken back was promoted before, and nothing has happened elsewhere since. */
function checkIdentity({ ask }: MySqlPromotion, facts: Facts, peers: readonly SqlPeer[]): void {
  if (ask.acceptLoss || ask.reason === "taken-back") return;
  const same = sameServer(facts, peers);
  if (same !== undefined) throw new Refusal("same-server", same);
}

/** Nobody else takes writes any more; facts from then on. */
async function quieten(
  { steps, ask }: MySqlPromotion,
  peers: readonly SqlPeer[],
): Promise<readonly SqlPeer[]> {
  return await Promise.all(
    peers.map(async (view): Promise<SqlPeer> => {
      const { link, seen } = view;
      if (seen.facts === undefined || seen.facts.isReadOnly) return view;
      const { dialect, version, user } = seen.facts;
      const problem = await makeReadOnly(link, statementsOf(dialect, version), user, steps);
      const after = await see(link, readFacts, steps.left);
      const isOff = problem === undefined && after.facts?.isReadOnly === true;
      if (!isOff && !ask.acceptLoss) {
        const why = problem ?? after.problem?.message ?? "read_only is 0";
        throw new Refusal("peer-still-primary", texts.peerStillPrimary(printAddress(link.at), why));
      }
      return { link, seen: after };
    }),
  );
}

/** Everything that a reachable peer has, or everything that was received, is applied. */
async function catchUp(
  promotion: MySqlPromotion,
  { facts, statements }: Prepared,
  peers: readonly SqlPeer[],
): Promise<void> {
  const { steps, ask, settings } = promotion;
  const reachable = peers.flatMap(({ seen }) => (seen.facts === undefined ? [] : [seen.facts]));
  for (const peer of reachable) await steps.run("catch up", () => untilContained(promotion, peer));
  const role = roleOf(facts);
  const isWhole = reachable.length === peers.length && peers.length > 0;
  if (isWhole || role === "primary") return;
  const { why } = standingOf(settings, { own: facts, peers }, promotion.memory, performance.now());
  const [first] = why;
  if (first !== undefined && !ask.acceptLoss) throw new Refusal("not-eligible", first);
  if (role === "replica" && facts.replication?.applies === true)
    await steps.run("drain", () => drain(promotion, facts, statements));
}

async function untilContained({ own, ask, steps }: MySqlPromotion, peer: Facts): Promise<void> {
  let isRestarted = false;
  for (;;) {
    const facts = await own.use(steps.left, readFacts);
    const theirs = missing(facts.data, peer.data);
    const ours = missing(peer.data, facts.data);
    if (theirs === "" || ask.acceptLoss) return;
    if (theirs === undefined || ours === undefined)
      throw new Refusal("other-kind", texts.otherKind);
    if (ours !== "") throw new Refusal("diverged", texts.diverged(ours, theirs));
    if (facts.replication?.applies !== true) throw new Refusal("behind", texts.lacking(theirs));
    if (steps.left <= MARGIN_MS) throw new Refusal("late", texts.catchUpLate(theirs));
    const statements = statementsOf(facts.dialect, facts.version);
    // It tries again on its own, but only so often.
    if (facts.replication.receives !== "yes" && !isRestarted) {
      isRestarted = true;
      await query(own, statements.stopReceiving, steps.left);
      await query(own, statements.startReceiving, steps.left);
    }
    const waitMs = steps.left - MARGIN_MS;
    await query(own, statements.waitApplied(peer.position, waitMs / 1_000), steps.left);
    // A position that is reached without what was asked for: not in a circle without a pause.
    await sleep(AGAIN_MS);
  }
}

async function drain(
  { own, ask, steps }: MySqlPromotion,
  facts: Facts,
  statements: Statements,
): Promise<void> {
  for (let { replication } = facts; ; ) {
    const received = replication?.received ?? "";
    if (received === "") return;
    const waitMs = Math.max(1, steps.left - MARGIN_MS);
    const [row] = await query(own, statements.waitApplied(received, waitMs / 1_000), steps.left);
    if (row?.["late"] !== "0") {
      if (ask.acceptLoss) return;
      throw new Refusal("late", texts.relayLate);
    }
    ({ replication } = await own.use(steps.left, readFacts));
    // More may have come meanwhile: from a primary that answers nobody but its replica.
    if (replication?.received === received) return;
  }
}

async function stopApplying(promotion: MySqlPromotion, { statements }: Prepared): Promise<void> {
  const { own, steps } = promotion;
  await query(own, statements.stopApplying, steps.left);
  const after = await own.use(steps.left, readFacts);
  if (after.replication?.applies === true) throw new Refusal("still-applying", texts.stillApplying);
}

async function makeWritable(
  { own, steps, ask, settings }: MySqlPromotion,
  { facts, statements }: Prepared,
  peers: readonly SqlPeer[],
): Promise<void> {
  // Without a replica every commit would wait for one; it is on again when one has caught up. After
  // a move that is taken back there is one.
  const hasReplica = peers.some(({ seen }) => seen.facts?.replication?.receives === "yes");
  const isOn = ask.reason === "taken-back" && settings.sync !== "off" && hasReplica;
  if (facts.semiSync !== undefined && facts.semiSync.isSourceEnabled !== isOn)
    await query(own, isOn ? statements.semiSyncOn : statements.semiSyncOff, steps.left);
  if (steps.isLate) throw new Refusal("late", texts.relayLate);
  for (const statement of statements.writable) await query(own, statement, steps.left);
  const after = await own.use(steps.left, readFacts);
  if (after.isReadOnly || after.replication?.applies === true)
    throw new Refusal("still-read-only", texts.stillReadOnly);
}

/**
 * Removes what is left of the replication: stopping to receive can take seconds, and nobody waits
 * for it. Rejects with `ServerProblem`.
 */
export async function forgetSource(own: SqlLink, timeoutMs: number): Promise<void> {
  const sql = await own.another(timeoutMs);
  try {
    const [row] = await sql.query("SELECT @@version AS version", timeoutMs);
    const version = row?.["version"] ?? "";
    const statements = statementsOf(/mariadb/i.test(version) ? "mariadb" : "mysql", version);
    await sql.query(statements.stopReceiving, timeoutMs);
    await sql.query(statements.forget, timeoutMs);
  } finally {
    sql.destroy();
  }
}
