/**
 * One fault from beginning to end: the normal state, the fault at a random phase, the move, the
 * repair, and the normal state again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "#linux/clock";
import { elapsed, type Instant, toMillis } from "#units/time";
import type { DaemonKind } from "./daemon.ts";
import { FAULTS, type Fault, type FaultName } from "./faults.ts";
import type { Lab } from "./lab.ts";
import type { CloudView } from "./lab-cloud.ts";
import type { LabNode } from "./node.ts";

/** What was seen between the fault and its repair. */
export interface ObservedFault {
  readonly fault: FaultName;
  readonly profile: string;
  readonly daemon: DaemonKind;
  readonly before: string;
  /**
   * Reachable nodes that hold the address at the end of the observation; those that answer,
   * where that is known.
   */
  readonly after: readonly string[];
  /** True if the address is where it should be. */
  readonly passed: boolean;
  /**
   * What the client noticed between the fault and the repair: all times without an answer, and
   * the longest of them.
   */
  readonly outageMilliseconds: number;
  readonly longestOutageMilliseconds: number;
  readonly lost: number;
  /**
   * The longest time in which a prober sent nothing because this machine was busy; 1 ms is the
   * rule.
   */
  readonly proberPauseMilliseconds: number;
  /** The time from the fault until another node held the address; undefined if none did. */
  readonly takeOverMilliseconds: number | undefined;
  /**
   * The time from the last advertisement of the old owner that the new one received until the
   * new one held the address.
   */
  readonly afterLastAdvertMilliseconds: number | undefined;
  /**
   * Reachable nodes that held it at the same time, total; still going on at the end:
   * `dualOpen`.
   */
  readonly dualMilliseconds: number;
  readonly dualOpen: boolean;
  /** The same, of those that answered for it; undefined where the lab does not ask each of them. */
  readonly dualAnswers: { readonly milliseconds: number; readonly open: boolean } | undefined;
  /** The total time in which no reachable node held it. */
  readonly unheldMilliseconds: number;
  /** Only on a platform that moves the address itself. */
  readonly cloud: CloudView | undefined;
}

export interface FaultResult extends ObservedFault {
  /** The same for the repair, until the state was normal again. */
  readonly healOutageMilliseconds: number;
  readonly healLost: number;
  /** Of those that answered, where that is known. */
  readonly healDualMilliseconds: number;
  /** How often the survivor gave up the address or got it back. */
  readonly healChanges: number;
  readonly finally: string;
}

export interface ScenarioWatcher {
  onBroken?(owner: LabNode): void;
  onMoved?(to: LabNode): void;
  onObserved?(result: ObservedFault): void;
  onHealed?(owner: LabNode): void;
}

export interface ScenarioOptions {
  /** 0 to 1, 1 excluded. */
  readonly random: () => number;
  readonly watcher?: ScenarioWatcher;
  /** How long to observe after the move, in case of a second owner. */
  readonly observeSeconds?: number;
  /** How long the fault lasts at least, from its beginning to the repair. */
  readonly lastsSeconds?: number;
  /**
   * How long to observe after the repair, because clients may notice it later than the daemons.
   */
  readonly watchSeconds?: number;
}

/** The extra time, beyond the calculated one, before a move counts as missing. */
const GRACE_SECONDS = 3;
const AFTER_MOVE_SECONDS = 1.2;
const POLL_MILLISECONDS = 2;

