/**
 * Mutated configurations through the reader, the findings' renderers, `--fix`, `config show` and
 * `config fmt`:
 *
 *     node tools/fuzz-config.ts --minutes 10 [--seed 1] [--from 0] [--count N]
 *
 *   --minutes M  stop after so long (default 10)
 *   --count N    stop after so many texts
 *   --seed S     first number of the random generator (default 1)
 *   --from I     begin with text I of the seed: repeats one
 *
 * Text I of a seed is always the same. A text that breaks something is printed as a JSON string and
 * counted; exit status 1 if there was one.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readConfiguration } from "#keepalived/read";
import { createRng } from "#units/rng";
import { examineConfig } from "../tests/support/examine-config.ts";
import { mutateConfig } from "../tests/support/mutate-config.ts";
import { toolOptions, wholeNumber } from "./tool-options.ts";

const values = toolOptions(import.meta.filename, {
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
    count: { type: "string", default: String(Number.MAX_SAFE_INTEGER) },
  },
});

/** Processor time of one reading; no text is over a hundred kilobytes, but loops make lines. */
const SECONDS_MAX = 2;
/** Of the whole process, code and garbage included. */
const MEMORY_MAX = 700_000_000;
const FINDINGS_MAX = 20;
const PROGRESS_SECONDS = 60;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

function corpus(): readonly string[] {
  const tests = join(import.meta.dirname, "../tests");
  return ["corpus", "configs"].flatMap((folder) =>
    readdirSync(join(tests, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".conf"))
      .toSorted()
      .map((name) => readFileSync(join(tests, folder, name), "utf8")),
  );
}

/** Undefined: all is well. */
function problemOf(text: string): string | undefined {
  try {
    examineConfig(text);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const before = process.cpuUsage();
  readConfiguration([{ name: "a.conf", text }]);
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  const memory = process.memoryUsage.rss();
  if (memory > MEMORY_MAX) return `large: ${(memory / 1e6).toFixed(0)} MB`;
  return seconds > SECONDS_MAX ? `slow: ${seconds.toFixed(1)} s of processor time` : undefined;
}

const seed = wholeNumber("seed", values.seed);
const from = wholeNumber("from", values.from);
const until = from + wholeNumber("count", values.count, 1);
const limit = Number(values.minutes) * 60;
const texts = corpus();
const start = performance.now();
const passed = (): number => (performance.now() - start) / 1000;
let found = 0;
let slowest = 0;
let largest = 0;
let reportedAt = PROGRESS_SECONDS;
let index = from;
for (; index < until && passed() < limit && found < FINDINGS_MAX; index++) {
  const text = mutateConfig(texts, createRng(seed * 1_000_003 + index));
  const before = performance.now();
  const problem = problemOf(text);
  largest = Math.max(largest, process.memoryUsage.rss());
  slowest = Math.max(slowest, performance.now() - before);
  if (problem !== undefined) {
    found += 1;
    say(`text ${index} of seed ${seed}: ${problem}\n${JSON.stringify(text)}`);
  }
  if (passed() < reportedAt) continue;
  reportedAt += PROGRESS_SECONDS;
  say(`${index - from + 1} texts in ${passed().toFixed(0)} s, ${found} findings`);
}
say(
  `${index - from} texts of ${texts.length} files in ${passed().toFixed(0)} s, ${found} findings, slowest ${slowest.toFixed(0)} ms, ${(largest / 1e6).toFixed(0)} MB at most`,
);
process.exitCode = found === 0 ? 0 : 1;
