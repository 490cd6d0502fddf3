/**
 * Whether this database could be promoted now, and why not. Pure: facts of the servers, and what
 * was seen of the primary while it answered.
 *
 * A replica is eligible while its primary is gone if it was all right when the primary was last
 * seen. With `sync required` also only as long as the primary cannot have acknowledged anything
 * alone: a write that began to wait after the look before the last one is acknowledged alone
 * `rpl_semi_sync_master_timeout` later at the earliest.
 */
import type { Micros } from "#units/time";
import {
  type DatabaseRole,
  type DatabaseSettings,
  printAddress,
  type ServerStanding,
  type Standing,
  type Text,
} from "../port/database.ts";
import type { Seen } from "../port/link.ts";
import type { Clock } from "../port/samples.ts";
import { UNREACHABLE } from "../port/standing.ts";
import * as common from "../port/texts.ts";
import type { Facts } from "./facts.ts";
import { type Data, missing, printData } from "./gtid.ts";
import type { SqlLink } from "./sql.ts";
import * as texts from "./texts.ts";

/** Of the primary that this replica follows, from the looks at which it answered. */
export interface Memory {
  /** When the last such look began. */
  readonly seenAt: Clock;
  /** What the primary had then. */
  readonly data: Data;
  readonly lag: Micros | undefined;
  readonly errant: string;
  /** The primary acknowledges nothing alone before this. Undefined: it may have. */
  readonly synchronousUntil: Clock | undefined;
  readonly semiSyncTimeoutMs: number | undefined;
}

export interface View {
  readonly own: Facts;
  readonly peers: readonly PeerView[];
}

export interface PeerView {
  readonly link: Pick<SqlLink, "at">;
  readonly seen: Seen<Facts>;
}

export function roleOf({ isReadOnly, replication }: Facts): Exclude<DatabaseRole, "unreachable"> {
  if (replication?.applies === true) return "replica";
  if (!isReadOnly) return "primary";
  return replication === undefined ? "alone" : "replica";
}

/** The one that takes writes, if any of the peers does. */
export const primaryOf = (peers: readonly PeerView[]): PeerView | undefined =>
  peers.find(({ seen }) => seen.facts !== undefined && roleOf(seen.facts) === "primary");

/**
 * What is remembered after a look.
 *
 * @param before what was remembered until now
 * @param beganAt when this look began
 */
export function remember(
  view: View,
  before: Memory | undefined,
  beganAt: Clock,
): Memory | undefined {
  const { own } = view;
  const primary = primaryOf(view.peers)?.seen.facts;
  if (roleOf(own) !== "replica") return undefined;
  if (primary === undefined) return before;
  const errant = missing(primary.data, own.data) ?? "";
  const behind = missing(own.data, primary.data);
  const receives = own.replication?.receives === "yes";
  // Nothing is missing: it is not behind, whatever the clock of whole seconds says.
  const lag = behind === "" ? (0 as Micros) : own.replication?.lag;
  const semiSync = primary.semiSync;
  return {
    seenAt: beganAt,
    data: primary.data,
    lag,
    errant,
    synchronousUntil: receives ? synchronousUntil(own, primary, before) : undefined,
    semiSyncTimeoutMs: semiSync?.timeoutMs,
  };
}

/**
 * What the primary had at the look before is here: whatever waits for an acknowledgement now began
 * to wait after that look.
 */
function synchronousUntil(
  own: Facts,
  primary: Facts,
  before: Memory | undefined,
): Clock | undefined {
  const { semiSync } = primary;
  const isOn = waits(primary) && own.semiSync?.isReplicaOn === true;
  if (!isOn || semiSync === undefined || before === undefined) return undefined;
  if (missing(own.data, before.data) !== "") return before.synchronousUntil;
  return before.seenAt + semiSync.timeoutMs;
}

/** The primary acknowledges nothing that no replica has received. */
export const waits = ({ semiSync }: Facts): boolean =>
  semiSync?.isSourceOn === true && semiSync.clients > 0 && semiSync.waitsWithoutReplica;

export function standingOf(
  settings: DatabaseSettings,
  view: View,
  memory: Memory | undefined,
  now: Clock,
): Standing {
  const { own, peers } = view;
  const role = roleOf(own);
  const why =
    role === "replica"
      ? whyReplica(settings, view, memory, now)
      : whyStandalone(settings, view, role);
  if (!own.isReplicable) why.push(texts.notReplicable);
  const same = sameServer(own, peers);
  if (same !== undefined) why.unshift(same);
  const notes = notesOf(settings, view);
  const first = peers[0];
  const server = serverStanding(own, primaryOf(peers)?.seen.facts, memory?.lag);
  return {
    ...server,
    follows: server.follows && (memory?.errant ?? "") === "",
    ...(first === undefined ? {} : { peer: peerStanding(first, own) }),
    eligible: why.length === 0,
    why,
    ...(notes.length === 0 ? {} : { notes }),
  };
}

/**
 * A peer that is this very server has all that this one has, and would say so for another that was
 * never asked; and of two with one `server_id` nobody knows who wrote what.
 */
export function sameServer({ serverId }: Facts, peers: readonly PeerView[]): Text | undefined {
  if (serverId === undefined) return undefined;
  const found = peers.find(({ seen }) => seen.facts?.serverId === serverId);
  return found === undefined ? undefined : texts.sameServer(printAddress(found.link.at), serverId);
}

