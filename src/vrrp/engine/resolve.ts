/**
 * Peers whose MAC address the kernel does not know (unicast). What was sent to one waits in the kernel, whose own question
 * may have been lost in a port that had its carrier before it forwarded; its next one is a second away, three detection
 * times at 0.1 s. And a peer that never answers is off, or not where the configuration says: both daemons would be master.
 */
import type { Ipv4 } from "#units/address";
import { type Instant, micros } from "#units/time";
import { ARP_FRAME_LENGTH, arpRequest, emitArp } from "../wire/arp.ts";
import type { Engine } from "./engine.ts";
import type { Instance } from "./instance.ts";

/** A machine that boots again answers sooner or later; one line about it is enough. */
const TOLD_AFTER = 5_000_000;

const question = new Uint8Array(ARP_FRAME_LENGTH);

/**
 * After something was sent to `to`: asks for it in the kernel's place, if it has to be asked for. However long it has been
 * away: who comes back waits one detection time for our word (simulated: after 70 s it took over at 0.1 s). A broadcast with
 * each advertisement is what a multicast group has anyway. For a router that is bound to no device the kernel alone knows by
 * which one to ask, so the asking is left to it.
 */
export function resolvePeer(
  engine: Engine,
  instance: Instance,
  source: Ipv4,
  to: Ipv4,
  now: Instant,
): void {
  const { interfaceIndex, config, peers } = instance;
  const { transport } = config;
  const link = engine.interfaces.link(interfaceIndex);
  // A farewell goes to the other masters alone, also in a group (sim seed 33427: it waited a quarter of a second).
  const isToGroup = transport.kind === "multicast" && transport.group === to;
  if (isToGroup || link === undefined || !link.arp) return;
  const peer = peers.get(to);
  if (!engine.world.isUnresolved(link.index, to)) {
    if (peer !== undefined) peer.unresolved = undefined;
    return;
  }
  if (peer !== undefined) peer.unresolved ??= { since: now, told: false };
  emitArp(question, arpRequest(link.mac, source, to));
  // Without it the kernel's next question comes all the same.
  void engine.world.sendArp(link.index, question);
  if (peer?.unresolved?.told !== false) return;
  const { since } = peer.unresolved;
  if (now - since < TOLD_AFTER) return;
  peer.unresolved = { since, told: true };
  engine.emit({
    type: "report",
    instance: config.router.name,
    report: { kind: "peer-unresolved", to, micros: micros(now - since) },
  });
}

/** Only a master sends, and another mastership counts anew. */
export function forgetUnresolved({ peers }: Instance): void {
  for (const peer of peers.values()) peer.unresolved = undefined;
}
