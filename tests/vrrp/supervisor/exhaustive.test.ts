/**
 * Every order of a few events, up to a depth: the machine never starts two engines, never waits for
 * nothing while it holds an address, and a stop always ends.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deadline } from "#vrrp/supervisor/supervisor";
import { instance } from "../../support/bench.ts";
import { REFUSED, SupervisorBench } from "../../support/supervisor-bench.ts";

const DEPTH = 6;
const A = instance({ router: { name: "A" } });
const B = instance({ vrid: 2, router: { name: "B" }, addresses: ["192.0.2.101"] });

const STEPS: Readonly<Record<string, (bench: SupervisorBench) => void>> = {
  "A is MASTER": (bench) => {
    if (bench.state.engine.kind === "running") bench.becomes(A, "MASTER");
  },
  "A has handed over": (bench) => bench.becomes(A, "BACKUP"),
  "the engine dies": (bench) => void bench.exit(),
  "its lease was over, it dies": (bench) => {
    bench.addresses = bench.addresses.slice(0, 2);
    bench.exit();
  },
  "no socket, it dies": (bench) => {
    bench.listenFails = REFUSED;
    bench.exit();
    bench.listenFails = undefined;
  },
  "a peer is heard": (bench) => {
    for (const { id } of bench.state.holds) bench.happen({ kind: "peerHeard", hold: id });
  },
  "a reload": (bench) => void bench.configure(B, A),
  "50 ms": (bench) => {
    bench.until(bench.now / 1_000_000 + 0.05);
    bench.take();
  },
  "3 s": (bench) => void bench.until(bench.now / 1_000_000 + 3),
  "a stop": (bench) => void bench.happen({ kind: "stopAsked" }),
};

interface Node {
  readonly bench: SupervisorBench;
  readonly path: readonly string[];
}

function copy({ state, now, addresses, answersQuestions }: SupervisorBench): SupervisorBench {
  return Object.assign(new SupervisorBench(), { state, now, addresses, answersQuestions });
}

/** Two states that differ by when they were reached, and by nothing that is to come. */
function keyOf({ state, now, addresses }: SupervisorBench): string {
  const relative = (_: string, value: unknown): unknown => {
    if (value instanceof Map) return [...value.values()];
    return typeof value === "number" && value > 100_000 ? Math.round(value - now) : value;
  };
  const { restarts: _, nextHold: __, ...rest } = state;
  return JSON.stringify([rest, addresses.length], relative);
}

function check(bench: SupervisorBench, lines: readonly string[], path: readonly string[]): void {
  const { state, now } = bench;
  const where = path.join(", ");
  const starts = lines.filter((line) => line === "startEngine").length;
  const ends = lines.filter((line) => line === "report engine-gone").length;
  assert.ok(starts <= ends + 1, `${where}: two engines`);
  const due = deadline(state);
  if (state.holds.length > 0) assert.ok(due !== undefined, `${where}: held for ever`);
  for (const { until } of state.holds) assert.ok(until - now <= 2_001_094, `${where}: too long`);
  assert.equal(state.orphans.length, 0, where);
  const isOver = state.engine.kind === "none" && state.holds.length === 0;
  assert.equal(state.stop === "done", state.stop !== "not-asked" && isOver, `${where}: the stop`);
}

test(`every order of ${Object.keys(STEPS).length} steps, ${DEPTH} of them`, () => {
  const first = new SupervisorBench();
  first.answersQuestions = false;
  first.start(A, B);
  const seen = new Set<string>([keyOf(first)]);
  let level: readonly Node[] = [{ bench: first, path: [] }];
  for (let depth = 0; depth < DEPTH; depth += 1) {
    const next: Node[] = [];
    for (const { bench, path } of level) {
      for (const [name, act] of Object.entries(STEPS)) {
        const child = copy(bench);
        act(child);
        const way = [...path, name];
        check(child, child.lines, way);
        const key = keyOf(child);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push({ bench: child, path: way });
      }
    }
    level = next;
  }
  assert.ok(seen.size > 500, `only ${seen.size} states were seen`);
});
