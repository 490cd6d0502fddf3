/** Adds and removes the routes and rules of routers, one rtnetlink request each. */
import type { Failure, Outcome, RoutingTable } from "#vrrp/engine/world";
import type { RoutingItem } from "#vrrp/router/routes";
import { NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL } from "./netlink.ts";
import { appendRoute, appendRule, RoutingNames } from "./routing-messages.ts";
import type { Rtnetlink } from "./rtnetlink.ts";
import { RTM_DELROUTE, RTM_DELRULE, RTM_NEWROUTE, RTM_NEWRULE } from "./rtnetlink-messages.ts";

type IndexOf = (device: string) => number | undefined;

export class KernelRouting implements RoutingTable {
  readonly #rtnetlink: Rtnetlink;

  constructor(rtnetlink: Rtnetlink) {
    this.#rtnetlink = rtnetlink;
  }

  add(item: RoutingItem, indexOf: IndexOf): Outcome {
    const added = this.#add(item, indexOf);
    if (added.ok || added.errno !== "EEXIST") return added;
    // An engine that died has left it, or somebody else has it: one that is not marked as ours is
    // not removed by this, and then the kernel refuses the second time too.
    const removed = this.remove(item, indexOf);
    return removed.ok ? this.#add(item, indexOf) : added;
  }

  #add(item: RoutingItem, indexOf: IndexOf): Outcome {
    const isAppended = item.kind === "route" && item.route.isAppended === true;
    const flags = NLM_F_ACK | NLM_F_CREATE | (isAppended ? NLM_F_APPEND : NLM_F_EXCL);
    const type = item.kind === "route" ? RTM_NEWROUTE : RTM_NEWRULE;
    return this.#request(item, type, flags, indexOf);
  }

  remove(item: RoutingItem, indexOf: IndexOf): Outcome {
    const type = item.kind === "route" ? RTM_DELROUTE : RTM_DELRULE;
    return this.#request(item, type, NLM_F_ACK, indexOf);
  }

  #request(item: RoutingItem, type: number, flags: number, indexOf: IndexOf): Outcome {
    const call = CALLS[type] ?? "rtnetlink";
    const names = new RoutingNames(indexOf);
    const builder = this.#rtnetlink.start(type, flags);
    if (item.kind === "route") appendRoute(builder, item.route, names);
    else appendRule(builder, item.rule, names);
    const [unknown] = names.unknown;
    if (unknown !== undefined) return notKnown(call, unknown);
    return this.#rtnetlink.transact(call);
  }
}

const CALLS: Readonly<Record<number, string>> = {
  [RTM_NEWROUTE]: "RTM_NEWROUTE",
  [RTM_DELROUTE]: "RTM_DELROUTE",
  [RTM_NEWRULE]: "RTM_NEWRULE",
  [RTM_DELRULE]: "RTM_DELRULE",
};

const notKnown = (call: string, detail: string): Failure => ({
  ok: false,
  errno: detail.startsWith("no device") ? "ENODEV" : "ENOENT",
  call,
  detail,
});
