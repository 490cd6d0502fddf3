/**
 * The labels by which an instance is known. Not `instance`: Prometheus gives that one to whatever
 * it scrapes.
 */
import type { InstanceSnapshot } from "#vrrp/engine/engine-link";
import { SeriesCache } from "./series.ts";

export const INSTANCE_LABELS = ["vrrp_instance", "interface", "vrid"] as const;

/** Of one instance; its peers, trackers and reasons have more than this in no sane network. */
const SERIES_MAX = 400;

type Named = Pick<InstanceSnapshot, "name" | "interface" | "vrid">;

export function instanceSeries({ name, interface: device, vrid }: Named): SeriesCache {
  // Bound to none: null, since it came as JSON.
  const labels = { vrrp_instance: name, interface: device ?? "", vrid: String(vrid) };
  return new SeriesCache(labels, SERIES_MAX);
}

/** Of all instances, from one scrape to the next. */
export class InstanceSeries {
  #known = new Map<string, SeriesCache>();

  /** Those of instances that are not among these are forgotten. */
  of(instances: readonly Named[]): readonly SeriesCache[] {
    const known = new Map<string, SeriesCache>();
    const all = instances.map((one) => {
      const before = this.#known.get(one.name);
      const { interface: device, vrid } = before?.labels ?? {};
      const isSame = device === (one.interface ?? "") && vrid === String(one.vrid);
      const series = before !== undefined && isSame ? before : instanceSeries(one);
      known.set(one.name, series);
      return series;
    });
    this.#known = known;
    return all;
  }
}
