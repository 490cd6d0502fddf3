/** `use_vmac` and its kin: devices and their names, as keepalived 2.2.7 makes them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readConfiguration } from "#keepalived/read";
import { printMac } from "#units/address";
import type { InstanceConfig } from "#vrrp/router/config";

interface Written {
  readonly name?: string;
  readonly interface?: string;
  readonly vrid?: number;
  readonly lines?: readonly string[];
  readonly addresses?: readonly string[];
}

const instance = ({ name = "VI_1", vrid = 51, lines = [], addresses, ...one }: Written): string =>
  [
    `vrrp_instance ${name} {`,
    `    interface ${one.interface ?? "eth0"}`,
    `    virtual_router_id ${vrid}`,
    "    priority 100",
    ...lines.map((line) => `    ${line}`),
    "    virtual_ipaddress {",
    ...(addresses ?? ["10.0.0.100"]).map((line) => `        ${line}`),
    "    }",
    "}",
    "",
  ].join("\n");

function plan(text: string): readonly InstanceConfig[] {
  const reading = readConfiguration([{ name: "keepalived.conf", text }]);
  assert.ok(reading.plan !== undefined);
  return reading.plan.instances.map(({ config }) => config);
}

const codesOf = (text: string): readonly string[] =>
  readConfiguration([{ name: "keepalived.conf", text }]).findings.map(({ code }) => code);

const vmacs = (text: string): readonly string[] =>
  plan(text).flatMap(
    (config) =>
      config.vmacs?.map(({ name, mac, base }) => `${name} ${printMac(mac)} on ${base}`) ?? [],
  );

const OWN = "vrrp.51 00:00:5e:00:01:33 on eth0";

describe("the device", () => {
  test("is called after the VRID, carries the addresses, and is advertised by", () => {
    const text = instance({ lines: ["use_vmac"], addresses: ["10.0.0.100", "10.0.0.5 dev eth0"] });
    assert.deepEqual(vmacs(text), [OWN]);
    const [config] = plan(text);
    assert.equal(config?.advertisesBy, "vrrp.51");
    assert.equal(config.interface, "eth0");
    assert.deepEqual(
      config.addresses.map((one) => one.interface),
      ["vrrp.51", undefined],
    );
  });

  test("is not advertised by with vmac_xmit_base, nor with unicast", () => {
    const unicast = ["unicast_src_ip 10.0.0.1", "unicast_peer {", "10.0.0.2", "}"];
    for (const lines of [
      ["use_vmac", "vmac_xmit_base"],
      ["use_vmac", ...unicast],
    ]) {
      const [config] = plan(instance({ lines }));
      assert.equal(config?.advertisesBy, undefined);
      assert.equal(config?.vmacs?.length, 1);
    }
  });

  test("in strict mode is advertised by, and has the RFC's address", () => {
    const lines = ["strict_mode on", "use_vmac vm 02:00:00:00:00:01", "vmac_xmit_base"];
    const text = instance({ lines });
    assert.deepEqual(vmacs(text), ["vm 00:00:5e:00:01:33 on eth0"]);
    assert.equal(plan(text)[0]?.advertisesBy, "vm");
  });

  test("has the name and the MAC address that are given, in any order", () => {
    for (const args of ["vm0 02:11:22:33:44", "02:11:22:33:44 vm0", "vm0 2:11:22:33:44:33"])
      assert.deepEqual(vmacs(instance({ lines: [`use_vmac ${args}`] })), [
        "vm0 02:11:22:33:44:33 on eth0",
      ]);
  });
});

describe("an argument of use_vmac", () => {
  for (const [args, why] of [
    ["abcdefghijklmnop", "a long name"],
    ["a/b", "a slash"],
    ["00:00:5e:00:01:99", "an address of the RFC"],
    ["00:00:5e:00:02", "five bytes of the RFC's"],
    ["01:11:22:33:44:55", "the address of a group"],
    ["02:11:22:33", "four bytes"],
  ] as const)
    test(`that is ${why} is left out, with a finding`, () => {
      const text = instance({ lines: [`use_vmac ${args}`] });
      assert.deepEqual(vmacs(text), [OWN]);
      assert.deepEqual(codesOf(text), ["VR2150"]);
    });
});

describe("the device's name", () => {
  test("of a second instance with the VRID has a number", () => {
    const one = instance({ lines: ["use_vmac"] });
    const two = instance({ name: "VI_2", interface: "eth1", lines: ["use_vmac"] });
    assert.deepEqual(vmacs(one + two), [OWN, "vrrp1.51 00:00:5e:00:01:33 on eth1"]);
  });

  test("is called after its VRID if another one has its name", () => {
    const one = instance({ lines: ["use_vmac vm0"] });
    const addresses = ["10.0.0.101"];
    const two = instance({ name: "VI_2", vrid: 52, lines: ["use_vmac vm0"], addresses });
    assert.deepEqual(vmacs(one + two), [
      "vm0 00:00:5e:00:01:33 on eth0",
      "vrrp.52 00:00:5e:00:01:34 on eth0",
    ]);
    assert.deepEqual(codesOf(one + two), ["VR2151"]);
    assert.deepEqual(codesOf(instance({ lines: ["use_vmac eth0"] })), ["VR2151"]);
  });

  test("keeps twelve letters of vmac_prefix", () => {
    const globals = "global_defs {\n    vmac_prefix abcdefghijklmnopq\n}\n";
    assert.deepEqual(vmacs(globals + instance({ lines: ["use_vmac"] })), [
      "abcdefghijkl.51 00:00:5e:00:01:33 on eth0",
    ]);
  });

  test("without an interface is none, with a finding", () => {
    const text = instance({
      lines: ["unicast_src_ip 10.0.0.1", "unicast_peer {", "10.0.0.2", "}", "use_vmac"],
    }).replace("    interface eth0\n", "");
    assert.deepEqual(vmacs(text), []);
    assert.ok(codesOf(text).includes("VR2153"));
  });
});

describe("addresses on other interfaces", () => {
  const addresses = ["10.0.0.100 dev eth1", "10.0.0.101", "10.0.0.102 dev eth1"];

  test("are on a device of their own with use_vmac_addr", () => {
    const text = instance({ lines: ["use_vmac", "use_vmac_addr"], addresses });
    assert.deepEqual(vmacs(text), [OWN, "vrrp1.51 00:00:5e:00:01:33 on eth1"]);
    assert.deepEqual(
      plan(text)[0]?.addresses.map((one) => one.interface),
      ["vrrp1.51", "vrrp.51", "vrrp1.51"],
    );
  });

  test("or where the address says so, also without use_vmac", () => {
    const [first = "", ...others] = addresses;
    const text = instance({ addresses: [`${first} use_vmac`, ...others] });
    assert.deepEqual(vmacs(text), ["vrrp.51 00:00:5e:00:01:33 on eth1"]);
    const [config] = plan(text);
    assert.equal(config?.advertisesBy, undefined);
    assert.deepEqual(
      config?.addresses.map((one) => one.interface),
      ["vrrp.51", undefined, "eth1"],
    );
  });
});
