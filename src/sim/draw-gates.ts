/**
 * Gates drawn for a cluster, in a stream of their own: who may become master only once a database
 * (or a script) has been made ready for it, and how that answers.
 */
import type { Rng } from "#units/rng";
import { fromSeconds, type Micros, micros } from "#units/time";
import type { InstanceConfig, RouterConfig } from "#vrrp/router/config";
import type { ClusterShape } from "./draw-shape.ts";
import type { AnswersSpec, GateSpec, MachineSpec } from "./scenario.ts";

type GateConfig = NonNullable<RouterConfig["gate"]>;

/** What a look at the database, a person and a rejoin need after the storm. */
const GATE_SETTLES = 20_000_000;

export interface DrawnGate {
  readonly spec: GateSpec;
  readonly machines: readonly MachineSpec[];
  readonly settleMicros: number;
}

/**
 * Undefined: no gate. keepalived knows none, and an address owner cannot have one.
 *
 * @param isWanted each cluster that can have a gate has one; it is the one that it has otherwise
 */
export function drawGate(
  rng: Rng,
  shape: ClusterShape,
  machines: readonly MachineSpec[],
  isWanted = false,
): DrawnGate | undefined {
  const isDrawn = rng.chance(0.15);
  if (!(isDrawn || isWanted) || shape.rivals > 0 || shape.owner255 || shape.count < 2)
    return undefined;
  const promoteTimeout = micros(rng.pick([200_000, 500_000, 1_000_000, 3_000_000]));
  const demoteTimeout = micros(rng.pick([100_000, 500_000, 2_000_000]));
  const isBuiltIn = rng.chance(0.5);
  const hold = micros(rng.pick([500_000, 2_000_000, 5_000_000]));
  const gate: GateConfig = {
    promoteTimeout,
    demoteTimeout,
    onRefusal: rng.pick(["backup", "backup", "backup", "fault"] as const),
    hold,
    probe: rng.pick(["arp", "arp", "arp", "service", "off"] as const),
    comparesData: isBuiltIn,
    needsEligible: isBuiltIn,
    drain: rng.chance(0.3) ? fromSeconds(1) : micros(0),
    resetConnections: rng.chance(0.5),
  };
  const spec: GateSpec = {
    isBuiltIn,
    sync: rng.chance(0.7),
    promote: drawAnswers(rng.split("promote"), promoteTimeout),
    demote: drawAnswers(rng.split("demote"), demoteTimeout),
  };
  const withGate = (one: InstanceConfig): InstanceConfig => ({
    ...one,
    router: { ...one.router, gate },
    fence: [{ protocol: "tcp", port: 3306 }],
  });
  return {
    spec,
    machines: machines.map((one) => ({ ...one, instances: one.instances.map(withGate) })),
    settleMicros: GATE_SETTLES + 3 * (hold + promoteTimeout + demoteTimeout),
  };
}

function drawAnswers(rng: Rng, timeout: Micros): AnswersSpec {
  const fastest = rng.pick([1_000, 10_000, timeout / 4]);
  const share = (of: number): number => (rng.chance(0.6) ? 0 : of * rng.real());
  return {
    fastest,
    slowest: Math.max(fastest, Math.round(timeout * rng.pick([0.1, 0.5, 0.9, 1.3]))),
    refused: share(0.5),
    late: share(0.3),
  };
}