export const peerStanding = ({ seen: { facts } }: PeerView, own?: Facts): ServerStanding =>
  facts === undefined ? UNREACHABLE : serverStanding(facts, own, undefined);

function serverStanding(
  facts: Facts,
  primary: Facts | undefined,
  lag: Micros | undefined,
): ServerStanding {
  const role = roleOf(facts);
  const { replication } = facts;
  const lagMicros = role === "replica" ? (lag ?? replication?.lag) : undefined;
  const source = role === "primary" ? facts : role === "replica" ? primary : undefined;
  return {
    role,
    isWritable: !facts.isReadOnly,
    follows: replication?.receives === "yes" && replication.applies,
    ...(lagMicros === undefined ? {} : { lagMicros }),
    ...(source === undefined ? {} : { isSynchronous: waits(source) }),
    position: printData(facts.data),
  };
}

function whyReplica(
  settings: DatabaseSettings,
  { own, peers }: View,
  memory: Memory | undefined,
  now: Clock,
): Text[] {
  const why: Text[] = [];
  const { replication } = own;
  const primary = primaryOf(peers)?.seen.facts;
  // Nobody takes writes and everybody answers: what there is can be compared, and nothing else
  // matters.
  const all = peers.flatMap(({ seen }) => (seen.facts === undefined ? [] : [seen.facts]));
  if (primary === undefined && peers.length > 0 && all.length === peers.length) {
    const lost = all.map((one) => missing(own.data, one.data) ?? "").find((text) => text !== "");
    if (lost !== undefined) why.push(texts.lacking(lost));
    else if (replication?.applies !== true && !isApplied(own))
      why.push(texts.applyingStopped(replication?.applyError));
    return why;
  }
  if (replication?.applies !== true) why.push(texts.applyingStopped(replication?.applyError));
  if (replication?.receives === "stopped")
    why.push(texts.receivingStopped(replication.receiveError));
  if (own.semiSync?.isSourceEnabled === true) why.push(texts.semiSyncOnReplica);
  if (primary !== undefined && replication?.receives === "connecting") {
    const lost = missing(own.data, primary.data);
    if (lost !== "") why.push(texts.notReceiving(replication.receiveError));
  }
  if (memory === undefined) {
    why.push(settings.sync === "required" ? texts.synchronousUnknown(undefined) : texts.lagUnknown);
    return why;
  }
  if (memory.errant !== "") why.push(texts.errant(memory.errant));
  // Of threads that are stopped there is no lag, and that they are has been said.
  const isStopped = replication?.applies !== true || replication.receives === "stopped";
  if (memory.lag === undefined && !isStopped) why.push(texts.lagUnknown);
  if (memory.lag !== undefined && memory.lag > settings.maxLag)
    why.push(common.lagging(memory.lag, settings.maxLag));
  if (settings.sync === "required") why.push(...whySynchronous(primary, memory, now));
  return why;
}

/** What was received is all there. */
function isApplied({ data, replication }: Facts): boolean {
  const received = replication?.received ?? "";
  const theirs: Data =
    data.kind === "mysql"
      ? { kind: "mysql", executed: received }
      : { kind: "mariadb", state: received, applied: "" };
  return missing(data, theirs) === "";
}

function whySynchronous(
  primary: Facts | undefined,
  memory: Memory | undefined,
  now: Clock,
): readonly Text[] {
  if (primary !== undefined) return waits(primary) ? [] : [texts.notSynchronous];
  const until = memory?.synchronousUntil;
  if (until !== undefined && now < until) return [];
  return [texts.synchronousUnknown(until === undefined ? undefined : memory?.semiSyncTimeoutMs)];
}

/** Of one that follows nobody: what the others have must be here. */
function whyStandalone(
  settings: DatabaseSettings,
  { own, peers }: View,
  role: DatabaseRole,
): Text[] {
  const why: Text[] = [];
  for (const { link, seen } of peers) {
    if (seen.facts === undefined) {
      if (role === "alone" && settings.sync === "required") why.push(texts.followsNobody);
      continue;
    }
    const isPrimary = roleOf(seen.facts) === "primary";
    const lost = missing(own.data, seen.facts.data);
    if (lost === undefined) why.push(texts.otherKind);
    // A replica of a primary may be read a moment later than the primary itself.
    else if (lost !== "" && (isPrimary || role === "alone")) {
      const ours = missing(seen.facts.data, own.data) ?? "";
      why.push(ours === "" ? texts.lacking(lost) : texts.diverged(ours, lost));
    } else if (isPrimary && role === "alone") why.push(texts.peerIsPrimary(printAddress(link.at)));
  }
  return why;
}

function notesOf(settings: DatabaseSettings, { own, peers }: View): Text[] {
  const notes: Text[] = [];
  const primary = roleOf(own) === "primary" ? own : primaryOf(peers)?.seen.facts;
  const timeoutMs = primary?.semiSync?.timeoutMs;
  if (settings.sync === "required" && timeoutMs !== undefined && timeoutMs < TAKE_OVER_MS)
    notes.push(texts.semiSyncTimeout(timeoutMs));
  return notes;
}

/** About what it takes to notice that an owner is gone, and to act on it, with intervals of 1 s. */
const TAKE_OVER_MS = 5_000;
