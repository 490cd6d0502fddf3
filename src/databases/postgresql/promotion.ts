/**
 * Promotion. A primary at a peer that answers takes no more writes first, by order from here, and
 * everything that it has is received; if nobody answers, what was seen of the primary until then
 * decides. What was received is replayed; only then is the server promoted, still closed, and
 * opened when it is a primary.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "../port/database.ts";
import { asProblem } from "../port/problem.ts";
import {
  catchUp,
  MARGIN_MS,
  POLL_MS,
  type Promotion,
  quieten,
  seePeers,
} from "../port/promotion.ts";
import { Refusal } from "../port/refusal.ts";
import * as common from "../port/texts.ts";
import { closeWrites, openWrites, prepareClosed } from "./close-writes.ts";
import { type Connection, quoted } from "./connection.ts";
import { type Facts, isWritable, MARKS_SETTING, readFacts } from "./facts.ts";
import { addMark, hasAll } from "./history.ts";
import { lackingText, type Memory, type PgPeer, reasons } from "./standing.ts";
import { waitForNobody } from "./synchronous.ts";
import * as texts from "./texts.ts";

const MARK_BYTES = 8;

type PgPromotion = Promotion<Connection, Memory>;

export async function promote(promotion: PgPromotion): Promise<Answer> {
  const { steps, own, ask } = promotion;
  // Both at once: a peer that is gone takes its time.
  const [facts, seen] = await Promise.all([
    steps.run("look", () => own.use(steps.left, readFacts)),
    steps.run("peers", () => seePeers(promotion, readFacts)),
  ]);
  if (!ask.acceptLoss) checkHistories(facts, seen);
  const quiet = await steps.run("their writes off", () =>
    quieten(ask, seen, {
      isWritable,
      close: (link) => closeWrites(link, steps.left / 2),
      refused: texts.peerStillPrimary,
      why: "default_transaction_read_only",
    }),
  );
  const caughtUp = await catchUp(promotion, facts, quiet, {
    read: readFacts,
    has: isBehind,
    lacking: (own, theirs) => new Refusal("catch-up", lackingText(own, theirs)),
    reasons,
  });
  if (caughtUp.standby !== undefined) await endRecovery(promotion, caughtUp);
  const after = await steps.run("writes on", () => openWrites(own, steps.left));
  if (!isWritable(after)) throw new Refusal("read-only", common.stillReadOnly);
  return { ok: true, details: steps.print() };
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

/**
 * It stays closed until it is a primary: a promotion that comes too late for the answer then opens
 * nothing.
 */
async function endRecovery(promotion: PgPromotion, before: Facts): Promise<void> {
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
async function replayAll({ own, ask, steps }: PgPromotion, before: Facts): Promise<void> {
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
async function leaveMark({ own, steps }: PgPromotion, { history }: Facts): Promise<void> {
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
