/** Makes the `Status` from what the engine, the scripts and the notify queues know. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Language } from "#diagnostics/diagnostic";
import { reasonSentence } from "#diagnostics/render/reasons";
import { printIp, printMac } from "#units/address";
import { resourceUrl } from "#units/installation";
import { elapsed, type Instant, toSeconds } from "#units/time";
import type { BriefSnapshot, InstanceSnapshot } from "#vrrp/engine/engine-link";
import type { Reason } from "#vrrp/router/reason";
import type { PublicState } from "#vrrp/router/state";
import type {
  BriefInstance,
  GroupMemberStatus,
  GroupStatus,
  InstanceStatus,
  NotifyStatus,
  Status,
} from "./control-protocol.ts";

/** Kept without sentences, which are made for whoever asks: most are never read. */
export interface PastChange {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: PublicState;
  readonly to: PublicState;
  readonly reason: Reason;
}

type Standby = NonNullable<BriefSnapshot["standby"]>;

const MANIFEST = resourceUrl("package.json");
export const VERSION: string = (JSON.parse(readFileSync(MANIFEST, "utf8")) as { version: string })
  .version;

export const identity = (): Pick<Status, "version" | "node" | "host" | "pid"> => ({
  version: VERSION,
  node: process.version,
  host: hostname(),
  pid: process.pid,
});

export const historyStatus = (history: readonly PastChange[]): InstanceStatus["history"] =>
  history.map(({ at, from, to, reason }) => ({
    at: new Date(at).toISOString(),
    from,
    to,
    why: { en: reasonSentence(reason, "en"), "zh-CN": reasonSentence(reason, "zh-CN") },
  }));

/**
 * @param at the snapshot's own time; @param wallMs the wall clock at that time, milliseconds since
 * 1970
 */
export function instanceStatus(
  snapshot: InstanceSnapshot,
  at: Instant,
  wallMs: number,
  extra: Pick<InstanceStatus, "havips" | "history" | "notify" | "switched" | "gate">,
): InstanceStatus {
  const { lease } = snapshot;
  return {
    name: snapshot.name,
    state: snapshot.state,
    phase: snapshot.phase,
    ...sinceAndWhy(snapshot.since, snapshot, at, wallMs),
    interface: snapshot.interface ?? null,
    vrid: snapshot.vrid,
    version: snapshot.version,
    source: snapshot.source === undefined ? undefined : printIp(snapshot.source),
    linkUp: snapshot.linkUp,
    basePriority: snapshot.basePriority,
    effectivePriority: snapshot.effectivePriority,
    advertIntervalSeconds: snapshot.advertInterval,
    trackers: snapshot.trackers,
    ...(snapshot.standby === undefined ? {} : { standby: standbyOf(snapshot.standby, at) }),
    ...holdDownStatus(snapshot.holdDown, at),
    peers: snapshot.peers.map((peer) => ({
      ...peerStatus(peer, at),
      checksum: peer.checksum,
      ...(peer.isSigned === undefined ? {} : { signed: peer.isSigned }),
    })),
    addresses: snapshot.addresses.map((one) => ({
      address: printAddress(one),
      interface: one.interface,
      owned: one.owned,
      announcedSecondsAgo: ago(one.announcedAt, at),
      announcements: one.announcements,
      error: one.error,
      foreign: one.foreign,
    })),
    ...claimStatus(snapshot.claim, at),
    lease: {
      guarantee: lease.guarantee,
      seconds: toSeconds(lease.micros),
      takeOverSeconds: toSeconds(lease.takeOverMicros),
    },
    counters: snapshot.counters,
    ...extra,
  };
}

/** Undefined or null, because it came as JSON. */
const ago = (when: Instant | undefined, at: Instant): number | undefined =>
  when === undefined || when === null ? undefined : Math.max(0, (at - when) / 1_000_000);

const printAddress = ({ address, prefix }: BriefSnapshot["addresses"][number]): string =>
  `${printIp(address)}/${prefix}`;

function holdDownStatus(
  held: BriefSnapshot["holdDown"],
  at: Instant,
): Pick<InstanceStatus, "holdDown"> {
  if (held === undefined) return {};
  const { losses, until } = held;
  const isOver = until === undefined || until === null || until <= at;
  const leftSeconds = isOver ? undefined : (until - at) / 1_000_000;
  return { holdDown: { losses, seconds: toSeconds(held.micros), leftSeconds } };
}

function peerStatus(
  { address, configured, heardAt, priority, unresolvedSince }: BriefSnapshot["peers"][number],
  at: Instant,
): BriefInstance["peers"][number] {
  return {
    address: printIp(address),
    configured,
    heardSecondsAgo: ago(heardAt, at),
    priority,
    ...(unresolvedSince !== undefined && { unresolvedSeconds: ago(unresolvedSince, at) ?? 0 }),
  };
}

/**
 * What the table shows of it.
 *
 * @param at the snapshot's own time; @param language of its sentences
 */
