/**
 * `npm run bench -- loss`: VRRP packets lost at random, so that backups take over by mistake
 * and masters hear each other again and again. What a client notices is measured: its packets
 * go to whichever node announced last.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "#linux/clock";
import { toMillis } from "#units/time";
import { repeated, runPairs } from "./bench-pairs.ts";
import { KINDS } from "./daemon.ts";
import { spread } from "./figures.ts";
import type { Lab } from "./lab.ts";
import type { Profile } from "./profile.ts";
import type { Table } from "./table.ts";

export interface LossOptions {
  readonly profile: Profile;
  /** The fraction, 0 to 1, of the packets that arrive at each node. */
  readonly loss: number;
  readonly seconds: number;
  readonly runs: number;
}

interface LossResult {
  readonly blackhole: number;
  readonly longest: number;
  readonly dual: number;
  readonly unheld: number;
  /** How often a node got the address. */
  readonly takeOvers: number;
}

export async function loss(options: LossOptions): Promise<Table> {
  const { profile, loss: part, runs } = options;
  const results = await runPairs({
    labOf: () => ({ profile }),
    rounds: repeated(`loss of ${part * 100} %`, runs, (lab) => lossy(lab, options)),
    figure: (one: LossResult) => one.blackhole,
  });
  return { columns: COLUMNS, rows: KINDS.map((kind, index) => [kind, ...row(results[index])]) };
}

async function lossy(lab: Lab, { loss: part, seconds }: LossOptions): Promise<LossResult> {
  await lab.untilSettled();
  const names = lab.nodes.map((node) => node.name);
  const from = now();
  for (const name of names) lab.network.setVrrpLoss(name, part);
  await sleep(seconds * 1000);
  for (const name of names) lab.network.setVrrpLoss(name, 0);
  const to = now();
  const seen = await lab.instruments.outage(from, to);
  const changes = names.reduce(
    (count, name) => count + lab.instruments.changesWithin(name, from, to),
    0,
  );
  return {
    blackhole: seen.totalMilliseconds,
    longest: seen.outageMilliseconds,
    dual: toMillis(lab.instruments.overlap(names, from, to).total),
    unheld: toMillis(lab.instruments.absence(names, from, to)),
    takeOvers: Math.ceil(changes / 2),
  };
}

const row = (results: readonly LossResult[] = []): readonly string[] =>
  (["blackhole", "longest", "takeOvers", "dual", "unheld"] as const).map((key) =>
    spread(results.map((one) => one[key])),
  );

const COLUMNS: Table["columns"] = [
  { title: "daemon", align: "left" },
  ...["blackhole ms, total", "longest ms", "take-overs", "two owners ms", "nobody ms"].map(
    (title) => ({ title, align: "right" }) as const,
  ),
];
