/**
 * Signed clusters of many shapes on a segment with somebody who records, alters and forges: no
 * router moves, whatever the attacker draws. The same clusters without signatures do.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { generateScenario } from "#sim/generate";
import type { Hostile, Scenario, ScenarioFault } from "#sim/scenario";
import { Simulation } from "#sim/simulation";
import { Secret } from "#units/secret";
import { fromCentis, micros } from "#units/time";
import type { InstanceConfig, SigningConfig } from "#vrrp/router/config";
import { masterDown } from "#vrrp/router/timing";

const SEEDS = 60;
const ATTACKS: readonly Hostile[] = ["replay", "altered", "forged-release", "forged-master"];
const TIMES = 60;

const signingOf = (seed: number): SigningConfig => ({
  keys: [{ id: 1 + (seed % 255), secret: new Secret("5a".repeat(32)) }],
  active: 1 + (seed % 255),
  mode: seed % 3 === 0 ? "permissive" : "enforce",
  antiReplay: seed % 2 === 0 ? "monotonic" : "time",
  // Clocks differ by a second each, and a second is cut off.
  window: 5,
});

/** What was drawn for the seed, without its faults, and with the attacks. */
function attacked(seed: number, isSigned: boolean): Scenario | undefined {
  const drawn = generateScenario(seed);
  const first = drawn.machines[0]?.instances[0];
  if (first === undefined || drawn.machines.length < 2) return undefined;
  const { authentication: _, ...rest } = first;
  const longest = Math.max(
    ...drawn.machines.flatMap(({ instances }) =>
      instances.map(({ router }) => masterDown(router, router.advertInterval, 1)),
    ),
  );
  // One of them stops in order and comes back: its release is what is worth repeating.
  const stop = 8 * longest + 2_000_000;
  const begin = stop + 20 * longest + 3_000_000;
  const every = Math.max(5_000, Math.floor(fromCentis(rest.router.advertInterval) / 7));
  const faults = ATTACKS.map(
    (what, at): ScenarioFault => ({ kind: "hostile", at: begin + at, what, times: TIMES, every }),
  );
  const signed = ({ authentication: _own, ...config }: InstanceConfig): InstanceConfig =>
    isSigned ? { ...config, signing: signingOf(seed) } : config;
  const { rivals: _1, gate: _2, platform: _3, ...common } = drawn;
  return {
    ...common,
    network: { ...drawn.network, loss: 0, reordering: 0 },
    machines: drawn.machines.map((machine) => ({
      ...machine,
      instances: machine.instances.map((one) => withoutGate(signed(one))),
    })),
    faults: [
      { kind: "stop", at: stop, machine: seed % drawn.machines.length, micros: longest },
      ...faults,
    ],
    stormMicros: begin + TIMES * every + 2 * longest,
    settleMicros: 1_000_000,
  };
}

function withoutGate({ fence: _fence, router, ...config }: InstanceConfig): InstanceConfig {
  const { gate: _gate, ...plain } = router;
  // So that who was stopped is master again, and its release could end it.
  return { ...config, router: { ...plain, preempt: true, preemptDelay: micros(0) } };
}

interface Outcome {
  readonly moves: number;
  readonly masters: number;
  readonly refused: number;
}

function run(scenario: Scenario): Outcome {
  const simulation = new Simulation(scenario);
  const { cluster } = simulation;
  const begin = scenario.faults[1]?.at ?? 0;
  let moves = 0;
  cluster.observers.add({
    transition: () => {
      if (cluster.queue.now >= begin) moves += 1;
    },
  });
  simulation.run();
  const routers = cluster.machines.flatMap(({ engine }) => engine?.instances ?? []);
  const refused = routers.reduce((sum, { counters }) => {
    const { auth_ext_invalid_hmac: wrong, auth_ext_replay: again, auth_ext_stale: old } = counters;
    return sum + wrong + again + old;
  }, 0);
  return {
    moves,
    refused,
    masters: routers.filter(({ state }) => state.phase.kind === "master").length,
  };
}

test(`${SEEDS} signed clusters: no attack moves an address; without signatures some do`, () => {
  let refused = 0;
  let moves = 0;
  let runs = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const scenario = attacked(seed, true);
    if (scenario === undefined) continue;
    runs += 1;
    const outcome = run(scenario);
    assert.equal(outcome.moves, 0, `seed ${seed}`);
    assert.equal(outcome.masters, scenario.machines[0]?.instances.length, `seed ${seed}`);
    refused += outcome.refused;
    const plain = seed < SEEDS / 3 ? attacked(seed, false) : undefined;
    if (plain !== undefined) moves += run(plain).moves;
  }
  assert.ok(runs > SEEDS / 2, `${runs} clusters`);
  assert.ok(refused > runs * TIMES, `${refused} packets were refused`);
  assert.ok(moves > 20, `${moves} moves without signatures`);
});
