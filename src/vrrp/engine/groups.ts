/**
 * Sync groups: members are in one state. The routers know nothing of it; this outer machine
 *  - holds back a member that would become master until every member is ready (keepalived: all timers or votes), so
 *    that a fault of one network does not split the group;
 *  - takes all along when one member has to give up or goes to FAULT;
 *  - tells the group's state after its members'.
 */

import { after, fromCentis, type Instant, micros } from "#units/time";
import type { FaultCause } from "../router/reason.ts";
import type { BackupPhase, PublicState, RouterState } from "../router/state.ts";
import { enter, freshBackup, publicState, type Step, unchanged } from "../router/step.ts";
import { faultCauses } from "../router/tracking.ts";
import type { Engine } from "./engine.ts";
import type { GroupConfig } from "./engine-link.ts";
import type { Instance } from "./instance.ts";

interface Group {
  readonly name: string;
  readonly members: readonly string[];
  /** Members whose time has come. */
  readonly ready: Set<string>;
  told: PublicState | undefined;
}

export class Groups {
  #groups: readonly Group[] = [];
  #byMember = new Map<string, Group>();

  configure(groups: readonly GroupConfig[]): void {
    this.#groups = groups.map(({ name, members }) => {
      const old = this.#groups.find((one) => one.name === name);
      return { name, members, ready: old?.ready ?? new Set<string>(), told: old?.told };
    });
    this.#byMember = new Map();
    for (const group of this.#groups) {
      for (const member of group.members) {
        if (!this.#byMember.has(member)) this.#byMember.set(member, group);
      }
    }
  }

  /**
   * After a reload: members that are new share the group's faults and its ownership, and who left it is no longer kept in
   * FAULT by it.
   */
  settle(engine: Engine, now: Instant): void {
    for (const instance of engine.instances) {
      const raised = instance.state.raised.find((cause) => cause.kind === "group");
      if (raised !== undefined && this.#of(instance)?.name !== raised.group) {
        engine.apply(instance, { kind: "faultLifted", cause: "group" }, now);
      }
    }
    for (const group of this.#groups) {
      const members = this.#members(engine, group);
      this.#shareFaults(engine, group, members, now);
      const owner = members.find((one) => one.state.phase.kind === "master");
      if (owner === undefined) continue;
      for (const member of members) {
        if (member.state.phase.kind === "backup" && isFree(member))
          join(engine, group, member, owner, now);
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

  #of(instance: Instance): Group | undefined {
    return this.#byMember.get(instance.config.router.name);
  }

  #members(engine: Engine, group: Group): readonly Instance[] {
    return engine.instances.filter(
      (one) => !one.leaving && group.members.includes(one.config.router.name),
    );
  }

  /**
   * Called before a step that would make a member master is accepted. Returns the step to take instead, or undefined
   * when it may go ahead. Who comes back to its own seat after a link flap has been master all the time.
   */
  holdBack(
    engine: Engine,
    instance: Instance,
    before: RouterState,
    wanted: RouterState,
    now: Instant,
  ): Step | undefined {
    const group = this.#of(instance);
    if (group === undefined) return undefined;
    const { name } = instance.config.router;
    group.ready.add(name);
    const others = this.#members(engine, group).filter((one) => one !== instance);
    const allReady = others.every(
      (one) => one.state.phase.kind === "master" || group.ready.has(one.config.router.name),
    );
    if (allReady || wanted.reason.kind === "link-back-in-time") return undefined;
    const { router } = instance.config;
    // Asks again an interval later; the others ask too when their time comes.
    const waiting = (phase: BackupPhase): BackupPhase => ({
      ...phase,
      masterDownAt: after(now, fromCentis(phase.masterInterval)),
      awakeAt: now,
    });
    if (before.phase.kind === "backup")
      return unchanged({ ...before, phase: waiting(before.phase) });
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
   * A member that accepted a master's advertisement is no longer ready. One that it discarded (weaker, and we preempt)
   * changes nothing: or two members whose timers are not in step would never be ready together.
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
   * A member in FAULT has one cause fewer or more. Two members that were in FAULT by themselves also keep each other
   * there; when their own causes are gone at the same moment, neither changes state by it (sim seeds 1083, 2124).
   */
  causesChanged(engine: Engine, instance: Instance, now: Instant): void {
    const group = this.#of(instance);
    if (group === undefined) return;
    this.#shareFaults(engine, group, this.#members(engine, group), now);
  }

  /** @param before the state it was in */
  memberChanged(engine: Engine, instance: Instance, before: RouterState, now: Instant): void {
    const group = this.#of(instance);
    if (group === undefined) return;
    const { name } = instance.config.router;
    const members = this.#members(engine, group);
    const others = members.filter((one) => one !== instance);
    const { kind } = instance.state.phase;
    if (kind !== "backup") group.ready.delete(name);
    const turned = { kind: "groupTurned", group: group.name, member: name } as const;
    if (kind === "master") {
      for (const other of others) engine.apply(other, { ...turned, to: "master" }, now);
    } else if (kind === "backup") {
      const owner = others.find((one) => one.state.phase.kind === "master");
      // One that starts, added by a reload, has given up nothing: it is what the group is. So is one that waited in
      // FAULT for the first result of a check alone, for that keeps nobody else there.
      if (owner !== undefined && hadNothingToGiveUp(instance, before))
        join(engine, group, instance, owner, now);
      else for (const other of others) engine.apply(other, { ...turned, to: "backup" }, now);
    }
    this.#shareFaults(engine, group, members, now);
    this.#tell(engine, group, members, now);
  }

  /** A member in FAULT by itself keeps all others there; nobody is kept there by an effect of its own fault. */
  #shareFaults(engine: Engine, group: Group, members: readonly Instance[], now: Instant): void {
    // Not by its causes alone: a member that has not started yet has no link and no address.
    const sick = members.filter(
      (one) => one.state.phase.kind === "fault" && ownCauses(one).length > 0,
    );
    for (const member of members) {
      const others = sick.filter((one) => one !== member);
      const raised = member.state.raised.find((cause) => cause.kind === "group");
      const [culprit] = others;
      if (culprit === undefined) {
        if (raised !== undefined)
          engine.apply(member, { kind: "faultLifted", cause: "group" }, now);
        continue;
      }
      const link = others.every(hasLostItsLinkOnly);
      if (raised !== undefined && (raised.link === true) === link) continue;
      const { name } = culprit.config.router;
      const cause = { kind: "group", group: group.name, member: name } as const;
      const event = { kind: "faultRaised", cause: link ? { ...cause, link } : cause } as const;
      engine.apply(member, event, now);
    }
  }

  #tell(engine: Engine, group: Group, members: readonly Instance[], now: Instant): void {
    const states = new Set(members.map((one) => publicState(one.state.phase)));
    const [state, ...more] = states;
    if (state === undefined || more.length > 0 || state === group.told || state === "INIT") return;
    group.told = state;
    engine.emit({ type: "groupTransition", group: group.name, to: state, at: now });
  }
}

/** Its own causes: what the group keeps it there for is an effect of others'. */
const ownCauses = ({ config, state }: Instance): readonly FaultCause[] =>
  faultCauses(config.router, state).filter((cause) => cause.kind !== "group");

const hadNothingToGiveUp = ({ config }: Instance, before: RouterState): boolean => {
  const { kind } = before.phase;
  return kind === "init" || (kind === "fault" && faultCauses(config.router, before).length === 0);
};

const hasLostItsLinkOnly = (instance: Instance): boolean =>
  ownCauses(instance).every((cause) => cause.kind === "link-down");

/** Nobody owns its address whom it would leave alone. */
const isFree = ({ config, state }: Instance): boolean =>
  state.heard === undefined ||
  (config.router.preempt && state.heard.priority < state.effectivePriority);

/** As later keepalived versions have it: whoever joins a group takes its state, not the other way round. */
function join(
  engine: Engine,
  group: Group,
  instance: Instance,
  owner: Instance,
  now: Instant,
): void {
  const member = owner.config.router.name;
  engine.apply(instance, { kind: "groupTurned", to: "master", group: group.name, member }, now);
}
