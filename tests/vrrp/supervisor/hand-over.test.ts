/** The engine is dead and owned addresses: what is sent, kept, removed, in which order and when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IpAddress } from "#units/address";
import { centis } from "#units/time";
import { BATON_PROTO } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { instance, virtual } from "../../support/bench.ts";
import { ip } from "../../support/fake-world.ts";
import { ownerOf, REFUSED, SupervisorBench } from "../../support/supervisor-bench.ts";

/** Version 3, an interval of one second: skew of priority 1 is 0.996094 s. */
const A = instance({ router: { name: "A" } });
const B = instance({ vrid: 2, router: { name: "B" }, addresses: ["192.0.2.101"] });
const WAIT = 2.001094;

test("priority 0, the addresses stay for a skew time and an interval, and are removed", () => {
  const bench = ownerOf(A);
  assert.deepEqual(bench.exit(), [
    "readKernel",
    "listen 1 eth0",
    "sendRelease A from 192.0.2.1",
    "holdAddresses 192.0.2.100@2 4s",
    "prolongGuard 192.0.2.100 2002ms",
    "report handing-over A",
    "report engine-gone",
  ]);
  bench.answersQuestions = false;
  assert.deepEqual(bench.until(0.04), ["startEngine", "configureEngine 1 [A, resume A]"]);
  assert.deepEqual(bench.until(WAIT - 0.000001), ["askEngine"]);
  assert.deepEqual(bench.until(WAIT), [
    "removeAddresses 192.0.2.100@2",
    "clearGuard 192.0.2.100",
    "unlisten 1",
    "report handed-over A heard=false",
  ]);
});

test("a successor that is heard ends it 5 ms later, while clients learn its MAC address", () => {
  const bench = ownerOf(A);
  bench.exit();
  bench.until(0.01);
  assert.deepEqual(bench.happen({ kind: "peerHeard", hold: 1 }), []);
  bench.until(0.012);
  bench.happen({ kind: "peerHeard", hold: 1 });
  assert.deepEqual(bench.until(0.014999), []);
  assert.equal(bench.until(0.015).at(-1), "report handed-over A heard=true");
  assert.deepEqual(bench.happen({ kind: "peerHeard", hold: 1 }), [], "nobody is held for");
});

test("the shortest interval there is; a successor heard at the last moment gets its time", () => {
  const fast = instance({ router: { name: "F", advertInterval: centis(1) } });
  const bench = ownerOf(fast);
  bench.exit();
  // 9.961 ms of skew, 10 ms of interval, 5 ms.
  assert.deepEqual(bench.until(0.02496), []);
  bench.happen({ kind: "peerHeard", hold: 1 });
  assert.deepEqual(bench.until(0.029959), []);
  assert.ok(bench.until(0.02996).includes("report handed-over F heard=true"));
});

test("version 2 waits for a skew time of a second whatever its interval", () => {
  const old = instance({ router: { name: "O", version: 2, advertInterval: centis(300) } });
  const bench = ownerOf(old);
  const lines = bench.exit();
  assert.ok(lines.includes("holdAddresses 192.0.2.100@2 6s"), lines.join("\n"));
  assert.ok(lines.includes("prolongGuard 192.0.2.100 4002ms"));
});

test("a multicast router listens to its group before anything is sent, and has its own source", () => {
  const group = ip("224.0.0.18");
  const source = ip("192.0.2.7");
  const many = instance({ router: { name: "M" }, transport: { kind: "multicast", group, source } });
  const lines = ownerOf(many).exit();
  assert.deepEqual(lines.slice(1, 3), ["listen 1 eth0 224.0.0.18", "sendRelease M from 192.0.2.7"]);
});

test("break-before-make: the addresses go first, nothing is held, and no group is joined", () => {
  const transport = { kind: "multicast", group: ip("224.0.0.18") } as const;
  const bench = ownerOf(
    instance({ router: { name: "X", handover: "break-before-make" }, transport }),
  );
  assert.deepEqual(bench.exit(), [
    "readKernel",
    "listen 1 eth0",
    "removeAddresses 192.0.2.100@2",
    "clearGuard 192.0.2.100",
    "sendRelease X from 192.0.2.1",
    "unlisten 1",
    "report removed-first X",
    "report engine-gone",
  ]);
  assert.deepEqual(bench.state.holds, []);
});

