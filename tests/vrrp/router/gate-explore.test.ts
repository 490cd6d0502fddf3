/**
 * One router with a gate, and every order of what can happen to it, to some depth: whatever comes
 * after what, the address and the fence follow the last promotion (tests/support/gate-ledger.ts).
 * GATE_DEPTH=5 goes one event deeper (a minute or two). Longer lives are drawn.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ipv4, readIpv4 } from "#units/address";
import { centis, type Instant, instant, micros } from "#units/time";
import { priority } from "#units/vrrp";
import type { GateConfig, RouterConfig } from "#vrrp/router/config";
import type { RouterEvent } from "#vrrp/router/event";
import { deadline, initialState, step } from "#vrrp/router/router";
import type { RouterState } from "#vrrp/router/state";
import { account, type Ledger, newLedger } from "../../support/gate-ledger.ts";
import { CONFIG, SOURCE } from "../../support/vector.ts";

const address = (text: string): Ipv4 => readIpv4(text) as Ipv4;
const OURS = address(SOURCE);
const PEER = address("192.0.2.2");
const VIP = address("192.0.2.100");

const GATE: GateConfig = {
  promoteTimeout: micros(2_000_000),
  demoteTimeout: micros(1_000_000),
  onRefusal: "backup",
  hold: micros(5_000_000),
  probe: "arp",
  comparesData: true,
  needsEligible: true,
  drain: micros(0),
  resetConnections: true,
};
type Gated = RouterConfig & { readonly gate: GateConfig };
const gated = (gate: Partial<GateConfig> = {}, more: Partial<RouterConfig> = {}): Gated => ({
  ...CONFIG,
  peerCount: 1,
  ...more,
  gate: { ...GATE, ...gate },
});

interface Node {
  readonly state: RouterState;
  readonly ledger: Ledger;
  readonly now: Instant;
}

/** What happens: an event now, or the clock moves on first. */
type Happening =
  | { readonly kind: "event"; readonly event: RouterEvent }
  | { readonly kind: "due" }
  | { readonly kind: "after"; readonly micros: number };

const advert = (value: number): RouterEvent => ({
  kind: "advertReceived",
  priority: priority(value),
  interval: centis(100),
  from: PEER,
});

/** What makes sense now: answers of requests that were made, with the numbers they have. */
function happeningsOf({ state }: Node): readonly Happening[] {
  const { gate, phase } = state;
  const events: RouterEvent[] = [
    advert(0),
    advert(90),
    advert(150),
    { kind: "linkChanged", up: !state.linkUp },
    { kind: "groupTurned", to: "master", group: "G", member: "VI_2" },
    { kind: "groupTurned", to: "backup", group: "G", member: "VI_2" },
    { kind: "maintenanceChanged", mode: state.maintenance === undefined ? "on" : undefined },
    { kind: "maintenanceChanged", mode: "last-resort" },
    { kind: "eligibleChanged", eligible: gate?.eligible !== "yes" },
    { kind: "promoteAsked" },
    { kind: "unitDemoted" },
    { kind: "stop" },
    { kind: "foreignAnnouncement", address: VIP },
  ];
  const fault = { kind: "address-rejected", address: VIP, error: "EPERM" } as const;
  events.push(
    state.raised.length === 0
      ? { kind: "faultRaised", cause: fault }
      : { kind: "faultLifted", cause: "address-rejected" },
  );
  if (phase.kind === "master" || phase.kind === "demoting")
    events.push({ kind: "switchAsked" }, { kind: "switchAsked", force: true });
  if (phase.kind === "switching" || phase.kind === "demoting") events.push({ kind: "switchBack" });
  const run = gate?.running?.run;
  if (run !== undefined)
    events.push(
      { kind: "gateAnswered", run, outcome: "done" },
      { kind: "gateAnswered", run, outcome: "refused" },
    );
  if (phase.kind === "backup" && phase.probing !== undefined)
    for (const by of ["nobody", "somebody"] as const)
      events.push({ kind: "probeAnswered", run: phase.probing.run, by });
  if (gate?.conflict?.result === "comparing")
    for (const result of ["ours", "theirs", "equal", "diverged"] as const)
      events.push({ kind: "dataCompared", run: gate.conflict.run, result });
  if (phase.kind === "demoting" && phase.draining !== undefined)
    events.push({ kind: "drained", run: phase.draining.run });
  return [
    { kind: "due" },
    { kind: "after", micros: 300_000 },
    { kind: "after", micros: 6_000_000 },
    ...events.map((event): Happening => ({ kind: "event", event })),
  ];
}

function follow(config: Gated, node: Node, happening: Happening): Node {
  let { now } = node;
  let event: RouterEvent = { kind: "timeReached" };
  if (happening.kind === "due") now = later(now, deadline(node.state) ?? now);
  else if (happening.kind === "after") now = instant(now + happening.micros);
  else ({ event } = happening);
  const next = take(config, node, event, now);
  return next;
}

