/** One fault of a database pair from beginning to end, and what became of the writes. */
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "#linux/clock";
import { elapsed, type Instant, toMillis } from "#units/time";
import {
  type Acknowledged,
  countFailures,
  type Gap,
  type Ledger,
  longestGap,
  lostOf,
  READ_ONLY,
  takenByBoth,
} from "../database/ledger.ts";
import type { DaemonKind } from "./daemon.ts";
import type { DatabaseFaultName } from "./database-fault-names.ts";
import { DATABASE_FAULT, type DatabaseFault, type FaultContext } from "./database-faults.ts";
import { outageGoal } from "./database-goals.ts";
import type { DatabaseLab } from "./database-lab.ts";
import type { LabNode } from "./node.ts";

export interface DatabaseResult {
  readonly fault: DatabaseFaultName;
  readonly daemon: DaemonKind;
  /** Who took writes before it, at its end, and after the repair; undefined: nobody. */
  readonly before: string;
  readonly after: string | undefined;
  readonly finally: string | undefined;
  /** Writes that were acknowledged, from the beginning to the end. */
  readonly acknowledged: number;
  /** Of them, those that the surviving data does not have. */
  readonly lost: number;
  /** The first of them. */
  readonly lostWrites: readonly Acknowledged[];
  readonly byBoth: number;
  readonly readOnly: number;
  readonly stale: number;
  /** The longest time without an acknowledgement while the fault lasted. */
  readonly outageMilliseconds: number;
  /** It lasted up to the repair. */
  readonly isOpen: boolean;
  /** How long it may be with these settings; undefined: that is not asked of this fault. */
  readonly goalMilliseconds: number | undefined;
  /** The same, from the repair to the end. */
  readonly healOutageMilliseconds: number;
  /** Statements that failed, by code, read-only ones included. */
  readonly failed: Readonly<Record<string, number>>;
  /** The other node follows the one that takes writes at the end. */
  readonly isFollowed: boolean;
  /** What of it should not have been; empty: nothing. */
  readonly problems: readonly Problem[];
}

export type Problem =
  | "lost"
  | "both"
  | "read-only"
  | "stale"
  | "wrong-node"
  | "not-healed"
  | "not-followed";

export interface DatabaseWatcher {
  onBroken?(owner: LabNode): void;
  /** It is repaired when the promise resolves. */
  onObserved?(seen: {
    readonly after: LabNode | undefined;
    readonly outageMilliseconds: number;
    readonly isOpen: boolean;
  }): Promise<void>;
  onHealed?(owner: LabNode): void;
}

export interface DatabaseRunOptions {
  /** 0 to 1, 1 excluded: where within an advertisement interval it falls. */
  readonly random: () => number;
  readonly watcher?: DatabaseWatcher;
}

const POLL_MILLISECONDS = 50;
/** Beyond what is calculated, before a move counts as missing. */
const GRACE_SECONDS = 3;
const BEFORE_MILLISECONDS = 1_000;
const AFTER_MILLISECONDS = 1_500;
const HEALED_SECONDS = 20;
/** The same where the former primary need not follow. */
const MAY_DIVERGE_SECONDS = 6;
/** Writes are acknowledged: the last one is not older. */
const RECENT_MILLISECONDS = 250;

/** A new pair for the fault, and clients that write; resolves to the owner. */
export const beginRound = (pair: DatabaseLab, name: DatabaseFaultName): Promise<LabNode> =>
  pair.begin({ isSlow: DATABASE_FAULT[name].isSlow === true });

/** @param owner what `beginRound` has given */
export async function runDatabaseFault(
  pair: DatabaseLab,
  name: DatabaseFaultName,
  owner: LabNode,
  { random, watcher = {} }: DatabaseRunOptions,
): Promise<DatabaseResult> {
  const fault = DATABASE_FAULT[name];
  const phases: Instant[] = [now()];
  const context: FaultContext = {
    pair,
    owner,
    other: pair.otherThan(owner),
    until: (node, seconds) => untilWrites(pair, node, seconds),
    nextPhase: async () => {
      await sleep(AFTER_MILLISECONDS);
      phases.push(now());
    },
  };
  await sleep(BEFORE_MILLISECONDS);
  await fault.prepare?.(context);
  await sleep(random() * pair.lab.profile.advertSeconds * 1_000);

  const brokenAt = now();
  phases.push(brokenAt);
  watcher.onBroken?.(owner);
  await fault.inject(context);
  const after = await observe(pair, fault, context, brokenAt);
  const observedAt = now();
  const seen = await pair.ledger();
  const from = fault.isLastCounted === true ? phases.at(-1) : brokenAt;
  const longest = longestGap(seen.acknowledged, from ?? brokenAt, observedAt);
  // A pause at the very end may be any pause.
  const gap = { ...longest, isOpen: longest.isOpen && after === undefined };
  await watcher.onObserved?.({
    after,
    outageMilliseconds: toMillis(gap.total),
    isOpen: gap.isOpen,
  });

  phases.push(observedAt);
  await fault.heal(context);
  watcher.onHealed?.(owner);
  const last = await untilHealed(pair, fault);
  await sleep(AFTER_MILLISECONDS);
  const endedAt = now();
  const ledger = await pair.finish();
  return conclude(pair, { name, owner, after, last, ledger, phases: [...phases, endedAt], gap });
}

/** Who took the last write, if that was a moment ago. */
async function serving(pair: DatabaseLab): Promise<LabNode | undefined> {
  const { acknowledged } = await pair.ledger();
  const last = acknowledged.at(-1);
  if (last === undefined || toMillis(elapsed(last.at, now())) > RECENT_MILLISECONDS) {
    return undefined;
  }
  return pair.nodeOf(last.server);
}

