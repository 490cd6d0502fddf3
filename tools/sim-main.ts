/**
 * Simulated clusters that run the shipping engine:
 *
 *   npm run sim -- --seeds 1000 [--from 0] [--nodes 3]
 *
 *   --seeds N     how many seeds (default 1000)
 *   --from S      first seed (default 0)
 *   --nodes K     machines in a cluster (default: mixed)
 *   --gate always a gate in each cluster that can have one; the other seeds are passed over
 *   --seconds T   stop after so many seconds
 *   --keep-going  report all failures, not only the first
 *   --costs       what each seed costs
 *   --seed S      this one only, with its whole trace
 *   --print       print the scenario of --seed and end
 *   --scenario F  run the scenario in the file (JSON)
 *   --no-shrink   trace a failing seed as it was drawn
 *   --compare     run each seed with the engine's shortcuts and without: is all the same?
 *
 * A failing seed is made smaller and shown line by line. Exit status 1 if any failed.
 */
import { readFileSync } from "node:fs";
import { type GenerateOptions, generateScenario } from "#sim/generate";
import { type RunResult, runScenario } from "#sim/run";
import { reviveSecret, type Scenario } from "#sim/scenario";
import { compareWithSteps } from "#sim/shortcuts";
import { shrinkScenario } from "#sim/shrink";
import { toolOptions, wholeNumber } from "./tool-options.ts";

const values = toolOptions(import.meta.filename, {
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "0" },
    nodes: { type: "string" },
    gate: { type: "string" },
    seconds: { type: "string" },
    seed: { type: "string" },
    scenario: { type: "string" },
    print: { type: "boolean", default: false },
    "keep-going": { type: "boolean", default: false },
    "no-shrink": { type: "boolean", default: false },
    costs: { type: "boolean", default: false },
    compare: { type: "boolean", default: false },
  },
});

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
if (values.gate !== undefined && values.gate !== "always") {
  process.stderr.write(`--gate: always, not ${values.gate}\n`);
  process.exit(2);
}
const options: GenerateOptions = {
  ...(values.nodes === undefined ? {} : { machines: wholeNumber("nodes", values.nodes, 2) }),
  ...(values.gate === undefined ? {} : { gate: "always" }),
};
/** With `--gate always` a cluster that cannot have one is not what was asked for. */
const isWanted = ({ gate }: Scenario): boolean => values.gate === undefined || gate !== undefined;

const asSeconds = (micros: number, digits: number): string => (micros / 1_000_000).toFixed(digits);
const asMilliseconds = (micros: number, digits = 0): string => (micros / 1_000).toFixed(digits);
const atText = (micros: number): string => asSeconds(micros, 6).padStart(12);

function printRun(scenario: Scenario, result: RunResult): void {
  const cluster = scenario.machines.map((machine) =>
    machine.instances
      .map(
        ({ router, transport }) =>
          `${router.name} p${router.priority} ${router.advertInterval}cs ${transport.kind}`,
      )
      .join("+"),
  );
  const router = scenario.machines[0]?.instances[0]?.router;
  print(
    `  v${router?.version} ${router?.preempt === true ? "preempt" : "nopreempt"} ${router?.handover} guard=${scenario.hasGuard} downs=${router?.downTimerAdverts} | ${cluster.join(" | ")}`,
  );
  for (const { at, text } of result.trace) print(`  ${atText(at)} ${text}`);
  for (const { at, check, text } of result.violations)
    print(`  ${atText(at)} VIOLATION ${check}: ${text}`);
}

function explain(scenario: Scenario, check: string): void {
  const small = values["no-shrink"] ? scenario : shrinkScenario(scenario, check);
  printRun(small, runScenario(small, { trace: true }));
  print(`  scenario: ${JSON.stringify(small)}`);
}

function runOne(scenario: Scenario): number {
  const begunAt = performance.now();
  const result = runScenario(scenario, { trace: true });
  printRun(scenario, result);
  print(`cost: ${(performance.now() - begunAt).toFixed(1)} ms, ${result.events} events`);
  return result.violations.length > 0 ? 1 : 0;
}

