/**
 * Simulated clusters over the shipping core and engine: `npm run sim -- --seeds 1000 [--from 0] [--nodes 3]`.
 *
 *   --seeds N    how many seeds (default 1000)         --from S     first seed (default 0)
 *   --nodes K    machines in a cluster (default mixed) --seconds T  stop after so many seconds
 *   --seed S     this one only, told in full           --keep-going report all failures, not only the first
 *   --no-shrink  tell it as it was drawn               --costs      what each seed costs
 *   --scenario F run the scenario in the file (JSON)   --print      print the scenario of --seed and end
 *
 * A failing seed is made smaller and told line by line. Exit status 1 if any failed.
 */
import { readFileSync } from "node:fs";
import { generateScenario } from "#sim/generate";
import { type RunResult, runScenario } from "#sim/run";
import { reviveSecret, type Scenario } from "#sim/scenario";
import { shrinkScenario } from "#sim/shrink";
import { toolOptions, wholeNumber } from "./tool-options.ts";

const values = toolOptions(import.meta.filename, {
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "0" },
    nodes: { type: "string" },
    seconds: { type: "string" },
    seed: { type: "string" },
    scenario: { type: "string" },
    print: { type: "boolean", default: false },
    "keep-going": { type: "boolean", default: false },
    "no-shrink": { type: "boolean", default: false },
    costs: { type: "boolean", default: false },
  },
});

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const options =
  values.nodes === undefined ? {} : { machines: wholeNumber("nodes", values.nodes, 2) };

function tell(scenario: Scenario, result: RunResult): void {
  const cluster = scenario.machines.map((machine) =>
    machine.instances
      .map(
        ({ router, transport }) =>
          `${router.name} p${router.priority} ${router.advertInterval}cs ${transport.kind}`,
      )
      .join("+"),
  );
  const router = scenario.machines[0]?.instances[0]?.router;
  say(
    `  v${router?.version} ${router?.preempt === true ? "preempt" : "nopreempt"} ${router?.handover} guard=${scenario.hasGuard} downs=${router?.downTimerAdverts} | ${cluster.join(" | ")}`,
  );
  for (const line of result.story)
    say(`  ${(line.at / 1_000_000).toFixed(6).padStart(12)} ${line.text}`);
  for (const one of result.violations)
    say(`  ${(one.at / 1_000_000).toFixed(6).padStart(12)} VIOLATION ${one.check}: ${one.text}`);
}

function explain(scenario: Scenario, check: string): void {
  const small = values["no-shrink"] ? scenario : shrinkScenario(scenario, check);
  tell(small, runScenario(small, { story: true }));
  say(`  scenario: ${JSON.stringify(small)}`);
}

