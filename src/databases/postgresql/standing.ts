/**
 * Whether this server could be promoted now, and why not. Pure: what the servers say, and what was
 * seen of the primary while it answered.
 *
 * A standby is eligible while its primary is gone if it was all right when the primary was last
 * seen. With `sync required` also only if the primary waited for it then: Baton lets a primary
 * acknowledge alone only until its standby has caught up, and never again.
 */
import { fromMillis, type Micros } from "#units/time";
import {
  type DatabaseRole,
  type DatabaseSettings,
  printAddress,
  type ServerStanding,
  type Standing,
  type Text,
} from "../port/database.ts";
import type { PeerView } from "../port/link.ts";
import type { Look } from "../port/received.ts";
import { addSample, type Clock, lagAt, type Sample } from "../port/samples.ts";
import { UNREACHABLE } from "../port/standing.ts";
import * as common from "../port/texts.ts";
import type { Connection } from "./connection.ts";
import { type Facts, isWritable } from "./facts.ts";
import { hasAll, printHistory } from "./history.ts";
import * as texts from "./texts.ts";

export type PgPeer = PeerView<Connection, Facts>;

export interface View {
  readonly own: Facts;
  readonly peers: readonly PgPeer[];
}

/** Of the primary that is followed, from the looks at which it answered. */
export interface Memory {
  /** Positions of the primary; the newest is last. */
  readonly samples: readonly Sample<bigint>[];
  readonly timeline: number;
  /** At the last such look; undefined: not known. */
  readonly lag: Micros | undefined;
  readonly isStreaming: boolean;
  /** It has all that this server has. */
  readonly hasOurs: boolean | undefined;
  /** Since when commits are seen to wait for a standby. */
  readonly waitsSince: Clock | undefined;
  /** What may have been acknowledged alone ends here. */
  readonly aloneUntil: bigint | undefined;
  /** All of that is here, and whatever came later waited. */
  readonly isSynchronous: boolean;
}

/** A server that has been set to wait does so after this long, whatever keeps it busy. */
const SETTLE_MS = 3_000;

export const roleOf = (facts: Facts): Exclude<DatabaseRole, "unreachable"> =>
  facts.standby !== undefined ? "replica" : facts.isClosed ? "alone" : "primary";

export const primaryOf = (peers: readonly PgPeer[]): PgPeer | undefined =>
  peers.find(({ seen }) => seen.facts !== undefined && isWritable(seen.facts));

export const follows = ({ standby }: Facts): boolean => standby?.isStreaming === true;

/** The standby has replayed all that its primary had. */
export const hasReplayed = ({ standby, history }: Facts, { history: theirs }: Facts): boolean =>
  standby !== undefined && history.timeline === theirs.timeline && standby.replayed >= theirs.lsn;

/** What is remembered after a look. */
export function remember(
  { own, peers }: View,
  before: Memory | undefined,
  { beganAt, later = own }: Look<Facts>,
): Memory | undefined {
  if (own.standby === undefined) return undefined;
  const primary = primaryOf(peers)?.seen.facts;
  if (primary === undefined) return before;
  const { lsn, timeline } = primary.history;
  const last = before?.timeline === timeline ? before : undefined;
  const older = last?.samples ?? [];
  const { replayed, isStreaming } = own.standby;
  const lagMs = hasReplayed(later, primary) ? 0 : lagAt(older, replayed, beganAt);
  const waits = isStreaming && primary.waitsForAll;
  const waitsSince = waits ? (last?.waitsSince ?? beganAt) : undefined;
  const isSettled = waitsSince !== undefined && beganAt - waitsSince >= SETTLE_MS;
  const aloneUntil = isSettled ? (last?.aloneUntil ?? lsn) : undefined;
  return {
    samples: addSample(older, { at: beganAt, position: lsn }),
    timeline,
    lag: lagMs === undefined ? undefined : fromMillis(Math.round(lagMs)),
    isStreaming,
    hasOurs: hasAll(primary.history, own.history) ?? false,
    waitsSince,
    aloneUntil,
    isSynchronous:
      aloneUntil !== undefined &&
      own.history.timeline === timeline &&
      own.history.lsn >= aloneUntil,
  };
}

/** Why it is not eligible. */
export function reasons(
  settings: DatabaseSettings,
  view: View,
  memory: Memory | undefined,
): readonly Text[] {
  const why =
    view.own.standby === undefined
      ? whyNoStandby(settings, view)
      : whyStandby(settings, view, memory);
  const same = sameServer(view);
  return same === undefined ? why : [same, ...why];
}

/** It has all that this one has, and would say so for another that was never asked. */
function sameServer({ own, peers }: View): Text | undefined {
  const found = peers.find(({ seen }) => seen.facts?.server === own.server);
  return found === undefined ? undefined : texts.sameServer(printAddress(found.link.at));
}

export function standingOf(
  settings: DatabaseSettings,
  view: View,
  memory: Memory | undefined,
): Standing {
  const { own, peers } = view;
  const why = reasons(settings, view, memory);
  const notes = notesOf(settings, view);
  const [first] = peers;
  return {
    ...serverStanding(own, memory),
    ...(first === undefined ? {} : { peer: peerStanding(first) }),
    eligible: why.length === 0,
    why,
    ...(notes.length === 0 ? {} : { notes }),
    ...(needsRejoin(view) ? { needsRejoin: true } : {}),
  };
}

