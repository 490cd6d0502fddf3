/** `Status` from what engine, scripts and notify queues know. */
import { readFileSync } from "node:fs";
import type { InstanceSnapshot } from "#contract/engine-link";
import type { InstanceStatus, Status } from "#contract/status";
import { reasonSentence } from "#diagnostics/reasons";
import { printIpv4 } from "#units/address";
import { type Instant, toSeconds } from "#units/time";

export type History = InstanceStatus["history"];

const MANIFEST = new URL("../../package.json", import.meta.url);
export const VERSION: string = (JSON.parse(readFileSync(MANIFEST, "utf8")) as { version: string })
  .version;

/** @param at the snapshot's own time; @param wallMs the wall clock at that time, milliseconds since 1970 */
export function instanceStatus(
  snapshot: InstanceSnapshot,
  at: Instant,
  wallMs: number,
  extra: Pick<InstanceStatus, "havips" | "history" | "notify">,
): InstanceStatus {
  const ago = (when: Instant | undefined): number | undefined =>
    when === undefined || when === null ? undefined : Math.max(0, (at - when) / 1_000_000);
  const left = (until: Instant | undefined): number | undefined =>
    until === undefined || until === null || until <= at ? undefined : (until - at) / 1_000_000;
  const { reason, lease, holdDown } = snapshot;
  return {
    name: snapshot.name,
    state: snapshot.state,
    phase: snapshot.phase,
    since: new Date(wallMs - (at - snapshot.since) / 1_000).toISOString(),
    forSeconds: ago(snapshot.since) ?? 0,
    why: { en: reasonSentence(reason, "en"), "zh-CN": reasonSentence(reason, "zh-CN"), reason },
    interface: snapshot.interface,
    vrid: snapshot.vrid,
    version: snapshot.version,
    source: snapshot.source === undefined ? undefined : printIpv4(snapshot.source),
    linkUp: snapshot.linkUp,
    basePriority: snapshot.basePriority,
    effectivePriority: snapshot.effectivePriority,
    advertIntervalSeconds: snapshot.advertInterval,
    trackers: snapshot.trackers,
    ...(holdDown === undefined
      ? {}
      : {
          holdDown: {
            losses: holdDown.losses,
            seconds: toSeconds(holdDown.micros),
            leftSeconds: left(holdDown.until),
          },
        }),
    peers: snapshot.peers.map((peer) => ({
      address: printIpv4(peer.address),
      configured: peer.configured,
      heardSecondsAgo: ago(peer.heardAt),
      priority: peer.priority,
      checksum: peer.checksum,
    })),
    addresses: snapshot.addresses.map((one) => ({
      address: `${printIpv4(one.address)}/${one.prefix}`,
      interface: one.interface,
      owned: one.owned,
      announcedSecondsAgo: ago(one.announcedAt),
      announcements: one.announcements,
      error: one.error,
    })),
    lease: {
      guarantee: lease.guarantee,
      seconds: toSeconds(lease.micros),
      takeOverSeconds: toSeconds(lease.takeOverMicros),
    },
    counters: snapshot.counters,
    ...extra,
  };
}

export type StatusHead = Omit<Status, "instances" | "version" | "node">;
