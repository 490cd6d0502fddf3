/**
 * An instance that is bound to no device, as people see it: against a machine, and in the table of
 * `status`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assessMachine } from "#cli/check-live";
import { assessHearing } from "#cli/check-live-routers";
import type { Machine } from "#cli/check-machine";
import { toDiagnostic } from "#diagnostics/render/to-diagnostic";
import { readConfiguration } from "#keepalived/read";
import { readIpv4 } from "#units/address";

const TEXT = `vrrp_instance A {
  virtual_router_id 1
  unicast_src_ip 10.9.9.1
  unicast_peer {
    10.9.9.2
  }
  virtual_ipaddress {
    192.0.2.100/24 dev eth1
    192.0.2.101/24
    192.0.2.102/24
  }
}
`;

const machine = (interfaces: readonly string[], ...own: readonly string[]): Machine => ({
  interfaces,
  inUse: interfaces,
  hasAccount: () => true,
  file: () => undefined,
  droppingRules: [],
  kernel: undefined,
  glibc: undefined,
  keepaliveds: [],
  setting: (key) => (key.startsWith("net.ipv4.conf.eth1.") ? 8 : undefined),
  addresses: own.map((text) => {
    const address = readIpv4(text) ?? assert.fail(text);
    return { interface: "lo", address, prefix: 32 };
  }),
  routeTo: () => undefined,
});

function assess(here: Machine): readonly string[] {
  const found = assessMachine(readConfiguration([{ name: "a.conf", text: TEXT }]).model, here);
  for (const language of ["en", "zh-CN"] as const) {
    for (const one of found) assert.doesNotMatch(toDiagnostic(one, language).message, /undefined/);
  }
  return found.map((one) => {
    if (one.code === "VR5101") return `${one.code} ${one.facts.interface}`;
    if (one.code === "VR5112") return `${one.code} ${one.facts.effect.kind}`;
    return one.code;
  });
}

test("its source may be on any device, and every device with an address has to be there", () => {
  assert.deepEqual(assess(machine(["lo", "eth0", "eth1"], "10.9.9.1")), ["VR5112 never-answers"]);
  assert.deepEqual(assess(machine(["lo", "eth1"])), [
    "VR5103",
    "VR5101 eth0",
    "VR5112 never-answers",
  ]);
});

test("what is heard on a device is nothing to it", () => {
  const reading = readConfiguration([{ name: "a.conf", text: TEXT }]);
  assert.deepEqual(assessHearing(reading, { heard: [], refused: undefined }), []);
  const refused = { interface: "eth0", why: "EPERM" };
  assert.deepEqual(assessHearing(reading, { heard: [], refused }), []);
});
