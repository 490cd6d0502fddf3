/**
 * Sync groups: members are in one state. The routers know nothing of it; this outer machine
 *  - holds back a member that would become master until every member is ready (keepalived: all
 *    timers or votes), so that a fault of one network does not split the group;
 *  - takes all along when one member has to give up or goes to FAULT;
 *  - emits the group's state after its members'.
 */

import { after, fromCentis, type Instant, micros } from "#units/time";
import type { RouterEvent } from "../router/event.ts";
import { heldBack } from "../router/gate.ts";
import type { FaultCause } from "../router/reason.ts";
import type { BackupPhase, PublicState, RouterState } from "../router/state.ts";
import { enter, freshBackup, preempts, publicState, type Step, unchanged } from "../router/step.ts";
import { faultCauses } from "../router/tracking.ts";
import type { EngineContext } from "./context.ts";
import type { GroupConfig } from "./engine-link.ts";
import type { Instance } from "./instance.ts";

/** Gives a member an event. Steps (steps.ts) does, which itself asks this file at each step. */
interface Stepper {
  apply(instance: Instance, event: RouterEvent, now: Instant): void;
}

interface SyncGroup {
  readonly name: string;
  readonly members: readonly string[];
  /** Members that would be master by themselves. */
  readonly ready: Set<string>;
  /** As last emitted. */
  state: PublicState | undefined;
}

export class Groups {
  readonly #context: EngineContext;
  #groups: readonly SyncGroup[] = [];
  #byMember = new Map<string, SyncGroup>();

  constructor(context: EngineContext) {
    this.#context = context;
  }

  configure(groups: readonly GroupConfig[]): void {
    this.#groups = groups.map(({ name, members }) => {
      const old = this.#groups.find((one) => one.name === name);
      // Who has left and comes back is not ready because it once was.
      const ready = new Set([...(old?.ready ?? [])].filter((one) => members.includes(one)));
      return { name, members, ready, state: old?.state };
    });
    this.#byMember = new Map();
    for (const group of this.#groups) {
      for (const member of group.members) {
        if (!this.#byMember.has(member)) this.#byMember.set(member, group);
      }
    }
  }

  /**
   * After a reload: members that are new share the group's faults and its ownership, and those that
   * left it are no longer kept in FAULT by it.
   */
  settle(steps: Stepper, now: Instant): void {
    for (const instance of this.#context.instances.all) {
      const raised = instance.state.raised.find((cause) => cause.kind === "group");
      if (raised !== undefined && this.#of(instance)?.name !== raised.group) {
        steps.apply(instance, { kind: "faultLifted", cause: "group" }, now);
      }
    }
    for (const group of this.#groups) {
      const members = this.#membersOf(group);
      this.#shareFaults(steps, group, members, now);
      const owner = members.find(isElected);
      if (owner === undefined) continue;
      for (const member of members) {
        if (member.state.phase.kind === "backup" && isFree(member))
          join(steps, group, member, owner, now);
      }
    }
  }

  /** For a snapshot: the group an instance is in, and whether it waits there for the others. */
  standing(instance: Instance): { readonly name: string; readonly isReady: boolean } | undefined {
    const group = this.#of(instance);
    if (group === undefined) return undefined;
    const { phase } = instance.state;
    const isReady = phase.kind === "backup" && group.ready.has(instance.config.router.name);
    return { name: group.name, isReady };
  }

  #of(instance: Instance): SyncGroup | undefined {
    return this.#byMember.get(instance.config.router.name);
  }

  #membersOf(group: SyncGroup): readonly Instance[] {
    return this.#context.instances.all.filter(
      (one) => one.leaving === undefined && group.members.includes(one.config.router.name),
    );
  }

  /**
   * Called before a step that would make a member master is accepted. Returns the step to take
   * instead, or undefined when it may go ahead. A member that is back within its ownership window
   * after a link flap has been master all the time.
   */
  holdBack(
    instance: Instance,
    before: RouterState,
    wanted: RouterState,
    now: Instant,
  ): Step | undefined {
    const group = this.#of(instance);
    if (group === undefined) return undefined;
    const { name } = instance.config.router;
    group.ready.add(name);
    const others = this.#membersOf(group).filter((one) => one !== instance);
    const allReady = others.every((one) => isOwner(one) || isReady(group, one, now));
    if (allReady || wanted.reason.kind === "link-back-in-time") return undefined;
    const { router } = instance.config;
    // Tries again an interval later; the others do when their timers fire.
    const waiting = (phase: BackupPhase): BackupPhase => ({
      ...phase,
      masterDownAt: after(now, fromCentis(phase.masterInterval)),
      awakeAt: now,
      // Asked anew, for somebody may answer by then.
      probing: undefined,
    });
    if (before.phase.kind === "backup")
      return unchanged({ ...withGate(before, wanted), phase: waiting(before.phase) });
    // An address owner, straight from its start or from FAULT.
    const state = { ...wanted, phase: before.phase };
    const masterDown = fromCentis(router.advertInterval);
    const reason =
      before.phase.kind === "fault"
        ? ({ kind: "fault-cleared", masterDown } as const)
        : ({ kind: "started", masterDown } as const);
    const phase = waiting(freshBackup(router, state, now, micros(0)));
    return enter(state, phase, reason, now, [{ kind: "removeAddresses" }]);
  }

  /**
   * A member that accepted a master's advertisement is no longer ready. One that it discarded
   * (weaker, and we preempt) changes nothing: otherwise two members with timers that are not in
   * step would never be ready together.
   */
  advertHeard(instance: Instance, before: RouterState): void {
    const group = this.#of(instance);
    const { phase } = instance.state;
    if (group === undefined || before.phase.kind !== "backup" || phase.kind !== "backup") return;
    if (phase.masterDownAt > before.phase.masterDownAt) {
      group.ready.delete(instance.config.router.name);
    }
  }

  /**
   * A member in FAULT has one cause fewer or more. Two members that were in FAULT by themselves
   * also keep each other there; when their own causes are gone at the same moment, neither changes
   * state by it (sim seeds 1083, 2124).
   */
  causesChanged(steps: Stepper, instance: Instance, now: Instant): void {
    const group = this.#of(instance);
    if (group === undefined) return;
    this.#shareFaults(steps, group, this.#membersOf(group), now);
  }

  /** @param before the state it was in */
  memberChanged(steps: Stepper, instance: Instance, before: RouterState, now: Instant): void {
    const group = this.#of(instance);
    if (group === undefined) return;
    const { name } = instance.config.router;
    const members = this.#membersOf(group);
    const others = members.filter((one) => one !== instance);
    const { kind } = instance.state.phase;
    if (kind !== "backup") group.ready.delete(name);
    const turned = { kind: "groupTurned", group: group.name, member: name } as const;
    if (kind === "master" || kind === "promoting") {
      for (const other of others) steps.apply(other, { ...turned, to: "master" }, now);
    } else if (kind === "backup") {
      const owner = others.find(isElected);
      // One that starts, added by a reload, has given up nothing: it is what the group is. So is
      // one that waited in FAULT for the first result of a check alone, for that keeps nobody else
      // there.
      if (owner !== undefined && hadNothingToGiveUp(instance, before))
        join(steps, group, instance, owner, now);
      else for (const other of others) steps.apply(other, { ...turned, to: "backup" }, now);
    }
    this.#shareFaults(steps, group, members, now);
    this.#emitState(group, members, now);
  }

  /** With a gate: a member demotes what the group shares. */
  unitDemoted(steps: Stepper, instance: Instance, now: Instant): void {
    const group = this.#of(instance);
    if (group === undefined) return;
    for (const other of this.#membersOf(group))
      if (other !== instance) steps.apply(other, { kind: "unitDemoted" }, now);
  }

  /**
   * A member in FAULT by itself keeps all others there; nobody is kept there by an effect of its
   * own fault.
   */
  #shareFaults(steps: Stepper, group: SyncGroup, members: readonly Instance[], now: Instant): void {
    // Causes alone do not count: a member that has not started yet has no link and no address.
    const sick = members.filter(
      (one) => one.state.phase.kind === "fault" && ownCauses(one).length > 0,
    );
    for (const member of members) {
      const others = sick.filter((one) => one !== member);
      const raised = member.state.raised.find((cause) => cause.kind === "group");
      const [first] = others;
      if (first === undefined) {
        if (raised !== undefined) steps.apply(member, { kind: "faultLifted", cause: "group" }, now);
        continue;
      }
      const link = others.every(hasLostItsLinkOnly);
      if (raised !== undefined && (raised.link === true) === link) continue;
      const { name } = first.config.router;
      const cause = { kind: "group", group: group.name, member: name } as const;
      const event = { kind: "faultRaised", cause: link ? { ...cause, link } : cause } as const;
      steps.apply(member, event, now);
    }
  }

  #emitState(group: SyncGroup, members: readonly Instance[], now: Instant): void {
    const states = new Set(members.map((one) => publicState(one.state.phase)));
    const [state, ...more] = states;
    if (state === undefined || more.length > 0 || state === group.state || state === "INIT") return;
    group.state = state;
    this.#context.world.emit({ type: "groupTransition", group: group.name, to: state, at: now });
  }
}