test("the lease was over: nothing is sent, and the rule goes, which would make the address unreachable", () => {
  const bench = ownerOf(instance({ router: { name: "A" }, excluded: ["192.0.2.110"] }));
  bench.addresses = bench.addresses.filter(({ proto }) => proto !== BATON_PROTO);
  assert.deepEqual(bench.exit(), [
    "readKernel",
    "clearGuard 192.0.2.100 192.0.2.110",
    "report lease-was-over A",
    "report engine-gone",
  ]);
  assert.equal(bench.until(0.04).at(-1), "configureEngine 1 [A]", "and nothing is resumed");
});

test("lifetimes end one after another: what is gone has its rule removed at once, the rest is held", () => {
  const gone = ip("192.0.2.100");
  const left = instance({ router: { name: "A" }, addresses: ["192.0.2.100", "192.0.2.101"] });
  const bench = ownerOf(left);
  bench.addresses = bench.addresses.filter(({ address }) => address !== gone);
  assert.deepEqual(bench.exit().slice(0, 5), [
    "readKernel",
    "clearGuard 192.0.2.100",
    "listen 1 eth0",
    "sendRelease A from 192.0.2.1",
    "holdAddresses 192.0.2.101@2 4s",
  ]);
  const first = bench.until(3);
  assert.ok(first.includes("clearGuard 192.0.2.101"), first.join("\n"));
});

test("without a source address nothing is said: what is here is removed, and every rule", () => {
  const both = instance({ router: { name: "A" }, addresses: ["192.0.2.100", "192.0.2.101"] });
  const bench = ownerOf(both);
  const gone: readonly IpAddress[] = [ip("192.0.2.1"), ip("192.0.2.100")];
  bench.addresses = bench.addresses.filter(({ address }) => !gone.includes(address));
  const rules = bench.exit().filter((line) => line.startsWith("clearGuard"));
  assert.deepEqual(rules, ["clearGuard 192.0.2.100", "clearGuard 192.0.2.101"]);
});

test("what is still here somewhere keeps its rule when the lease of the instance was over", () => {
  const bench = ownerOf();
  bench.start(A);
  // Of the machine itself, on the other device, where it was before.
  const place = { address: ip("192.0.2.100"), interface: "eth1", index: 3, prefix: 24 };
  const report = { kind: "foreign-address", ...place, isOwner: false } as const;
  bench.happen({ kind: "engineSaid", message: { type: "report", instance: "A", report } });
  bench.becomes(A, "MASTER");
  bench.addresses = bench.addresses.map((one) =>
    one.proto === BATON_PROTO ? { ...one, index: 3, proto: 0 } : one,
  );
  assert.deepEqual(bench.exit(), ["readKernel", "report lease-was-over A", "report engine-gone"]);
});

test("the interface is gone: what is left of the addresses is removed", () => {
  const both = instance({ router: { name: "A" }, addresses: ["192.0.2.100"], excluded: [] });
  const other = { ...virtual("198.51.100.100"), interface: "eth1" };
  const config = { ...both, excludedAddresses: [other] };
  const bench = ownerOf(config);
  bench.links = bench.links.filter(({ name }) => name === "eth1");
  bench.addresses = bench.addresses.filter(({ index }) => index === 3);
  assert.deepEqual(bench.exit(), [
    "readKernel",
    "clearGuard 192.0.2.100",
    "removeAddresses 198.51.100.100@3",
    "clearGuard 198.51.100.100",
    "report lease-was-over A",
    "report engine-gone",
  ]);
});

test("several addresses: the newest is removed first, for the primary one takes the others with it", () => {
  const bench = ownerOf(
    instance({ addresses: ["192.0.2.100", "192.0.2.102"], excluded: ["192.0.2.101"] }),
  );
  bench.exit();
  const lines = bench.until(3);
  assert.ok(lines.includes("removeAddresses 192.0.2.101@2 192.0.2.102@2 192.0.2.100@2"));
});

test("an address is found where it is: on another device by our mark, with the prefix it was set with", () => {
  const bench = ownerOf(A);
  const [address] = A.addresses;
  assert.ok(address !== undefined);
  const common = { address: address.address, prefix: 24, secondary: true };
  bench.addresses = [
    ...bench.addresses.filter(({ proto }) => proto !== BATON_PROTO),
    { ...common, index: 3, proto: BATON_PROTO },
    { ...common, index: 2, prefix: 32, proto: BATON_PROTO },
    { ...common, index: 7, proto: 0 },
  ];
  assert.ok(bench.exit().includes("holdAddresses 192.0.2.100@3 4s"));
});

