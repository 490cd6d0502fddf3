/**
 * A configuration is taken over, at the start and at every reload. It is compared with the running
 * one here: pairing.ts says which instance of the new one is which of the old one, isSameConfig
 * whether it has changed at all. An unchanged one is not touched, a changed one is carried over
 * (reload.ts), one that is gone hands over (departures.ts), a new one starts.
 */
import { after, type Instant, micros } from "#units/time";
import { type InstanceConfig, isSameConfig } from "../router/config.ts";
import { handOverWait, LINGER } from "../router/timing.ts";
import type { Acceptance } from "./acceptance.ts";
import type { Announcements } from "./announcements.ts";
import type { BfdSessions } from "./bfd-sessions.ts";
import type { EngineContext } from "./context.ts";
import type { Departures } from "./departures.ts";
import type { ToEngine } from "./engine-link.ts";
import { findForeignAddresses } from "./foreign-addresses.ts";
import type { Gates } from "./gates.ts";
import type { Groups } from "./groups.ts";
import { type AddressPlace, Instance } from "./instance.ts";
import type { InterfaceState } from "./interface-state.ts";
import { sweepLeftovers } from "./leftovers.ts";
import type { Operator } from "./operator.ts";
import { pairUp } from "./pairing.ts";
import type { SecondaryPromotion } from "./promote-secondaries.ts";
import type { Refusals } from "./refusals.ts";
import type { ChangedInstance, Reloader } from "./reload.ts";
import type { Routing } from "./routing.ts";
import type { Steps } from "./steps.ts";
import type { Trackers } from "./trackers.ts";
import type { VirtualMacs } from "./virtual-macs.ts";

type Configure = Extract<ToEngine, { type: "configure" }>;

interface ConfiguratorParts {
  readonly context: EngineContext;
  readonly steps: Steps;
  readonly announcements: Announcements;
  readonly groups: Groups;
  readonly trackers: Trackers;
  readonly interfaceState: InterfaceState;
  readonly refusals: Refusals;
  readonly promoting: SecondaryPromotion;
  readonly acceptance: Acceptance;
  readonly reloader: Reloader;
  readonly departures: Departures;
  readonly operator: Operator;
  readonly gates: Gates;
  readonly sessions: BfdSessions;
  readonly virtualMacs: VirtualMacs;
  readonly routing: Routing;
}

/** How the instances of a new configuration relate to the running ones. */
interface Comparison {
  /** Those of the new configuration, in its order. */
  readonly instances: readonly Instance[];
  readonly fresh: readonly Instance[];
  readonly changed: readonly ChangedInstance[];
  readonly removed: readonly Instance[];
}

export class Configurator {
  readonly #parts: ConfiguratorParts;
  /** Instances made so far. */
  #made = 0;
  /** Configurations so far, as the supervisor counts them. */
  #configurations = 0;

  constructor(parts: ConfiguratorParts) {
    this.#parts = parts;
  }

  configure(message: Configure, now: Instant): void {
    const { context, groups, trackers, refusals, promoting, acceptance, departures, gates } =
      this.#parts;
    this.#configurations += 1;
    if (departures.isStopping) return;
    refusals.reportsUnknown = message.logUnknownVrids === true;
    for (const one of message.trackers) trackers.remember(one);
    this.#parts.sessions.configure(message.sessions ?? [], now);
    for (const { unit, eligible } of message.eligible ?? []) gates.remember(unit, eligible);
    // Those that an earlier reload removed go on handing over, also beside a new one of the same
    // identity.
    const leaving = context.instances.all.filter((instance) => instance.leaving !== undefined);
    const running = context.instances.all.filter((instance) => instance.leaving === undefined);
    const { instances, fresh, changed, removed } = this.#compare(running, message.instances);
    context.instances.replace([...instances, ...removed, ...leaving]);
    groups.configure(message.groups);
    this.#parts.operator.configured(message);
    // Before the first address goes: a reload may remove the primary one of a subnet.
    promoting.settle(message.instances);
    const { virtualMacs } = this.#parts;
    acceptance.settle(message.instances);
    const begun = this.#parts.reloader.change(changed, now);
    for (const instance of removed) departures.leave(instance, this.#configurations, now);
    this.#parts.announcements.configure(context.instances.all, now);
    if (this.#configurations === 1) sweepLeftovers(context, message.resume, message.leftovers);
    for (const { instance } of begun) virtualMacs.check(instance, now);
    this.#parts.interfaceState.attach(fresh, now);
    for (const instance of fresh) {
      const isHeld = message.resume.includes(instance.config.router.name);
      if (!isHeld) this.#parts.routing.sweep(instance);
      this.#start(instance, isHeld ? (message.spared ?? []) : undefined, now);
      virtualMacs.check(instance, now);
    }
    for (const { unit, eligible } of message.eligible ?? [])
      gates.eligible(this.#parts.steps, unit, eligible, now);
    groups.settle(this.#parts.steps, now);
    promoting.settle();
    acceptance.settle();
    departures.sweep(now);
    virtualMacs.close();
    for (const instance of fresh) begun.push({ instance, added: instance.addresses });
    for (const { instance, added } of begun) findForeignAddresses(context, instance, added, now);
  }

  #compare(running: readonly Instance[], wanted: readonly InstanceConfig[]): Comparison {
    const known = new Map(running.map((instance) => [instance.config, instance]));
    const pairs = pairUp([...known.keys()], wanted);
    const instances: Instance[] = [];
    const fresh: Instance[] = [];
    const changed: ChangedInstance[] = [];
    for (const config of wanted) {
      const before = pairs.get(config);
      const old = before === undefined ? undefined : known.get(before);
      if (old === undefined || before === undefined) {
        const instance = this.#create(config);
        instances.push(instance);
        fresh.push(instance);
      } else {
        known.delete(before);
        instances.push(old);
        if (!isSameConfig(old.config, config)) changed.push({ instance: old, config });
      }
    }
    return { instances, fresh, changed, removed: [...known.values()] };
  }

  #create(config: InstanceConfig): Instance {
    const hasGuard = this.#parts.context.world.guard !== undefined;
    const instance = new Instance(config, hasGuard, this.#made);
    this.#made += 1;
    return instance;
  }

  /** @param spared of one with addresses that are held for a dead engine */
  #start(instance: Instance, spared: readonly AddressPlace[] | undefined, now: Instant): void {
    const { steps, trackers, interfaceState } = this.#parts;
    instance.state = {
      ...instance.state,
      ...interfaceState.initial(instance),
      trackers: trackers.statesOf(instance.config.router),
      ...this.#parts.operator.initial(instance, now),
    };
    const resume = spared !== undefined;
    instance.resuming = resume;
    if (resume) {
      instance.heldUntil = after(now, micros(handOverWait(instance.config.router) + LINGER));
      instance.spared = spared;
    }
    steps.apply(instance, { kind: resume ? "startupAfterRelease" : "startup" }, now);
  }
}
