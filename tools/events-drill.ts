/**
 * `npm run events-drill -- [--kills 50] [--events 1000000]`: the promises of docs/events.md that
 * take longer than a test may. Kills a writer while it writes, then writes a million events within
 * small bounds, and measures `baton events`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { EventRow } from "#daemon/event-row";
import { EventStore } from "#daemon/event-store";
import { DEFAULT_BOUNDS } from "#events/bounds";
import { createRng } from "#units/rng";
import { killWhileWriting } from "../tests/support/event-kills.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    events: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
  },
});
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const mb = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;
const BATON = join(import.meta.dirname, "../bin/baton");
/** Larger than the writer's, since each is on the disk before the next. */
const BATCH = 2_500;
const ASKED: readonly (readonly string[])[] = [
  [],
  ["--since", "1h"],
  ["--instance", "VI_7", "--kind", "state"],
  ["--severity", "error", "--limit", "1000"],
];

const kills = await inFolder(async (folder) => {
  const seen = await killWhileWriting(folder, Number(values.kills), createRng(Number(values.seed)));
  print(
    `${seen.kills} kills: ${seen.acknowledged} events acknowledged, ${seen.missing.length} of them missing, ` +
      `${seen.doubled.length} twice, ${seen.unacknowledged} kept and not yet acknowledged, ` +
      `${seen.others.length} files moved aside`,
  );
  return seen.missing.length + seen.doubled.length + seen.others.length === 0;
});

const million = await inFolder(async (folder) => {
  const path = join(folder, "events.db");
  const clock = (): number => Date.now() * 1_000;
  const { store } = EventStore.open(path, { bounds: DEFAULT_BOUNDS, group: undefined, clock });
  const total = Number(values.events);
  const begin = performance.now();
  let longest = 0;
  let [mostRows, mostBytes] = [0, 0];
  for (let nth = 0; nth < total; nth += BATCH) {
    const before = performance.now();
    store.append(Array.from({ length: Math.min(BATCH, total - nth) }, (_, at) => rowOf(nth + at)));
    while (store.tidy());
    longest = Math.max(longest, performance.now() - before);
    mostRows = Math.max(mostRows, store.figures().count);
    mostBytes = Math.max(mostBytes, statSync(path).size);
  }
  const seconds = (performance.now() - begin) / 1_000;
  const beside = statSync(`${path}-wal`).size;
  store.close();
  print(
    `${total} events in ${seconds.toFixed(0)} s (${Math.round(total / seconds)} a second, longest batch ${longest.toFixed(0)} ms): ` +
      `at most ${mostRows} kept, file at most ${mb(mostBytes)}, beside it ${mb(beside)}`,
  );
  const times = ASKED.map((args) => measure(folder, args));
  const isBounded =
    mostRows <= DEFAULT_BOUNDS.entries && mostBytes <= DEFAULT_BOUNDS.bytes + 4 * 1_048_576;
  return await Promise.resolve(isBounded && times.every((time) => time > 0));
});
process.exitCode = kills && million ? 0 : 1;

async function inFolder(work: (folder: string) => Promise<boolean>): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "baton-events-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Median of five, milliseconds; 0 if it failed. */
function measure(folder: string, args: readonly string[]): number {
  const times: number[] = [];
  let lines = 0;
  for (let turn = 0; turn < 5; turn += 1) {
    const begin = performance.now();
    const ran = spawnSync(BATON, ["events", "--state-dir", folder, ...args], {
      encoding: "utf8",
      maxBuffer: 64 * 1_048_576,
    });
    times.push(performance.now() - begin);
    lines = ran.stdout.split("\n").length - 1;
    if (ran.status !== 0) return 0;
  }
  const median = times.toSorted((a, b) => a - b)[2] ?? 0;
  print(`baton events ${args.join(" ")}: ${median.toFixed(0)} ms, ${lines} lines`);
  return median;
}

function rowOf(nth: number): EventRow {
  const reason = {
    kind: "master-down",
    noAdvertFor: 3_609_375,
    downTimerAdverts: 3,
    interval: 100,
  };
  return {
    at: Date.now() * 1_000,
    node: "db1",
    kind: nth % 4 === 0 ? "notify" : "state",
    severity: nth % 1_000 === 0 ? 2 : nth % 3 === 0 ? 1 : 0,
    instance: `VI_${nth % 50}`,
    group: null,
    en: "BACKUP → MASTER: master 10.0.0.2 (priority 150) has not advertised for 3.61 s (3 × 1 s + skew 0.61 s)",
    zh: "BACKUP → MASTER：主节点 10.0.0.2（优先级 150）已有 3.61 s 没有通告（3 × 1 s + 偏移 0.61 s）",
    data: JSON.stringify({ from: "BACKUP", to: "MASTER", reason, priority: 100, nth }),
  };
}