async function untilWrites(pair: DatabaseLab, node: LabNode, seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1_000 * pair.lab.slowness;
  while ((await serving(pair)) !== node) {
    if (performance.now() > end) throw new Error(`no writes at ${node.name} within ${seconds} s`);
    await sleep(POLL_MILLISECONDS);
  }
}

/** Until it serves who should and goes on to, or the time for it is over; who serves then. */
async function observe(
  pair: DatabaseLab,
  fault: DatabaseFault,
  { owner, other }: FaultContext,
  brokenAt: Instant,
): Promise<LabNode | undefined> {
  const wanted = { other, owner, nobody: undefined }[fault.serves];
  const limit = pair.detectionSeconds() + GRACE_SECONDS + (fault.extraSeconds ?? 0);
  const end = performance.now() + limit * 1_000 * pair.lab.slowness;
  let isThere = false;
  // Where nobody is to take writes there is nothing to wait for but time.
  while (!isThere && performance.now() < end) {
    await sleep(POLL_MILLISECONDS);
    if (wanted === undefined || (await serving(pair)) !== wanted) continue;
    await sleep(AFTER_MILLISECONDS);
    isThere = (await serving(pair)) === wanted;
  }
  const least = (fault.lastsSeconds ?? 0) * 1_000 - toMillis(elapsed(brokenAt, now()));
  await sleep(Math.max(0, least));
  return await serving(pair);
}

/** Writes are taken, and the other node follows, or neither of it for too long. */
async function untilHealed(
  pair: DatabaseLab,
  { mayDiverge = false }: DatabaseFault,
): Promise<LabNode | undefined> {
  const beganAt = performance.now();
  let node: LabNode | undefined;
  for (;;) {
    const seconds =
      (mayDiverge || !pair.rejoins) && node !== undefined ? MAY_DIVERGE_SECONDS : HEALED_SECONDS;
    if (performance.now() - beganAt > seconds * 1_000 * pair.lab.slowness) break;
    node = await serving(pair);
    const isFollowed = node !== undefined && (await pair.isFollowing(pair.otherThan(node)));
    // The guides' scripts see to it that nobody follows.
    if (isFollowed || (node !== undefined && !pair.hasGate)) break;
    await sleep(POLL_MILLISECONDS);
  }
  return node;
}

interface Course {
  readonly name: DatabaseFaultName;
  readonly owner: LabNode;
  readonly after: LabNode | undefined;
  readonly last: LabNode | undefined;
  readonly ledger: Ledger;
  /** Within each the address moves at most once. */
  readonly phases: readonly Instant[];
  readonly gap: Gap;
}

const SHOWN_MAX = 10;
const NOT_FOLLOWED: readonly Problem[] = ["not-followed"];

async function conclude(pair: DatabaseLab, course: Course): Promise<DatabaseResult> {
  const { name, owner, after, ledger, phases, gap } = course;
  const { acknowledged } = ledger;
  const lastServer = acknowledged.at(-1)?.server;
  const survivor = course.last ?? (lastServer === undefined ? owner : pair.nodeOf(lastServer));
  const missing = lostOf(acknowledged, await pair.rowsOf(survivor));
  const windows = phases.slice(1).map((to, index) => [phases[index] ?? to, to] as const);
  const byBoth = windows.reduce((all, [from, to]) => all + takenByBoth(acknowledged, from, to), 0);
  const failed = countFailures(ledger.failed);
  const [healedAt, endedAt] = windows.at(-1) ?? [phases[0] ?? (0 as Instant), 0 as Instant];
  const figures = {
    lost: missing.length,
    byBoth,
    readOnly: failed[READ_ONLY] ?? 0,
    stale: ledger.stale.length,
  };
  const { last } = course;
  const isFollowed = last !== undefined && (await pair.isFollowing(pair.otherThan(last)));
  // The guides' scripts see to it that nobody follows.
  const mustFollow = pair.rejoins && DATABASE_FAULT[name].mayDiverge !== true;
  return {
    fault: name,
    daemon: owner.kind,
    before: owner.name,
    after: after?.name,
    finally: course.last?.name,
    acknowledged: acknowledged.length,
    ...figures,
    lostWrites: missing.slice(0, SHOWN_MAX),
    outageMilliseconds: toMillis(gap.total),
    isOpen: gap.isOpen,
    goalMilliseconds: outageGoal(name, pair.detections),
    healOutageMilliseconds: toMillis(longestGap(acknowledged, healedAt, endedAt).total),
    failed,
    isFollowed,
    problems: [...problemsOf(course, figures), ...(isFollowed || !mustFollow ? [] : NOT_FOLLOWED)],
  };
}

function problemsOf(
  { name, owner, after, last }: Course,
  figures: Pick<DatabaseResult, "lost" | "byBoth" | "readOnly" | "stale">,
): readonly Problem[] {
  const { serves } = DATABASE_FAULT[name];
  const isRight =
    serves === "nobody"
      ? after === undefined
      : (after === owner) === (serves === "owner") && after !== undefined;
  const found: readonly (readonly [boolean, Problem])[] = [
    [figures.lost > 0, "lost"],
    [figures.byBoth > 0, "both"],
    [figures.readOnly > 0, "read-only"],
    [figures.stale > 0, "stale"],
    [!isRight, "wrong-node"],
    [last === undefined, "not-healed"],
  ];
  return found.filter(([is]) => is).map(([, problem]) => problem);
}
