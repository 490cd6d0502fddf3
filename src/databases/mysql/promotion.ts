/**
 * Promotion. A database of a peer that answers is made read-only from here first, and everything
 * that it has is applied; if none does, what was received is. Then the SQL thread is stopped (some
 * ms; all threads would take seconds while the primary is unreachable), and the server is made
 * writable.
 * What is left of the replication is removed behind the answer.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Answer,
  type DatabaseSettings,
  type PromoteAsk,
  printAddress,
} from "../port/database.ts";
import { Refusal } from "../port/refusal.ts";
import type { Steps } from "../port/steps.ts";
import type { Facts } from "./facts.ts";
import { missing } from "./gtid.ts";
import { type Link, type Seen, see } from "./link.ts";
import { makeReadOnly } from "./read-only.ts";
import { type Memory, type PeerView, roleOf, sameServer, standingOf } from "./standing.ts";
import { type Statements, statementsOf } from "./statements.ts";
import * as texts from "./texts.ts";

/** How long a peer's server may take that accepts connections and does not answer. */
const HUNG_MS = 150;
/** The same where it did not answer the look before, which takes longer. */
const STILL_HUNG_MS = 50;
/** The same while its router says nothing: a slow machine's database may be taking writes. */
const HUNG_AFTER_LOSS_MS = 1_000;
/** A kept connection answers within this, or a new one is tried. */
const KEPT_MS = 100;
/** Time for what follows the wait. */
const MARGIN_MS = 100;
const AGAIN_MS = 2;

export interface Promotion {
  readonly own: Link;
  readonly peers: readonly Link[];
  readonly settings: DatabaseSettings;
  readonly memory: Memory | undefined;
  readonly ask: PromoteAsk;
  readonly steps: Steps;
}

interface Prepared {
  readonly facts: Facts;
  readonly statements: Statements;
}

export async function promote(promotion: Promotion): Promise<Answer> {
  const { steps, own } = promotion;
  try {
    // Both at once: a peer that is gone takes its time.
    const [facts, peers] = await Promise.all([
      steps.run("look", () => own.facts(steps.left)),
      steps.run("peers", () => seePeers(promotion)),
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

async function seePeers({ peers, ask, steps }: Promotion): Promise<readonly PeerView[]> {
  return await Promise.all(
    peers.map(async (link) => {
      const hungMs = link.isHung ? STILL_HUNG_MS : HUNG_MS;
      const ms = ask.reason === "master-down" ? HUNG_AFTER_LOSS_MS : hungMs;
      return { at: link.at, seen: await see(link, Math.min(ms, steps.left / 3), KEPT_MS) };
    }),
  );
}

/** What is taken back was promoted before, and nothing has happened elsewhere since. */
function checkIdentity({ ask }: Promotion, facts: Facts, peers: readonly PeerView[]): void {
  if (ask.acceptLoss || ask.reason === "taken-back") return;
  const same = sameServer(facts, peers);
  if (same !== undefined) throw new Refusal("same-server", same);
}

/** Nobody else takes writes any more; facts from then on. */
async function quieten(
  promotion: Promotion,
  peers: readonly PeerView[],
): Promise<readonly PeerView[]> {
  const { steps, ask } = promotion;
  return await Promise.all(
    promotion.peers.map(async (link, index) => {
      const seen: Seen | undefined = peers[index]?.seen;
      if (seen?.facts === undefined || seen.facts.isReadOnly)
        return { at: link.at, seen: seen ?? (await see(link, 1)) };
      const where = printAddress(link.at);
      const { dialect, version, user } = seen.facts;
      const problem = await makeReadOnly(link, statementsOf(dialect, version), user, steps);
      const after = await see(link, steps.left);
      const isOff = problem === undefined && after.facts?.isReadOnly === true;
      if (!isOff && !ask.acceptLoss) {
        const why = problem ?? after.problem?.message ?? "read_only is 0";
        throw new Refusal("peer-still-primary", texts.peerStillPrimary(where, why));
      }
      return { at: link.at, seen: after };
    }),
  );
}

/** Everything that a reachable peer has, or everything that was received, is applied. */
async function catchUp(
  promotion: Promotion,
  { facts, statements }: Prepared,
  peers: readonly PeerView[],
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

async function untilContained({ own, ask, steps }: Promotion, peer: Facts): Promise<void> {
  let isRestarted = false;
  for (;;) {
    const facts = await own.facts(steps.left);
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
      await own.query(statements.stopReceiving, steps.left);
      await own.query(statements.startReceiving, steps.left);
    }
    const waitMs = steps.left - MARGIN_MS;
    await own.query(statements.waitApplied(peer.position, waitMs / 1_000), steps.left);
    // A position that is reached without what was asked for: not in a circle without a pause.
    await sleep(AGAIN_MS);
  }
}

async function drain(
  { own, ask, steps }: Promotion,
  facts: Facts,
  statements: Statements,
): Promise<void> {
  for (let { replication } = facts; ; ) {
    const received = replication?.received ?? "";
    if (received === "") return;
    const waitMs = Math.max(1, steps.left - MARGIN_MS);
    const [row] = await own.query(statements.waitApplied(received, waitMs / 1_000), steps.left);
    if (row?.["late"] !== "0") {
      if (ask.acceptLoss) return;
      throw new Refusal("late", texts.relayLate);
    }
    ({ replication } = await own.facts(steps.left));
    // More may have come meanwhile: from a primary that answers nobody but its replica.
    if (replication?.received === received) return;
  }
}

async function stopApplying(promotion: Promotion, { statements }: Prepared): Promise<void> {
  const { own, steps } = promotion;
  await own.query(statements.stopApplying, steps.left);
  const after = await own.facts(steps.left);
  if (after.replication?.applies === true) throw new Refusal("still-applying", texts.stillApplying);
}

async function makeWritable(
  { own, steps, ask, settings }: Promotion,
  { facts, statements }: Prepared,
  peers: readonly PeerView[],
): Promise<void> {
  // Without a replica every commit would wait for one; it is on again when one has caught up. After
  // a move that is taken back there is one.
  const hasReplica = peers.some(({ seen }) => seen.facts?.replication?.receives === "yes");
  const isOn = ask.reason === "taken-back" && settings.sync !== "off" && hasReplica;
  if (facts.semiSync !== undefined && facts.semiSync.isSourceEnabled !== isOn)
    await own.query(isOn ? statements.semiSyncOn : statements.semiSyncOff, steps.left);
  if (steps.isLate) throw new Refusal("late", texts.relayLate);
  for (const statement of statements.writable) await own.query(statement, steps.left);
  const after = await own.facts(steps.left);
  if (after.isReadOnly || after.replication?.applies === true)
    throw new Refusal("still-read-only", texts.stillReadOnly);
}

/**
 * Removes what is left of the replication: stopping to receive can take seconds, and nobody waits
 * for it. Rejects with `SqlError`.
 */
export async function forgetSource(own: Link, timeoutMs: number): Promise<void> {
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
