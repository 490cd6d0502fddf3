/** How the runs of a program ended, and how long they took. */
import type { RunCounts, RunResult } from "#metrics/reading";
import { DurationHistogram } from "#vrrp/engine/histogram";

export class RunTally {
  readonly #counts: Record<RunResult, number> = {
    succeeded: 0,
    failed: 0,
    timeout: 0,
    "not-started": 0,
  };
  #durations: DurationHistogram | undefined;

  /** @param exit the status, the name of a signal, "timeout" or "not started" */
  ended(exit: number | string, milliseconds: number): void {
    const result = resultOf(exit);
    this.#counts[result] += 1;
    if (result !== "not-started") this.durations.record(milliseconds * 1_000);
  }

  /** A kilobyte, for which there may be a thousand instances without a script. */
  get durations(): DurationHistogram {
    this.#durations ??= new DurationHistogram();
    return this.#durations;
  }

  get counts(): RunCounts {
    return { ...this.#counts };
  }

  get isEmpty(): boolean {
    return Object.values(this.#counts).every((count) => count === 0);
  }
}

function resultOf(exit: number | string): RunResult {
  if (exit === 0) return "succeeded";
  if (exit === "timeout") return "timeout";
  return exit === "not started" ? "not-started" : "failed";
}
