/**
 * Every interleaving of a few steps, with the shipping router:
 *
 *   npm run explore -- [--depth D] [--states N] [--only NAME]
 *
 * Prints, for each exploration, its bounds and how many states and steps were seen. Exit status 1
 * if an invariant broke.
 */
import { explorations } from "#sim/explorations";
import { type Exploration, explore } from "#sim/explore";
import { toolOptions, wholeNumber } from "./tool-options.ts";

const values = toolOptions(import.meta.filename, {
  options: {
    depth: { type: "string" },
    states: { type: "string" },
    only: { type: "string" },
  },
});

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

function run(exploration: Exploration): boolean {
  const startedAt = performance.now();
  const result = explore(exploration);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const budget = Object.entries(exploration.budget)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(", ");
  print(`${exploration.name}`);
  print(
    `  ${exploration.configs.length} routers; troubles at most: ${budget === "" ? "none" : budget}`,
  );
  print(
    `  ${result.states} states, ${result.steps} steps, depth ${result.depth}${result.complete ? " (complete to this depth)" : ""}, ${result.recoveries} recoveries tried, ${seconds} s`,
  );
  if (result.finding === undefined) return true;
  print(`  BROKEN ${result.finding.invariant}: ${result.finding.text}`);
  for (const line of result.finding.path) print(`    ${line}`);
  return false;
}

let ok = true;
for (const exploration of explorations()) {
  if (values.only !== undefined && !exploration.name.includes(values.only)) continue;
  ok =
    run({
      ...exploration,
      ...(values.depth === undefined ? {} : { depth: wholeNumber("depth", values.depth, 1) }),
      ...(values.states === undefined
        ? {}
        : { statesMax: wholeNumber("states", values.states, 1) }),
    }) && ok;
}
process.exitCode = ok ? 0 : 1;
