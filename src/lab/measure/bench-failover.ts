/**
 * `npm run bench -- failover`: two pairs side by side get every fault several times at a random
 * phase; the figures are medians.
 */

import { createRng } from "#units/rng";
import { runPairs } from "./bench-pairs.ts";
import { KINDS } from "./daemon.ts";
import type { FaultName } from "./faults.ts";
import { spread } from "./figures.ts";
import type { Lab } from "./lab.ts";
import type { Profile } from "./profile.ts";
import { type FaultResult, runFault, type ScenarioOptions } from "./scenario.ts";
import type { Table } from "./table.ts";

export interface FailoverOptions {
  readonly profile: Profile;
  readonly faults: readonly FaultName[];
  readonly runs: number;
  readonly seed: number;
}

/**
 * A client that has learned the wrong owner may wait for the next refresh (5 s in the
 * tutorial).
 */
const LONGER: Partial<Record<FaultName, Pick<ScenarioOptions, "lastsSeconds" | "watchSeconds">>> = {
  partition: { lastsSeconds: 5, watchSeconds: 6 },
  hang: { lastsSeconds: 5, watchSeconds: 6 },
  "late-port": { watchSeconds: 6 },
};

const OTHER_PHASE = 7919;

export async function failover(options: FailoverOptions): Promise<Table> {
  const { profile, faults, runs } = options;
  const results = await runPairs({
    labOf: () => ({ profile, askEach: true }),
    rounds: faults.flatMap((fault, index) =>
      Array.from({ length: runs }, (_, run) => ({
        title: `${fault}, run ${run + 1} of ${runs}`,
        work: (lab: Lab, pair: number) => {
          // The pairs are not broken at the same moment, because the death of one pair's
          // process would take processor time from the other.
          const seed = options.seed * 10_000 + index * 100 + run + pair * OTHER_PHASE;
          return runFault(lab, fault, { ...LONGER[fault], random: createRng(seed).real });
        },
      })),
    ),
    figure: (one: FaultResult) => one.longestOutageMilliseconds,
  });
  return failoverTable(results.flat(), options);
}

function withoutEnd(
  list: readonly { readonly milliseconds: number; readonly open: boolean }[],
): string {
  const open = list.filter((one) => one.open).length;
  const all = spread(list.map((one) => one.milliseconds));
  return open === 0 ? all : `${all}, ${open} of ${list.length} without end`;
}

function failoverTable(results: readonly FaultResult[], options: FailoverOptions): Table {
  const right = (title: string) => ({ title, align: "right" }) as const;
  const rows = options.faults.flatMap((fault) =>
    KINDS.map((daemon) => {
      const mine = results.filter((one) => one.fault === fault && one.daemon === daemon);
      const holding = mine.map((one) => ({
        milliseconds: one.dualMilliseconds,
        open: one.dualOpen,
      }));
      const answering = mine.map((one) => one.dualAnswers).filter((one) => one !== undefined);
      return [
        fault,
        daemon,
        spread(mine.map((one) => one.longestOutageMilliseconds)),
        spread(mine.map((one) => one.lost)),
        spread(
          mine.map((one) => one.afterLastAdvertMilliseconds).filter((one) => one !== undefined),
        ),
        withoutEnd(answering),
        withoutEnd(holding),
        spread(mine.map((one) => one.healOutageMilliseconds)),
        spread(mine.map((one) => one.healDualMilliseconds)),
        spread(mine.map((one) => one.healChanges)),
        String(mine.filter((one) => one.finally === one.before).length),
      ];
    }),
  );
  return {
    columns: [
      { title: "fault on the owner", align: "left" },
      { title: "daemon", align: "left" },
      right("outage ms"),
      right("lost probes"),
      right("taken over after the last advert ms"),
      right("both answer ms"),
      right("both hold it ms"),
      right("outage at repair ms"),
      right("two owners at repair ms"),
      right("survivor's changes at repair"),
      right(`back at the former owner, of ${options.runs}`),
    ],
    rows,
  };
}
