/**
 * What an operator asks for: a planned move (router/switch.ts), and maintenance
 * (router/maintenance.ts). Before a move begins everything is looked at that speaks against it and
 * that one router can know: VRRP's backups send nothing, so of a multicast peer nothing is known
 * but what it advertised as master.
 */
import type { IpAddress } from "#units/address";
import { type Instant, type Micros, micros } from "#units/time";
import type { RouterEvent } from "../router/event.ts";
import type { Maintenance, RouterState } from "../router/state.ts";
import { publicState } from "../router/step.ts";
import { switchWindow } from "../router/switch.ts";
import type { EngineContext } from "./context.ts";
import type { SwitchRefusal, ToEngine } from "./engine-link.ts";
import type { Groups } from "./groups.ts";
import type { Instance } from "./instance.ts";
import type { Steps } from "./steps.ts";

/** A unicast peer that has not answered ARP for so long is not there. */
const UNANSWERED = 1_000_000;

type SwitchMessage = Extract<ToEngine, { type: "switch" }>;
type Configure = Extract<ToEngine, { type: "configure" }>;

interface OperatorParts {
  readonly context: EngineContext;
  readonly steps: Steps;
  readonly groups: Groups;
}

export class Operator {
  readonly #parts: OperatorParts;
  #mode: Maintenance | undefined;
  #switched: NonNullable<Configure["switched"]> = [];

  constructor(parts: OperatorParts) {
    this.#parts = parts;
  }

  /** With each configuration; what it does not name stays. */
  configured({ maintenance, switched }: Configure): void {
    if (maintenance !== undefined) this.#mode = maintenance;
    this.#switched = switched ?? [];
  }

  /** Of an instance that starts. */
  initial(instance: Instance, now: Instant): Pick<RouterState, "maintenance" | "switched"> {
    const { name } = instance.config.router;
    const moved = this.#switched.find((one) => one.instance === name);
    const switched = moved === undefined ? undefined : { at: now, to: moved.to };
    return { maintenance: this.#mode, switched };
  }

  maintenance(mode: Maintenance | undefined, now: Instant): void {
    this.#mode = mode;
    for (const instance of this.#parts.context.instances.all)
      this.#parts.steps.apply(instance, { kind: "maintenanceChanged", mode }, now);
  }

  /** Every member of a sync group, or none. */
  switch(message: SwitchMessage, now: Instant): void {
    const { context, steps } = this.#parts;
    const chosen = message.instances.flatMap((name) => this.#named(name));
    const known = new Set(chosen.map(({ config }) => config.router.name));
    const refused = chosen.flatMap((one) => refusalOf(one, message.to, now));
    for (const instance of message.instances)
      if (!known.has(instance)) refused.push({ instance, why: { kind: "unknown" } });
    context.world.emit({ type: "switchAnswer", id: message.id, refused });
    if (refused.length > 0 || message.dryRun === true) return;
    const event = eventFor(message, chosen);
    for (const one of chosen) steps.apply(one, event, now);
  }

  /** They may preempt again. */
  switchBack(names: readonly string[], now: Instant): void {
    for (const name of names)
      for (const one of this.#named(name))
        this.#parts.steps.apply(one, { kind: "switchBack" }, now);
  }

  #named(name: string): readonly Instance[] {
    return this.#parts.context.instances.all.filter(
      (one) => one.leaving === undefined && one.config.router.name === name,
    );
  }
}

function eventFor({ to, force }: SwitchMessage, chosen: readonly Instance[]): RouterEvent {
  let leastWait: Micros = micros(0);
  for (const { config } of chosen)
    leastWait = micros(Math.max(leastWait, switchWindow(config.router)));
  const isUnicast = chosen.every(({ config }) => config.transport.kind === "unicast");
  const base = { kind: "switchAsked", leastWait } as const;
  const event: RouterEvent = to !== undefined && isUnicast ? { ...base, to } : base;
  return force === true ? { ...event, force } : event;
}

type Named = { readonly instance: string; readonly why: SwitchRefusal };

function refusalOf(instance: Instance, to: IpAddress | undefined, now: Instant): readonly Named[] {
  const why = ownRefusal(instance) ?? peerRefusal(instance, to, now);
  return why === undefined ? [] : [{ instance: instance.config.router.name, why }];
}

function ownRefusal({ state }: Instance): SwitchRefusal | undefined {
  const { phase, heard, gate } = state;
  if (phase.kind === "switching" || phase.kind === "demoting") return { kind: "under-way" };
  if (phase.kind === "promoting") return { kind: "promoting" };
  if (phase.kind === "master" && gate !== undefined && gate.fence !== "open")
    return { kind: "fenced" };
  if (phase.kind !== "master") {
    const master =
      phase.kind === "backup" && heard !== undefined && !phase.released
        ? { address: heard.from, priority: heard.priority }
        : undefined;
    return { kind: "not-owner", state: publicState(phase), master };
  }
  const [rival] = phase.rivals;
  return rival === undefined ? undefined : { kind: "rival", from: rival.from };
}

function peerRefusal(
  { config, peers }: Instance,
  to: IpAddress | undefined,
  now: Instant,
): SwitchRefusal | undefined {
  const { transport } = config;
  const isGone = (address: IpAddress): boolean => {
    const unresolved = peers.get(address)?.unresolved;
    return unresolved !== undefined && now - unresolved.since >= UNANSWERED;
  };
  if (transport.kind === "unicast") {
    const all = transport.peers.map(({ address }) => address);
    if (all.length === 0) return { kind: "no-peers" };
    if (to !== undefined && !all.includes(to)) return { kind: "not-a-peer", to, peers: all };
    const asked = to === undefined ? all : [to];
    return asked.every(isGone) ? { kind: "unanswered", peers: asked } : undefined;
  }
  if (to === undefined) return undefined;
  const heard = [...peers.values()].filter(({ priority }) => (priority ?? 0) > 0);
  const wanted = heard.find(({ address }) => address === to);
  if (wanted === undefined) return { kind: "never-heard", to };
  const better = heard.find(
    (one) => one !== wanted && (one.priority ?? 0) >= (wanted.priority ?? 0),
  );
  return better === undefined ? undefined : { kind: "would-not-win", to, other: better.address };
}
