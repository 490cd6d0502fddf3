/**
 * Demotion: sessions of applications killed, read-only, verified; at a planned move also everything
 * applied at the peer. Nothing is taken back here: after a refusal the server stays read-only until
 * somebody promotes it ("taken-back").
 */
import { type Answer, type DemoteAsk, printAddress } from "../port/database.ts";
import type { Steps } from "../port/steps.ts";
import type { Facts } from "./facts.ts";
import { missing } from "./gtid.ts";
import type { Link } from "./link.ts";
import { makeReadOnly } from "./read-only.ts";
import { asSqlError } from "./sql.ts";
import { type Statements, statementsOf } from "./statements.ts";
import * as texts from "./texts.ts";

/** Time for the answer itself. */
const MARGIN_MS = 20;

export async function demote(
  own: Link,
  peers: readonly Link[],
  ask: DemoteAsk,
  steps: Steps,
): Promise<Answer> {
  const where = printAddress(own.at);
  const facts = await steps.run("look", () => own.facts(steps.left));
  const statements = statementsOf(facts.dialect, facts.version);
  if (!facts.isReadOnly) {
    const problem = await steps.run("read-only", () =>
      makeReadOnly(own, statements, facts.user, steps),
    );
    if (problem !== undefined) return refused("read-only", texts.readOnlyLate(where, problem));
  }
  const after = await steps.run("verify", () => own.facts(steps.left));
  if (!after.isReadOnly) return refused("read-only", texts.readOnlyLate(where, "read_only is 0"));
  if (ask.isPlanned) {
    const answer = await steps.run("peer", () =>
      untilReplicated(after, statements, peers, ask, steps),
    );
    if (!answer.ok) return answer;
  }
  // A replica that waits for acknowledgements of its own would apply nothing.
  if (after.semiSync?.isSourceEnabled === true)
    await steps.run("semi-sync off", () => own.query(statements.semiSyncOff, steps.left));
  return { ok: true, details: steps.print() };
}

const refused = (code: string, text: Extract<Answer, { ok: false }>["text"]): Answer => ({
  ok: false,
  code,
  text,
});

async function untilReplicated(
  facts: Facts,
  statements: Statements,
  peers: readonly Link[],
  ask: DemoteAsk,
  steps: Steps,
): Promise<Answer> {
  const successor = peers.filter((one) => "host" in one.at && one.at.host === ask.peer);
  // Known by another address than VRRP's: then each must have everything.
  const others = successor.length > 0 ? successor : peers;
  const answers = await Promise.all(
    others.map((peer) => untilApplied(facts, statements, peer, steps)),
  );
  return answers.find((answer) => !answer.ok) ?? { ok: true };
}

async function untilApplied(
  facts: Facts,
  statements: Statements,
  peer: Link,
  steps: Steps,
): Promise<Answer> {
  const where = printAddress(peer.at);
  try {
    const waitMs = Math.max(1, steps.left - MARGIN_MS);
    await peer.query(statements.waitApplied(facts.position, waitMs / 1_000), steps.left);
    const seen = await peer.facts(steps.left);
    const lost = missing(seen.data, facts.data);
    if (lost === "") return { ok: true };
    const why = lost === undefined ? texts.otherKind.en : lost;
    return refused("not-replicated", texts.notReplicated(where, why));
  } catch (error) {
    return refused("not-replicated", texts.notReplicated(where, asSqlError(error).message));
  }
}
