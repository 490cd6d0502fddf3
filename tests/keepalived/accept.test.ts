/** `accept`, `no_accept` and strict mode: which routers may not answer for their addresses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfiguration } from "#keepalived/read";

const read = (instance: string, globals = ""): ReturnType<typeof readConfiguration> =>
  readConfiguration([
    {
      name: "keepalived.conf",
      text: `global_defs {\n${globals}\n}\nvrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\n${instance}\nvirtual_ipaddress {\n10.0.0.100/24\n}\n}\n`,
    },
  ]);

const accepts = (instance: string, globals?: string): boolean => {
  const { plan } = read(instance, globals);
  const [first] = plan?.instances ?? [];
  assert.ok(first !== undefined);
  return first.config.accept !== false;
};

test("the last of accept and no_accept counts", () => {
  assert.equal(accepts("priority 100"), true);
  assert.equal(accepts("priority 100\nno_accept"), false);
  assert.equal(accepts("priority 100\naccept\nno_accept"), false);
  assert.equal(accepts("priority 100\nno_accept\naccept"), true);
});

test("the owner by priority 255 answers whatever is written", () => {
  assert.equal(accepts("priority 255\nno_accept"), true);
  assert.equal(accepts("state MASTER\nno_accept"), true);
  assert.equal(accepts("state MASTER\npriority 255", "vrrp_strict"), true);
});

test("strict mode lets nobody else answer, not even with accept", () => {
  assert.equal(accepts("priority 100\naccept", "vrrp_strict"), false);
  assert.equal(accepts("priority 100\nstrict_mode on"), false);
  assert.equal(accepts("priority 100\nstrict_mode off", "vrrp_strict"), true);
  assert.equal(accepts("priority 100\nstrict_mode off\nno_accept", "vrrp_strict"), false);
});

test("nothing is said of no_accept; strict mode is still advised against", () => {
  const codes = (instance: string): readonly string[] =>
    read(instance).findings.map(({ code }) => code);
  assert.deepEqual(codes("priority 100\nno_accept"), codes("priority 100"));
  assert.ok(codes("priority 100\nstrict_mode on").includes("VR3007"));
});
