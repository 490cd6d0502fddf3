/**
 * Promotion. A master at a peer that answers takes no more writes first, by order from here, and
 * everything that it has is received; only then is this server made a master. If nobody answers,
 * what was seen of the master until then decides.
 */
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
import { closeWrites, openWrites } from "./close-writes.ts";
import type { RedisLink } from "./connection.ts";
import { type Facts, isWritable, readFacts } from "./facts.ts";
import { followNobody } from "./follow.ts";
import { hasAll, printHistory } from "./history.ts";
import { type Memory, type RedisPeer, reasons } from "./standing.ts";
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

export interface Promotion {
  readonly own: RedisLink;
  readonly peers: readonly RedisLink[];
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
  await catchUp(promotion, facts, quiet);
  if (facts.source !== undefined) await steps.run("master", () => followNobody(own, steps.left));
  const after = await steps.run("writes on", () => openWrites(own, steps.left));
  if (!isWritable(after) || after.source !== undefined)
    throw new Refusal("read-only", texts.stillReadOnly);
  return { ok: true, details: steps.print() };
}

async function seePeers({ peers, ask, steps }: Promotion): Promise<readonly RedisPeer[]> {
  return await Promise.all(
    peers.map(async (link) => {
      const hungMs = link.isHung ? STILL_HUNG_MS : HUNG_MS;
      const ms = ask.reason === "master-down" ? HUNG_AFTER_LOSS_MS : hungMs;
      return { link, seen: await see(link, readFacts, Math.min(ms, steps.left / 3), KEPT_MS) };
    }),
  );
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

/** Nobody else takes writes any more; facts from then on. */
async function quieten(
  { ask, steps }: Promotion,
  peers: readonly RedisPeer[],
): Promise<readonly RedisPeer[]> {
  return await Promise.all(
    peers.map(async (view): Promise<RedisPeer> => {
      const { link, seen } = view;
      if (seen.facts === undefined || !isWritable(seen.facts)) return view;
      try {
        const facts = await closeWrites(link, steps.left);
        if (!isWritable(facts)) return { link, seen: { facts } };
        throw new Refusal(
          "peer-still-primary",
          texts.peerStillPrimary(printAddress(link.at), "min-replicas-to-write"),
        );
      } catch (error) {
        if (ask.acceptLoss) return view;
        if (error instanceof Refusal) throw error;
        const { message } = asProblem(error);
        throw new Refusal(
          "peer-still-primary",
          texts.peerStillPrimary(printAddress(link.at), message),
        );
      }
    }),
  );
}

async function catchUp(
  promotion: Promotion,
  first: Facts,
  quiet: readonly RedisPeer[],
): Promise<void> {
  const { own, settings, memory, ask, steps } = promotion;
  if (ask.acceptLoss) return;
  const missing = (facts: Facts): Facts | undefined =>
    quiet
      .flatMap(({ seen }) => (seen.facts === undefined ? [] : [seen.facts]))
      .find((theirs) => hasAll(facts.history, theirs.history) !== true);
  let facts = first;
  await steps.run("receive", async () => {
    for (;;) {
      const lost = missing(facts);
      if (lost === undefined) return;
      if (steps.left < MARGIN_MS) throw lacking(facts, lost);
      await sleep(POLL_MS);
      const seen = await see(own, readFacts, steps.left);
      if (seen.facts === undefined) throw seen.problem;
      ({ facts } = seen);
    }
  });
  // A server that is taken back is the one that had everything.
  if (ask.reason === "taken-back") return;
  const [why] = reasons(settings, { own: facts, peers: quiet }, memory);
  if (why !== undefined) throw new Refusal("not-eligible", why);
}
