/**
 * `npm run bench -- announce`: many addresses move at once, and the new owner's switch port
 * lets only a few ARP frames a second through, as clouds do. It measures how long it takes
 * until the client reaches each of them again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "#linux/clock";
import { elapsed, toMillis } from "#units/time";
import { repeated, runPairs } from "./bench-pairs.ts";
import { type DaemonKind, KINDS } from "./daemon.ts";
import { median, spread } from "./figures.ts";
import type { ArpLimit } from "./impairments.ts";
import type { Lab } from "./lab.ts";
import type { Profile } from "./profile.ts";
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

/** Only Baton has this keyword: it never sends more than the platform lets through. */
const OWN_LINES: Readonly<Record<DaemonKind, (limit: ArpLimit) => readonly string[]>> = {
  baton: ({ perSecond, burst }) => [`garp_rate ${perSecond} ${burst}`],
  keepalived: () => [],
};

export async function announce(options: AnnounceOptions): Promise<Table> {
  const furtherAddresses = Array.from(
    { length: options.addresses - 1 },
    (_, index) => `172.16.0.${FIRST_FURTHER + index}`,
  );
  const { addresses, runs } = options;
  const results = await runPairs({
    labOf: (kind) => {
      const extraInstanceLines = OWN_LINES[kind](options.limit);
      return { profile: { ...options.profile, furtherAddresses, extraInstanceLines } };
    },
    rounds: repeated(`${addresses} addresses`, runs, (lab) => moveAll(lab, options)),
    figure: (one: AnnounceResult) => one.median,
  });
  return { columns: COLUMNS, rows: KINDS.map((kind, index) => [kind, ...row(results[index])]) };
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
  await owner.signalSupervisor("SIGTERM");
  await owner.untilDaemonEnded();
  await sleep(options.seconds * 1000 - toMillis(elapsed(from, now())));
  const to = now();
  const views = await Promise.all(
    Array.from({ length: options.addresses }, (_, target) =>
      lab.instruments.outage(from, to, target),
    ),
  );
  const outages = views.map((one) => one.outageMilliseconds);
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
