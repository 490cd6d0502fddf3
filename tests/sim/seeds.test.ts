/**
 * Simulated clusters: 500 seeds, and every scenario that ever failed
 * (tests/seeds/regressions.jsonl, made small).
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { generateScenario } from "#sim/generate";
import { type RunResult, runScenario } from "#sim/run";
import { isPlatformFault, reviveSecret, type Scenario, type ScenarioFault } from "#sim/scenario";
import type { InstanceConfig } from "#vrrp/router/config";

const SEEDS = 500;
const FILE = join(import.meta.dirname, "..", "seeds", "regressions.jsonl");

interface Regression {
  readonly seed: number;
  /** The check that failed, and what it said. */
  readonly found: string;
  readonly text: string;
  readonly fixed: string;
  readonly scenario: Scenario;
}

const complaints = (result: RunResult): string =>
  result.violations.map((one) => `${one.at} us ${one.check}: ${one.text}`).join("\n");

const regressions = readFileSync(FILE, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line, reviveSecret) as Regression);

test(`${SEEDS} seeds hold every promise`, () => {
  const reasons = new Set<string>();
  const drawn = new Set<string>();
  let simulated = 0;
  let checked = 0;
  let moves = 0;
  let rules = 0;
  let promotions = 0;
  let refusals = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const scenario = generateScenario(seed);
    const result = runScenario(scenario);
    for (const one of peculiarities(scenario)) drawn.add(one);
    moves += result.agreement.moves;
    checked += result.blackhole.checked;
    rules += result.guard.checks;
    promotions += result.gate.promotions;
    refusals += result.gate.refused;
    const hint = `npm run sim -- --from ${seed} --seeds 1`;
    assert.equal(result.violations.length, 0, `seed ${seed}\n${complaints(result)}\n${hint}`);
    simulated += result.micros;
    for (const reason of Object.keys(result.reasons)) reasons.add(reason);
  }
  // A simulator in which nothing happens finds nothing.
  assert.ok(simulated > 3_600_000_000, `only ${simulated} us were simulated`);
  assert.ok(moves > 50, `only ${moves} times an address was moved away from an owner`);
  assert.ok(checked > 1_000, `only ${checked} blackhole windows of clients were checked`);
  assert.ok(rules > 200, `only ${rules} times a rule of the lease could have been left`);
  assert.ok(promotions > 100, `only ${promotions} times a gate has promoted a node`);
  assert.ok(refusals > 20, `only ${refusals} promotions were refused`);
  assert.deepEqual([...drawn].toSorted(), PECULIARITIES);
  for (const needed of NEEDED) assert.ok(reasons.has(needed), `nothing changed state by ${needed}`);
});

const NEEDED = [
  "started",
  "master-down",
  "master-released",
  "higher-priority",
  "higher-address",
  "unconfirmed-yields",
  "master-was-alive",
  "stalled",
  "link-back-in-time",
  "fault",
  "fault-cleared",
  "stopping",
  "group",
  "address-owner",
];

const PECULIARITIES = [
  "address moved by hand while its engine dies",
  "addresses changed by a reload",
  "budget",
  "cloud",
  "cloud that answers late, old things or nothing",
  "cloud, and nodes apart for long",
  "engine that dies again while it is replaced",
  "engine that hangs for good",
  "engine that hangs when it is to stop",
  "fault of keepalived",
  "garp settings changed by a reload",
  "gate of a database",
  "gate of a script",
  "gate of a sync group",
  "instance removed by a reload",
  "interval changed by a reload",
  "keepalived",
  "link flaps in a row",
  "priority changed by a reload",
  "switch limits announcements",
  "twenty addresses",
  "weight changed by a reload",
];

/** What is rare and has to occur in some of the seeds. */
function* peculiarities(scenario: Scenario): Iterable<string> {
  if (scenario.rivals !== undefined) yield "keepalived";
  if (scenario.platform !== undefined) yield "cloud";
  if (scenario.faults.some(isPlatformFault)) yield "cloud that answers late, old things or nothing";
  if (scenario.platform !== undefined && scenario.faults.some(isLongCut))
    yield "cloud, and nodes apart for long";
  if (scenario.gate !== undefined)
    yield scenario.gate.isBuiltIn ? "gate of a database" : "gate of a script";
  if (scenario.gate !== undefined && scenario.machines.some(({ groups }) => groups.length > 0))
    yield "gate of a sync group";
  if (scenario.arpLimit !== undefined) yield "switch limits announcements";
  for (const { instances } of scenario.machines) {
    if (instances.some((one) => one.addresses.length === 20)) yield "twenty addresses";
    if (instances.some((one) => one.pacing.perSecond > 0)) yield "budget";
  }
  yield* engineDeaths(scenario);
  const flaps = scenario.faults.filter(({ kind }) => kind === "link-flap");
  if (flaps.length > 2 && flaps.length === scenario.faults.length) yield "link flaps in a row";
  for (const fault of scenario.faults) {
    if (fault.kind === "rival") yield "fault of keepalived";
    if (fault.kind !== "reload") continue;
    const before = scenario.machines[fault.machine]?.instances ?? [];
    if (fault.instances.length < before.length) yield "instance removed by a reload";
    for (const now of fault.instances) {
      const old = before.find((one) => one.router.name === now.router.name);
      if (old === undefined) continue;
      if (count(now) !== count(old)) yield "addresses changed by a reload";
      if (now.router.priority !== old.router.priority) yield "priority changed by a reload";
      if (now.router.advertInterval !== old.router.advertInterval)
        yield "interval changed by a reload";
      if (now.router.trackers[0]?.weight !== old.router.trackers[0]?.weight)
        yield "weight changed by a reload";
      if (now.router.announce.repeat !== old.router.announce.repeat)
        yield "garp settings changed by a reload";
    }
  }
}

function* engineDeaths({ faults }: Scenario): Iterable<string> {
  for (const one of faults) {
    const after = faults.filter(
      (other) =>
        other !== one && "machine" in other && "machine" in one && other.machine === one.machine,
    );
    const within = (kind: ScenarioFault["kind"], micros: number): boolean =>
      after.some(
        (other) => other.kind === kind && other.at >= one.at && other.at - one.at < micros,
      );
    if (one.kind === "hang" && one.micros === 60_000_000) yield "engine that hangs for good";
    if (one.kind === "hang" && one.who === "engine" && within("stop", one.micros))
      yield "engine that hangs when it is to stop";
    if (one.kind === "engine-crash" && within("engine-crash", 600_000))
      yield "engine that dies again while it is replaced";
    if (one.kind === "engine-crash" && within("address-moved", 1_000_000))
      yield "address moved by hand while its engine dies";
  }
}

const isLongCut = (fault: ScenarioFault): boolean =>
  (fault.kind === "partition" || fault.kind === "vrrp-cut") && fault.micros >= 10_000_000;

const count = (one: InstanceConfig): number => one.addresses.length + one.excludedAddresses.length;

for (const { seed, found, text, fixed, scenario } of regressions) {
  test(`seed ${seed} (${found}: ${text}) fixed: ${fixed}`, () => {
    const result = runScenario(scenario);
    assert.equal(result.violations.length, 0, complaints(result));
  });
}

test("the same scenario gives the same run", () => {
  const run = (): unknown => {
    const { events, micros, reasons, trace } = runScenario(generateScenario(7), { trace: true });
    return { events, micros, reasons, trace };
  };
  assert.deepEqual(run(), run());
});
