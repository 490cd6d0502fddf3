/**
 * What an instance stands on: sockets on its interface, and a source address that is this machine's. Where one is missing it is
 * in FAULT and says which; it goes on when the machine has it.
 */

import type { Ipv4 } from "#units/address";
import type { Instant } from "#units/time";
import type { FaultCause } from "../router/reason.ts";
import type { Engine } from "./engine.ts";
import { type Instance, isUnbound } from "./instance.ts";
import { scheduleRetry } from "./retry.ts";
import { ANY_DEVICE } from "./world.ts";

/** Opens its sockets, or joins the ones that are open. A refusal is tried again, as one of an address is. */
export function listen(engine: Engine, instance: Instance, now: Instant): void {
  const link = isUnbound(instance)
    ? { index: ANY_DEVICE, name: "" }
    : engine.interfaces.link(instance.interfaceIndex);
  if (link === undefined) return;
  const outcome = engine.world.listen(link.index, link.name, groupsOn(engine, instance));
  if (outcome.ok) {
    if (isRaised(instance, "cannot-listen"))
      engine.apply(instance, { kind: "faultLifted", cause: "cannot-listen" }, now);
    return;
  }
  scheduleRetry(instance, now);
  const cause = { kind: "cannot-listen", error: `${outcome.call}: ${outcome.errno}` } as const;
  engine.apply(instance, { kind: "faultRaised", cause }, now);
}

/** Its own first, then those of all others there: also of one that a reload removed and that waits for its successor. */
function groupsOn(engine: Engine, instance: Instance): readonly Ipv4[] {
  const groups = new Set<Ipv4>();
  for (const { interfaceIndex, config } of [instance, ...engine.instances]) {
    if (interfaceIndex === instance.interfaceIndex && config.transport.kind === "multicast")
      groups.add(config.transport.group);
  }
  return [...groups];
}

export const isRaised = (instance: Instance, kind: FaultCause["kind"]): boolean =>
  instance.state.raised.some((cause) => cause.kind === kind);

/**
 * `unicast_src_ip` has to be an address of this machine, of whichever interface: the peers' answers go there. One of
 * multicast need not be (keepalived's manual offers it to hide who is speaking), unless `track_src_ip` wants it on the
 * interface.
 */
export function missingSource(engine: Engine, instance: Instance): FaultCause | undefined {
  const { transport } = instance.config;
  const { kind, source } = transport;
  const isWanted = kind === "unicast" || transport.trackSource === true;
  if (source === undefined || !isWanted) return undefined;
  for (const { address, index } of engine.interfaces.addresses()) {
    const isUsable = kind === "unicast" || index === instance.interfaceIndex;
    if (address === source && isUsable) return undefined;
  }
  return { kind: "source-missing", address: source };
}

/** @param changed only where this address is the source; undefined is everywhere */
export function checkSources(engine: Engine, now: Instant, changed?: Ipv4): void {
  for (const instance of engine.instances) {
    const { source } = instance.config.transport;
    if (source === undefined || (changed !== undefined && source !== changed)) continue;
    checkSource(engine, instance, now);
  }
}

export function checkSource(engine: Engine, instance: Instance, now: Instant): void {
  const cause = missingSource(engine, instance);
  if (cause !== undefined) engine.apply(instance, { kind: "faultRaised", cause }, now);
  else if (isRaised(instance, "source-missing"))
    engine.apply(instance, { kind: "faultLifted", cause: "source-missing" }, now);
}
