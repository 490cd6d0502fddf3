/** Does keepalived run the configuration it is compared with? Its own advertisements show it. */
import type { IpAddress } from "#units/address";
import { fromCentis } from "#units/time";
import type { InstanceConfig, RouterConfig } from "#vrrp/router/config";
import type { Advert } from "#vrrp/wire/vrrp-packet";
import type { What } from "./finding.ts";

export type Mismatch = Extract<What, { kind: "not-as-configured" }>;

export const addressesOf = (config: InstanceConfig): readonly IpAddress[] =>
  [...config.addresses, ...config.excludedAddresses].map(({ address }) => address);

/** The first field that the configuration cannot have led to. */
export function mismatchOf(config: RouterConfig, advert: Advert): Mismatch | undefined {
  const kind = "not-as-configured";
  const { version, interval, priority } = advert;
  if (version !== config.version)
    return { kind, field: "version", found: version, least: config.version, most: config.version };
  if (interval !== config.advertInterval) {
    const [found, wanted] = [fromCentis(interval), fromCentis(config.advertInterval)];
    return { kind, field: "interval", found, least: wanted, most: wanted };
  }
  const { least, most } = prioritiesOf(config);
  if (priority === 0 || (priority >= least && priority <= most)) return undefined;
  return { kind, field: "priority", found: priority, least, most };
}

/** What checks can make of the configured priority. A file may hold any number. */
function prioritiesOf({ priority, trackers }: RouterConfig): {
  readonly least: number;
  readonly most: number;
} {
  if (priority === 255) return { least: 255, most: 255 };
  if (trackers.some(({ kind, weight }) => kind === "file" && weight !== 0))
    return { least: 1, most: 254 };
  let [least, most]: [number, number] = [priority, priority];
  for (const { weight, reverse } of trackers) {
    const change = reverse ? -weight : weight;
    if (change < 0) least += change;
    else most += change;
  }
  return { least: Math.max(1, least), most: Math.min(254, most) };
}
