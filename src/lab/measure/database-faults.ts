/** What can go wrong with a database pair, and how it is put right. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { askDaemon } from "./control.ts";
import type { DatabaseFaultName } from "./database-fault-names.ts";
import { SLOW_SECONDS, STALL_MS } from "./database-goals.ts";
import type { DatabaseLab } from "./database-lab.ts";
import type { LabNode } from "./node.ts";

export interface FaultContext {
  readonly pair: DatabaseLab;
  /** Who had the address when it began. */
  readonly owner: LabNode;
  readonly other: LabNode;
  /** Resolves when writes are acknowledged at the node; throws after so many seconds. */
  until(node: LabNode, seconds: number): Promise<void>;
  /** The address has moved once, and may move again from now on. */
  nextPhase(): Promise<void>;
}

export interface DatabaseFault {
  /**
   * Who takes writes while it lasts: the other node, the owner as before, or nobody, as the data
   * that is left is not all of it.
   */
  readonly serves: "other" | "owner" | "nobody";
  /** Promotions may be made slow: a script runs behind them. */
  readonly isSlow?: boolean;
  /** Before it: a replica that has stopped, a promotion that will take long. */
  prepare?(context: FaultContext): Promise<void>;
  inject(context: FaultContext): Promise<void>;
  heal(context: FaultContext): Promise<void>;
  /** It is watched for so long at least. */
  readonly lastsSeconds?: number;
  /**
   * The former primary may be left with what clients had sent and nobody had acknowledged: it
   * cannot follow then, and is not to.
   */
  readonly mayDiverge?: boolean;
  /** Of several moves the outage of the last one is what is asked for. */
  readonly isLastCounted?: boolean;
  /** Added to how long a move may take. */
  readonly extraSeconds?: number;
}

const BEHIND_MILLISECONDS = 3_000;
/** A primary without its replica then acknowledges alone, within the time that it is stopped. */
const ALONE_MILLISECONDS = 500;
const SWITCH_MILLISECONDS = 15_000;
const nothing = (): Promise<void> => Promise.resolve();

const startDaemon = ({ owner }: FaultContext): Promise<void> => owner.startDaemon();
const stop = ({ owner }: FaultContext): Promise<void> => owner.signalSupervisor("SIGTERM");

async function restartDatabase({ pair, owner }: FaultContext): Promise<void> {
  await pair.serverOf(owner).restart();
}

/** keepalived has no such command: its service is stopped, as an operator would. */
async function move({ owner }: FaultContext): Promise<void> {
  if (owner.kind === "keepalived") await owner.stopDaemon();
  // It is answered when this node has let go of the address; others have it before that.
  else void askSwitch(owner);
}

/** Whether it was answered. What became of it is seen by who takes writes then. */
async function askSwitch(owner: LabNode): Promise<boolean> {
  const path = join(owner.folder, "run/baton/control.sock");
  return (await askDaemon(path, { command: "switch" }, SWITCH_MILLISECONDS)) !== undefined;
}

async function startIfEnded({ owner }: FaultContext): Promise<void> {
  if (!owner.isRunning()) await owner.startDaemon();
}

/** The rest of a host: its address is forgotten, since a machine that boots has none. */
async function boot(context: FaultContext): Promise<void> {
  context.owner.forgetVirtualAddress();
  context.owner.setCable("plugged");
  await restartDatabase(context);
  await startDaemon(context);
}

async function bootAndFollow(context: FaultContext): Promise<void> {
  await boot(context);
  await context.pair.serverOf(context.other).release?.();
}

async function loseHost({ pair, owner }: FaultContext): Promise<void> {
  owner.setCable("unplugged");
  await Promise.all([owner.signalAll("SIGKILL"), pair.serverOf(owner).kill()]);
}

/** Only between the nodes, and only VRRP: everything else goes on. */
function cutVrrp({ pair }: FaultContext, part: 0 | 1): Promise<void> {
  for (const node of pair.lab.nodes) pair.lab.network.setVrrpLoss(node.name, part);
  return Promise.resolve();
}