/** One line on a terminal, written over and over once two seconds have passed. */
function showProgress(count: number): (done: number, failed: number, isLast?: boolean) => void {
  const startedAt = performance.now();
  let shownAt = startedAt + 1_000;
  return (done, failed, isLast = false) => {
    const at = performance.now();
    if (!process.stderr.isTTY || at - startedAt < 2_000) return;
    if (isLast) process.stderr.write("\r\x1b[K");
    else if (at - shownAt >= 1_000) {
      shownAt = at;
      const left = ((at - startedAt) / Math.max(1, done)) * (count - done);
      const bad = failed === 0 ? "" : `, ${failed} kinds of failure`;
      process.stderr.write(
        `\r\x1b[K${done} of ${count} seeds, ${Math.ceil(left / 1_000)} s left${bad}`,
      );
    }
  };
}

/** Sums and maxima over all seeds of a run. */
class Totals {
  readonly #startedAt = performance.now();
  readonly #failures = new Map<string, number[]>();
  readonly #reasons: Record<string, number> = {};
  readonly #overlap: Record<string, number> = {};
  readonly #costs: { readonly seed: number; readonly milliseconds: number }[] = [];
  readonly #blackhole = { micros: 0, longest: 0, checked: 0, checkedLongest: 0 };
  readonly #agreement = { moves: 0, longest: 0, unseen: 0, again: 0 };
  readonly #gates = { seeds: 0, promotions: 0, refused: 0 };
  #clouds = 0;
  #events = 0;
  #simulated = 0;

  get failed(): number {
    return this.#failures.size;
  }

  get seeds(): number {
    return this.#costs.length;
  }

  get milliseconds(): number {
    return performance.now() - this.#startedAt;
  }

