/**
 * What is behind a gate when its engine dies: the ports are closed before anything else, and what
 * the engine had promoted, or was about to, is demoted. A closed fence outlives all processes, so
 * it is closed once more before the first engine of this process starts, whatever ran before.
 *
 * Whether a unit (a sync group, or an instance) may be promoted is known from what the engine has
 * asked for: a promotion, and no demotion since.
 */
import type { FromEngine } from "../engine/engine-link.ts";
import { unitOf } from "../engine/fences.ts";
import type { InstanceConfig } from "../router/config.ts";
import type { SupervisorEffect } from "./event.ts";
import type { SupervisorState } from "./state.ts";

type Asked = Extract<FromEngine, { type: "gate" }>;

export function gateAsked(
  state: SupervisorState,
  { unit, request: { kind } }: Asked,
): SupervisorState {
  if (kind !== "promote" && kind !== "demote") return state;
  const mayBePromoted = kind === "promote";
  const routers = state.routers.map((one) =>
    one.config.router.gate !== undefined && unitOf(one.config) === unit
      ? { ...one, mayBePromoted }
      : one,
  );
  return { ...state, routers };
}

export function closeFences(instances: readonly InstanceConfig[]): readonly SupervisorEffect[] {
  const fenced = instances.filter(({ fence }) => fence !== undefined && fence.length > 0);
  return fenced.length === 0 ? [] : [{ kind: "closeFence", instances: fenced }];
}

/** The engine is dead. One demotion for each unit. */
export function closeGates({ routers }: SupervisorState): readonly SupervisorEffect[] {
  const units = new Map<string, InstanceConfig>();
  for (const { config, mayBePromoted } of routers)
    if (mayBePromoted) units.set(unitOf(config), config);
  return [
    ...closeFences(routers.map(({ config }) => config)),
    ...[...units].map(([unit, config]) => ({ kind: "demote", unit, config }) as const),
  ];
}
