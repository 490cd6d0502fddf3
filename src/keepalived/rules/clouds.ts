/** The vendors' advice for virtual addresses in a VPC. */

import { type Block, hasSetting, lastSetting, nameOf, placeOf } from "../blocks/block.ts";
import {
  addressesOf,
  excludedOf,
  garpPresetOf,
  groupOf,
  holderOf,
  inherited,
  interfaceOf,
  isUnicast,
} from "../model/effective.ts";
import { ADDRESSES_MAX, type KnownVendor, MOVES_BY_ARP, TAKES_VMAC } from "./cloud-vendor.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const checkClouds: Rule = (context) => {
  const { model, cloud } = context;
  if (cloud === undefined) return;
  for (const block of model.instances) checkInstance(context, cloud, block);
  checkCounts(context, cloud);
};

function checkInstance({ model, report }: RuleContext, cloud: KnownVendor, block: Block): void {
  const instance = nameOf(block);
  const place = placeOf(block);
  if (!isUnicast(block) && !block.damaged) report("VR3012", place, { cloud, instance });
  const vmac = lastSetting(block, "use_vmac", "use_ipvlan");
  if (vmac !== undefined && !(TAKES_VMAC.includes(cloud) && vmac.keyword.word === "use_vmac"))
    report("VR3016", vmac.token.span, { cloud, instance });
  if (!MOVES_BY_ARP.includes(cloud)) {
    const group = groupOf(block, model);
    const isNotified = [block, ...(group === undefined ? [] : [group])].some(
      (one) => hasSetting(one, "notify_master") || hasSetting(one, "notify"),
    );
    const pipes = ["notify_fifo", "vrrp_notify_fifo"].some((word) =>
      hasSetting(model.globals, word),
    );
    const hasAddress = addressesOf(block).length + excludedOf(block).length > 0;
    if (!isNotified && !pipes && hasAddress) report("VR3024", place, { cloud, instance });
    return;
  }
  const preset = garpPresetOf(block, model)?.garp_master_refresh ?? 0;
  if (inherited(block, model, "garp_master_refresh") === undefined && preset === 0) {
    report("VR3013", place, { cloud, instance, missing: "garp_master_refresh" });
  }
}

/**
 * Many addresses on one interface, each announced several times, run into the cloud's limit of ARP.
 */
function checkCounts({ model, report }: RuleContext, cloud: KnownVendor): void {
  const max = ADDRESSES_MAX[cloud];
  const byInterface = new Map<string, { count: number; block: Block }>();
  for (const block of model.instances) {
    for (const item of [...addressesOf(block), ...excludedOf(block)]) {
      const device = interfaceOf(block) ?? holderOf(item, block, model);
      if (device === undefined) continue;
      const known = byInterface.get(device);
      byInterface.set(device, { count: 1 + (known?.count ?? 0), block: known?.block ?? block });
    }
  }
  for (const [device, { count, block }] of byInterface) {
    const place = lastSetting(block, "virtual_ipaddress")?.token.span ?? placeOf(block);
    if (max !== undefined && count > max) {
      report("VR3014", place, { cloud, interface: device, count, max });
    }
    const preset = garpPresetOf(block, model);
    const repeat = inherited(block, model, "garp_master_repeat") ?? preset?.garp_master_repeat ?? 5;
    const paced =
      hasSetting(model.globals, "garp_rate") ||
      hasSetting(block, "garp_rate") ||
      preset?.garp_rate !== undefined;
    if (count > 1 && repeat > 1 && !paced && MOVES_BY_ARP.includes(cloud)) {
      report("VR3015", place, { cloud, interface: device, count, repeat });
    }
  }
}
