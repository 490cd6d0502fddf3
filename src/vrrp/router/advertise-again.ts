/**
 * What a master does nearly all of the time: its regular advertisement is due, and nothing else.
 * The same as a step (router.ts), but only the three times that change are written, into the state
 * that is there: a thousand routers with ten advertisements a second would make 5 MB of new states
 * in a second, all of which outlive the young generation's collections.
 */
import { after, fromCentis, type Instant } from "#units/time";
import { advertReadyAt } from "./advertise.ts";
import type { RouterConfig } from "./config.ts";
import type { MasterPhase, RouterState } from "./state.ts";
import { ownershipWindow } from "./step.ts";

type Times = { -readonly [Name in keyof MasterPhase]: MasterPhase[Name] };

/**
 * True: `timeReached` at `now` has the effects `refreshAddresses` and `sendAdvert` with the
 * effective priority, and `state` is what it is after that. False: it takes a step, and `state` is
 * as it was.
 *
 * @param state nobody else has it or its phase
 */
export function advertiseAgain(config: RouterConfig, state: RouterState, now: Instant): boolean {
  const { phase, gate } = state;
  if (gate?.conflict !== undefined || gate?.running !== undefined) return false;
  if (phase.kind !== "master" || now >= phase.ownershipSafeUntil) return false;
  if (now < advertReadyAt(config, phase) || isMoreDue(phase, now)) return false;
  const next = after(phase.advertAt, fromCentis(config.advertInterval));
  if (next <= now) return false;
  const times: Times = phase;
  times.advertAt = next;
  times.lastAdvertAt = now;
  times.ownershipSafeUntil = after(now, ownershipWindow(config, state));
  times.resumedSafeUntil = undefined;
  return true;
}

function isMoreDue(phase: MasterPhase, now: Instant): boolean {
  const { announcements, refreshAt, probeAt, rivals, claim } = phase;
  if (rivals.length > 0 || claim !== undefined || probeAt !== undefined) return true;
  const [announcement] = announcements;
  return (
    (announcement !== undefined && announcement.at <= now) ||
    (refreshAt !== undefined && refreshAt <= now)
  );
}
