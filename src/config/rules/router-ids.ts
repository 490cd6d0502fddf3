/** A VRID is unique on an interface (and address family): keepalived refuses to start otherwise. */
import { familyOf, interfaceOf, routerIdOf } from "../effective.ts";
import { type Block, lastSetting, nameOf, placeOf } from "../records.ts";
import type { Rule } from "./rule.ts";

export const checkRouterIds: Rule = ({ model, report }) => {
  const byKey = new Map<string, Block>();
  const byId = new Map<number, Block>();
  for (const block of model.instances) {
    const vrid = routerIdOf(block);
    const device = interfaceOf(block);
    if (vrid === undefined || device === undefined) continue;
    const key = `${device} ${familyOf(block)} ${vrid}`;
    const place = lastSetting(block, "virtual_router_id")?.args[0]?.span ?? placeOf(block);
    const twin = byKey.get(key);
    const other = byId.get(vrid);
    if (twin !== undefined) {
      const facts = { vrid, interface: device, first: nameOf(twin), second: nameOf(block) };
      const where = lastSetting(twin, "virtual_router_id")?.args[0]?.span ?? placeOf(twin);
      report("VR2017", place, facts, { related: [where] });
    } else if (other !== undefined && familyOf(other) === familyOf(block)) {
      const where = lastSetting(other, "virtual_router_id")?.args[0]?.span ?? placeOf(other);
      const facts = { vrid, first: nameOf(other), second: nameOf(block) };
      report("VR3017", place, facts, { related: [where] });
    }
    byKey.set(key, block);
    byId.set(vrid, block);
  }
};
