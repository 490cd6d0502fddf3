/**
 * A cloud for a part of the seeds, in a stream of its own: everything else stays what it is
 * without.
 */

import type { Rng } from "#units/rng";
import type { ClusterShape } from "./draw-shape.ts";
import type { PlatformSpec, ScenarioFault } from "./scenario.ts";

export interface DrawnPlatform {
  readonly platform: PlatformSpec;
  readonly faults: readonly ScenarioFault[];
  readonly stormMicros: number;
}

const SECOND = 1_000_000;
/**
 * The last repetition (30 s), the longest pause between questions (10 s), half a minute of calm,
 * and what answers take.
 */
export const PLATFORM_SETTLES = 90_000_000;

export function drawPlatform(
  rng: Rng,
  shape: ClusterShape,
  storm: number,
  down: number,
): DrawnPlatform | undefined {
  if (!rng.chance(0.2)) return undefined;
  const askMin = rng.between(5_000, 50_000);
  const platform: PlatformSpec = {
    claimLatency: rng.pick([0, 0, 300_000, 4 * SECOND, 10 * SECOND]),
    askMin,
    askMax: askMin + rng.pick([20_000, 200_000, SECOND]),
    ...drawLimits(rng, shape),
    barred: rng.chance(0.05) ? [rng.between(0, shape.count - 1)] : [],
  };
  const apart = drawApart(rng.split("apart"), shape, down);
  const ends = apart.map((one) => one.at + ("micros" in one ? one.micros : 0));
  const stormMicros = Math.max(storm, ...ends);
  const troubles = drawTroubles(rng.split("troubles"), stormMicros, down);
  return { platform, faults: [...apart, ...troubles], stormMicros };
}

/**
 * Never less than the announcements that a platform is known to let through: each address once in a
 * burst.
 */
function drawLimits(
  rng: Rng,
  { addressCount, instanceCount }: ClusterShape,
): Pick<PlatformSpec, "perInterface" | "perAddress"> {
  const all = addressCount * instanceCount;
  const perInterface = { burst: Math.max(rng.pick([10, 50]), 5 * all), perSecond: 20 };
  const perAddress = { burst: rng.pick([5, 20]), perSecond: rng.pick([1, 10]) };
  return { perInterface, perAddress };
}

/**
 * Long enough for both owners to notice: a node, or its advertisements, are cut off while all reach
 * the platform.
 */
function drawApart(rng: Rng, shape: ClusterShape, down: number): ScenarioFault[] {
  if (shape.count < 2 || !rng.chance(0.4)) return [];
  const at = 2 * down + rng.between(0, 10 * SECOND);
  const machines = [rng.between(0, shape.count - 1)];
  const micros = rng.pick([2, 10, 30, 60]) * SECOND + rng.between(0, SECOND);
  return [{ kind: rng.pick(["partition", "vrrp-cut"] as const), at, machines, micros }];
}

function drawTroubles(rng: Rng, storm: number, down: number): ScenarioFault[] {
  if (!rng.chance(0.5)) return [];
  return Array.from({ length: rng.between(1, 4) }, (): ScenarioFault => {
    const at = rng.between(down, Math.max(down + 1, storm));
    const micros = rng.pick([SECOND, 5 * SECOND, 20 * SECOND]);
    switch (rng.between(0, 3)) {
      case 0:
        return { kind: "platform-slow", at, micros, latency: rng.pick([1, 2, 4]) * SECOND };
      case 1:
        return { kind: "platform-fails", at, micros, share: rng.pick([0.3, 1]) };
      case 2:
        return { kind: "platform-stale", at, micros, age: rng.pick([1, 5, 30]) * SECOND };
      default:
        return { kind: "claims-lost", at, micros, share: rng.pick([0.5, 1]) };
    }
  });
}