  add(seed: number, scenario: Scenario, result: RunResult, milliseconds: number): void {
    this.#costs.push({ seed, milliseconds });
    const { blackhole, agreement, overlap } = result;
    this.#blackhole.micros += blackhole.micros;
    this.#blackhole.checked += blackhole.checked;
    raise(this.#blackhole, "longest", blackhole.longest);
    raise(this.#blackhole, "checkedLongest", blackhole.checkedLongest);
    this.#gates.seeds += scenario.gate === undefined ? 0 : 1;
    this.#gates.promotions += result.gate.promotions;
    this.#gates.refused += result.gate.refused;
    this.#clouds += scenario.platform === undefined ? 0 : 1;
    this.#agreement.moves += agreement.moves;
    this.#agreement.unseen += agreement.unseen;
    this.#agreement.again += agreement.again;
    raise(this.#agreement, "longest", agreement.longest);
    this.#events += result.events;
    this.#simulated += result.micros;
    for (const [reason, times] of Object.entries(result.reasons))
      this.#reasons[reason] = (this.#reasons[reason] ?? 0) + times;
    for (const [excuse, micros] of Object.entries(overlap.longest))
      raise(this.#overlap, excuse, micros);
    const [violation] = result.violations;
    if (violation === undefined) return;
    const seeds = this.#failures.get(violation.check) ?? [];
    this.#failures.set(violation.check, [...seeds, seed]);
  }

  print(): void {
    const seconds = this.milliseconds / 1_000;
    print(
      `${this.seeds} seeds in ${seconds.toFixed(1)} s: ${(this.#simulated / 3_600_000_000).toFixed(1)} simulated hours, ${(this.#events / 1_000_000).toFixed(2)} million events`,
    );
    const reasons = Object.entries(this.#reasons).toSorted((a, b) => b[1] - a[1]);
    print(`changes of state: ${reasons.map(([reason, times]) => `${reason} ${times}`).join(", ")}`);
    const overlaps = Object.entries(this.#overlap).map(
      ([excuse, micros]) => `${excuse} ${asMilliseconds(micros)} ms`,
    );
    print(`longest time with two owners that hear each other: ${overlaps.join(", ")}`);
    const { micros, longest, checked, checkedLongest } = this.#blackhole;
    print(
      `clients in blackhole windows: ${asSeconds(micros, 0)} s in all, ${asMilliseconds(longest)} ms at once; ${checked} windows checked, ${asMilliseconds(checkedLongest, 1)} ms where there was nothing to wait for`,
    );
    const { moves, unseen, again } = this.#agreement;
    print(
      `${this.#clouds} clouds: ${moves} times an address was moved away from an owner that showed agreement, reported after ${asMilliseconds(this.#agreement.longest)} ms at most (trouble aside); ${unseen} came back within one second of its date; ${again} announcements called for`,
    );
    const gates = this.#gates;
    print(
      `${gates.seeds} clusters with gates: ${gates.promotions} promotions, ${gates.refused} that failed`,
    );
    const dearest = this.#costs.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, 5);
    print(
      `cost: ${((1_000 * seconds) / this.seeds).toFixed(1)} ms a seed; dearest: ${dearest
        .map(({ seed, milliseconds }) => `${seed} ${milliseconds.toFixed(0)} ms`)
        .join(", ")}`,
    );
    for (const [check, seeds] of this.#failures)
      print(`FAILED ${check}: ${seeds.length} seeds, ${seeds.slice(0, 100).join(" ")}`);
  }
}

function raise<K extends string>(maxima: Record<K, number>, name: K, value: number): void {
  maxima[name] = Math.max(maxima[name] ?? 0, value);
}

function runMany(): number {
  const first = wholeNumber("from", values.from);
  const count = wholeNumber("seeds", values.seeds, 1);
  const limit =
    values.seconds === undefined
      ? Number.POSITIVE_INFINITY
      : wholeNumber("seconds", values.seconds, 1) * 1_000;
  const totals = new Totals();
  const progress = showProgress(count);
  for (let seed = first; seed < first + count && totals.milliseconds <= limit; seed++) {
    progress(seed - first, totals.failed);
    const scenario = generateScenario(seed, options);
    if (!isWanted(scenario)) continue;
    const begunAt = performance.now();
    const result = runScenario(scenario);
    const milliseconds = performance.now() - begunAt;
    totals.add(seed, scenario, result, milliseconds);
    if (values.costs) print(`seed ${seed}: ${milliseconds.toFixed(1)} ms, ${result.events} events`);
    const [violation] = result.violations;
    if (violation === undefined || values["keep-going"]) continue;
    print(`seed ${seed} fails: ${violation.check}: ${violation.text}`);
    explain(scenario, violation.check);
    break;
  }
  progress(totals.seeds, totals.failed, true);
  totals.print();
  return totals.failed > 0 ? 1 : 0;
}

function compareMany(): number {
  const first = wholeNumber("from", values.from);
  const count = wholeNumber("seeds", values.seeds, 1);
  const begunAt = performance.now();
  const progress = showProgress(count);
  let [lines, different] = [0, 0];
  for (let seed = first; seed < first + count; seed++) {
    progress(seed - first, different);
    const scenario = generateScenario(seed, options);
    if (!isWanted(scenario)) continue;
    const comparison = compareWithSteps(scenario);
    lines += comparison.lines;
    if (comparison.difference === undefined) continue;
    different += 1;
    print(`seed ${seed} differs\n${comparison.difference}`);
    if (!values["keep-going"]) break;
  }
  progress(count, different, true);
  const seconds = asSeconds((performance.now() - begunAt) * 1_000, 1);
  print(`${lines} packets, turns and messages compared in ${seconds} s, ${different} seeds differ`);
  return different > 0 ? 1 : 0;
}

if (values.compare) {
  process.exitCode = compareMany();
} else if (values.scenario !== undefined) {
  process.exitCode = runOne(
    JSON.parse(readFileSync(values.scenario, "utf8"), reviveSecret) as Scenario,
  );
} else if (values.seed !== undefined) {
  const scenario = generateScenario(wholeNumber("seed", values.seed), options);
  if (values.print) print(JSON.stringify(scenario));
  else process.exitCode = runOne(scenario);
} else {
  process.exitCode = runMany();
}
