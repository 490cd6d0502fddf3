/**
 * The timer of a backup with a gate has fired: may it be elected, and does anybody still answer for
 * the address?
 *
 * Advertisements that stop say nothing about the owner where only VRRP is cut. With a database
 * behind the address that would be two primaries, so the address, or the service behind it, is
 * asked first (`takeover_probe`). An answer means BACKUP; it is asked again after each detection
 * time. After priority 0 nobody is asked: the old owner answers until its successor does. Nor is
 * anybody where a person wants the address here (`promoteAsked`, forced): a router that answers ARP
 * for every address (proxy ARP) would keep it away for ever.
 */
import { after, type Instant, type Micros, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";
import { gateOf, heldBack, inGate } from "./gate.ts";
import { waitAside } from "./maintenance.ts";
import type { BackupPhase, RouterState } from "./state.ts";
import { inPhase, type Step, unchanged, withEffects } from "./step.ts";
import { masterDown } from "./timing.ts";

/**
 * How long an answer is waited for: two ARP requests, or a connection that takes 0.3 s at the most,
 * and the way to the other process.
 */
const PROBE_WAIT: Readonly<Record<"arp" | "service", Micros>> = {
  arp: micros(200_000),
  service: micros(600_000),
};

/** @returns undefined: it is elected */
export function waitForGate(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  now: Instant,
): Step | undefined {
  const known = gateOf(config, state);
  if (known === undefined) return undefined;
  const why = heldBack(config, state, now);
  if (why !== undefined) return waitAside(config, state, noProbe(phase), now, why);
  const how = known.settings.probe;
  if (how === "off" || phase.released || phase.skipsProbe === true) return undefined;
  // Nobody was there to ask: not a word about the address.
  if (phase.probing !== undefined)
    return unchanged(inPhase(state, again(config, state, phase, now)));
  const run = known.gate.run + 1;
  const until = after(now, PROBE_WAIT[how]);
  const asking: BackupPhase = { ...phase, probing: { run, until }, masterDownAt: until };
  return withEffects(inPhase(inGate(state, { run }), asking), { kind: "probe", run, how });
}

export const noProbe = (phase: BackupPhase): BackupPhase =>
  phase.probing === undefined ? phase : { ...phase, probing: undefined };

/** A detection time later it is asked again. */
function again(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  now: Instant,
): BackupPhase {
  const wait = masterDown(config, phase.masterInterval, state.effectivePriority);
  return { ...noProbe(phase), masterDownAt: after(now, wait) };
}

/** Somebody answers for the address: BACKUP. Reported once, until a master is heard. */
export function somebodyAnswers(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  now: Instant,
): Step {
  const next = inPhase(state, { ...again(config, state, phase, now), isAnswered: true });
  const how = config.gate?.probe;
  if (phase.isAnswered === true || how === undefined || how === "off") return unchanged(next);
  const noAdvertFor = micros(now - (state.heard?.at ?? state.since));
  return withEffects(next, {
    kind: "report",
    report: { kind: "takeover-refused", how, noAdvertFor },
  });
}
