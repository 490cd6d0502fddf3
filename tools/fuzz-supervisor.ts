/**
 * Everything that the supervisor reads, hostile: answers of the metadata service and the cloud,
 * bytes on the control socket and for the HTTP API, files, configurations at a reload, output of
 * scripts, lines of the engine, signals, its environment.
 *
 *     npm run fuzz -- supervisor --minutes 10 [--seed 1] [--life 20]
 *
 *   --minutes M  stop after so long (default 10)   --seed S  number of the first life (default 1)
 *   --life L     seconds of a daemon's life (default 20)
 *
 * Prints a line for each life, and the sums at the end; exit status 1 if a daemon ended, stopped
 * answering or did not end in order.
 */
import { fuzzLife } from "../tests/support/fuzz-supervisor.ts";
import { toolOptions, wholeNumber } from "./tool-options.ts";

const values = toolOptions(import.meta.filename, {
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    life: { type: "string", default: "20" },
  },
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const first = wholeNumber("seed", values.seed);
const seconds = wholeNumber("life", values.life, 1);
const limit = Number(values.minutes) * 60_000;
const startedAt = performance.now();
const sums = new Map<string, number>();
let lives = 0;
let problems = 0;
let most = 0;

const add = (name: string, by: number): void => void sums.set(name, (sums.get(name) ?? 0) + by);

while (performance.now() - startedAt < limit) {
  const number = first + lives;
  const result = await fuzzLife(number, seconds);
  lives += 1;
  let inputs = 0;
  for (const [name, count] of Object.entries(result.inputs)) {
    add(name, count);
    inputs += count;
  }
  add("reloads that took effect", result.reloads);
  add("failed calls", result.failedCalls);
  most = Math.max(most, result.megabytes);
  if (result.problem !== undefined) problems += 1;
  const how = result.problem === undefined ? "ok" : `WRONG: ${result.problem}`;
  say(`life ${number}: ${inputs} inputs, ${result.megabytes.toFixed(0)} MB, ${how}`);
}
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
for (const [name, count] of sums) say(`${String(count).padStart(10)} ${name}`);
say(
  `${lives} lives from seed ${first}, ${minutes} minutes, ${most.toFixed(0)} MB at most, ${problems} problems`,
);
process.exitCode = problems === 0 ? 0 : 1;
