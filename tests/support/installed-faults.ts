/** What can go wrong with an installed daemon that owns the address, and what a client noticed. */
import { setTimeout as sleep } from "node:timers/promises";
import { spread } from "#lab/measure/figures";
import type { Table } from "#lab/measure/table";
import type { InstalledNode, InstalledPair, Seen } from "./installed-pair.ts";

interface Fault {
  readonly inject: (owner: InstalledNode, pair: InstalledPair) => Promise<void>;
  readonly heal: (owner: InstalledNode, pair: InstalledPair) => Promise<void>;
  /** Milliseconds until it is repaired. */
  readonly lasts: number;
  /** Milliseconds without an answer and with two answers, at most, on a machine that is busy. */
  readonly most: { readonly outage: number; readonly both: number };
}

const ENGINE = "$(pgrep -P $(systemctl show baton --value -p MainPID) -f engine)";
const nothing = async (): Promise<void> => await Promise.resolve();
const sh =
  (script: string) =>
  async (owner: InstalledNode): Promise<void> =>
    void (await owner.sh(script));
const cable =
  (up: boolean) =>
  async ({ name }: InstalledNode, { network }: InstalledPair): Promise<void> =>
    await Promise.resolve(network.setPort(name, up));

/** The tutorial's detection time is 3.8 s; the lease ends 0.8 s before that. */
const DETECTION_MS = 3_805;
const BUSY_MS = 1_000;
const HAND_OVER = { outage: 200, both: 100 };
const LEASE = { outage: 805 + BUSY_MS, both: 0 };
/** The address is lost with the cable, and the other node waits for its time. */
const DETECTION = { outage: DETECTION_MS + BUSY_MS, both: 0 };

export const INSTALLED_FAULTS: Readonly<Record<string, Fault>> = {
  "systemctl stop": {
    inject: sh("systemctl stop baton"),
    heal: sh("systemctl start baton"),
    lasts: 1_000,
    most: HAND_OVER,
  },
  "kill -9 of the daemon": {
    inject: sh("kill -KILL $(systemctl show baton --value -p MainPID)"),
    heal: nothing,
    lasts: 3_000,
    most: HAND_OVER,
  },
  "kill -9 of the engine": {
    inject: sh(`kill -KILL ${ENGINE}`),
    heal: nothing,
    lasts: 3_000,
    most: HAND_OVER,
  },
  "kill -9 of all": {
    inject: sh("systemctl kill -s KILL baton"),
    heal: nothing,
    lasts: 5_000,
    most: LEASE,
  },
  hang: {
    inject: sh("systemctl kill -s STOP baton"),
    heal: sh("systemctl kill -s CONT baton"),
    lasts: 6_000,
    most: LEASE,
  },
  link: {
    inject: cable(false),
    heal: cable(true),
    lasts: 5_000,
    most: DETECTION,
  },
};

export interface SeenFault {
  readonly name: string;
  readonly broken: Seen;
  readonly healed: Seen;
  /** The address went to the other node and stayed there. */
  readonly moved: boolean;
}

const AFTERWARDS_MS = 700;

export async function breakInstalled(
  pair: InstalledPair,
  name: string,
  phase: number,
): Promise<SeenFault> {
  const fault = INSTALLED_FAULTS[name];
  if (fault === undefined) throw new Error(`no fault: ${name}`);
  const owner = await pair.settled();
  await sleep(phase * 1_000);
  const broken = await pair.observed(async () => await fault.inject(owner, pair), fault.lasts);
  const healed = await pair.observed(async () => {
    await fault.heal(owner, pair);
    await pair.settled();
  }, AFTERWARDS_MS);
  return { name, broken, healed, moved: (await pair.settled()) !== owner };
}

/** What is not as it should be; empty if all is well. */
export function complaints(all: readonly SeenFault[]): readonly string[] {
  return all.flatMap(({ name, broken, healed, moved }) => {
    const most = INSTALLED_FAULTS[name]?.most ?? HAND_OVER;
    return [
      ...(moved ? [] : [`${name}: the address did not move`]),
      ...(broken.outage > most.outage ? [`${name}: no answer for ${broken.outage} ms`] : []),
      ...(broken.both > most.both ? [`${name}: two answered for ${broken.both} ms`] : []),
      ...(healed.outage > HAND_OVER.outage
        ? [`${name}: no answer for ${healed.outage} ms at the repair`]
        : []),
      ...(healed.both > HAND_OVER.both
        ? [`${name}: two answered for ${healed.both} ms at the repair`]
        : []),
      ...(broken.twoOwners || healed.twoOwners ? [`${name}: two owners at the end`] : []),
    ];
  });
}

export function faultTable(
  all: readonly SeenFault[],
  upgrades: readonly (readonly [string, Seen])[],
): Table {
  const right = (title: string) => ({ title, align: "right" }) as const;
  const row = (
    name: string,
    broken: readonly Seen[],
    healed: readonly Seen[],
  ): readonly string[] => [
    name,
    spread(broken.map(({ outage }) => outage)),
    spread(broken.map(({ lost }) => lost)),
    spread(broken.map(({ both }) => both)),
    spread(healed.map(({ outage }) => outage)),
    spread(healed.map(({ both }) => both)),
    spread([...broken, ...healed].map(({ pause }) => pause)),
  ];
  const names = [...new Set(all.map(({ name }) => name))];
  return {
    columns: [
      { title: "on the owner", align: "left" },
      right("outage ms"),
      right("lost probes"),
      right("both answer ms"),
      right("outage at repair ms"),
      right("both answer at repair ms"),
      right("the prober paused ms"),
    ],
    rows: [
      ...names.map((name) => {
        const mine = all.filter((one) => one.name === name);
        return row(
          name,
          mine.map(({ broken }) => broken),
          mine.map(({ healed }) => healed),
        );
      }),
      ...upgrades.map(([name, seen]) => row(name, [seen], [])),
    ],
  };
}