test("without a mark it is ours on the device it names", () => {
  const other = { ...virtual("198.51.100.100"), interface: "eth1" };
  const bench = ownerOf({ ...A, excludedAddresses: [other] });
  bench.addresses = bench.addresses.map((one) =>
    one.proto === BATON_PROTO ? { ...one, proto: 0 } : one,
  );
  assert.ok(bench.exit().includes("holdAddresses 192.0.2.100@2 198.51.100.100@3 4s"));
});

test("without a mark it is ours where it belongs", () => {
  const bench = ownerOf(A);
  bench.addresses = bench.addresses.map((one) =>
    one.proto === BATON_PROTO ? { ...one, proto: 0 } : one,
  );
  assert.ok(bench.exit().includes("holdAddresses 192.0.2.100@2 4s"));
});

test("the same address of two instances: each has its own device, and the rule stays for the other", () => {
  const other = instance({ router: { name: "B" }, interface: "eth1" });
  const bench = ownerOf(A, other);
  const lines = bench.exit();
  assert.ok(lines.includes("holdAddresses 192.0.2.100@2 4s"));
  assert.ok(lines.includes("holdAddresses 192.0.2.100@3 4s"));
  bench.happen({ kind: "peerHeard", hold: 1 });
  const first = bench.until(0.01);
  assert.ok(first.includes("removeAddresses 192.0.2.100@2"));
  assert.ok(!first.some((line) => line.startsWith("clearGuard")), "it answers on eth1");
  const last = bench.until(3);
  assert.ok(last.includes("clearGuard 192.0.2.100"));
});

test("one that was held when this engine died has its device too", () => {
  const other = instance({ router: { name: "B" }, interface: "eth1" });
  const bench = ownerOf(A);
  bench.exit();
  bench.until(0.04);
  bench.take();
  bench.configure(A, other);
  bench.becomes(other, "MASTER");
  // Where A's is as well: the mark alone does not say which.
  const lines = bench.exit();
  assert.ok(lines.includes("holdAddresses 192.0.2.100@3 4s"), lines.join("\n"));
});

test("ours without a mark ends: a rule is kept for that, and not for an address that stays for ever", () => {
  for (const [expires, isKept] of [
    [true, true],
    [undefined, false],
  ] as const) {
    const bench = ownerOf(A);
    bench.exit();
    const common = { index: 3, address: ip("192.0.2.100"), prefix: 24, secondary: true, proto: 0 };
    bench.addresses.push(expires === undefined ? common : { ...common, expires });
    const cleared = bench.until(3).some((line) => line.startsWith("clearGuard"));
    assert.equal(cleared, !isKept);
  }
});

test("what the kernel does not remove keeps its rule, and better does not answer", () => {
  const bench = ownerOf(instance({ addresses: ["192.0.2.100", "192.0.2.101"] }));
  bench.stuck.add(ip("192.0.2.100"));
  bench.exit();
  assert.ok(bench.until(3).includes("clearGuard 192.0.2.101"));
});

test("the new engine is MASTER, for nobody else was: the address stays", () => {
  const bench = ownerOf(A, B);
  bench.exit();
  bench.until(0.04);
  bench.take();
  const before = bench.lines.length;
  bench.becomes(A, "MASTER");
  assert.deepEqual(bench.lines.slice(before), ["unlisten 1"]);
  const lines = bench.until(3);
  assert.ok(lines.includes("removeAddresses 192.0.2.101@2"));
  assert.ok(!lines.includes("removeAddresses 192.0.2.100@2"));
});

test("a reload renames what is held: it is the same router, and resumed by its new name", () => {
  const renamed = instance({ router: { name: "NEW" } });
  const bench = ownerOf(A, B);
  bench.exit();
  bench.read(renamed, B);
  assert.equal(bench.until(0.04).at(-1), "configureEngine 2 [NEW B, resume NEW B]");
  const later = bench.configure(B, renamed);
  assert.equal(later[0], "configureEngine 3 reload [B NEW, resume B NEW]");
  const before = bench.lines.length;
  bench.becomes(renamed, "MASTER");
  assert.deepEqual(bench.lines.slice(before), ["unlisten 1"]);
});

