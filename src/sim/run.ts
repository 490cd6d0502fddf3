/** One scenario, all checkers. */
import { type AgreementTotals, checkAgreement } from "./check-agreement.ts";
import { checkAlarm } from "./check-alarm.ts";
import { checkAnnouncements } from "./check-announcements.ts";
import { checkBackup } from "./check-backup.ts";
import { checkBudget } from "./check-budget.ts";
import { checkClaims } from "./check-claims.ts";
import { checkConfigured } from "./check-configured.ts";
import { checkDarkness, type DarknessTotals } from "./check-darkness.ts";
import { checkEngine, checkOverslept } from "./check-engine.ts";
import { checkFlap } from "./check-flap.ts";
import { checkOverlap, type OverlapTotals } from "./check-overlap.ts";
import { checkRefresh } from "./check-refresh.ts";
import { checkReload } from "./check-reload.ts";
import { checkSeat } from "./check-seat.ts";
import { checkSettled } from "./check-settled.ts";
import { checkYield } from "./check-yield.ts";
import { Facts } from "./facts.ts";
import { isDeceiving, type Scenario } from "./scenario.ts";
import { Simulation, type Violation } from "./simulation.ts";
import { type StoryLine, tellStory } from "./story.ts";

export interface RunResult {
  readonly violations: readonly Violation[];
  readonly story: readonly StoryLine[];
  readonly events: number;
  /** Simulated. */
  readonly micros: number;
  readonly overlap: OverlapTotals;
  readonly darkness: DarknessTotals;
  readonly agreement: AgreementTotals;
  /** Changes of state, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

export function runScenario(
  scenario: Scenario,
  options: { readonly story?: boolean } = {},
): RunResult {
  const simulation = new Simulation(scenario);
  const { hooks } = simulation;
  const facts = new Facts(simulation);
  const reasons: Record<string, number> = {};
  const story = options.story === true ? tellStory(simulation) : undefined;
  if (story !== undefined) hooks.add(story.hooks);
  hooks.add(checkOverslept(simulation, facts));
  hooks.add(facts.hooks());
  hooks.add(checkEngine(simulation, facts));
  hooks.add(checkBackup(simulation, facts));
  hooks.add(checkSeat(simulation, facts));
  hooks.add(checkFlap(simulation, facts));
  hooks.add(checkYield(simulation, facts));
  hooks.add(checkSettled(simulation, facts));
  hooks.add(checkReload(simulation));
  hooks.add(checkBudget(simulation, facts));
  hooks.add(checkAnnouncements(simulation, facts));
  hooks.add(checkAlarm(simulation, facts));
  hooks.add(checkClaims(simulation, facts));
  hooks.add(checkConfigured(simulation, facts));
  hooks.add(checkRefresh(simulation, facts));
  const darkness = checkDarkness(simulation, facts);
  hooks.add(darkness.hooks);
  const agreement = checkAgreement(simulation, facts);
  hooks.add(agreement.hooks);
  const overlap = checkOverlap(simulation, facts);
  hooks.add(overlap.hooks);
  hooks.add({
    fault: (fault) => {
      if (fault.kind === "hostile" && isDeceiving(fault.what))
        facts.deceivedAt = simulation.queue.now + fault.times * fault.every;
    },
    transition: (_, { reason }) => {
      reasons[reason.kind] = (reasons[reason.kind] ?? 0) + 1;
    },
  });
  try {
    simulation.run();
  } catch (error) {
    simulation.violate(
      "crash",
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  }
  return {
    violations: simulation.violations,
    story: story?.lines ?? [],
    events: simulation.queue.ran,
    micros: simulation.queue.now,
    overlap: overlap.totals,
    darkness: darkness.totals,
    agreement: agreement.totals,
    reasons,
  };
}
