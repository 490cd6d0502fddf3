/**
 * A VRID may stand twice on an interface where no packet belongs to both: keepalived refuses to
 * start only for two multicast instances of one group, or two unicast ones that send from one
 * address to a peer they share.
 */

import { type Block, lastSetting, nameOf, placeOf } from "../blocks/block.ts";
import {
  addressOf,
  familyOf,
  interfaceOf,
  isUnbound,
  isUnicast,
  peersOf,
  routerIdOf,
  sourceOf,
} from "../model/effective.ts";
import type { Model } from "../model/model.ts";
import type { Rule } from "./rule.ts";

export const checkRouterIds: Rule = ({ model, report, stop }) => {
  const byWay = new Map<string, Block>();
  const byId = new Map<string, Block>();
  for (const block of model.instances) {
    const vrid = routerIdOf(block);
    const device = interfaceOf(block);
    const isEverywhere = isUnbound(block);
    if (vrid === undefined || (device === undefined && !isEverywhere)) continue;
    const place = lastSetting(block, "virtual_router_id")?.args[0]?.span ?? placeOf(block);
    const where = (other: Block): typeof place =>
      lastSetting(other, "virtual_router_id")?.args[0]?.span ?? placeOf(other);
    const ways = waysOf(block, model).map((way) => `${vrid} ${way}`);
    // An instance without an interface receives what arrives on any of them.
    const twin = ways
      .map((way) =>
        isEverywhere
          ? byWay.get(`${ALL} ${way}`)
          : (byWay.get(`${device} ${way}`) ?? byWay.get(`${UNBOUND} ${way}`)),
      )
      .find((one) => one !== undefined);
    const id = `${familyOf(block)} ${vrid}`;
    const other = byId.get(id);
    if (twin !== undefined && (hasLostWay(twin) || hasLostWay(block))) {
      stop();
    } else if (twin !== undefined) {
      const facts = { vrid, interface: device, first: nameOf(twin), second: nameOf(block) };
      report("VR2017", place, facts, { related: [where(twin)] });
    } else if (other !== undefined) {
      const same = interfaceOf(other) === device;
      const facts = { vrid, first: nameOf(other), second: nameOf(block), same };
      report("VR3017", place, facts, { related: [where(other)] });
    }
    for (const way of ways) {
      byWay.set(`${ALL} ${way}`, block);
      byWay.set(`${device ?? UNBOUND} ${way}`, block);
    }
    byId.set(id, block);
  }
};

/** Keys that cannot be names of interfaces: instances without one, and all instances. */
const UNBOUND = "/";
const ALL = "//";

/** What would distinguish it from another was refused, or misspelled, and has been reported. */
const hasLostWay = ({ damaged, attempted }: Block): boolean =>
  damaged || attempted.some((word) => WAYS.includes(word));
const WAYS: readonly string[] = ["unicast_peer", "unicast_src_ip", "mcast_src_ip", "mcast_dst_ip"];

/** What an advertisement of the instance is known by, besides interface and VRID. */
function waysOf(block: Block, model: Model): readonly string[] {
  const family = familyOf(block);
  if (isUnicast(block)) {
    const source = sourceOf(block)?.text ?? "";
    return peersOf(block).map(({ ip }) => `${family} ${source} ${ip.text}`);
  }
  const group =
    addressOf(block, "mcast_dst_ip") ?? addressOf(model.globals, `vrrp_mcast_group${family}`);
  return [`${family} group ${group?.text ?? ""}`];
}