test("the second engine dies as MASTER of what the first one's hand-over still holds: it begins anew", () => {
  const bench = ownerOf(A, B);
  bench.exit();
  bench.until(0.04);
  bench.take();
  bench.until(1);
  bench.happen({ kind: "engineSaid", message: { type: "configuring" } });
  // It became MASTER, and its message came; then it is held again, under another number.
  bench.becomes(A, "MASTER");
  const lines = bench.exit();
  assert.deepEqual(lines.slice(0, 3), [
    "readKernel",
    "listen 3 eth0",
    "sendRelease A from 192.0.2.1",
  ]);
  assert.ok(!lines.some((line) => line.includes(" B")), "B is held as before");
  assert.ok(bench.until(WAIT).includes("removeAddresses 192.0.2.101@2"));
  assert.ok(bench.until(1 + WAIT).includes("removeAddresses 192.0.2.100@2"));
});

test("one that is held twice is so once: the first hand-over of the same router ends", () => {
  const bench = ownerOf(A);
  bench.exit();
  bench.until(0.5);
  const { holds } = bench.state;
  // Two deaths were noticed before the kernel could be asked.
  bench.state = { ...bench.state, orphans: [{ config: A, beside: [] }] };
  const kernel = { links: bench.links, addresses: bench.addresses };
  const lines = bench.happen({ kind: "kernelRead", kernel });
  assert.deepEqual(lines.slice(0, 2), ["unlisten 1", "listen 2 eth0"]);
  assert.deepEqual([holds.length, bench.state.holds.length], [1, 1]);
});

test("no socket: the addresses are removed at once, and it is said why", () => {
  const bench = ownerOf(A);
  bench.listenFails = REFUSED;
  assert.deepEqual(bench.exit(), [
    "readKernel",
    "listen 1 eth0",
    "report cannot-hand-over A EPERM",
    "removeAddresses 192.0.2.100@2",
    "clearGuard 192.0.2.100",
    "report engine-gone",
  ]);
  assert.deepEqual(bench.state.holds, []);
});

test("no address to send from: neither", () => {
  const bench = ownerOf(A);
  bench.addresses = bench.addresses.filter(({ proto }) => proto === BATON_PROTO);
  assert.deepEqual(bench.exit(), [
    "readKernel",
    "report cannot-hand-over A no source",
    "removeAddresses 192.0.2.100@2",
    "clearGuard 192.0.2.100",
    "report engine-gone",
  ]);
});

test("the address to send from is the device's first own one", () => {
  const bench = ownerOf(A);
  const [own] = bench.addresses;
  assert.ok(own !== undefined);
  const mine = { ...own, address: ip("192.0.2.9") };
  bench.addresses.unshift({ ...mine, secondary: true }, { ...mine, proto: BATON_PROTO });
  assert.ok(bench.exit().includes("sendRelease A from 192.0.2.1"));
});

test("a kernel that does not say what it has: nothing can be handed over, and the engine starts again", () => {
  const bench = ownerOf(A);
  bench.kernelFails = REFUSED;
  assert.deepEqual(bench.exit(), [
    "readKernel",
    "report cannot-hand-over all EPERM",
    "report engine-gone",
  ]);
  assert.equal(bench.until(0.04).at(-1), "configureEngine 1 [A]");
});

test("bound to no device: packets go by whatever the routes say", () => {
  const { interface: _, ...unbound } = instance({
    router: { name: "U" },
    transport: { kind: "unicast", source: ip("192.0.2.1"), peers: [], ttl: 255, checkSource: true },
  });
  const bench = ownerOf({
    ...unbound,
    addresses: [{ ...virtual("192.0.2.100"), interface: "eth1" }],
  });
  const lines = bench.exit();
  assert.deepEqual(lines.slice(1, 4), [
    "listen 1 ",
    "sendRelease U from 192.0.2.1",
    "holdAddresses 192.0.2.100@3 4s",
  ]);
});

test("a device that was renamed is found by the address on it", () => {
  const bench = ownerOf(A);
  bench.links = bench.links.map((one) => (one.index === 2 ? { ...one, name: "lan0" } : one));
  assert.ok(bench.exit().includes("listen 1 lan0"));
});

test("a stop waits until nothing is held, and no engine is started meanwhile", () => {
  const bench = ownerOf(A, B);
  bench.exit();
  assert.deepEqual(bench.happen({ kind: "stopAsked" }), []);
  bench.happen({ kind: "peerHeard", hold: 1 });
  assert.equal(bench.until(1).at(-1), "report handed-over A heard=true");
  assert.deepEqual(bench.until(WAIT).slice(-2), ["report handed-over B heard=false", "stopped"]);
});

