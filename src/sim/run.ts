/** One scenario, all checkers. */
import { AgreementChecker, type AgreementTotals } from "./check-agreement.ts";
import { AlarmChecker } from "./check-alarm.ts";
import { AnnouncementChecker } from "./check-announcements.ts";
import { BackupChecker } from "./check-backup.ts";
import { BlackholeChecker, type BlackholeTotals } from "./check-blackhole.ts";
import { BudgetChecker } from "./check-budget.ts";
import { ClaimChecker } from "./check-claims.ts";
import { ConfigurationChecker } from "./check-configured.ts";
import { EngineChecker } from "./check-engine.ts";
import { FlapChecker } from "./check-flap.ts";
import { GateChecker, type GateTotals } from "./check-gate.ts";
import { GuardChecker, type GuardTotals } from "./check-guard.ts";
import { OperatorChecker } from "./check-operator.ts";
import { OverlapChecker, type OverlapTotals } from "./check-overlap.ts";
import { OwnershipChecker } from "./check-ownership.ts";
import { RefreshChecker } from "./check-refresh.ts";
import { ReloadChecker } from "./check-reload.ts";
import { SettledChecker } from "./check-settled.ts";
import { StallChecker } from "./check-stall.ts";
import { YieldChecker } from "./check-yield.ts";
import { ClusterFacts } from "./facts.ts";
import type { Scenario } from "./scenario.ts";
import type { Violation } from "./simulated-cluster.ts";
import { Simulation } from "./simulation.ts";
import { Trace, type TraceLine } from "./trace.ts";

export interface RunResult {
  /** The first one ends the run; what else was found at the same moment follows. */
  readonly violations: readonly Violation[];
  /** Empty unless asked for. */
  readonly trace: readonly TraceLine[];
  readonly events: number;
  /** Simulated. */
  readonly micros: number;
  readonly overlap: OverlapTotals;
  readonly blackhole: BlackholeTotals;
  readonly agreement: AgreementTotals;
  readonly guard: GuardTotals;
  readonly gate: GateTotals;
  /** Changes of state, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

export function runScenario(
  scenario: Scenario,
  options: { readonly trace?: boolean } = {},
): RunResult {
  const simulation = new Simulation(scenario);
  const { cluster } = simulation;
  const { observers } = cluster;
  const trace = options.trace === true ? new Trace(cluster) : undefined;
  if (trace !== undefined) observers.add(trace.observer());
  const facts = new ClusterFacts(cluster);
  const blackhole = new BlackholeChecker(cluster, facts);
  const agreement = new AgreementChecker(cluster, facts);
  const overlap = new OverlapChecker(cluster, facts);
  const guard = new GuardChecker(cluster);
  const gate = new GateChecker(cluster, facts);
  // Called in this order, and the first complaint ends the run.
  const checkers = [
    new StallChecker(cluster, facts),
    facts,
    new EngineChecker(cluster, facts),
    new BackupChecker(cluster, facts),
    new OwnershipChecker(cluster, facts),
    new FlapChecker(cluster, facts),
    new YieldChecker(cluster, facts),
    new SettledChecker(cluster, facts),
    new ReloadChecker(cluster),
    new BudgetChecker(cluster, facts),
    new AnnouncementChecker(cluster, facts),
    new AlarmChecker(cluster, facts),
    new ClaimChecker(cluster, facts),
    new ConfigurationChecker(cluster, facts),
    new RefreshChecker(cluster, facts),
    new OperatorChecker(cluster, facts),
    // Nobody is served by a gate that is closed, whomever a client believes in.
    ...(scenario.gate === undefined ? [blackhole] : []),
    agreement,
    guard,
    overlap,
    gate,
  ];
  for (const checker of checkers) observers.add(checker.observer());
  const reasons = countReasons(simulation);
  runUntilItEnds(simulation);
  return {
    violations: cluster.violations,
    trace: trace?.lines ?? [],
    events: cluster.queue.ran,
    micros: cluster.queue.now,
    overlap: overlap.totals,
    blackhole: blackhole.totals,
    agreement: agreement.totals,
    guard: guard.totals,
    gate: gate.totals,
    reasons,
  };
}

function countReasons({ cluster }: Simulation): Readonly<Record<string, number>> {
  const reasons: Record<string, number> = {};
  cluster.observers.add({
    transition: (_, { reason }) => {
      reasons[reason.kind] = (reasons[reason.kind] ?? 0) + 1;
    },
  });
  return reasons;
}

/** An assertion that fails in the product is a violation as well. */
function runUntilItEnds(simulation: Simulation): void {
  try {
    simulation.run();
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    simulation.cluster.violate("crash", text);
  }
}
