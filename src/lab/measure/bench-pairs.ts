/** A pair of each daemon, side by side through the same rounds. */
import { join } from "node:path";
import { stdout } from "node:process";
import { scratchFolder } from "../sandbox/sandbox.ts";
import { type DaemonKind, KINDS } from "./daemon.ts";
import { ms } from "./figures.ts";
import { Lab, type LabOptions } from "./lab.ts";

export interface Round<Result> {
  readonly title: string;
  /** @param pair which of the two, from 0 */
  readonly work: (lab: Lab, pair: number) => Promise<Result>;
}

export interface Rounds<Result> {
  readonly labOf: (kind: DaemonKind) => Omit<LabOptions, "folder" | "kinds">;
  readonly rounds: readonly Round<Result>[];
  /** The milliseconds that are shown while it runs. */
  readonly figure: (result: Result) => number;
}

/** The results of each daemon, in the order of `KINDS`. */
export async function runPairs<Result>({
  labOf,
  rounds,
  figure,
}: Rounds<Result>): Promise<readonly (readonly Result[])[]> {
  const labs = KINDS.map(
    (kind) => new Lab({ ...labOf(kind), folder: join(scratchFolder(), kind), kinds: [kind, kind] }),
  );
  const results = KINDS.map((): Result[] => []);
  try {
    await Promise.all(labs.map((lab) => lab.startDaemons()));
    for (const { title, work } of rounds) {
      stdout.write(`${title} `);
      const both = await Promise.all(labs.map(work));
      for (const [pair, one] of both.entries()) {
        results[pair]?.push(one);
        stdout.write(` ${KINDS[pair]}: ${ms(figure(one))} ms`);
      }
      stdout.write("\n");
    }
    return results;
  } finally {
    await Promise.all(labs.map((lab) => lab.close()));
  }
}

/** Repeats the same round this many times. */
export const repeated = <Result>(
  title: string,
  runs: number,
  work: Round<Result>["work"],
): readonly Round<Result>[] =>
  Array.from({ length: runs }, (_, run) => ({
    title: `${title}, run ${run + 1} of ${runs}`,
    work,
  }));
