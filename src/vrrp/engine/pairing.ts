/**
 * Which instance of a new configuration is which of the old one: by interface, VRID and transport,
 * as in keepalived, not by name. A VRID may be used twice on an interface, with other unicast peers
 * or another multicast group; of several candidates the one with the same peers or group is taken,
 * then one of the same name, then the next.
 */
import { compareIp } from "#units/address";
import type { InstanceConfig } from "../router/config.ts";
import { identity } from "./instance.ts";

/** New → old. An instance that is not in it is new, or goes. */
export function pairUp(
  before: readonly InstanceConfig[],
  after: readonly InstanceConfig[],
): ReadonlyMap<InstanceConfig, InstanceConfig> {
  const pairs = new Map<InstanceConfig, InstanceConfig>();
  const known = groupBy(before);
  for (const [key, wanted] of groupBy(after)) {
    const candidates = new Set(known.get(key));
    for (const isSame of [sameWay, sameName, anyOther]) {
      for (const config of wanted) {
        if (candidates.size === 0) break;
        if (pairs.has(config)) continue;
        const old = [...candidates].find((one) => isSame(one, config));
        if (old === undefined) continue;
        candidates.delete(old);
        pairs.set(config, old);
      }
    }
  }
  return pairs;
}

function groupBy(configs: readonly InstanceConfig[]): ReadonlyMap<string, InstanceConfig[]> {
  const groups = new Map<string, InstanceConfig[]>();
  for (const config of configs) {
    const key = identity(config);
    const list = groups.get(key);
    if (list === undefined) groups.set(key, [config]);
    else list.push(config);
  }
  return groups;
}

const sameWay = (a: InstanceConfig, b: InstanceConfig): boolean => wayOf(a) === wayOf(b);
const sameName = (a: InstanceConfig, b: InstanceConfig): boolean => a.router.name === b.router.name;
const anyOther = (): boolean => true;

/** What distinguishes instances of one VRID and interface on the wire. */
function wayOf({ transport }: InstanceConfig): string {
  if (transport.kind === "multicast") return `group ${transport.group}`;
  const peers = transport.peers.map(({ address }) => address).toSorted(compareIp);
  return `${transport.source ?? ""} ${peers.join(" ")}`;
}
