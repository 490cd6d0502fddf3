/**
 * Demotion: no writes any more, applications' connections closed, verified. Then the peer must have
 * everything (at a planned move it is waited for), and this server becomes its replica, so that
 * nothing more can happen to its data. Nothing is taken back here: after a refusal it stays closed
 * until somebody promotes it ("taken-back").
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Credentials } from "../port/credentials.ts";
import {
  type Answer,
  type DatabaseSettings,
  type DemoteAsk,
  printAddress,
} from "../port/database.ts";
import { type Seen, see } from "../port/link.ts";
import { Refusal } from "../port/refusal.ts";
import type { Steps } from "../port/steps.ts";
import { successorsOf } from "../port/successors.ts";
import { closeWrites } from "./close-writes.ts";
import type { RedisLink } from "./connection.ts";
import { type Facts, isWritable, readFacts } from "./facts.ts";
import { follow, followNobody } from "./follow.ts";
import { hasAll, printHistory } from "./history.ts";
import { roleOf } from "./standing.ts";
import * as texts from "./texts.ts";

const POLL_MS = 5;
/** Time for the answer itself, and for one more exchange with each server. */
const MARGIN_MS = 50;
/** An unplanned demotion does not wait for a peer that is not there. */
const UNPLANNED_MS = 200;

export interface Demotion {
  readonly own: RedisLink;
  readonly peers: readonly RedisLink[];
  readonly settings: DatabaseSettings;
  readonly credentials: Credentials;
  readonly ask: DemoteAsk;
  readonly steps: Steps;
}

export async function demote(demotion: Demotion): Promise<Answer> {
  const { own, ask, steps } = demotion;
  const where = printAddress(own.at);
  const closed = await steps.run("writes off", () => closeWrites(own, steps.left));
  if (isWritable(closed))
    throw new Refusal("read-only", texts.readOnlyLate(where, "min-replicas-to-write"));
  if (closed.source !== undefined) return { ok: true, details: steps.print() };
  if (ask.isPlanned) await steps.run("peer", () => handOver(demotion));
  else await steps.run("peer", () => tryOnce(demotion));
  return { ok: true, details: steps.print() };
}

async function handOver(demotion: Demotion): Promise<void> {
  const { own, peers, ask, steps } = demotion;
  const successors = successorsOf(peers, ask);
  for (;;) {
    const problem = await lackingOf(own, successors, steps.left);
    if (problem === undefined && (await isGivenTo(demotion, successors))) return;
    if (steps.left < MARGIN_MS) {
      const [first] = successors;
      const where = first === undefined ? "" : printAddress(first.at);
      throw new Refusal("not-replicated", texts.notReplicated(where, problem ?? "-"));
    }
    await sleep(POLL_MS);
  }
}

async function tryOnce(demotion: Demotion): Promise<void> {
  const { own, peers, ask, steps } = demotion;
  const successors = successorsOf(peers, ask);
  const ms = Math.min(UNPLANNED_MS, steps.left / 2);
  if ((await lackingOf(own, successors, ms)) !== undefined) return;
  await isGivenTo(demotion, successors);
}

/** What one of the others lacks; undefined: nothing. Own first: what comes later is not missing. */
async function lackingOf(
  own: RedisLink,
  others: readonly RedisLink[],
  timeoutMs: number,
): Promise<string | undefined> {
  const ours = await own.use(timeoutMs, readFacts);
  const all = await Promise.all(others.map((link) => see(link, readFacts, timeoutMs)));
  const lost = all.find((seen) => !hasOurs(seen, ours.history));
  if (lost === undefined) return undefined;
  if (lost.facts === undefined) return lost.problem.message;
  return `${printHistory(lost.facts.history)} < ${printHistory(ours.history)}`;
}

const hasOurs = ({ facts }: Seen<Facts>, history: Parameters<typeof hasAll>[1]): boolean =>
  facts !== undefined && hasAll(facts.history, history) === true;

/**
 * Becomes a replica of the successor. The server itself writes into its history now and then
 * (PING), until it is one: so what it has is compared once more after that.
 *
 * @returns false: it was not yet so, and this server is a (closed) master again
 */
async function isGivenTo(
  { own, settings, credentials, steps }: Demotion,
  successors: readonly RedisLink[],
): Promise<boolean> {
  const [to] = successors;
  // Of several it is not known which one it will be; it follows later, by itself.
  if (to === undefined || successors.length > 1 || "socket" in to.at) return true;
  if (settings.rejoin === "manual") return true;
  const { facts } = await see(to, readFacts, steps.left);
  if (facts === undefined || roleOf(facts) === "alone") return true;
  await follow(own, to.at, credentials, steps.left);
  if ((await lackingOf(own, successors, steps.left)) === undefined) return true;
  await followNobody(own, steps.left);
  await closeWrites(own, steps.left);
  return false;
}