/**
 * Another server is primary, and this one cannot follow it as it is: it is no standby, or has
 * records of its own.
 */
export function needsRejoin({ own, peers }: View): boolean {
  const primary = primaryOf(peers)?.seen.facts;
  if (primary === undefined || primary.history.system !== own.history.system) return false;
  if (own.standby === undefined) return own.isClosed;
  return !own.standby.isStreaming && hasAll(primary.history, own.history) === false;
}

export const peerStanding = ({ seen: { facts } }: PgPeer): ServerStanding =>
  facts === undefined ? UNREACHABLE : serverStanding(facts, undefined);

function serverStanding(facts: Facts, memory: Memory | undefined): ServerStanding {
  const lag = memory?.lag;
  const isPrimary = facts.standby === undefined;
  const isSynchronous = isPrimary ? facts.waitsForAll : memory?.isSynchronous;
  return {
    role: roleOf(facts),
    isWritable: isWritable(facts),
    follows: follows(facts) && memory?.hasOurs !== false,
    ...(lag === undefined ? {} : { lagMicros: lag }),
    ...(isSynchronous === undefined ? {} : { isSynchronous }),
    position: printHistory(facts.history),
  };
}

function whyStandby(
  settings: DatabaseSettings,
  { own, peers }: View,
  memory: Memory | undefined,
): Text[] {
  const why: Text[] = [];
  const isStreaming = own.standby?.isStreaming === true;
  if (own.standby?.isPaused === true) why.push(texts.paused);
  const primary = primaryOf(peers)?.seen.facts;
  const all = peers.flatMap(({ seen }) => (seen.facts === undefined ? [] : [seen.facts]));
  // Nobody takes writes and everybody answers: what there is can be compared.
  if (primary === undefined && all.length > 0 && all.length === peers.length)
    return [...why, ...whyLacking(own, all)];
  if (primary !== undefined && !isStreaming) why.push(texts.notStreaming);
  if (memory === undefined) {
    why.push(settings.sync === "required" ? texts.synchronousUnknown : texts.lagUnknown);
    return why;
  }
  if (memory.hasOurs === false) why.push(texts.ownData);
  if (primary === undefined && !memory.isStreaming) why.push(texts.notStreaming);
  if (memory.lag === undefined) why.push(texts.lagUnknown);
  else if (memory.lag > settings.maxLag) why.push(common.lagging(memory.lag, settings.maxLag));
  if (settings.sync === "required" && !memory.isSynchronous)
    why.push(primary === undefined ? texts.synchronousUnknown : texts.notSynchronous);
  return why;
}

/** Of one that follows nobody: what the others have must be here. */
function whyNoStandby({ sync }: DatabaseSettings, { own, peers }: View): Text[] {
  const isClosed = !isWritable(own);
  return peers.flatMap(({ link, seen: { facts } }) => {
    if (facts === undefined) return isClosed && sync !== "off" ? [common.followsNobody] : [];
    if (isWritable(facts) && isClosed) return [texts.peerIsPrimary(printAddress(link.at))];
    // A former primary writes records of its own, though none of a client; it is set up again.
    const isPast = !isWritable(facts) && facts.history.timeline < own.history.timeline;
    // A standby of this server is behind it, never before it.
    const isBehind = facts.standby !== undefined && !isClosed;
    const isOfOne = facts.history.system === own.history.system;
    return isOfOne && (isPast || (isBehind && facts.history.timeline <= own.history.timeline))
      ? []
      : whyLacking(own, [facts]);
  });
}

function whyLacking(own: Facts, all: readonly Facts[]): Text[] {
  const lost = all.find((one) => !hasOrReceives(own, one));
  return lost === undefined ? [] : [lackingText(own, lost)];
}

/** What it lacks is on its way. */
function hasOrReceives(own: Facts, other: Facts): boolean {
  if (hasAll(own.history, other.history) === true) return true;
  const isStreaming = own.standby?.isStreaming === true && other.standby === undefined;
  return isStreaming && hasAll(other.history, own.history) === true;
}

export function lackingText(own: Facts, theirs: Facts): Text {
  const [here, there] = [printHistory(own.history), printHistory(theirs.history)];
  const [ours, others] = [hasAll(own.history, theirs.history), hasAll(theirs.history, own.history)];
  if (ours === undefined || others === undefined) return texts.unrelated(here, there);
  return others ? texts.lacking(here, there) : texts.diverged(here, there);
}

function notesOf({ sync }: DatabaseSettings, { own, peers }: View): Text[] {
  const notes: Text[] = [];
  if (own.prepared > 0) notes.push(texts.prepared(own.prepared));
  if (own.exempt.length > 0) notes.push(texts.exempt(own.exempt));
  if (roleOf(own) === "primary" && sync !== "off" && peers.length > 0) {
    if (own.waitsFor === "") notes.push(texts.waitsForNobody);
    else if (own.streaming === 0 && sync === "required") notes.push(texts.commitsStandStill);
  }
  return notes;
}
