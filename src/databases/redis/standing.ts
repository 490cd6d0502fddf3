/**
 * Whether this server could be promoted now, and why not. Pure: what the servers say, and what was
 * seen of the master while it answered.
 *
 * Redis acknowledges a write before any replica has it. So with `sync required` a replica is
 * eligible only while the master answers: everything is fetched from it before the promotion.
 */
import { type Micros, micros } from "#units/time";
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
import { addSample, lagAt, type Sample } from "../port/samples.ts";
import { UNREACHABLE } from "../port/standing.ts";
import * as common from "../port/texts.ts";
import type { Connection } from "./connection.ts";
import { type Facts, isWritable } from "./facts.ts";
import { hasAll, printHistory } from "./history.ts";
import * as texts from "./texts.ts";

export type RedisPeer = PeerView<Connection, Facts>;

/** Of the master that is followed, from the looks at which it answered; the newest is last. */
export interface Memory {
  readonly samples: readonly Sample<number>[];
  /** At the last such look; undefined: not known. */
  readonly lag: Micros | undefined;
  readonly isUp: boolean;
  /** It has all that this server has. */
  readonly hasOurs: boolean | undefined;
}

export interface View {
  readonly own: Facts;
  readonly peers: readonly RedisPeer[];
}

export const roleOf = (facts: Facts): Exclude<DatabaseRole, "unreachable"> =>
  facts.source !== undefined ? "replica" : isWritable(facts) ? "primary" : "alone";

export const primaryOf = (peers: readonly RedisPeer[]): RedisPeer | undefined =>
  peers.find(({ seen }) => seen.facts !== undefined && roleOf(seen.facts) === "primary");

/** What is remembered after a look. */
export function remember(
  { own, peers }: View,
  before: Memory | undefined,
  { beganAt, later = own }: Look<Facts>,
): Memory | undefined {
  if (own.source === undefined) return undefined;
  const primary = primaryOf(peers)?.seen.facts;
  if (primary === undefined) return before;
  const isSame = primary.history.id === own.history.id;
  const older = isSame ? (before?.samples ?? []) : [];
  const isCurrent = hasAll(later.history, primary.history) === true;
  const lagMs = isCurrent ? 0 : lagAt(older, own.history.offset, beganAt);
  return {
    samples: addSample(older, { at: beganAt, position: primary.history.offset }),
    lag: lagMs === undefined ? undefined : micros(Math.round(lagMs * 1_000)),
    isUp: own.source.isUp,
    hasOurs: isSame ? true : hasAll(primary.history, own.history),
  };
}

/** Why it is not eligible. */
export function reasons(
  settings: DatabaseSettings,
  view: View,
  memory: Memory | undefined,
): readonly Text[] {
  const { own } = view;
  const why =
    own.source === undefined ? whyMaster(settings, view) : whyReplica(settings, view, memory);
  const same = sameServer(own, view.peers);
  return [...(same === undefined ? [] : [same]), ...why, ...(own.isLoading ? [texts.loading] : [])];
}

/** It has all that this one has, and would say so for another that was never asked. */
export function sameServer({ runId }: Facts, peers: readonly RedisPeer[]): Text | undefined {
  if (runId === undefined) return undefined;
  const found = peers.find(({ seen }) => seen.facts?.runId === runId);
  return found === undefined ? undefined : texts.sameServer(printAddress(found.link.at));
}

export function standingOf(
  settings: DatabaseSettings,
  view: View,
  memory: Memory | undefined,
): Standing {
  const { own, peers } = view;
  const why = reasons(settings, view, memory);
  const [first] = peers;
  const notes = memory?.hasOurs === false ? [texts.ownData] : [];
  return {
    ...serverStanding(own, memory?.lag),
    ...(first === undefined ? {} : { peer: peerStanding(first) }),
    eligible: why.length === 0,
    why,
    ...(notes.length === 0 ? {} : { notes }),
  };
}

export const peerStanding = ({ seen: { facts } }: RedisPeer): ServerStanding =>
  facts === undefined ? UNREACHABLE : serverStanding(facts, undefined);

export const follows = ({ source, isReplicaWritable }: Facts): boolean =>
  source?.isUp === true && !source.isCopying && !isReplicaWritable;

function serverStanding(facts: Facts, lag: Micros | undefined): ServerStanding {
  return {
    role: roleOf(facts),
    isWritable: isWritable(facts),
    follows: follows(facts),
    ...(lag === undefined ? {} : { lagMicros: lag }),
    position: printHistory(facts.history),
  };
}

function whyReplica(
  settings: DatabaseSettings,
  { own, peers }: View,
  memory: Memory | undefined,
): Text[] {
  const why: Text[] = [];
  const { source } = own;
  if (source?.isCopying === true) why.push(texts.copying);
  if (own.isReplicaWritable) why.push(texts.writableReplica);
  const primary = primaryOf(peers)?.seen.facts;
  const all = peers.flatMap(({ seen }) => (seen.facts === undefined ? [] : [seen.facts]));
  // Nobody takes writes and everybody answers: what there is can be compared.
  if (primary === undefined && all.length > 0 && all.length === peers.length)
    return [...why, ...whyLacking(own, all)];
  if (primary === undefined && settings.sync === "required") why.push(texts.notSynchronous);
  if (primary !== undefined && source?.isUp === false) why.push(texts.notReceiving);
  if (memory === undefined || memory.lag === undefined) return [...why, texts.lagUnknown];
  if (memory.hasOurs === false) why.push(texts.ownData);
  if (!memory.isUp && primary === undefined) why.push(texts.notReceiving);
  if (memory.lag > settings.maxLag) why.push(common.lagging(memory.lag, settings.maxLag));
  return why;
}

/** Of one that follows nobody: what the others have must be here. */
function whyMaster({ sync }: DatabaseSettings, { own, peers }: View): Text[] {
  const isStrict = roleOf(own) === "alone" && sync === "required";
  return peers.flatMap(({ link, seen: { facts } }) => {
    if (facts === undefined) return isStrict ? [common.followsNobody] : [];
    if (roleOf(facts) === "primary" && roleOf(own) === "alone")
      return [texts.peerIsPrimary(printAddress(link.at))];
    // A replica of this server is behind it, never before it.
    return roleOf(facts) === "replica" && roleOf(own) === "primary" ? [] : whyLacking(own, [facts]);
  });
}

function whyLacking(own: Facts, all: readonly Facts[]): Text[] {
  const lost = all.find((one) => hasAll(own.history, one.history) !== true);
  if (lost === undefined) return [];
  return hasAll(own.history, lost.history) === undefined
    ? [texts.unrelated(printHistory(own.history), printHistory(lost.history))]
    : [texts.lacking(printHistory(own.history), printHistory(lost.history))];
}
