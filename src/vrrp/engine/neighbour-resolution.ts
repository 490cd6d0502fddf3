/**
 * Unicast peers with a MAC address that the kernel does not know. What was sent to one waits in the
 * kernel, and the kernel's own question may have been lost in a port that had its carrier before it
 * forwarded; its next one is a second away, three detection times at 0.1 s. And a peer that never
 * answers is off, or not where the configuration says: both daemons would be master.
 */
import type { IpAddress } from "#units/address";
import { type Instant, micros } from "#units/time";
import type { EngineContext } from "./context.ts";
import type { Instance, PeerMemory } from "./instance.ts";
import { Questions } from "./questions.ts";

/** A machine that boots again answers sooner or later; one report about it is enough. */
const REPORTED_AFTER = 5_000_000;

export class NeighbourResolution {
  readonly #context: EngineContext;
  readonly #questions = new Questions();

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /**
   * After something was sent to `to`: asks for it in the kernel's place, if it has to be asked for.
   * However long it has been away: a peer that comes back waits one detection time for our
   * advertisement (simulated: after 70 s it took over at 0.1 s). A broadcast with each
   * advertisement is what a multicast group has anyway. For a router that is bound to no device the
   * kernel alone knows by which one to ask, so the asking is left to it.
   */
  afterSending(instance: Instance, source: IpAddress, to: IpAddress, now: Instant): void {
    const { world, interfaces } = this.#context;
    const { interfaceIndex, config, peers } = instance;
    const { transport } = config;
    const link = interfaces.link(interfaceIndex);
    // Priority 0 goes to the other masters alone, also in a group (sim seed 33427: it waited a
    // quarter of a second).
    const isToGroup = transport.kind === "multicast" && transport.group === to;
    if (isToGroup || link === undefined || !link.arp) return;
    const peer = peers.get(to);
    if (!world.isUnresolved(link.index, to)) {
      if (peer !== undefined) peer.unresolved = undefined;
      return;
    }
    // Without it the kernel's next question comes all the same.
    void world.sendFrame(link.index, this.#questions.frame(link.mac, source, to));
    if (peer !== undefined) this.#stillUnresolved(instance, peer, now);
  }

  #stillUnresolved({ config }: Instance, peer: PeerMemory, now: Instant): void {
    peer.unresolved ??= { since: now, isReported: false };
    const { since, isReported } = peer.unresolved;
    if (isReported || now - since < REPORTED_AFTER) return;
    peer.unresolved = { since, isReported: true };
    const report = {
      kind: "peer-unresolved",
      to: peer.address,
      micros: micros(now - since),
    } as const;
    this.#context.world.emit({ type: "report", instance: config.router.name, report });
  }
}

/** Only a master sends, and another mastership counts anew. */
export function forgetUnresolved({ peers }: Instance): void {
  for (const peer of peers.values()) peer.unresolved = undefined;
}
