/**
 * Carries out what a router decided, each effect by the file of its concern. A failure that matters
 * to the router comes back as an event in `outcomes`; steps.ts gives it to the router next.
 */
import { type Instant, micros } from "#units/time";
import type { Priority } from "#units/vrrp";
import { available, spend } from "../router/allowance.ts";
import type { Report, RouterEffect, RouterEvent } from "../router/event.ts";
import type { AnnounceReason } from "../router/state.ts";
import type { Acceptance } from "./acceptance.ts";
import type { Advertiser } from "./advertiser.ts";
import type { Announcements } from "./announcements.ts";
import type { Refused } from "./context.ts";
import type { Gates } from "./gates.ts";
import { about, type Instance, type Reported } from "./instance.ts";
import type { Leases } from "./leases.ts";
import { forgetUnresolved } from "./neighbour-resolution.ts";
import type { Probes } from "./probes.ts";
import type { Routing } from "./routing.ts";
import type { World } from "./world.ts";

export interface EffectParts {
  readonly world: World;
  readonly advertiser: Advertiser;
  readonly announcements: Announcements;
  readonly leases: Leases;
  readonly gates: Gates;
  readonly probes: Probes;
  readonly routing: Routing;
  readonly acceptance: Acceptance;
}

/** As owner, to all peers or to the group. */
export const isRegular = ({
  priority,
  to,
  except,
}: Extract<RouterEffect, { kind: "sendAdvert" }>): boolean =>
  priority > 0 && to === undefined && except === undefined;

export class Effects {
  readonly #world: World;
  readonly #advertiser: Advertiser;
  readonly #announcements: Announcements;
  readonly #leases: Leases;
  readonly #gates: Gates;
  readonly #probes: Probes;
  readonly #routing: Routing;
  readonly #acceptance: Acceptance;

  constructor(parts: EffectParts) {
    const { world, advertiser, announcements, leases, gates, probes, routing, acceptance } = parts;
    this.#acceptance = acceptance;
    this.#world = world;
    this.#advertiser = advertiser;
    this.#announcements = announcements;
    this.#leases = leases;
    this.#gates = gates;
    this.#probes = probes;
    this.#routing = routing;
  }

  get hasWaiting(): boolean {
    return this.#advertiser.waitingCount > 0 || this.#leases.hasWaiting;
  }

  /** An earlier one of this kind waits still. */
  isWaiting(instance: Instance, { kind }: RouterEffect): boolean {
    return kind === "sendAdvert" && this.isAdvertWaiting(instance);
  }

  isAdvertWaiting(instance: Instance): boolean {
    return this.#advertiser.isWaiting(instance);
  }

  /** `refreshAddresses`; it waits until `settle`. */
  refresh(instance: Instance, now: Instant, outcomes: RouterEvent[]): void {
    this.#leases.queue(instance, now, outcomes);
  }

  /** A regular `sendAdvert`; it waits until `settle`. */
  advertise(instance: Instance, priority: Priority): void {
    this.#advertiser.queue(instance, priority);
  }

  /**
   * Leases first: an instance with a refused lease does not send as the owner. Which ones those are
   * is added to `refused`.
   *
   * @param nextDue when the next instance is due
   */
  settle(now: Instant, nextDue: Instant | undefined, refused: Refused[]): void {
    const from = refused.length;
    if (this.#leases.hasWaiting) this.#leases.prolong(now, refused);
    for (let at = from; at < refused.length; at++) {
      const one = refused[at];
      if (one?.event.kind === "faultRaised") this.#advertiser.forget(one.instance);
    }
    this.#advertiser.flush(now);
    this.#leases.prolongBackstops(now, nextDue, refused);
  }

  /** One that may wait does until `settle`. */
  perform(instance: Instance, effect: RouterEffect, now: Instant, outcomes: RouterEvent[]): void {
    switch (effect.kind) {
      case "sendAdvert":
        if (isRegular(effect)) return this.advertise(instance, effect.priority);
        if (effect.except !== undefined)
          return this.#advertiser.sendExcept(instance, effect.priority, effect.except, now);
        return this.#advertiser.send(instance, effect.priority, effect.to, now);
      case "addAddresses":
        this.#acceptance.tryAgain();
        this.#leases.take(instance, now, outcomes);
        return this.#routing.take(instance);
      case "refreshAddresses":
        return this.refresh(instance, now, outcomes);
      case "holdAddresses":
        return this.#leases.limit(instance, effect.micros, now, outcomes);
      case "removeAddresses":
        this.#routing.giveUp(instance);
        return this.#leases.giveUp(instance, now);
      case "announce":
        this.#announcements.announce(instance, instance.addresses, effect.repeat, now);
        return this.#reportAnnounced(instance, effect.why, now);
      case "cancelAnnouncements":
        return this.#announcements.cancel(instance.addresses);
      case "transition": {
        const { kind: _, ...rest } = effect;
        if (effect.to === "MASTER") instance.counters.become_master += 1;
        if (effect.from === "MASTER") instance.counters.release_master += 1;
        forgetUnresolved(instance);
        return this.#world.emit({ type: "transition", ...about(instance), ...rest, at: now });
      }
      case "promote":
      case "demote":
      case "cancelGate":
      case "closeFence":
      case "openFence":
      case "compare":
      case "drain":
      case "resetConnections":
        return this.#gates.perform(instance, effect, now, outcomes);
      case "probe":
        return effect.how === "arp"
          ? this.#probes.begin(instance, effect.run, now, outcomes)
          : this.#gates.probeService(instance, effect.run, now, outcomes);
      case "priorityChanged": {
        const { kind: _, ...rest } = effect;
        const { name } = instance.config.router;
        return this.#world.emit({ type: "priorityChanged", instance: name, ...rest });
      }
      case "report": {
        const { report } = effect;
        if (!mayReport(instance, report.kind, now)) return;
        return this.#world.emit({ type: "report", ...about(instance), report });
      }
    }
  }

  #reportAnnounced(instance: Instance, why: AnnounceReason, now: Instant): void {
    if (REGULAR.has(why) || !isAllowed(instance, `announced ${why}`, now)) return;
    this.#world.emit({ type: "announced", ...about(instance), why });
  }
}

/** Nothing has happened: they come by themselves. */
const REGULAR: ReadonlySet<AnnounceReason> = new Set<AnnounceReason>(["refresh", "second-block"]);

/** The supervisor logs each kind once a minute, but runs a script for some. */
const CAUSED_BY_PACKETS: readonly Report["kind"][] = [
  "weaker-master",
  "own-address-heard",
  "grace",
  "held-down",
];
const REPORTS = { most: 5, each: micros(1_000_000) } as const;

const mayReport = (instance: Instance, kind: Report["kind"], now: Instant): boolean =>
  !CAUSED_BY_PACKETS.includes(kind) || isAllowed(instance, kind, now);

function isAllowed({ reports }: Instance, kind: Reported, now: Instant): boolean {
  const allowance = reports.get(kind);
  if (available(REPORTS, allowance, now) === 0) return false;
  reports.set(kind, spend(REPORTS, allowance, 1, now));
  return true;
}