test("an engine that dies during its stop: handed over for it, and then it is over", () => {
  const bench = ownerOf(A);
  bench.happen({ kind: "stopAsked" });
  bench.becomes({ ...A, addresses: [] }, "STOP");
  const lines = bench.exit();
  assert.equal(lines.at(-1), "report handing-over A");
  assert.equal(bench.until(WAIT).at(-1), "stopped");
});

test("an engine that hangs until it is killed, its lease over: no rule is left when the daemon ends", () => {
  const bench = ownerOf(A);
  bench.happen({ kind: "stopAsked" });
  bench.until(10);
  bench.addresses = bench.addresses.filter(({ proto }) => proto !== BATON_PROTO);
  assert.deepEqual(bench.exit(), [
    "readKernel",
    "clearGuard 192.0.2.100",
    "report lease-was-over A",
    "stopped",
  ]);
});

test("a stop is over when everything is done, also if the last socket is refused", () => {
  const bench = ownerOf(A, B);
  bench.happen({ kind: "stopAsked" });
  bench.addresses = bench.addresses.filter(({ address }) => address !== ip("192.0.2.101"));
  bench.listenFails = REFUSED;
  assert.deepEqual(bench.exit(), [
    "readKernel",
    "clearGuard 192.0.2.101",
    "report lease-was-over B",
    "listen 1 eth0",
    "report cannot-hand-over A EPERM",
    "removeAddresses 192.0.2.100@2",
    "clearGuard 192.0.2.100",
    "stopped",
  ]);
});

test("the next engine is started 40 ms after the last priority 0, not after the first", () => {
  const bench = ownerOf(A);
  bench.listenFails = undefined;
  bench.exit();
  bench.until(0.03);
  bench.happen({ kind: "listening", hold: 1 });
  assert.deepEqual(bench.until(0.069), []);
  assert.equal(bench.until(0.07)[0], "startEngine");
});

test("answers to what is not held any more change nothing, but for a socket, which is closed", () => {
  const bench = ownerOf(A);
  const { state } = bench;
  assert.deepEqual(bench.happen({ kind: "listening", hold: 9 }), ["unlisten 9"]);
  assert.equal(bench.state, state);
  assert.deepEqual(bench.happen({ kind: "listenRefused", hold: 9, failure: REFUSED }), []);
  assert.deepEqual(bench.happen({ kind: "timeReached" }), []);
});

const group = (last: number): InstanceConfig["transport"] => ({
  kind: "multicast",
  group: ip(`224.0.0.${last}`),
});
/** One VRID of one interface: other groups. */
const T1 = instance({ router: { name: "T1" }, transport: group(18) });
const T2 = instance({ router: { name: "T2" }, addresses: ["192.0.2.101"], transport: group(19) });

test("two instances of one VRID on an interface: each is handed over by itself", () => {
  const bench = ownerOf(T1, T2);
  assert.deepEqual(bench.exit(), [
    "readKernel",
    "listen 1 eth0 224.0.0.18",
    "sendRelease T1 from 192.0.2.1",
    "holdAddresses 192.0.2.100@2 4s",
    "prolongGuard 192.0.2.100 2002ms",
    "report handing-over T1",
    "listen 2 eth0 224.0.0.19",
    "sendRelease T2 from 192.0.2.1",
    "holdAddresses 192.0.2.101@2 4s",
    "prolongGuard 192.0.2.101 2002ms",
    "report handing-over T2",
    "report engine-gone",
  ]);
  assert.equal(bench.until(0.04).at(-1), "configureEngine 1 [T1 T2, resume T1 T2]");
  const ends = bench.until(WAIT).filter((line) => line.startsWith("unlisten"));
  assert.deepEqual(ends, ["unlisten 1", "unlisten 2"]);
  assert.equal(bench.addresses.length, 2);
});

test("one of them is MASTER again: what is held for the other stays held", () => {
  for (const [master, held] of [
    [T1, "unlisten 1"],
    [T2, "unlisten 2"],
  ] as const) {
    const bench = ownerOf(T1, T2);
    bench.exit();
    bench.until(0.04);
    bench.take();
    const before = bench.lines.length;
    bench.becomes(master, "MASTER");
    assert.deepEqual(bench.lines.slice(before), [held]);
    assert.equal(bench.state.holds.length, 1);
  }
});

