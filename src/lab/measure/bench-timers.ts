/**
 * `npm run bench -- timers`: how regular a master's advertisements are while busy loops hog
 * every core.
 */
import { join } from "node:path";
import { stdout } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "#linux/clock";
import { type Instant, toMillis } from "#units/time";
import { scratchFolder } from "../sandbox/sandbox.ts";
import { BusyLoops } from "./busy-loops.ts";
import { type DaemonKind, KINDS } from "./daemon.ts";
import { ms, quantile } from "./figures.ts";
import { Lab } from "./lab.ts";
import type { Profile } from "./profile.ts";
import type { Table } from "./table.ts";

export interface TimersOptions {
  readonly profiles: readonly Profile[];
  readonly seconds: number;
}

/**
 * The prober remembers four minutes. An expired lease would show as a blackhole window, because
 * the address is still there.
 */
const CHUNK_SECONDS = 60;

export async function timers(options: TimersOptions): Promise<Table> {
  const labs = options.profiles.flatMap((profile) =>
    KINDS.map((kind) => {
      const folder = join(scratchFolder(), profile.name, kind);
      return { kind, lab: new Lab({ folder, profile, kinds: [kind, kind] }) };
    }),
  );
  try {
    const owners = await Promise.all(labs.map(({ lab }) => lab.startDaemons()));
    using busy = new BusyLoops();
    stdout.write(`${options.seconds} s with ${busy.count} busy loops\n`);
    const from = now();
    const blackholes = labs.map(() => 0);
    for (let left = options.seconds; left > 0; left -= CHUNK_SECONDS) {
      const chunk = now();
      await sleep(Math.min(left, CHUNK_SECONDS) * 1_000);
      const seen = await Promise.all(labs.map(({ lab }) => lab.instruments.outage(chunk, now())));
      for (const [index, one] of seen.entries())
        blackholes[index] = (blackholes[index] ?? 0) + one.totalMilliseconds;
    }
    const to = now();
    const rows = labs.map(({ kind, lab }, index) =>
      timersRow(kind, lab, owners[index]?.name ?? "", {
        from,
        to,
        blackhole: blackholes[index] ?? 0,
      }),
    );
    return { columns: timersColumns(), rows };
  } finally {
    await Promise.all(labs.map(({ lab }) => lab.close()));
  }
}

function timersColumns(): Table["columns"] {
  const figures = [
    "interval ms",
    "gaps",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "max ms",
    "false moves",
    "blackhole ms",
  ];
  return [
    { title: "daemon", align: "left" },
    ...figures.map((title) => ({ title, align: "right" }) as const),
  ];
}

function timersRow(
  kind: DaemonKind,
  lab: Lab,
  owner: string,
  {
    from,
    to,
    blackhole,
  }: { readonly from: Instant; readonly to: Instant; readonly blackhole: number },
): string[] {
  const { adverts } = lab.instruments;
  const peer = lab.nodes.find((node) => node.name !== owner)?.name ?? "";
  const gaps = adverts.gaps(peer, lab.node(owner).address, from, to).map(toMillis);
  const moves = lab.nodes.reduce(
    (count, node) => count + lab.instruments.changesWithin(node.name, from, to),
    0,
  );
  const figures = [0.5, 0.99, 0.999].map((part) => quantile(gaps, part).toFixed(2));
  const interval = String(lab.profile.advertSeconds * 1000);
  return [
    kind,
    interval,
    String(gaps.length),
    ...figures,
    Math.max(...gaps).toFixed(2),
    String(moves),
    ms(blackhole),
  ];
}
