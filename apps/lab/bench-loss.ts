/**
 * `npm run bench -- loss`: VRRP packets lost at random, so that backups take over by mistake and masters meet again and
 * again. What counts is what a client notices: its packets go to whoever announced last.
 */
import { join } from "node:path";
import { stdout } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "#linux/clock";
import { toMillis } from "#units/time";
import { KINDS } from "./daemon.ts";
import { ms, spread } from "./figures.ts";
import { Lab } from "./lab.ts";
import type { Profile } from "./profile.ts";
import { scratchFolder } from "./sandbox.ts";
import type { Table } from "./table.ts";

export interface LossOptions {
  readonly profile: Profile;
  /** 0 to 1, of the packets that arrive at each node. */
  readonly loss: number;
  readonly seconds: number;
  readonly runs: number;
}

interface LossResult {
  readonly silence: number;
  readonly longest: number;
  readonly dual: number;
  readonly unheld: number;
  /** How often a node got the address. */
  readonly takeOvers: number;
}

export async function loss(options: LossOptions): Promise<Table> {
  const { profile } = options;
  const labs = KINDS.map(
    (kind) => new Lab({ folder: join(scratchFolder(), kind), profile, kinds: [kind, kind] }),
  );
  const results = KINDS.map((): LossResult[] => []);
  try {
    await Promise.all(labs.map((lab) => lab.startDaemons()));
    for (let run = 1; run <= options.runs; run++) {
      stdout.write(`loss of ${options.loss * 100} %, run ${run} of ${options.runs} `);
      const pair = await Promise.all(labs.map((lab) => lossy(lab, options)));
      for (const [index, one] of pair.entries()) {
        results[index]?.push(one);
        stdout.write(` ${KINDS[index]}: ${ms(one.silence)} ms`);
      }
      stdout.write("\n");
    }
    return { columns: COLUMNS, rows: KINDS.map((kind, index) => [kind, ...row(results[index])]) };
  } finally {
    await Promise.all(labs.map((lab) => lab.close()));
  }
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
    silence: seen.totalMilliseconds,
    longest: seen.outageMilliseconds,
    dual: toMillis(lab.instruments.overlap(names, from, to).total),
    unheld: toMillis(lab.instruments.absence(names, from, to)),
    takeOvers: Math.ceil(changes / 2),
  };
}

const row = (results: readonly LossResult[] = []): readonly string[] =>
  (["silence", "longest", "takeOvers", "dual", "unheld"] as const).map((key) =>
    spread(results.map((one) => one[key])),
  );

const COLUMNS: Table["columns"] = [
  { title: "daemon", align: "left" },
  ...["client silence ms, total", "longest ms", "take-overs", "two owners ms", "nobody ms"].map(
    (title) => ({ title, align: "right" }) as const,
  ),
];
