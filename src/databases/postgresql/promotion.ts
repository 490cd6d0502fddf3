/**
 * Promotion. A primary at a peer that answers takes no more writes first, by order from here, and
 * everything that it has is received; if nobody answers, what was seen of the primary until then
 * decides. What was received is replayed; only then is the server promoted, still closed, and
 * opened when it is a primary.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Answer,
  type DatabaseSettings,
  type PromoteAsk,
  printAddress,
} from "../port/database.ts";
import { see } from "../port/link.ts";
import { asProblem } from "../port/problem.ts";
import { Refusal } from "../port/refusal.ts";
import type { Steps } from "../port/steps.ts";
import { closeWrites, openWrites, prepareClosed } from "./close-writes.ts";
import { type PgLink, quoted } from "./connection.ts";
import { type Facts, isWritable, MARKS_SETTING, readFacts } from "./facts.ts";
import { addMark, hasAll } from "./history.ts";
import { lackingText, type Memory, type PgPeer, reasons } from "./standing.ts";
import { waitForNobody } from "./synchronous.ts";
import * as texts from "./texts.ts";

/** How long a peer's server may take that accepts connections and does not answer. */
const HUNG_MS = 150;
/** The same where it did not answer the look before, which takes longer. */
const STILL_HUNG_MS = 50;
/** The same while its router says nothing: a slow machine's database may be taking writes. */
const HUNG_AFTER_LOSS_MS = 1_000;
/** A kept connection answers within this, or a new one is tried. */
const KEPT_MS = 100;
const POLL_MS = 5;
/** Time for what follows the wait. */
const MARGIN_MS = 100;
const MARK_BYTES = 8;

export interface Promotion {
  readonly own: PgLink;
  readonly peers: readonly PgLink[];
  readonly settings: DatabaseSettings;
  readonly memory: Memory | undefined;
  readonly ask: PromoteAsk;
  readonly steps: Steps;
}

export async function promote(promotion: Promotion): Promise<Answer> {
  const { steps, own, ask } = promotion;
  // Both at once: a peer that is gone takes its time.
  const [facts, seen] = await Promise.all([
    steps.run("look", () => own.use(steps.left, readFacts)),
    steps.run("peers", () => seePeers(promotion)),
  ]);
  if (!ask.acceptLoss) checkHistories(facts, seen);
  const quiet = await steps.run("their writes off", () => quieten(promotion, seen));
  const caughtUp = await catchUp(promotion, facts, quiet);
  if (caughtUp.standby !== undefined) await endRecovery(promotion, caughtUp);
  const after = await steps.run("writes on", () => openWrites(own, steps.left));
  if (!isWritable(after)) throw new Refusal("read-only", texts.stillReadOnly);
  return { ok: true, details: steps.print() };
}

async function seePeers({ peers, ask, steps }: Promotion): Promise<readonly PgPeer[]> {
  return await Promise.all(
    peers.map(async (link) => {
      const hungMs = link.isHung ? STILL_HUNG_MS : HUNG_MS;
      const ms = ask.reason === "master-down" ? HUNG_AFTER_LOSS_MS : hungMs;
      return { link, seen: await see(link, readFacts, Math.min(ms, steps.left / 3), KEPT_MS) };
    }),
  );
}

/** Nobody is closed for a promotion that cannot come to anything. */
function checkHistories(own: Facts, peers: readonly PgPeer[]): void {
  for (const { seen } of peers) {
    const theirs = seen.facts;
    if (theirs === undefined || isBehind(own, theirs)) continue;
    const mayReceive =
      own.standby?.isStreaming === true && hasAll(theirs.history, own.history) === true;
    if (!mayReceive) throw new Refusal("catch-up", lackingText(own, theirs));
  }
}

/** It has nothing that counts: all of it is here, or it was primary before this one. */
function isBehind(own: Facts, theirs: Facts): boolean {
  if (hasAll(own.history, theirs.history) === true) return true;
  const isPast = theirs.history.timeline < own.history.timeline;
  const isOfOne = theirs.history.system === own.history.system;
  return isOfOne && isPast && isWritable(own) && !isWritable(theirs);
}

