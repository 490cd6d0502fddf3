/** `use_vmac`: the devices of an instance, and whether its advertisements leave by one. */
import type { InstanceConfig } from "#vrrp/router/config";
import type { Block } from "../blocks/block.ts";
import { interfaceOf } from "../model/effective.ts";
import type { Model } from "../model/model.ts";
import { sendsByBase, usesVmac, vmacsOf } from "../model/vmac.ts";

export function planVmacs(
  instance: Block,
  model: Model,
): Pick<InstanceConfig, "vmacs" | "advertisesBy"> {
  const vmacs = vmacsOf(instance, model);
  if (vmacs.length === 0) return {};
  const own = vmacs.find(({ base }) => base === interfaceOf(instance));
  const isSender = own !== undefined && usesVmac(instance) && !sendsByBase(instance, model);
  return { vmacs, ...(isSender ? { advertisesBy: own.name } : {}) };
}
