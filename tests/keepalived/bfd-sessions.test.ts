/** `bfd_instance` and `track_bfd`: what is planned, with keepalived's defaults, and what is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfiguration } from "#keepalived/read";
import { printIpv4 } from "#units/address";
import { toMillis } from "#units/time";

const INSTANCE = (tracked: string): string => `
vrrp_instance VI {
    interface eth0
    virtual_router_id 9
    virtual_ipaddress {
        192.0.2.200
    }
    track_bfd {
        ${tracked}
    }
}
`;
const read = (text: string) => readConfiguration([{ name: "a", text }], { cloud: "none" });

test("a session has keepalived's defaults, and its weight is the instance's", () => {
  const { plan, diagnostics } = read(
    `bfd_instance R {\n neighbor_ip 192.0.2.2\n weight -20\n}\n${INSTANCE("R")}`,
  );
  assert.deepEqual(diagnostics, []);
  const [session] = plan.sessions ?? [];
  assert.ok(session !== undefined);
  const { neighbor, minTx, minRx, idleTx, source, ...rest } = session;
  assert.equal(printIpv4(neighbor), "192.0.2.2");
  assert.deepEqual([minTx, minRx, idleTx].map(toMillis), [10, 10, 1_000]);
  assert.equal(source, undefined);
  const defaults = { multiplier: 5, isPassive: false, ttl: 255, maxHops: 0 };
  assert.deepEqual(rest, { name: "R", ...defaults });
  assert.deepEqual(plan.instances[0]?.config.router.trackers, [
    { kind: "bfd", name: "R", weight: -20, reverse: false },
  ]);
});

const codes = (text: string): readonly string[] => read(text).diagnostics.map(({ code }) => code);

test("one that nobody tracks is not started; one that keepalived drops is tracked by nobody", () => {
  const two =
    "bfd_instance A {\n neighbor_ip 192.0.2.2\n}\nbfd_instance B {\n neighbor_ip 192.0.2.2\n}\n";
  assert.deepEqual(codes(two + INSTANCE("A")), ["VR2053", "VR2011"]);
  const { plan } = read(two + INSTANCE("A\nB"));
  assert.deepEqual(
    plan.sessions?.map(({ name }) => name),
    ["A"],
  );
  assert.equal(plan.instances[0]?.config.router.trackers.length, 1);
  assert.equal(read(two + INSTANCE("")).plan.sessions, undefined);
  const apart = two.replace(
    "neighbor_ip 192.0.2.2\n}\nb",
    "neighbor_ip 192.0.2.2\nsource_ip 192.0.2.1\n}\nb",
  );
  assert.ok(
    codes(apart + INSTANCE("A\nB")).includes("VR2053"),
    "one without a source is between any",
  );
});

test("what Baton has no session for is reported, and tracked by nobody", () => {
  for (const line of ["neighbor_ip 2001:db8::2", "neighbor_ip 192.0.2.2\n multihop"]) {
    const text = `bfd_instance R {\n ${line}\n}\n${INSTANCE("R")}`;
    assert.ok(
      codes(text).some((code) => code === "VR4001" || code === "VR4002"),
      line,
    );
    assert.deepEqual(read(text).plan.instances[0]?.config.router.trackers, []);
  }
});