/** Nobody else takes writes any more; facts from then on. */
async function quieten(
  { ask, steps }: Promotion,
  peers: readonly PgPeer[],
): Promise<readonly PgPeer[]> {
  return await Promise.all(
    peers.map(async (view): Promise<PgPeer> => {
      const { link, seen } = view;
      if (seen.facts === undefined || !isWritable(seen.facts)) return view;
      const where = printAddress(link.at);
      try {
        const facts = await closeWrites(link, steps.left / 2);
        if (!isWritable(facts)) return { link, seen: { facts } };
        throw new Refusal("peer-still-primary", texts.peerStillPrimary(where, "-"));
      } catch (error) {
        if (ask.acceptLoss) return view;
        throw stillPrimary(where, error);
      }
    }),
  );
}

function stillPrimary(where: string, error: unknown): Refusal {
  if (!(error instanceof Refusal))
    return new Refusal(
      "peer-still-primary",
      texts.peerStillPrimary(where, asProblem(error).message),
    );
  const { answer } = error;
  const why = answer.ok ? "-" : answer.text.en;
  return new Refusal("peer-still-primary", texts.peerStillPrimary(where, why));
}

async function catchUp(
  promotion: Promotion,
  first: Facts,
  quiet: readonly PgPeer[],
): Promise<Facts> {
  const { own, settings, memory, ask, steps } = promotion;
  if (ask.acceptLoss) return first;
  const missing = (facts: Facts): Facts | undefined =>
    quiet
      .flatMap(({ seen }) => (seen.facts === undefined ? [] : [seen.facts]))
      .find((theirs) => !isBehind(facts, theirs));
  let facts = first;
  await steps.run("receive", async () => {
    for (;;) {
      const lost = missing(facts);
      if (lost === undefined) return;
      if (steps.left < MARGIN_MS) throw new Refusal("catch-up", lackingText(facts, lost));
      await sleep(POLL_MS);
      const seen = await see(own, readFacts, steps.left);
      if (seen.facts === undefined) throw seen.problem;
      ({ facts } = seen);
    }
  });
  // A server that is taken back is the one that had everything.
  if (ask.reason === "taken-back") return facts;
  const [why] = reasons(settings, { own: facts, peers: quiet }, memory);
  if (why !== undefined) throw new Refusal("not-eligible", why);
  return facts;
}

/**
 * It stays closed until it is a primary: a promotion that comes too late for the answer then opens
 * nothing.
 */
async function endRecovery(promotion: Promotion, before: Facts): Promise<void> {
  const { own, steps } = promotion;
  await steps.run("replay", () => replayAll(promotion, before));
  if (!before.isClosed) await steps.run("closed", () => prepareClosed(own, steps.left));
  if (before.waitsFor !== "")
    await steps.run("waits for nobody", () => waitForNobody(own, steps.left));
  await steps.run("promote", async () => {
    await own.use(steps.left, async (connection, ms) => {
      await connection.query("SELECT pg_promote(false)", ms);
    });
    for (;;) {
      const facts = await own.use(steps.left, readFacts);
      if (facts.standby === undefined) {
        await leaveMark(promotion, facts);
        return;
      }
      if (steps.left < MARGIN_MS) throw new Refusal("late", texts.promotionLate);
      await sleep(POLL_MS);
    }
  });
}

/** A promotion ends with it in any case; before it is begun there is still a way back. */
async function replayAll({ own, ask, steps }: Promotion, before: Facts): Promise<void> {
  const { lsn } = before.history;
  for (let facts = before; ; facts = await own.use(steps.left, readFacts)) {
    const { standby } = facts;
    // A primary that was killed leaves the first half of a record, which nobody replays.
    if (standby === undefined || standby.replayed >= lsn || standby.isIdle) return;
    if (standby.isPaused) return;
    if (steps.left < MARGIN_MS) {
      if (ask.acceptLoss) return;
      throw new Refusal("late", texts.replayLate);
    }
    await sleep(POLL_MS);
  }
}

/** Two that are promoted apart from each other are kept apart by it. */
async function leaveMark({ own, steps }: Promotion, { history }: Facts): Promise<void> {
  const mark = randomBytes(MARK_BYTES).toString("hex");
  const marks = addMark(history.marks, history.timeline, mark);
  try {
    await own.use(steps.left, async (connection, ms) => {
      await connection.query(
        "BEGIN READ WRITE; SET LOCAL synchronous_commit = local; " +
          `ALTER ROLE CURRENT_USER SET ${MARKS_SETTING} = ${quoted(marks)}; COMMIT`,
        ms,
      );
    });
  } catch (error) {
    // Without the right to set it everything else holds.
    if (asProblem(error).kind !== "answer") throw error;
    await own.use(steps.left, async (connection, ms) => await connection.query("ROLLBACK", ms));
  }
}
