/**
 * The labels by which an instance is known. Not `instance`: Prometheus gives that one to whatever
 * it scrapes.
 */
import type { Labels } from "./family.ts";
import type { InstanceReading } from "./reading.ts";

export const INSTANCE_LABELS = ["vrrp_instance", "interface", "vrid"] as const;

const known = new WeakMap<InstanceReading, Labels>();

export function labelsOf(instance: InstanceReading): Labels {
  const before = known.get(instance);
  if (before !== undefined) return before;
  const { name, interface: device, vrid } = instance.snapshot;
  // Bound to none: null, since it came as JSON.
  const labels = { vrrp_instance: name, interface: device ?? "", vrid: String(vrid) };
  known.set(instance, labels);
  return labels;
}
