/** `interface_up_down_delays`: how long a link has to be down, or up, before it counts. */
import { fromCentis, fromSeconds, micros } from "#units/time";
import type { InstanceConfig, LinkDelay } from "#vrrp/router/config";
import { itemsOf } from "../blocks/block.ts";
import type { Model } from "../model/model.ts";

/** Of two lines for one interface the last one counts. */
export function linkDelaysOf(
  model: Model,
  instances: readonly InstanceConfig[],
): readonly LinkDelay[] {
  const written = itemsOf(model.root, "interface_up_down_delays", "delay");
  const byName = new Map(written.map((item) => [item.token.text, item]));
  return [...byName].map(([name, { down, up }]) => {
    const most = longest(name, instances);
    const capped = (seconds: number): number => Math.min(fromSeconds(seconds), most);
    return { name, down: micros(capped(down)), up: micros(capped(up)) };
  });
}

/**
 * keepalived shortens longer ones to this: a backup without its link would else take over before it
 * is in FAULT. Of all instances that need the interface.
 */
function longest(name: string, instances: readonly InstanceConfig[]): number {
  const limits = instances
    .filter(({ interface: own, router }) => own === name || isTracked(router.trackers, name))
    .map(({ router: { downTimerAdverts, advertInterval } }) => {
      const interval = fromCentis(advertInterval);
      return Math.max(0, (downTimerAdverts - 1) * interval - Math.floor(interval / 256));
    });
  return Math.min(...limits);
}

const isTracked = (trackers: InstanceConfig["router"]["trackers"], name: string): boolean =>
  trackers.some((one) => one.kind === "interface" && one.name === name);