function runOne(scenario: Scenario): number {
  const begunAt = performance.now();
  const result = runScenario(scenario, { story: true });
  tell(scenario, result);
  say(`cost: ${(performance.now() - begunAt).toFixed(1)} ms, ${result.events} events`);
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

function runMany(): number {
  const startedAt = performance.now();
  const first = wholeNumber("from", values.from);
  const count = wholeNumber("seeds", values.seeds, 1);
  const limit =
    values.seconds === undefined
      ? Number.POSITIVE_INFINITY
      : wholeNumber("seconds", values.seconds, 1) * 1_000;
  const failures = new Map<string, number[]>();
  const reasons: Record<string, number> = {};
  const longest: Record<string, number> = {};
  const costs: { readonly seed: number; readonly milliseconds: number }[] = [];
  const darkness = { micros: 0, longest: 0, judged: 0, judgedLongest: 0 };
  const agreement = { moves: 0, longest: 0, unseen: 0, again: 0 };
  let clouds = 0;
  let events = 0;
  let simulated = 0;
  const progress = showProgress(count);
  for (let seed = first; seed < first + count; seed++) {
    if (performance.now() - startedAt > limit) break;
    progress(seed - first, failures.size);
    const scenario = generateScenario(seed, options);
    const begunAt = performance.now();
    const result = runScenario(scenario);
    costs.push({ seed, milliseconds: performance.now() - begunAt });
    if (values.costs)
      say(`seed ${seed}: ${costs.at(-1)?.milliseconds.toFixed(1)} ms, ${result.events} events`);
    darkness.micros += result.darkness.micros;
    darkness.judged += result.darkness.judged;
    darkness.longest = Math.max(darkness.longest, result.darkness.longest);
    darkness.judgedLongest = Math.max(darkness.judgedLongest, result.darkness.judgedLongest);
    clouds += scenario.platform === undefined ? 0 : 1;
    agreement.moves += result.agreement.moves;
    agreement.unseen += result.agreement.unseen;
    agreement.again += result.agreement.again;
    agreement.longest = Math.max(agreement.longest, result.agreement.longest);
    events += result.events;
    simulated += result.micros;
    for (const [reason, times] of Object.entries(result.reasons))
      reasons[reason] = (reasons[reason] ?? 0) + times;
    for (const [excuse, micros] of Object.entries(result.overlap.longest))
      longest[excuse] = Math.max(longest[excuse] ?? 0, micros);
    const violation = result.violations[0];
    if (violation === undefined) continue;
    const seeds = failures.get(violation.check) ?? [];
    failures.set(violation.check, [...seeds, seed]);
    if (values["keep-going"]) continue;
    say(`seed ${seed} fails: ${violation.check}: ${violation.text}`);
    explain(scenario, violation.check);
    break;
  }
  progress(costs.length, failures.size, true);
  const seconds = (performance.now() - startedAt) / 1_000;
  say(
    `${costs.length} seeds in ${seconds.toFixed(1)} s: ${(simulated / 3_600_000_000).toFixed(1)} simulated hours, ${(events / 1_000_000).toFixed(2)} million events`,
  );
  say(
    `changes of state: ${Object.entries(reasons)
      .toSorted((a, b) => b[1] - a[1])
      .map(([reason, times]) => `${reason} ${times}`)
      .join(", ")}`,
  );
  say(
    `longest time with two owners in hearing: ${Object.entries(longest)
      .map(([excuse, micros]) => `${excuse} ${(micros / 1_000).toFixed(0)} ms`)
      .join(", ")}`,
  );
  say(
    `clients in the dark: ${(darkness.micros / 1_000_000).toFixed(0)} s in all, ${(darkness.longest / 1_000).toFixed(0)} ms at once; ${darkness.judged} times judged, ${(darkness.judgedLongest / 1_000).toFixed(1)} ms where there was nothing to wait for`,
  );
  say(
    `${clouds} clouds: ${agreement.moves} times an address was moved away from an owner that showed agreement, reported after ${(agreement.longest / 1_000).toFixed(0)} ms at most (trouble aside); ${agreement.unseen} came back within one second of its date; ${agreement.again} announcements called for`,
  );
  const dearest = costs.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, 5);
  say(
    `cost: ${((1_000 * seconds) / costs.length).toFixed(1)} ms a seed; dearest: ${dearest
      .map(({ seed, milliseconds }) => `${seed} ${milliseconds.toFixed(0)} ms`)
      .join(", ")}`,
  );
  for (const [check, seeds] of failures)
    say(`FAILED ${check}: ${seeds.length} seeds, ${seeds.slice(0, 100).join(" ")}`);
  return failures.size > 0 ? 1 : 0;
}

if (values.scenario !== undefined) {
  process.exitCode = runOne(
    JSON.parse(readFileSync(values.scenario, "utf8"), reviveSecret) as Scenario,
  );
} else if (values.seed !== undefined) {
  const scenario = generateScenario(wholeNumber("seed", values.seed), options);
  if (values.print) say(JSON.stringify(scenario));
  else process.exitCode = runOne(scenario);
} else {
  process.exitCode = runMany();
}
