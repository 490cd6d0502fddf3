/** How long nothing may be acknowledged, from the settings in use. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DATABASE_FAULTS, ENGINES, faultsOf } from "#lab/measure/database-fault-names";
import { type Detections, outageGoal } from "#lab/measure/database-goals";

/** As in the examples: priority 50, a second. */
const EXAMPLE: Detections = {
  masterDownSeconds: 3.8,
  check: { intervalSeconds: 1, timeoutSeconds: 1, fall: 2 },
};

test("the goals of the example's settings", () => {
  const goals = DATABASE_FAULTS.map((name) => [name, outageGoal(name, EXAMPLE)] as const);
  assert.deepEqual(Object.fromEntries(goals), {
    stop: 250,
    restart: 250,
    move: 250,
    kill: 4_100,
    "kill-engine": 4_100,
    "server-kill": 2_300,
    "server-hang": 2_300,
    link: 4_100,
    host: 4_100,
    "vrrp-cut": undefined,
    "slow-promotion": 5_250,
    lagging: undefined,
    "stopped-replica": undefined,
    failback: 250,
    double: 4_100,
    stall: 650,
  });
});

test("a check that asks more often, and fails later, has another goal", () => {
  const check = { intervalSeconds: 0.5, timeoutSeconds: 0.3, fall: 3 };
  assert.equal(outageGoal("server-kill", { ...EXAMPLE, check }), 1_800);
  assert.equal(outageGoal("server-hang", { ...EXAMPLE, check }), 1_600);
});

test("every database has the faults of line and daemon; only one can be held back", () => {
  for (const engine of ENGINES) {
    for (const name of ["stop", "move", "kill", "server-kill", "server-hang"] as const) {
      assert.ok(faultsOf(engine).includes(name), `${engine} ${name}`);
    }
  }
  assert.deepEqual(faultsOf("mariadb"), DATABASE_FAULTS);
  assert.ok(!faultsOf("redis").includes("lagging"));
});
