/** Virtual routers, put together from what nodes say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type NodeView, withNames } from "#console/base/node-view";
import { remarksOf } from "#console/pages/cluster/remarks";
import { routersOf, totalsOf } from "#console/pages/cluster/routers";
import type { InstanceStatus } from "#daemon/control-protocol";
import { OWNER, STANDBY, status, WEAKENED } from "../support/console-status.ts";

const view = (
  id: string,
  instances: readonly InstanceStatus[],
  more: Partial<NodeView> = {},
): NodeView => ({
  entry: { id, address: id, isLocal: false, mayAct: true },
  name: id,
  status: status(id, instances),
  failure: undefined,
  clockAheadMs: 0,
  at: 0,
  ...more,
});
const failure = { kind: "failed", status: 502, message: "no answer" } as const;
const verdicts = (...nodes: readonly NodeView[]): readonly string[] =>
  routersOf(nodes).map(({ verdict }) => verdict);

test("an owner and its backup are one router, the owner first", () => {
  const [router, ...others] = routersOf([view("b", [STANDBY]), view("a", [OWNER])]);
  assert.equal(others.length, 0);
  assert.equal(router?.verdict, "one-owner");
  assert.deepEqual(
    router?.members.map(({ name }) => name),
    ["a", "b"],
  );
  assert.deepEqual(router?.addresses, ["10.0.0.100"]);
});

test("two owners, none, and when nobody can say", () => {
  const fault: InstanceStatus = { ...OWNER, state: "FAULT" };
  assert.deepEqual(verdicts(view("a", [OWNER]), view("b", [OWNER])), ["two-owners"]);
  assert.deepEqual(verdicts(view("a", [fault]), view("b", [fault])), ["no-owner"]);
  assert.deepEqual(
    verdicts(view("a", [OWNER], { failure }), view("b", [fault])),
    ["unknown"],
    "what an unreachable node said last does not count",
  );
  assert.deepEqual(verdicts(view("b", [STANDBY])), ["unknown"], "it hears one that is not asked");
  assert.deepEqual(
    verdicts(view("a", [fault]), view("b", [STANDBY])),
    ["no-owner"],
    "the master that is still heard is the node in FAULT",
  );
});

test("routers differ by VRID and address, and totals count them", () => {
  const other = {
    ...OWNER,
    name: "VI_2",
    vrid: 52,
    addresses: OWNER.addresses.map((one) => ({ ...one, address: "10.0.0.101/24" })),
  };
  const nodes = [view("a", [OWNER, other]), view("b", [STANDBY])];
  const routers = routersOf(nodes);
  assert.deepEqual(
    routers.map(({ name }) => name),
    ["VI_1", "VI_2"],
  );
  const { owned, without, unreachable } = totalsOf(routers, nodes);
  assert.deepEqual([owned, without.length, unreachable.length], [2, 0, 0]);
});

test("peers with one VRID and different addresses are named, and hide nothing else", () => {
  const at = (address: string) => OWNER.addresses.map((one) => ({ ...one, address }));
  const sources = { a: OWNER.source, b: STANDBY.source };
  assert.ok(sources.a !== undefined && sources.b !== undefined && sources.a !== sources.b);
  const other: InstanceStatus = { ...STANDBY, addresses: at("10.0.0.101/24") };
  const nodes = [view("a", [OWNER]), view("b", [other])];
  const { mismatched, unknown } = totalsOf(routersOf(nodes), nodes);
  assert.deepEqual(
    mismatched.map(({ vrid, members }) => [vrid, ...members.map(({ name }) => name)]),
    [[OWNER.vrid, "a", "b"]],
  );
  assert.deepEqual(unknown, [], "the master that b hears is a, which is asked");
  // One more than the other, and one router for who looks at the first address only.
  const more: InstanceStatus = { ...OWNER, addresses: [...OWNER.addresses, ...at("10.0.0.109")] };
  const some = [view("a", [more]), view("b", [STANDBY])];
  assert.equal(totalsOf(routersOf(some), some).mismatched.length, 1);
  // In another network the VRID is somebody else's; what a node said last proves nothing.
  const apart: InstanceStatus = { ...other, source: "10.9.0.1", peers: [] };
  const lonely: InstanceStatus = { ...OWNER, peers: [] };
  const far = [view("a", [lonely]), view("b", [apart])];
  assert.deepEqual(totalsOf(routersOf(far), far).mismatched, []);
  const gone = [view("a", [OWNER]), view("b", [other], { failure })];
  assert.deepEqual(totalsOf(routersOf(gone), gone).mismatched, []);
  const same = [view("a", [OWNER]), view("b", [STANDBY])];
  assert.deepEqual(totalsOf(routersOf(same), same).mismatched, []);
});

test("what is wrong is said, worst first", () => {
  const remarks = remarksOf({ ...WEAKENED, linkUp: false }, []);
  assert.deepEqual(
    remarks.map(({ tone }) => tone),
    ["error", "warning"],
  );
  assert.deepEqual(
    remarks.map(({ text }) => text["zh-CN"]),
    ["eth0 链路断开", "脚本 check_nginx 使优先级降低 20"],
  );
  assert.deepEqual(remarksOf(OWNER, []), []);
});

test("a node has the name it was given, else its host name; equal ones get their addresses", () => {
  const named = (id: string, node: string | undefined, name?: string): NodeView => ({
    ...view(id, []),
    entry: { id, address: `/run/${id}`, isLocal: true, mayAct: true, ...(name && { name }) },
    status: node === undefined ? undefined : status(node, []),
  });
  const nodes = [
    named("1", "web"),
    named("2", "web"),
    named("3", "web", "db"),
    named("4", undefined),
  ];
  assert.deepEqual(
    withNames(nodes).map(({ name }) => name),
    ["web (/run/1)", "web (/run/2)", "db", "/run/4"],
  );
});
