/** `interface_up_down_delays`: how its lines are read, and what the plan makes of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfiguration } from "#keepalived/read";

const read = (lines: readonly string[], more = "") =>
  readConfiguration(
    [
      {
        name: "a",
        text:
          `interface_up_down_delays {\n${lines.join("\n")}\n}\n` +
          `vrrp_instance VI {\ninterface eth0\nvirtual_router_id 5\n${more}\n` +
          "virtual_ipaddress {\n10.0.0.9/24\n}\n}\n",
      },
    ],
    { cloud: "none" },
  );

const delays = (lines: readonly string[], more?: string): unknown =>
  read(lines, more).plan.linkDelays;

test("DOWN and UP; UP alone is 0 where it is left out, as in keepalived 2.2.7", () => {
  assert.deepEqual(delays(["eth0 1 0.5", "eth7 1.5"]), [
    { name: "eth0", down: 1_000_000, up: 500_000 },
    { name: "eth7", down: 1_500_000, up: 0 },
  ]);
});

test("of two lines for one interface the last one counts", () => {
  assert.deepEqual(delays(["eth0 1", "eth0 0.5"]), [{ name: "eth0", down: 500_000, up: 0 }]);
});

test("shortened below what a backup waits, to the microsecond as keepalived 2.2.7 does it", () => {
  assert.deepEqual(delays(["eth0 10"]), [{ name: "eth0", down: 1_996_094, up: 0 }]);
  const tracked = "track_interface {\neth1\n}\nadvert_int 2";
  assert.deepEqual(delays(["eth1 10 255"], tracked), [
    { name: "eth1", down: 3_992_188, up: 3_992_188 },
  ]);
});

test("a line that cannot be read is reported and dropped", () => {
  const reading = read(["eth1 300", "eth2 x", "eth3 -1", "eth4", "eth5 1 2 3", "eth6 1"]);
  assert.deepEqual(reading.diagnostics.map(({ code }) => code).slice(0, 5), [
    "VR2002",
    "VR2001",
    "VR2002",
    "VR1040",
    "VR1027",
  ]);
  assert.deepEqual(
    reading.plan.linkDelays?.map(({ name }) => name),
    ["eth5", "eth6"],
  );
});
