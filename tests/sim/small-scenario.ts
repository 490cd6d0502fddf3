/**
 * A small cluster by hand: two machines on a perfect network, nothing that fails unless asked for.
 */

import type { RivalSpec, Scenario } from "#sim/scenario";
import { type Ipv4, ipv4 } from "#units/address";
import { centis, fromSeconds, micros } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import type { InstanceConfig, RouterConfig } from "#vrrp/router/config";

export const SECOND = 1_000_000;
const NETWORK = 0x0a_00_00_00;

export const nodeAddress = (id: number): Ipv4 => ipv4(NETWORK + 11 + id);
export const virtualAddress = (n: number): Ipv4 => ipv4(NETWORK + 100 + n);

/** A method as it ships, to be called from one that is wrong on purpose. */
export const shipped = <T, K extends keyof T>(prototype: T, name: K): T[K] => prototype[name];

/** Version 3, nopreempt, an advertisement each half second, three frames an announcement. */
export function instance(
  id: number,
  router: Partial<RouterConfig> = {},
  more: Partial<InstanceConfig> = {},
  count = 2,
): InstanceConfig {
  return {
    router: {
      name: "V1",
      vrid: vrid(51),
      version: 3,
      priority: priority(100),
      advertInterval: centis(50),
      preempt: false,
      preemptDelay: micros(0),
      startupDelay: micros(0),
      downTimerAdverts: 3,
      peerCount: count - 1,
      lowerPrioNoAdvert: false,
      higherPrioSendAdvert: false,
      handover: "make-before-break",
      announce: {
        delay: fromSeconds(1),
        repeat: 3,
        refresh: fromSeconds(0),
        refreshRepeat: 1,
        lowerPrioDelay: fromSeconds(0),
        lowerPrioRepeat: 0,
      },
      trackers: [],
      trackPrimary: true,
      ...router,
    },
    interface: "eth0",
    transport: {
      kind: "unicast",
      peers: Array.from({ length: count }, (_, other) => ({ address: nodeAddress(other) })).filter(
        ({ address }) => address !== nodeAddress(id),
      ),
      ttl: 255,
      checkSource: true,
    },
    checksum: "pseudo-header",
    addresses: [{ address: virtualAddress(0), prefix: 24, scope: 0 }],
    excludedAddresses: [],
    skipCheckAdvAddr: false,
    arp: "request",
    pacing: { burst: 0, perSecond: 0, gap: micros(0) },
    ...more,
  };
}

export function rival(id: number, one: InstanceConfig): RivalSpec {
  return { address: nodeAddress(id), startsAt: 0, instances: [one] };
}

/** One machine for each instance. */
export function scenario(
  instances: readonly InstanceConfig[],
  more: Partial<Scenario> = {},
): Scenario {
  return {
    seed: 1,
    machines: instances.map((one, id) => ({
      address: nodeAddress(id),
      startsAt: id * 100_000,
      instances: [one],
      groups: [],
      trackers: one.router.trackers.map(({ name }) => ({ kind: "script", name, result: "up" })),
    })),
    network: {
      latencyMin: 50,
      latencyMax: 100,
      loss: 0,
      duplication: 0,
      reordering: 0,
      reorderMicros: 0,
    },
    hasGuard: true,
    wakeLateMicros: 100,
    supervisorLateMicros: 300,
    faults: [],
    stormMicros: 20 * SECOND,
    settleMicros: 20 * SECOND,
    watchMicros: 5 * SECOND,
    ...more,
  };
}
