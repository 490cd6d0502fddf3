/**
 * What the dump files are made of: the configuration that runs and one snapshot of the engine.
 * The formats are keepalived 2.2.7's, because scripts and exporters parse them; docs/dumps.md says
 * where they differ, and why.
 */
import type { InstancePlan, RunPlan } from "#keepalived/plan/run-plan";
import type { CheckReading } from "#metrics/reading";
import { printIp } from "#units/address";
import { fromCentis, type Instant, toSeconds } from "#units/time";
import type { InstanceSnapshot } from "#vrrp/engine/engine-link";
import type { InstanceConfig, VirtualAddress, VmacConfig } from "#vrrp/router/config";

export type DumpKind = "data" | "stats" | "json" | "clear";

export interface DumpReading {
  readonly plan: RunPlan;
  /** In the order of the file: exporters pair the blocks of two dumps by their place. */
  readonly instances: readonly DumpInstance[];
  readonly scripts: readonly DumpScript[];
  readonly runs: readonly CheckReading[];
  /** Microseconds since 1970 at an instant of the engine's clock. */
  readonly wall: (at: Instant) => number;
}

/** A `vrrp_script`, or a `check` with its keyword and target for a command. */
export interface DumpScript {
  readonly name: string;
  readonly command: readonly string[];
  readonly result: "unknown" | "up" | "down";
}

export interface DumpInstance {
  readonly plan: InstancePlan;
  readonly seen: InstanceSnapshot;
  /** Since the last STATS_CLEAR. */
  readonly counters: Readonly<Record<string, number>>;
}

/** keepalived's states, by its numbers. */
export const STATES = ["INIT", "BACKUP", "MASTER", "FAULT"] as const;
export type DumpState = (typeof STATES)[number];

/** Never the password: as keepalived 2.4 masks it. */
export const MASKED = "********";

/**
 * keepalived has no name for a router that is about to give its address up, and exporters refuse
 * names they do not know: it is what its addresses say.
 */
export function dumpState({ state, addresses }: InstanceSnapshot): DumpState {
  if (state !== "STOP") return state;
  return addresses.some(({ owned }) => owned) ? "MASTER" : "BACKUP";
}

/** What it would be without its sync group. */
export function wantedState(seen: InstanceSnapshot): DumpState {
  const state = dumpState(seen);
  if (state === "FAULT")
    return seen.faults.every(({ kind }) => kind === "group") ? "BACKUP" : "FAULT";
  return state === "BACKUP" && seen.group?.isReady === true ? "MASTER" : state;
}

/** Of the master that a BACKUP hears, else its own, in seconds. */
export function masterInterval({ plan, seen }: DumpInstance): number {
  const { router } = plan.config;
  const own = toSeconds(fromCentis(router.advertInterval));
  if (seen.standby?.master === undefined || router.version === 2) return own;
  // What RFC 9568 6.1 makes of the interval, taken back: it is in whole hundredths of a second.
  const intervals = router.downTimerAdverts + (256 - seen.effectivePriority) / 256;
  return Math.round(seen.standby.masterDownMicros / intervals / 10_000) / 100;
}

/** rt_scope: as rt_scopes(5) names them. */
const SCOPES: Readonly<Record<number, string>> = {
  0: "global",
  200: "site",
  253: "link",
  254: "host",
  255: "nowhere",
};

const HOST_PREFIX = 32;

/** Lines of `Virtual IP` and members of `vips`, in keepalived's form. */
export function addressLines(
  { plan, seen }: DumpInstance,
  which: "addresses" | "excludedAddresses",
): readonly string[] {
  const { config } = plan;
  return config[which].map((one) => addressLine(one, seen, config));
}

/** The device with its virtual MAC address, on its interface. */
export const vmacOf = ({ vmacs, ...config }: InstanceConfig): VmacConfig | undefined =>
  vmacs?.find(({ base }) => base === config.interface);

/** One with a virtual MAC address as `vrrp.51@eth0`. */
function deviceText(name: string, { vmacs }: InstanceConfig): string {
  const vmac = vmacs?.find((one) => one.name === name);
  return vmac === undefined ? name : `${name}@${vmac.base}`;
}

function addressLine(
  { address, prefix, interface: device, label, scope, ...more }: VirtualAddress,
  seen: InstanceSnapshot,
  config: InstanceConfig,
): string {
  const held = seen.addresses.find((one) => one.address === address && one.prefix === prefix);
  const { peer, broadcast, deprecated } = more;
  const network = prefix === HOST_PREFIX ? "" : `/${prefix}`;
  const parts = [
    peer === undefined
      ? `${printIp(address)}${network}`
      : `${printIp(address)} peer ${printIp(peer)}${network}`,
    broadcast === undefined ? "" : `brd ${printIp(broadcast)}`,
    `dev ${deviceText(held?.interface ?? device ?? config.interface ?? "(none)", config)}`,
    `scope ${SCOPES[scope] ?? scope}`,
    label === undefined ? "" : `label ${label}`,
    deprecated === true ? "deprecated" : "",
    held?.owned === true ? "set" : "",
  ];
  return parts.filter((part) => part !== "").join(" ");
}

/** `'/usr/bin/logger' 'a b'` */
export const quoteCommand = (argv: readonly string[]): string =>
  argv.map((argument) => `'${argument}'`).join(" ");
