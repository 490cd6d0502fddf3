/**
 * Two database servers in this process's network, with Baton's view of each: what tests of every
 * kind of database share.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  Database,
  DatabaseSettings,
  DemoteAsk,
  PromoteAsk,
  Standing,
} from "#databases/port/database";
import { fromMillis, fromSeconds } from "#units/time";

const POLL_MS = 20;
const UNTIL_MS = 15_000;

export interface GatePair<Server, Gate extends Database> {
  readonly a: Server;
  readonly b: Server;
  /** Of the first server, which is the primary at the beginning. */
  readonly gateA: Gate;
  readonly gateB: Gate;
  readonly folder: string;
}

/** What no test of a pair changes by itself: quick looks, and time enough. */
export const PAIR_SETTINGS: Omit<DatabaseSettings, "kind" | "at" | "peers" | "sync"> = {
  maxLag: fromSeconds(5),
  rejoin: "auto",
  interval: fromMillis(200),
  timeout: fromSeconds(1),
  promoteTimeout: fromSeconds(10),
  demoteTimeout: fromSeconds(5),
};

interface Place {
  readonly address: string;
  readonly port: number;
}

/** Of a server that is reached by TCP, and may acknowledge alone for a while. */
export const settingsOf = (
  kind: DatabaseSettings["kind"],
  own: Place,
  peer: Place,
  more: Partial<DatabaseSettings>,
): DatabaseSettings => ({
  ...PAIR_SETTINGS,
  kind,
  at: { host: own.address, port: own.port },
  peers: [{ host: peer.address, port: peer.port }],
  sync: "preferred",
  ...more,
});

export interface PairKind<Server, Gate extends Database> {
  /** Of the folder of both. */
  readonly name: string;
  readonly start: (folder: string) => Promise<readonly [Server, Server]>;
  readonly open: (own: Server, peer: Server) => Gate;
  /** Until the first is the primary, and the second could be promoted. */
  readonly prepare: (pair: GatePair<Server, Gate>) => Promise<void>;
}

export async function withGatePair<
  Server extends { kill(): Promise<unknown> },
  Gate extends Database,
>(
  { name, start, open, prepare }: PairKind<Server, Gate>,
  use: (pair: GatePair<Server, Gate>) => Promise<void>,
): Promise<void> {
  spawnSync("ip", ["link", "set", "lo", "up"]);
  const folder = mkdtempSync(join(tmpdir(), `baton-${name}-`));
  const [a, b] = await start(folder);
  const pair = { a, b, gateA: open(a, b), gateB: open(b, a), folder };
  try {
    await prepare(pair);
    await use(pair);
  } finally {
    await Promise.all([pair.gateA.close(), pair.gateB.close()]);
    await Promise.all([a.kill(), b.kill()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Looks until it is so. */
export async function until(
  gate: Database,
  isSo: (standing: Standing) => boolean,
  beside: readonly Database[] = [],
): Promise<Standing> {
  const end = performance.now() + UNTIL_MS;
  for (;;) {
    const standing = await gate.look();
    if (isSo(standing)) return standing;
    if (performance.now() > end) throw new Error(`it stays at ${JSON.stringify(standing)}`);
    for (const other of beside) await other.look();
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
}

export const english = ({ why }: Standing): string => why.map(({ en }) => en).join("; ");

/** Milliseconds since 1970. */
export const inSeconds = (seconds: number): number => Date.now() + seconds * 1_000;

export const soon = (reason: string, acceptLoss = false): PromoteAsk => ({
  reason,
  acceptLoss,
  deadline: inSeconds(5),
});

export const down = (reason: string, isPlanned: boolean, ms = 5_000): DemoteAsk => ({
  reason,
  isPlanned,
  deadline: inSeconds(ms / 1_000),
});
