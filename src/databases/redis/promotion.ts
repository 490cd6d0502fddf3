/**
 * Promotion. A master at a peer that answers takes no more writes first, by order from here, and
 * everything that it has is received; only then is this server made a master. If nobody answers,
 * what was seen of the master until then decides.
 */
import type { Answer } from "../port/database.ts";
import { catchUp, type Promotion, quieten, seePeers } from "../port/promotion.ts";
import { Refusal } from "../port/refusal.ts";
import * as common from "../port/texts.ts";
import { closeWrites, openWrites } from "./close-writes.ts";
import type { Connection } from "./connection.ts";
import { type Facts, isWritable, readFacts } from "./facts.ts";
import { followNobody } from "./follow.ts";
import { hasAll, printHistory } from "./history.ts";
import { type Memory, type RedisPeer, reasons } from "./standing.ts";
import * as texts from "./texts.ts";

type RedisPromotion = Promotion<Connection, Memory>;

export async function promote(promotion: RedisPromotion): Promise<Answer> {
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
      close: (link) => closeWrites(link, steps.left),
      refused: texts.peerStillPrimary,
      why: "min-replicas-to-write",
    }),
  );
  await catchUp(promotion, facts, quiet, {
    read: readFacts,
    has: (has, theirs) => hasAll(has.history, theirs.history) === true,
    lacking,
    reasons,
  });
  if (facts.source !== undefined) await steps.run("master", () => followNobody(own, steps.left));
  const after = await steps.run("writes on", () => openWrites(own, steps.left));
  if (!isWritable(after) || after.source !== undefined)
    throw new Refusal("read-only", common.stillReadOnly);
  return { ok: true, details: steps.print() };
}

/** Nobody is closed for a promotion that cannot come to anything. */
function checkHistories(own: Facts, peers: readonly RedisPeer[]): void {
  for (const { seen } of peers) {
    const theirs = seen.facts;
    if (theirs === undefined) continue;
    const has = hasAll(own.history, theirs.history);
    const mayReceive = own.source?.isUp === true && has === false;
    if (has === true || mayReceive) continue;
    throw lacking(own, theirs);
  }
}

function lacking(own: Facts, theirs: Facts): Refusal {
  const [here, there] = [printHistory(own.history), printHistory(theirs.history)];
  return hasAll(own.history, theirs.history) === undefined
    ? new Refusal("unknown", texts.unrelated(here, there))
    : new Refusal("catch-up", texts.lacking(here, there));
}
