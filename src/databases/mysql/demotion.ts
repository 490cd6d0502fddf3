/**
 * Demotion: sessions of applications killed, read-only, verified; at a planned move also everything
 * applied at the peer. A move (`baton switch`) is refused before anything is done where the peer
 * does not follow, or is too far behind. Nothing is taken back here: after another refusal the
 * server stays read-only until somebody promotes it ("taken-back").
 */
import type { Micros } from "#units/time";
import {
  type Answer,
  type DatabaseSettings,
  type DemoteAsk,
  printAddress,
  type Text,
} from "../port/database.ts";
import { asProblem } from "../port/problem.ts";
import type { Steps } from "../port/steps.ts";
import { successorsOf } from "../port/successors.ts";
import * as common from "../port/texts.ts";
import { type Facts, readFacts } from "./facts.ts";
import { missing } from "./gtid.ts";
import { makeReadOnly } from "./read-only.ts";
import { query, type SqlLink } from "./sql.ts";
import { type Statements, statementsOf } from "./statements.ts";
import * as texts from "./texts.ts";

/** Time for the answer itself. */
const MARGIN_MS = 20;

export async function demote(
  own: SqlLink,
  peers: readonly SqlLink[],
  { maxLag }: Pick<DatabaseSettings, "maxLag">,
  ask: DemoteAsk,
  steps: Steps,
): Promise<Answer> {
  const where = printAddress(own.at);
  const facts = await steps.run("look", () => own.use(steps.left, readFacts));
  // A stop goes on whatever the answer is.
  if (ask.reason === "switch" && !facts.isReadOnly) {
    const why = await steps.run("successor", () => whyNotReady(peers, ask, maxLag, steps));
    if (why !== undefined) return refused("successor-not-ready", why);
  }
  const statements = statementsOf(facts.dialect, facts.version);
  if (!facts.isReadOnly) {
    const problem = await steps.run("read-only", () =>
      makeReadOnly(own, statements, facts.user, steps),
    );
    if (problem !== undefined) return refused("read-only", texts.readOnlyLate(where, problem));
  }
  const after = await steps.run("verify", () => own.use(steps.left, readFacts));
  if (!after.isReadOnly) return refused("read-only", texts.readOnlyLate(where, "read_only is 0"));
  if (ask.isPlanned) {
    const answer = await steps.run("peer", () =>
      untilReplicated(after, statements, peers, ask, steps),
    );
    if (!answer.ok) return answer;
  }
  // A replica that waits for acknowledgements of its own would apply nothing.
  if (after.semiSync?.isSourceEnabled === true)
    await steps.run("semi-sync off", () => query(own, statements.semiSyncOff, steps.left));
  return { ok: true, details: steps.print() };
}

const refused = (code: string, text: Extract<Answer, { ok: false }>["text"]): Answer => ({
  ok: false,
  code,
  text,
});

/** Asked before anything is done here: undefined where it could be promoted soon. */
async function whyNotReady(
  peers: readonly SqlLink[],
  ask: DemoteAsk,
  maxLag: Micros,
  steps: Steps,
): Promise<Text | undefined> {
  const found = await Promise.all(
    successorsOf(peers, ask).map(async (peer): Promise<Text | undefined> => {
      const where = printAddress(peer.at);
      try {
        const { replication } = await peer.use(steps.left, readFacts);
        if (replication?.applies !== true)
          return texts.notReady(where, texts.applyingStopped(replication?.applyError));
        if (replication.receives !== "yes")
          return texts.notReady(where, texts.receivingStopped(replication.receiveError));
        const { lag } = replication;
        return lag !== undefined && lag > maxLag
          ? texts.notReady(where, common.lagging(lag, maxLag))
          : undefined;
      } catch (error) {
        return texts.unreachable(where, asProblem(error, "answer"));
      }
    }),
  );
  return found.find((why) => why !== undefined);
}

async function untilReplicated(
  facts: Facts,
  statements: Statements,
  peers: readonly SqlLink[],
  ask: DemoteAsk,
  steps: Steps,
): Promise<Answer> {
  const answers = await Promise.all(
    successorsOf(peers, ask).map((peer) => untilApplied(facts, statements, peer, steps)),
  );
  return answers.find((answer) => !answer.ok) ?? { ok: true };
}

async function untilApplied(
  facts: Facts,
  statements: Statements,
  peer: SqlLink,
  steps: Steps,
): Promise<Answer> {
  const where = printAddress(peer.at);
  try {
    const waitMs = Math.max(1, steps.left - MARGIN_MS);
    await query(peer, statements.waitApplied(facts.position, waitMs / 1_000), steps.left);
    const seen = await peer.use(steps.left, readFacts);
    const lost = missing(seen.data, facts.data);
    if (lost === "") return { ok: true };
    const why = lost === undefined ? texts.otherKind.en : lost;
    return refused("not-replicated", texts.notReplicated(where, why));
  } catch (error) {
    return refused(
      "not-replicated",
      texts.notReplicated(where, asProblem(error, "answer").message),
    );
  }
}