export const DATABASE_FAULT: Readonly<Record<DatabaseFaultName, DatabaseFault>> = {
  stop: { serves: "other", inject: stop, heal: startDaemon },
  restart: {
    serves: "other",
    inject: async (context) => {
      await stop(context);
      await context.owner.untilDaemonEnded();
      await context.owner.startDaemon();
    },
    heal: nothing,
  },
  move: { serves: "other", inject: move, heal: startIfEnded },
  kill: {
    serves: "other",
    inject: ({ owner }) => owner.signalAll("SIGKILL"),
    heal: startDaemon,
  },
  "kill-engine": {
    serves: "other",
    inject: ({ owner }) => owner.signalEngine("SIGKILL"),
    heal: nothing,
  },
  "server-kill": {
    serves: "other",
    mayDiverge: true,
    inject: ({ pair, owner }) => pair.serverOf(owner).kill(),
    heal: restartDatabase,
  },
  "server-hang": {
    serves: "other",
    inject: ({ pair, owner }) => {
      pair.serverOf(owner).signal("SIGSTOP");
      return Promise.resolve();
    },
    heal: ({ pair, owner }) => {
      pair.serverOf(owner).signal("SIGCONT");
      return Promise.resolve();
    },
    mayDiverge: true,
  },
  link: {
    serves: "other",
    inject: ({ owner }) => Promise.resolve(owner.setCable("unplugged")),
    heal: ({ owner }) => Promise.resolve(owner.setCable("plugged")),
  },
  host: { serves: "other", mayDiverge: true, inject: loseHost, heal: boot },
  "vrrp-cut": {
    serves: "owner",
    // The announcements of both come again every 5 s.
    lastsSeconds: 10,
    inject: (context) => cutVrrp(context, 1),
    heal: (context) => cutVrrp(context, 0),
  },
  "slow-promotion": {
    serves: "other",
    isSlow: true,
    extraSeconds: SLOW_SECONDS,
    prepare: ({ other }) => {
      writeFileSync(join(other.folder, "etc", "slow"), `${SLOW_SECONDS}\n`);
      return Promise.resolve();
    },
    inject: stop,
    heal: async (context) => {
      rmSync(join(context.other.folder, "etc", "slow"), { force: true });
      await startDaemon(context);
    },
  },
  lagging: {
    serves: "nobody",
    prepare: async ({ pair, other }) => {
      await pair.serverOf(other).hold?.("applying");
      await sleep(BEHIND_MILLISECONDS);
    },
    inject: loseHost,
    heal: bootAndFollow,
  },
  "stopped-replica": {
    serves: "nobody",
    prepare: async ({ pair, owner, other }) => {
      await pair.serverOf(owner).waitForReplica?.(ALONE_MILLISECONDS);
      await pair.serverOf(other).hold?.("receiving");
      await sleep(BEHIND_MILLISECONDS);
    },
    inject: loseHost,
    heal: bootAndFollow,
  },
  failback: {
    serves: "owner",
    isLastCounted: true,
    inject: failBack,
    heal: ({ other }) => (other.isRunning() ? nothing() : other.startDaemon()),
  },
  double: {
    serves: "other",
    extraSeconds: 5,
    inject: async (context) => {
      const { owner, other } = context;
      await owner.signalAll("SIGKILL");
      await context.until(other, 20);
      await context.nextPhase();
      await other.signalEngine("SIGKILL");
    },
    heal: startDaemon,
  },
  stall: { serves: "other", inject: stallWhileMoving, heal: startIfEnded },
};

/** The database dies and comes back; then the node that took over is stopped. */
async function failBack(context: FaultContext): Promise<void> {
  const { pair, owner, other } = context;
  await pair.serverOf(owner).kill();
  await context.until(other, 20);
  await restartDatabase(context);
  // Time for it to follow, where somebody sees to that.
  await sleep(5_000);
  await context.nextPhase();
  await other.signalSupervisor("SIGTERM");
}

/** The owner's daemon does not run for 0.4 s while it gives the address up. */
async function stallWhileMoving(context: FaultContext): Promise<void> {
  const { owner } = context;
  const isKeepalived = owner.kind === "keepalived";
  const moved = isKeepalived ? stop(context) : askSwitch(owner);
  await sleep(isKeepalived ? 2 : 20);
  if (!owner.isRunning()) return;
  await owner.signalAll("SIGSTOP");
  await sleep(STALL_MS);
  if (owner.isRunning()) await owner.signalAll("SIGCONT");
  await moved;
}
