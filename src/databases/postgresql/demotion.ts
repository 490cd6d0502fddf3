/**
 * Demotion: no new session may write, sessions of applications ended, verified; at a planned move
 * also everything replayed at the peer. A move (`baton switch`) is refused before anything is done
 * where the peer does not follow, or is too far behind. Nothing is taken back here: after another
 * refusal the server stays closed until somebody promotes it ("taken-back").
 *
 * The server stays a primary that takes no writes: to become a standby it has to be started anew,
 * which is a program's (`rejoin` of the gate).
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Micros } from "#units/time";
import {
  type Answer,
  type DatabaseSettings,
  type DemoteAsk,
  printAddress,
  type Text,
} from "../port/database.ts";
import { see, seeAll } from "../port/link.ts";
import { Refusal } from "../port/refusal.ts";
import type { Steps } from "../port/steps.ts";
import { successorsOf } from "../port/successors.ts";
import * as common from "../port/texts.ts";
import { closeWrites } from "./close-writes.ts";
import type { PgLink } from "./connection.ts";
import { type Facts, isWritable, readFacts } from "./facts.ts";
import { hasAll, printHistory } from "./history.ts";
import { lackingText } from "./standing.ts";
import * as texts from "./texts.ts";

const POLL_MS = 5;
/** Time for the answer itself, and for one more exchange with each server. */
const MARGIN_MS = 50;

export interface Demotion {
  readonly own: PgLink;
  readonly peers: readonly PgLink[];
  readonly settings: Pick<DatabaseSettings, "maxLag">;
  /** How far behind this primary somebody with that position is; undefined: not known. */
  readonly lagOf: (replayed: bigint) => Micros | undefined;
  readonly ask: DemoteAsk;
  readonly steps: Steps;
}

export async function demote(demotion: Demotion): Promise<Answer> {
  const { own, ask, steps } = demotion;
  const where = printAddress(own.at);
  const facts = await steps.run("look", () => own.use(steps.left, readFacts));
  // A stop goes on whatever the answer is.
  if (ask.reason === "switch" && isWritable(facts)) {
    const why = await steps.run("successor", () => whyNotReady(demotion, facts));
    if (why !== undefined) throw new Refusal("successor-not-ready", why);
  }
  const closed = await steps.run("writes off", () => closeWrites(own, steps.left));
  if (isWritable(closed))
    throw new Refusal("read-only", texts.readOnlyLate(where, "default_transaction_read_only"));
  const mayMiss = closed.standby === undefined && ask.isPlanned;
  if (mayMiss) await steps.run("peer", () => untilReplayed(demotion, closed));
  return { ok: true, details: steps.print() };
}

/** Asked before anything is done here: undefined where it could be promoted soon. */
async function whyNotReady(demotion: Demotion, own: Facts): Promise<Text | undefined> {
  const { peers, settings, ask, steps, lagOf } = demotion;
  const seen = await seeAll(successorsOf(peers, ask), readFacts, steps.left);
  return seen
    .map(({ link, seen: { facts, problem } }): Text | undefined => {
      const where = printAddress(link.at);
      if (problem !== undefined) return texts.unreachable(where, problem);
      const { standby } = facts;
      if (standby?.isStreaming !== true) return texts.notReady(where, texts.notStreaming);
      if (standby.isPaused) return texts.notReady(where, texts.paused);
      if (hasAll(own.history, facts.history) === undefined)
        return texts.notReady(where, lackingText(facts, own));
      const lag = lagOf(standby.replayed);
      return lag === undefined || lag <= settings.maxLag
        ? undefined
        : texts.notReady(where, common.lagging(lag, settings.maxLag));
    })
    .find((why) => why !== undefined);
}

async function untilReplayed({ peers, ask, steps }: Demotion, closed: Facts): Promise<void> {
  const successors = successorsOf(peers, ask);
  await Promise.all(
    successors.map(async (link) => {
      for (;;) {
        const problem = await lackingOf(link, closed, steps.left);
        if (problem === undefined) return;
        if (steps.left < MARGIN_MS)
          throw new Refusal("not-replicated", texts.notReplicated(printAddress(link.at), problem));
        await sleep(POLL_MS);
      }
    }),
  );
}

/** What it has not replayed; undefined: nothing. */
async function lackingOf(
  link: PgLink,
  closed: Facts,
  timeoutMs: number,
): Promise<string | undefined> {
  const { facts, problem } = await see(link, readFacts, timeoutMs);
  if (problem !== undefined) return problem.message;
  const { standby, history } = facts;
  const has = standby === undefined ? history : { ...history, lsn: standby.replayed };
  if (hasAll(has, closed.history) === true) return undefined;
  return `${printHistory(has)} < ${printHistory(closed.history)}`;
}
