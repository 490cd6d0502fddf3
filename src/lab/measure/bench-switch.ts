/**
 * `npm run bench -- switch`: an operator moves the address from node to node while a client asks a
 * web server behind it 500 times a second, and probes it every millisecond. keepalived has no such
 * command: its service is stopped, as an operator would, and started again.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SwitchUnit } from "#daemon/switch-protocol";
import { now } from "#linux/clock";
import { toMillis } from "#units/time";
import { repeated, runPairs } from "./bench-pairs.ts";
import { askDaemon } from "./control.ts";
import { KINDS } from "./daemon.ts";
import { spread } from "./figures.ts";
import { type Lab, VIRTUAL_ADDRESS } from "./lab.ts";
import type { LabNode } from "./node.ts";
import type { Profile } from "./profile.ts";
import type { Table } from "./table.ts";
import { WebLoad } from "./web-load.ts";

export interface SwitchOptions {
  readonly profile: Profile;
  readonly runs: number;
}

interface SwitchResult {
  readonly lost: number;
  readonly outage: number;
  /** Nobody had the address. */
  readonly absent: number;
  readonly asked: number;
  readonly failed: number;
  readonly cut: number;
  readonly took: number | undefined;
  readonly both: number | undefined;
}

const REQUESTS_PER_SECOND = 500;
/** The load runs so long before and after a move. */
const AROUND_MS = 1_000;

export async function switches({ profile, runs }: SwitchOptions): Promise<Table> {
  const results = await runPairs({
    labOf: () => ({ profile }),
    rounds: repeated("a move", runs, measureMove),
    figure: (one: SwitchResult) => one.outage,
  });
  return { columns: COLUMNS, rows: KINDS.map((kind, index) => [kind, ...row(results[index])]) };
}

async function measureMove(lab: Lab): Promise<SwitchResult> {
  const owner = await lab.untilSettled();
  const load = new WebLoad(lab, VIRTUAL_ADDRESS, REQUESTS_PER_SECOND);
  try {
    await load.started();
    await sleep(AROUND_MS);
    const from = now();
    const unit = await move(owner);
    await lab.untilMovedFrom(owner);
    await sleep(AROUND_MS);
    const to = now();
    const figures = await load.finish();
    const seen = await lab.instruments.outage(from, to);
    const names = lab.nodes.map(({ name }) => name);
    const absent = toMillis(lab.instruments.absence(names, from, to));
    if (owner.kind === "keepalived") await owner.startDaemon();
    return {
      lost: seen.lost,
      outage: seen.totalMilliseconds,
      absent,
      asked: figures.asked,
      failed: figures.failures.length,
      cut: Object.values(figures.cut).reduce((all, one) => all + one, 0),
      took: unit?.tookMs,
      both: unit?.bothAnsweredMs,
    };
  } finally {
    load.close();
  }
}

/** Of keepalived nothing is known but what is measured. */
async function move(owner: LabNode): Promise<SwitchUnit | undefined> {
  if (owner.kind === "keepalived") {
    await owner.stopDaemon();
    return undefined;
  }
  const path = join(owner.folder, "run/baton/control.sock");
  const answer = await askDaemon(path, { command: "switch" });
  if (answer?.ok !== true || !("switch" in answer) || answer.switch?.outcome !== "moved")
    throw new Error(`no move on ${owner.name}: ${JSON.stringify(answer)}`);
  return answer.switch.units[0];
}

function row(results: readonly SwitchResult[] = []): readonly string[] {
  const sum = (of: (one: SwitchResult) => number): string =>
    String(results.reduce((all, one) => all + of(one), 0));
  const known = (of: (one: SwitchResult) => number | undefined): string => {
    const values = results.map(of).filter((one) => one !== undefined);
    return values.length === 0 ? "-" : spread(values);
  };
  return [
    String(results.length),
    sum(({ lost }) => lost),
    spread(results.map(({ outage }) => outage)),
    spread(results.map(({ absent }) => absent)),
    sum(({ asked }) => asked),
    sum(({ failed }) => failed),
    sum(({ cut }) => cut),
    known(({ took }) => took),
    known(({ both }) => both),
  ];
}

const COLUMNS: Table["columns"] = [
  { title: "daemon", align: "left" },
  { title: "moves", align: "right" },
  { title: "probes lost", align: "right" },
  { title: "outage ms", align: "right" },
  { title: "nobody had it ms", align: "right" },
  { title: "requests", align: "right" },
  { title: "failed to connect", align: "right" },
  { title: "open ones cut", align: "right" },
  { title: "took ms", align: "right" },
  { title: "both answered ms", align: "right" },
];