export async function runFault(
  lab: Lab,
  name: FaultName,
  options: ScenarioOptions,
): Promise<FaultResult> {
  const fault = FAULTS[name];
  const { watcher = {}, random } = options;
  const owner = await lab.untilSettled();
  await sleep(random() * lab.profile.advertSeconds * 1000);

  const idBefore = lab.cloud?.holderId();
  const brokenAt = now();
  const injected = fault.inject(owner);
  watcher.onBroken?.(owner);
  const moved = await untilMoved(lab, owner, limitSeconds(lab, name) * lab.slowness);
  if (moved !== undefined) watcher.onMoved?.(moved.node);
  const lastAdvertAt =
    moved && lab.instruments.adverts.lastClaim(moved.node.name, owner.address, moved.at);
  await injected;
  if (moved !== undefined) await untilPlatformMoved(lab, moved.node);
  await sleep((options.observeSeconds ?? AFTER_MOVE_SECONDS) * 1000);
  const { lastsSeconds = 0, watchSeconds = 0 } = options;
  await sleep(Math.max(0, lastsSeconds * 1000 - toMillis(elapsed(brokenAt, now()))));

  const observedAt = now();
  const reachable = lab.nodes.filter((node) => !(fault.ownerUnreachable && node === owner));
  const names = reachable.map((node) => node.name);
  const dual = lab.instruments.overlap(names, brokenAt, observedAt);
  const seen = await lab.instruments.outage(brokenAt, observedAt);
  const answers = lab.instruments.answerOverlap(names, brokenAt, observedAt);
  const owners = lab.instruments.answering() ?? lab.instruments.holders();
  const after = owners.filter((holder) => names.includes(holder));
  const cloud = await viewOfCloud(lab, idBefore, brokenAt, observedAt);
  const observed: ObservedFault = {
    fault: name,
    profile: lab.profile.name,
    daemon: owner.kind,
    before: owner.name,
    after,
    passed: hasPassed(fault.moves, owner.name, after),
    outageMilliseconds: seen.totalMilliseconds,
    longestOutageMilliseconds: seen.outageMilliseconds,
    lost: seen.lost,
    proberPauseMilliseconds: Math.max(
      seen.longestPauseMilliseconds,
      cloud?.proberPauseMilliseconds ?? 0,
    ),
    takeOverMilliseconds: moved && toMillis(elapsed(brokenAt, moved.at)),
    afterLastAdvertMilliseconds: lastAdvertAt && moved && toMillis(elapsed(lastAdvertAt, moved.at)),
    dualMilliseconds: toMillis(dual.total),
    dualOpen: dual.open,
    dualAnswers: answers && { milliseconds: toMillis(answers.total), open: answers.open },
    cloud,
    unheldMilliseconds: toMillis(lab.instruments.absence(names, brokenAt, observedAt)),
  };
  watcher.onObserved?.(observed);

  const healedAt = now();
  await fault.heal(owner);
  watcher.onHealed?.(owner);
  return { ...observed, ...(await observeHealed(lab, healedAt, moved?.node, watchSeconds)) };
}

type Healed = Omit<FaultResult, keyof ObservedFault>;

/** After the repair: until the pair has settled, and a while longer. */
async function observeHealed(
  lab: Lab,
  healedAt: Instant,
  successor: LabNode | undefined,
  watchSeconds: number,
): Promise<Healed> {
  const last = await lab.untilSettled();
  await sleep(watchSeconds * 1000);
  const settledAt = now();
  const allNames = lab.nodes.map((node) => node.name);
  const healSeen = await lab.instruments.outage(healedAt, settledAt);
  return {
    healOutageMilliseconds: healSeen.totalMilliseconds,
    healLost: healSeen.lost,
    healDualMilliseconds: toMillis(
      (
        lab.instruments.answerOverlap(allNames, healedAt, settledAt) ??
        lab.instruments.overlap(allNames, healedAt, settledAt)
      ).total,
    ),
    healChanges:
      successor === undefined
        ? 0
        : lab.instruments.changesWithin(successor.name, healedAt, settledAt),
    finally: last.name,
  };
}

/** The platform may be slow, and a daemon has to repeat announcements that were lost. */
async function untilPlatformMoved(lab: Lab, owner: LabNode): Promise<void> {
  const { cloud } = lab;
  if (cloud === undefined) return;
  const end =
    performance.now() + (toMillis(cloud.claimLatency) + GRACE_SECONDS * 1000) * lab.slowness;
  while (cloud.holder() !== owner.name && performance.now() < end) await sleep(POLL_MILLISECONDS);
}

async function viewOfCloud(
  lab: Lab,
  before: string | undefined,
  from: Instant,
  to: Instant,
): Promise<CloudView | undefined> {
  if (lab.cloud === undefined) return undefined;
  const move = lab.cloud.moveWithin(from, to);
  const seen = await lab.outside?.outage(from, to);
  return {
    before,
    after: lab.cloud.holderId(),
    platformMilliseconds: move === undefined ? undefined : toMillis(move),
    outageMilliseconds: seen?.totalMilliseconds,
    lost: seen?.lost,
    proberPauseMilliseconds: seen?.longestPauseMilliseconds,
  };
}

function hasPassed(moves: Fault["moves"], before: string, after: readonly string[]): boolean {
  if (moves === "splits") return after.length > 0;
  if (after.length !== 1) return false;
  return moves === "maybe" || after[0] !== before;
}

/** The longest calculated wait, plus the time that the fault itself needs to be noticed. */
function limitSeconds(lab: Lab, name: FaultName): number {
  const { profile } = lab;
  const detection = name === "script" ? profile.scriptSeconds * 2 : 0;
  const grace = FAULTS[name].moves === "maybe" ? 0 : GRACE_SECONDS;
  return lab.takeOverSeconds() + detection + grace;
}

async function untilMoved(
  lab: Lab,
  owner: LabNode,
  seconds: number,
): Promise<{ readonly node: LabNode; readonly at: Instant } | undefined> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const node = lab.holders().find((holder) => holder !== owner);
    if (node !== undefined) {
      return { node, at: lab.instruments.holdsSince(node.name) ?? now() };
    }
    await sleep(POLL_MILLISECONDS);
  }
  return undefined;
}
