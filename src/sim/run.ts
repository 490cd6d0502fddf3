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
import { ClusterFacts } from "./facts.ts";
import { isDeceiving, type Scenario } from "./scenario.ts";
import type { Violation } from "./simulated-cluster.ts";
import { Simulation } from "./simulation.ts";
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
  const { cluster } = simulation;
  const { observers } = cluster;
  const facts = new ClusterFacts(cluster);
  const reasons: Record<string, number> = {};
  const story = options.story === true ? tellStory(cluster) : undefined;
  if (story !== undefined) observers.add(story.observer);
  observers.add(checkOverslept(cluster, facts));
  observers.add(facts.observer());
  observers.add(checkEngine(cluster, facts));
  observers.add(checkBackup(cluster, facts));
  observers.add(checkSeat(cluster, facts));
  observers.add(checkFlap(cluster, facts));
  observers.add(checkYield(cluster, facts));
  observers.add(checkSettled(cluster, facts));
  observers.add(checkReload(cluster));
  observers.add(checkBudget(cluster, facts));
  observers.add(checkAnnouncements(cluster, facts));
  observers.add(checkAlarm(cluster, facts));
  observers.add(checkClaims(cluster, facts));
  observers.add(checkConfigured(cluster, facts));
  observers.add(checkRefresh(cluster, facts));
  const darkness = checkDarkness(cluster, facts);
  observers.add(darkness.observer);
  const agreement = checkAgreement(cluster, facts);
  observers.add(agreement.observer);
  const overlap = checkOverlap(cluster, facts);
  observers.add(overlap.observer);
  observers.add({
    fault: (fault) => {
      if (fault.kind === "hostile" && isDeceiving(fault.what))
        facts.deceivedAt = cluster.queue.now + fault.times * fault.every;
    },
    transition: (_, { reason }) => {
      reasons[reason.kind] = (reasons[reason.kind] ?? 0) + 1;
    },
  });
  try {
    simulation.run();
  } catch (error) {
    cluster.violate(
      "crash",
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  }
  return {
    violations: cluster.violations,
    story: story?.lines ?? [],
    events: cluster.queue.ran,
    micros: cluster.queue.now,
    overlap: overlap.totals,
    darkness: darkness.totals,
    agreement: agreement.totals,
    reasons,
  };
}