const later = (a: Instant, b: Instant): Instant => (a > b ? a : b);

function take(config: Gated, node: Node, event: RouterEvent, now: Instant): Node {
  const result = step(config, node.state, event, now);
  const ledger = account(config, node.ledger, event, result, now);
  const { state } = result;
  if (event.kind === "timeReached") {
    const due = deadline(state);
    assert.ok(due === undefined || due > now, `still due as ${state.phase.kind}`);
  }
  lateAnswers(config, { state, ledger, now });
  return { state, ledger, now };
}

/** An answer that nobody waits for changes nothing. */
function lateAnswers(config: Gated, { state, now }: Node): void {
  const { gate, phase } = state;
  if ((deadline(state) ?? now + 1) <= now) return;
  const old = (gate?.running?.run ?? (gate?.run ?? 0) + 1) - 1;
  const events: RouterEvent[] = [
    { kind: "gateAnswered", run: old, outcome: "done" },
    { kind: "gateAnswered", run: old, outcome: "refused" },
  ];
  if (phase.kind !== "backup" || phase.probing === undefined)
    events.push({ kind: "probeAnswered", run: gate?.run ?? 0, by: "nobody" });
  if (gate?.conflict?.result !== "comparing")
    events.push({ kind: "dataCompared", run: gate?.run ?? 0, result: "theirs" });
  if (phase.kind !== "demoting" || phase.draining === undefined)
    events.push({ kind: "drained", run: gate?.run ?? 0 });
  for (const event of events) {
    const result = step(config, state, event, now);
    assert.deepEqual(result.effects, [], JSON.stringify(event));
    assert.deepEqual(result.state, state, JSON.stringify(event));
  }
}

/** Equal for states that differ in the time of day and in the numbers of requests alone. */
function keyOf({ state, ledger, now }: Node): string {
  const base = state.gate?.run ?? 0;
  return JSON.stringify([state, ledger], (name, value: unknown) => {
    if (typeof value !== "number") return value;
    if (name === "run" || name === "lastRun") return value - base;
    // Instants, which start at a time that no duration reaches.
    return value > 500_000_000_000 ? value - now : value;
  });
}

const GATED: ReadonlySet<string> = new Set([
  "promote",
  "demote",
  "cancelGate",
  "closeFence",
  "openFence",
  "probe",
  "compare",
  "drain",
  "resetConnections",
]);

const START = instant(1_000_000_000_000);

function started(config: Gated): Node {
  const node = { state: initialState(config, true, OURS), ledger: newLedger, now: START };
  const begun = take(config, node, { kind: "startup" }, START);
  return take(config, begun, { kind: "eligibleChanged", eligible: true }, START);
}

/** A promoted master, with the answers that make it one. */
function mastered(config: Gated): Node {
  let node = started(config);
  for (let i = 0; node.state.phase.kind !== "master" && i < 20; i++) {
    const { gate, phase } = node.state;
    const run = gate?.running?.run;
    const event: RouterEvent | undefined =
      run !== undefined
        ? { kind: "gateAnswered", run, outcome: "done" }
        : phase.kind === "backup" && phase.probing !== undefined
          ? { kind: "probeAnswered", run: phase.probing.run, by: "nobody" }
          : undefined;
    node =
      event === undefined
        ? follow(config, node, { kind: "due" })
        : follow(config, node, { kind: "event", event });
  }
  assert.equal(node.state.phase.kind, "master");
  return node;
}

const print = (happening: Happening): string =>
  happening.kind === "event" ? JSON.stringify(happening.event) : JSON.stringify(happening);

/** @returns how many different states were seen */
function explore(config: Gated, start: Node, depth: number): number {
  const seen = new Set<string>([keyOf(start)]);
  let level: { readonly node: Node; readonly path: readonly Happening[] }[] = [
    { node: start, path: [] },
  ];
  for (let at = 0; at < depth; at++) {
    const next: typeof level = [];
    for (const { node, path } of level) {
      for (const happening of happeningsOf(node)) {
        const longer = [...path, happening];
        let reached: Node;
        try {
          reached = follow(config, node, happening);
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          throw new Error(`${why}\n${longer.map(print).join("\n")}`, { cause: error });
        }
        const key = keyOf(reached);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push({ node: reached, path: longer });
      }
    }
    level = next;
  }
  return seen.size;
}

const CASES: readonly (readonly [string, Gated])[] = [
  ["BACKUP after a refusal", gated()],
  ["FAULT after a refusal, no data", gated({ onRefusal: "fault", comparesData: false })],
  ["serves all the same", gated({ onRefusal: "serve", probe: "off", needsEligible: false })],
  ["drains first", gated({ drain: micros(500_000), probe: "service" })],
  [
    "break before make",
    gated({ comparesData: false, probe: "off" }, { handover: "break-before-make" }),
  ],
];