/** Its own causes: the one the group raised is an effect of other members'. */
const ownCauses = ({ config, state }: Instance): readonly FaultCause[] =>
  faultCauses(config.router, state).filter((cause) => cause.kind !== "group");

/** Master, or about to be: with a gate, once it is promoted. */
const isElected = ({ state: { phase } }: Instance): boolean =>
  phase.kind === "master" || phase.kind === "promoting";

const isOwner = (instance: Instance): boolean => {
  const { kind } = instance.state.phase;
  return isElected(instance) || kind === "switching" || kind === "demoting";
};

/** It would be master by itself, and its gate lets it. */
const isReady = ({ ready }: SyncGroup, { config, state }: Instance, now: Instant): boolean =>
  ready.has(config.router.name) && heldBack(config.router, state, now) === undefined;

/** What it has learned of its gate stays; the promotion has not begun. */
function withGate(before: RouterState, { gate: wanted }: RouterState): RouterState {
  if (before.gate === undefined || wanted === undefined) return before;
  const { eligible, heldUntil, isAsked } = wanted;
  const asked = isAsked === undefined ? {} : { isAsked };
  return { ...before, gate: { ...before.gate, eligible, heldUntil, ...asked } };
}

const hadNothingToGiveUp = ({ config }: Instance, before: RouterState): boolean => {
  const { kind } = before.phase;
  return kind === "init" || (kind === "fault" && faultCauses(config.router, before).length === 0);
};

const hasLostItsLinkOnly = (instance: Instance): boolean =>
  ownCauses(instance).every((cause) => cause.kind === "link-down");

/** No other router owns its address that it would leave alone. */
const isFree = ({ config, state }: Instance): boolean =>
  state.heard === undefined ||
  (preempts(config.router) && state.heard.priority < state.effectivePriority);

/** As later versions of keepalived: a member that joins takes the state of the group. */
function join(
  steps: Stepper,
  group: SyncGroup,
  instance: Instance,
  owner: Instance,
  now: Instant,
): void {
  const member = owner.config.router.name;
  steps.apply(instance, { kind: "groupTurned", to: "master", group: group.name, member }, now);
}