export function briefInstance(
  snapshot: BriefSnapshot,
  at: Instant,
  language: Language,
  extra: Pick<BriefInstance, "havips" | "notify" | "switched" | "gate">,
): BriefInstance {
  const { name, state, basePriority, effectivePriority, lease, reason } = snapshot;
  const master = snapshot.standby?.master;
  return {
    name,
    state,
    forSeconds: Math.max(0, (at - snapshot.since) / 1_000_000),
    why: { [language]: reasonSentence(reason, language) },
    interface: snapshot.interface ?? null,
    basePriority,
    effectivePriority,
    ...(master !== undefined &&
      master !== null && { standby: { master: { address: printIp(master.address) } } }),
    ...holdDownStatus(snapshot.holdDown, at),
    peers: snapshot.peers.map((peer) => peerStatus(peer, at)),
    addresses: snapshot.addresses.map((one) => ({
      address: printAddress(one),
      owned: one.owned,
      error: one.error,
      foreign: one.foreign,
    })),
    ...claimStatus(snapshot.claim, at),
    lease: { guarantee: lease.guarantee, seconds: toSeconds(lease.micros) },
    ...extra,
    notify: { ...extra.notify, last: failed(extra.notify.last) },
  };
}

const failed = (last: NotifyStatus["last"]): NotifyStatus["last"] =>
  last?.exit === 0 ? undefined : last;

function standbyOf(
  { master, masterDownMicros, masterDownAt, preempt, preemptAt }: Standby,
  at: Instant,
): NonNullable<InstanceStatus["standby"]> {
  // Undefined or null, because it came as JSON.
  const preemptIn =
    preemptAt === undefined || preemptAt === null ? 0 : toSeconds(elapsed(at, preemptAt));
  return {
    master:
      master === undefined || master === null
        ? undefined
        : {
            address: printIp(master.address),
            priority: master.priority,
            heardSecondsAgo: Math.max(0, toSeconds(elapsed(master.heardAt, at))),
          },
    masterDownSeconds: toSeconds(masterDownMicros),
    leftSeconds: Math.max(0, toSeconds(elapsed(at, masterDownAt))),
    preempt,
    ...(preemptIn > 0 ? { preemptInSeconds: preemptIn } : {}),
  };
}

function claimStatus(claim: BriefSnapshot["claim"], at: Instant): Pick<InstanceStatus, "claim"> {
  if (claim === undefined) return {};
  const { address, mac, since, lastAt, count } = claim;
  return {
    claim: {
      address: printIp(address),
      mac: mac === undefined || mac === null ? undefined : printMac(mac),
      forSeconds: Math.max(0, (at - since) / 1_000_000),
      lastSecondsAgo: Math.max(0, (at - lastAt) / 1_000_000),
      count,
    },
  };
}

function sinceAndWhy(
  since: Instant,
  { reason }: BriefSnapshot,
  at: Instant,
  wallMs: number,
): Pick<InstanceStatus, "since" | "forSeconds" | "why"> {
  return {
    since: new Date(wallMs - (at - since) / 1_000).toISOString(),
    forSeconds: Math.max(0, (at - since) / 1_000_000),
    why: { en: reasonSentence(reason, "en"), "zh-CN": reasonSentence(reason, "zh-CN"), reason },
  };
}

/**
 * @param configured names with their members, in the order of the file; one without a running
 * member is left out
 */
export function groupStatuses(
  configured: readonly { readonly name: string; readonly members: readonly string[] }[],
  instances: readonly BriefSnapshot[],
  at: Instant,
  wallMs: number,
  notifyOf: (group: string) => NotifyStatus,
): readonly GroupStatus[] {
  if (configured.length === 0) return [];
  const byName = new Map(instances.map((one) => [one.name, one]));
  return configured.flatMap(({ name, members }) => {
    const snapshots = members.flatMap((member) => byName.get(member) ?? []);
    const decisive = decisiveMember(snapshots);
    if (decisive === undefined) return [];
    const states = new Set(snapshots.map(({ state }) => state));
    const since = snapshots.reduce((last, one) => Math.max(last, one.since), 0) as Instant;
    const { why, ...times } = sinceAndWhy(since, decisive, at, wallMs);
    return {
      name,
      state: states.size === 1 ? decisive.state : "MIXED",
      ...times,
      why: { ...why, member: decisive.name },
      members: membersOf(snapshots),
      notify: notifyOf(name),
    };
  });
}

/** The last member that changed by itself, or else the last that changed at all. */
function decisiveMember(members: readonly BriefSnapshot[]): BriefSnapshot | undefined {
  const leaders = members.filter(({ reason }) => !isOfGroup(reason));
  const candidates = leaders.length > 0 ? leaders : members;
  return candidates.toSorted((a, b) => b.since - a.since)[0];
}

const isOfGroup = (reason: Reason): boolean =>
  reason.kind === "group" ||
  (reason.kind === "fault" && reason.causes.every(({ kind }) => kind === "group"));

function membersOf(snapshots: readonly BriefSnapshot[]): GroupStatus["members"] {
  const ready = snapshots.filter(({ group }) => group?.isReady === true);
  return snapshots.map((one) => {
    const { name, state } = one;
    const isReady = ready.includes(one);
    const isAwaited = ready.length > 0 && !isReady;
    return { name, state, isReady, holdsBack: holdsBack(one, isAwaited) };
  });
}

function holdsBack(
  { state, faults }: BriefSnapshot,
  isAwaited: boolean,
): GroupMemberStatus["holdsBack"] {
  switch (state) {
    case "FAULT":
      return faults.some(({ kind }) => kind !== "group") ? "fault" : undefined;
    case "INIT":
      return isAwaited ? "init" : undefined;
    case "BACKUP":
      return isAwaited ? "not-ready" : undefined;
    case "MASTER":
    case "STOP":
      return undefined;
  }
}