test("only one of them was MASTER: the other one takes nothing of what is held", () => {
  const bench = new SupervisorBench();
  bench.start(T1, T2);
  bench.becomes(T1, "MASTER");
  bench.exit();
  assert.equal(bench.until(0.04).at(-1), "configureEngine 1 [T1 T2, resume T1]");
  bench.take();
  const before = bench.lines.length;
  bench.becomes(T2, "MASTER");
  assert.deepEqual(bench.lines.slice(before), []);
  assert.ok(bench.exit().includes("sendRelease T2 from 192.0.2.1"));
  assert.deepEqual(
    bench.state.holds.map(({ id, config }) => `${id} ${config.router.name}`),
    ["1 T1", "2 T2"],
  );
});

test("a reload takes one of them away, or turns it: what is held for it is not the other's", () => {
  const bench = new SupervisorBench();
  bench.start(T1, T2);
  bench.becomes(T1, "MASTER");
  bench.exit();
  bench.read(T2);
  assert.equal(bench.until(0.04).at(-1), "configureEngine 2 [T2]");
  bench.take();
  const before = bench.lines.length;
  bench.becomes(T2, "MASTER");
  assert.deepEqual(bench.lines.slice(before), []);
  // It comes back before its hand-over has ended.
  assert.equal(bench.configure(T2, T1)[0], "configureEngine 3 reload [T2 T1, resume T1]");
});

test("two reloads of which the engine has taken neither yet: what is held goes with its router", () => {
  const renamed = instance({ router: { name: "R" }, transport: group(18) });
  const moved = instance({ router: { name: "R" }, transport: group(20) });
  const bench = ownerOf(T1, T2);
  bench.exit();
  bench.happen({ kind: "peerHeard", hold: 2 });
  bench.until(0.04);
  assert.deepEqual(bench.read(T2, renamed), ["configureEngine 2 reload [T2 R, resume R]"]);
  assert.deepEqual(bench.read(T2, moved), ["configureEngine 3 reload [T2 R, resume R]"]);
  bench.take();
  bench.take();
  bench.take();
  const before = bench.lines.length;
  bench.becomes(T2, "MASTER");
  assert.deepEqual(bench.lines.slice(before), []);
  bench.becomes(moved, "MASTER");
  assert.deepEqual(bench.lines.slice(before), ["unlisten 1"]);
});

test("two of one name are leaving, and one has left: the other one's address goes", () => {
  const first = instance({ router: { name: "A" }, addresses: ["192.0.2.101"] });
  const second = instance({ vrid: 2, router: { name: "A" }, addresses: ["192.0.2.102"] });
  const last = instance({ vrid: 9, router: { name: "Z" }, addresses: ["192.0.2.109"] });
  const bench = ownerOf(first);
  bench.configure(second);
  bench.becomes(first, "STOP", { leaving: 2 });
  bench.becomes(second, "MASTER");
  bench.configure(last);
  bench.becomes(second, "STOP", { leaving: 3 });
  bench.addresses = bench.addresses.filter(({ address }) => address !== ip("192.0.2.102"));
  const removed = { type: "removed", instance: "A", leaving: 3 } as const;
  bench.happen({ kind: "engineSaid", message: removed });
  assert.ok(bench.exit().includes("holdAddresses 192.0.2.101@2 4s"));
  assert.ok(bench.until(WAIT).includes("removeAddresses 192.0.2.101@2"));
});

test("an address that a reload has given to another router stays with it when the hand-over ends", () => {
  const owner = instance({ vrid: 7, router: { name: "N" } });
  const bench = ownerOf(A, B);
  bench.exit();
  bench.until(0.04);
  bench.take();
  bench.configure(B, owner);
  bench.becomes(owner, "MASTER");
  const lines = bench.until(WAIT);
  assert.ok(lines.includes("report handed-over A heard=false"));
  assert.ok(!lines.some((line) => line.includes("192.0.2.100")), lines.join("\n"));
  assert.ok(lines.includes("removeAddresses 192.0.2.101@2"));
});

test("the same address on another device is another one", () => {
  const other = instance({ router: { name: "B" }, interface: "eth1" });
  const bench = ownerOf(A);
  bench.exit();
  bench.until(0.04);
  bench.take();
  bench.configure(A, other);
  bench.becomes(other, "MASTER");
  assert.ok(bench.until(WAIT).includes("removeAddresses 192.0.2.100@2"));
});
