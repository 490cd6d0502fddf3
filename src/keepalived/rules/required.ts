/**
 * What an instance cannot do without. keepalived does not start when one is incomplete, not even
 * the others.
 */

import { hasSetting, nameOf, placeOf } from "../blocks/block.ts";
import {
  addressesOf,
  familyOf,
  interfaceOf,
  isStrict,
  isUnbound,
  isUnicast,
  routerIdOf,
  versionOf,
} from "../model/effective.ts";
import type { Rule } from "./rule.ts";

export const checkRequired: Rule = ({ model, report, stop }) => {
  for (const block of model.instances) {
    const instance = nameOf(block);
    const place = placeOf(block);
    const hasWay = interfaceOf(block) !== undefined || isUnbound(block);
    const missing = routerIdOf(block) === undefined || !hasWay;
    if (missing) stop();
    if (block.damaged) continue;
    // A value that was refused has been reported where it stands.
    if (routerIdOf(block) === undefined && !block.attempted.includes("virtual_router_id"))
      report("VR2015", place, { instance });
    if (!hasWay && !block.attempted.includes("interface"))
      report("VR2016", place, { instance, unicast: isUnicast(block) });
    if (missing || addressesOf(block).length > 0) continue;
    if (hasSetting(block, "no_virtual_ipaddress") || block.attempted.includes("virtual_ipaddress"))
      continue;
    const version = versionOf(block, model);
    if (familyOf(block) === 4 && version === 2 && !isStrict(block, model)) {
      report("VR2018", place, { instance });
    } else report("VR2019", place, { instance, version });
  }
};
