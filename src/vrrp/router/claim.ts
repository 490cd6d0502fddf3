/**
 * Another machine claims our address by ARP. Clients may have learned its MAC address, so we
 * announce the address again.
 *
 * Two masters that do not hear each other's advertisements (only VRRP is filtered between them) do
 * this to each other, and every answer provokes the next. So the answers are 0.2 s apart at first
 * and later up to 10 s (RFC 5227 2.4 allows one defence in 10 s), until nobody has claimed the
 * address for `OVER`. Beginning and end are reported once; the announcements of two masters that
 * have just heard each other are not.
 */
import { after, fromCentis, type Instant, micros } from "#units/time";
import { reschedule } from "./advertise.ts";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect, RouterEvent } from "./event.ts";
import type { ArpClaim, MasterPhase, RouterState } from "./state.ts";
import { inPhase, type Step, unchanged, withEffects } from "./step.ts";

/** Smallest time between two answers. */
const GAP = 200_000;
const GAP_MAX = 10_000_000;
/** Answers before the gap begins to double. */
const PROMPT_ANSWERS = 4;
/** Before the first answer: a router that takes over advertises first, and we hear that by then. */
const WAIT = micros(2_000);
const OVER = micros(30_000_000);
/** A router heard this recently is, or was, the other master of an election. */
const ELECTION_INTERVALS = 4;
const WHY = "foreign-announcement";

type Foreign = Extract<RouterEvent, { kind: "foreignAnnouncement" }>;

function gapOf({ answers }: ArpClaim): number {
  return answers <= PROMPT_ANSWERS ? GAP : Math.min(GAP_MAX, GAP * 2 ** (answers - PROMPT_ANSWERS));
}

export const claimEnd = (claim: ArpClaim | undefined): Instant | undefined =>
  claim === undefined ? undefined : after(claim.lastAt, OVER);

/**
 * Announces as soon as the gap allows and once more after that, since the foreign frame may reach a
 * client later than it reached us, and our answer may be lost. An answer that is due already is not
 * put off: otherwise a flood of claims would suppress our announcements.
 */
export function answerClaim(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  event: Foreign,
  now: Instant,
): Step {
  // A master that may yield does not announce: its frame could be the last one clients see.
  if (phase.rivals.length > 0) return unchanged(state);
  const { address, mac } = event;
  const known = phase.claim;
  const { since, count, answers } = known ?? { since: now, count: 0, answers: 0 };
  const wasReported = known?.isReported === true;
  const isReported = wasReported || !isElecting(config, state, now);
  const claim = { address, mac, since, lastAt: now, count: count + 1, answers, isReported };
  const gap = gapOf(claim);
  const { foreignAt } = phase;
  const allowedAt = foreignAt === undefined ? now : after(foreignAt, micros(gap));
  const waiting = phase.announcements.find((one) => one.why === WHY);
  const first = waiting?.at ?? (Math.max(after(now, WAIT), allowedAt) as Instant);
  const second = after(first, micros(gap));
  const announcements = reschedule(phase.announcements, [first, second], 1, WHY);
  const next = inPhase(state, { ...phase, claim, foreignAt: second, announcements });
  if (wasReported || !isReported) return unchanged(next);
  return withEffects(next, { kind: "report", report: { kind: "address-claimed", address, mac } });
}

function isElecting(config: RouterConfig, { heard }: RouterState, now: Instant): boolean {
  const interval = fromCentis(config.advertInterval);
  return heard !== undefined && now - heard.at < ELECTION_INTERVALS * interval;
}

/** Ends a claim that has not been repeated for `OVER`, and reports that. */
export function claimOnTime(
  phase: MasterPhase,
  now: Instant,
): { readonly phase: MasterPhase; readonly effects: readonly RouterEffect[] } {
  const { claim } = phase;
  const end = claimEnd(claim);
  if (claim === undefined || end === undefined || now < end) return { phase, effects: [] };
  const over = { ...phase, claim: undefined, foreignAt: undefined };
  if (!claim.isReported) return { phase: over, effects: [] };
  const { address, mac, count, since, lastAt } = claim;
  const lasted = micros(lastAt - since);
  const report = { kind: "claims-ended", address, mac, count, micros: lasted } as const;
  return { phase: over, effects: [{ kind: "report", report }] };
}
