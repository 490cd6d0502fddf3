/**
 * `npm run bench -- announce`: many addresses move at once, and the new owner's switch port lets only a few ARP frames a
 * second through, as clouds do. How long until the client reaches each of them again?
 */
import { join } from "node:path";
import { stdout } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "#linux/clock";
import { elapsed, toMillis } from "#units/time";
import { type DaemonKind, KINDS } from "./daemon.ts";
import { median, ms, spread } from "./figures.ts";
import type { ArpLimit } from "./impairments.ts";
import { Lab } from "./lab.ts";
import type { Profile } from "./profile.ts";
import { scratchFolder } from "./sandbox.ts";
import type { Table } from "./table.ts";

export interface AnnounceOptions {
  readonly profile: Profile;
  readonly addresses: number;
  readonly limit: ArpLimit;
  readonly seconds: number;
  readonly runs: number;
}

interface AnnounceResult {
  readonly median: number;
  readonly longest: number;
}

/** Only Baton has the keyword: never more than the platform lets through. */
const OWN_LINES: Readonly<Record<DaemonKind, (limit: ArpLimit) => readonly string[]>> = {
  baton: ({ perSecond, burst }) => [`garp_rate ${perSecond} ${burst}`],
  keepalived: () => [],
};

export async function announce(options: AnnounceOptions): Promise<Table> {
  const furtherAddresses = Array.from(
    { length: options.addresses - 1 },
    (_, index) => `172.16.0.${FIRST_FURTHER + index}`,
  );
  const labs = KINDS.map((kind) => {
    const extraInstanceLines = OWN_LINES[kind](options.limit);
    const profile = { ...options.profile, furtherAddresses, extraInstanceLines };
    return new Lab({ folder: join(scratchFolder(), kind), profile, kinds: [kind, kind] });
  });
  const results = KINDS.map((): AnnounceResult[] => []);
  try {
    await Promise.all(labs.map((lab) => lab.startDaemons()));
    for (let run = 1; run <= options.runs; run++) {
      stdout.write(`${options.addresses} addresses, run ${run} of ${options.runs} `);
      const pair = await Promise.all(labs.map((lab) => moveAll(lab, options)));
      for (const [index, one] of pair.entries()) {
        results[index]?.push(one);
        stdout.write(` ${KINDS[index]}: ${ms(one.median)} ms`);
      }
      stdout.write("\n");
    }
    return { columns: COLUMNS, rows: KINDS.map((kind, index) => [kind, ...row(results[index])]) };
  } finally {
    await Promise.all(labs.map((lab) => lab.close()));
  }
}

const FIRST_FURTHER = 101;
/** The client's cache has all of them, and the limit's bucket is full. */
const BEFORE_SECONDS = 5;

async function moveAll(lab: Lab, options: AnnounceOptions): Promise<AnnounceResult> {
  const owner = await lab.untilSettled();
  await sleep(BEFORE_SECONDS * 1000);
  const others = lab.nodes.filter((node) => node !== owner);
  for (const { name } of others) lab.network.setArpLimit(name, options.limit);
  const from = now();
  await owner.signalKeeper("SIGTERM");
  await owner.untilDaemonEnded();
  await sleep(options.seconds * 1000 - toMillis(elapsed(from, now())));
  const to = now();
  const outages: number[] = [];
  for (let target = 0; target < options.addresses; target++)
    outages.push((await lab.instruments.outage(from, to, target)).outageMilliseconds);
  for (const { name } of others) lab.network.setArpLimit(name, undefined);
  await owner.startDaemon();
  return { median: median(outages), longest: Math.max(...outages) };
}

const row = (results: readonly AnnounceResult[] = []): readonly string[] => [
  spread(results.map((one) => one.median)),
  spread(results.map((one) => one.longest)),
];

const COLUMNS: Table["columns"] = [
  { title: "daemon", align: "left" },
  { title: "recovery ms, median address", align: "right" },
  { title: "recovery ms, slowest address", align: "right" },
];
