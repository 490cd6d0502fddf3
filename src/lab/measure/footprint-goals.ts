/** What is wanted of Baton's memory and start: the benchmark says whether it is so. */

/** Milliseconds, and megabytes of both processes together (PSS). */
interface Goals {
  readonly ready: number;
  readonly memory: number;
}

/** Up to so many instances; of more, nothing is wanted. */
const GOALS: readonly (readonly [number, Goals])[] = [
  [1, { ready: 350, memory: 75 }],
  [1_000, { ready: 1_000, memory: 100 }],
];
/** Over time, reloads and moves. */
const GROWTH = 3;
const COMMANDS: Readonly<Record<string, number>> = { "baton status": 90, "baton --version": 40 };

const goalsFor = (instances: number): Goals | undefined =>
  GOALS.find(([most]) => instances <= most)?.[1];

const verdict = (isReached: boolean, goal: string): string =>
  `${isReached ? "pass" : "FAIL"}: ${goal}`;

/** @param ms undefined: it did not happen */
export function readyVerdict(instances: number, ms: number | undefined): string {
  const most = goalsFor(instances)?.ready;
  return most === undefined ? "" : verdict((ms ?? Number.NaN) <= most, `at most ${most} ms`);
}

/** @param before megabytes after the start; undefined: these are they */
export function memoryVerdict(instances: number, now: number, before: number | undefined): string {
  const most = goalsFor(instances)?.memory;
  if (most === undefined) return "";
  const isFlat = before === undefined || Math.abs(now - before) <= GROWTH;
  const goal = `at most ${most} MB${before === undefined ? "" : `, ± ${GROWTH} of the start`}`;
  return verdict(now <= most && isFlat, goal);
}

export function commandVerdict(what: string, ms: number): string {
  const most = COMMANDS[what];
  return most === undefined ? "" : verdict(ms <= most, `at most ${most} ms`);
}

/** @param verdicts of all rows; rows without a goal have an empty one */
export function printVerdicts(verdicts: readonly string[]): string {
  const given = verdicts.filter((one) => one !== "");
  const passed = given.filter((one) => one.startsWith("pass")).length;
  return `goals: ${passed} of ${given.length} passed`;
}