const DEPTH = Number(process.env["GATE_DEPTH"] ?? 4);
for (const [name, config] of CASES) {
  test(`every order of events from BACKUP on: ${name}`, () => {
    const count = explore(config, started(config), DEPTH);
    assert.ok(count > 10 ** (DEPTH - 1), `${count} states`);
  });
  test(`and from a promoted MASTER on: ${name}`, () => {
    const count = explore(config, mastered(config), DEPTH);
    assert.ok(count > 10 ** (DEPTH - 1), `${count} states`);
  });
}

/** Deterministic, and even enough for this (a linear congruential generator). */
function drawing(seed: number): (count: number) => number {
  let value = seed;
  return (count) => {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((value / 2 ** 32) * count);
  };
}

const LIVES = 120;
const EVENTS = 60;

function* lives(config: Gated): Generator<{ readonly node: Node; readonly seed: number }> {
  for (let seed = 1; seed <= LIVES; seed++) {
    const draw = drawing(seed);
    let node = started(config);
    for (let at = 0; at < EVENTS && node.state.phase.kind !== "stopped"; at++) {
      // A stop ends a life, so it is drawn seldom.
      const may = happeningsOf(node).filter(
        (one) => one.kind !== "event" || one.event.kind !== "stop" || draw(20) === 0,
      );
      node = follow(config, node, may[draw(may.length)] ?? { kind: "due" });
    }
    if (node.state.phase.kind !== "stopped") yield { node, seed };
  }
}

const heal = (config: Gated, node: Node): Node =>
  (
    [
      { kind: "linkChanged", up: true },
      { kind: "faultLifted", cause: "address-rejected" },
      { kind: "maintenanceChanged", mode: undefined },
      { kind: "eligibleChanged", eligible: true },
    ] as const
  ).reduce<Node>((now, event) => take(config, now, event, now.now), node);

/** The answer of a healthy world to what is asked. */
function goodAnswer({ state: { gate, phase } }: Node): RouterEvent | undefined {
  if (gate?.running !== undefined)
    return { kind: "gateAnswered", run: gate.running.run, outcome: "done" };
  if (phase.kind === "backup" && phase.probing !== undefined)
    return { kind: "probeAnswered", run: phase.probing.run, by: "nobody" };
  if (phase.kind === "demoting" && phase.draining !== undefined)
    return { kind: "drained", run: phase.draining.run };
  return gate?.conflict?.result === "comparing"
    ? { kind: "dataCompared", run: gate.conflict.run, result: "ours" }
    : undefined;
}

for (const [name, config] of CASES) {
  test(`any life ends served, if the world is healthy and nobody else is there: ${name}`, () => {
    for (const { node: end, seed } of lives(config)) {
      let node = heal(config, end);
      const until = node.now + 60_000_000;
      const isServed = () => node.state.phase.kind === "master" && node.ledger.fence === "open";
      while (!isServed()) {
        const answer = goodAnswer(node);
        node =
          answer === undefined
            ? follow(config, node, { kind: "due" })
            : take(config, node, answer, node.now);
        // Where the data does not decide, a person does.
        if (node.state.gate?.conflict?.result === "undecided")
          node = take(config, node, { kind: "promoteAsked" }, node.now);
        assert.ok(node.now < until, `seed ${seed}: ${JSON.stringify(node.state)}`);
      }
    }
  });
  test(`and after a stop everything is given up in time, if nobody answers: ${name}`, () => {
    for (const { node: end, seed } of lives(config)) {
      let node = take(config, end, { kind: "stop" }, end.now);
      const until = node.now + 10_000_000;
      while (node.state.phase.kind !== "stopped") {
        node = follow(config, node, { kind: "due" });
        assert.ok(node.now < until, `seed ${seed}: ${JSON.stringify(node.state)}`);
      }
      assert.deepEqual(
        [node.ledger.hasAddress, node.ledger.fence, node.ledger.isPromoted],
        [false, "closed", false],
      );
    }
  });
}

test("without a gate nothing of it is ever done", () => {
  const { gate: _, ...config } = gated();
  const draw = drawing(7);
  let { state } = step(config, initialState(config, true, OURS), { kind: "startup" }, START);
  let now: Instant = START;
  for (let at = 0; at < 2_000; at++) {
    const may = happeningsOf({ state, ledger: newLedger, now }).filter(
      (one) => one.kind !== "event" || one.event.kind !== "stop",
    );
    const happening = may[draw(may.length)] ?? { kind: "due" };
    if (happening.kind === "due") now = later(now, deadline(state) ?? now);
    else if (happening.kind === "after") now = instant(now + happening.micros);
    const event = happening.kind === "event" ? happening.event : { kind: "timeReached" as const };
    const result = step(config, state, event, now);
    for (const { kind } of result.effects) assert.ok(!GATED.has(kind), kind);
    assert.equal(result.state.gate, undefined);
    ({ state } = result);
  }
});
