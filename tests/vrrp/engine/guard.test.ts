/** The kernel refuses the sub-second lease: an owner always answers, with the rule or without. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench, instance } from "../../support/bench.ts";
import { FakeWorld } from "../../support/fake-world.ts";

/** A detection time of 3.6 s. */
function guarded(refuses: readonly ("open" | "prolong" | "close")[] = []): Bench {
  const world = new FakeWorld();
  world.addGuard();
  for (const name of refuses) world.guardRefuses.set(name, "ENOBUFS");
  const bench = new Bench(undefined, undefined, world);
  bench.configure([instance()]);
  bench.until(4);
  return bench;
}

const guarantee = (bench: Bench): string | undefined => bench.engine.instances[0]?.lease.guarantee;
const guardCalls = (bench: Bench): string[] =>
  bench.world.take().filter((call) => call.startsWith("guard"));

test("a refused prolongation takes the rule away, and the address goes on under its lifetime", () => {
  const bench = guarded();
  assert.equal(guarantee(bench), "nftables");
  bench.world.take();
  bench.world.guardRefuses.set("prolong", "ENOBUFS");
  bench.until(5);
  assert.deepEqual(guardCalls(bench), ["guard prolong 2977", "guard close"]);
  assert.equal(guarantee(bench), "address-lifetime");
  assert.equal(bench.phase(), "master");
  assert.deepEqual(bench.logs(), ["(VI_1) no sub-second lease: nf_tables: ENOBUFS"]);
  bench.until(30);
  assert.deepEqual(guardCalls(bench), [], "not tried at every advertisement");
});

test("after a minute the rule is tried again; the same refusal is one line", () => {
  const bench = guarded();
  bench.world.guardRefuses.set("prolong", "ENOBUFS");
  bench.until(70);
  assert.equal(bench.logs().length, 1);
  bench.world.guardRefuses.clear();
  bench.until(140);
  assert.equal(guarantee(bench), "nftables");
  assert.equal(bench.phase(), "master");
});

test("a rule that can neither be prolonged nor taken away is FAULT: a peer takes over", () => {
  const bench = guarded();
  bench.world.guardRefuses.set("prolong", "ENOBUFS");
  bench.world.guardRefuses.set("close", "ENOMEM");
  bench.world.take();
  bench.until(4.7);
  assert.equal(bench.phase(), "fault");
  assert.deepEqual(bench.world.take(), [
    "guard prolong 2977",
    "guard close",
    "set 192.0.2.100/24 for 2 s",
    "remove 192.0.2.100/24",
    "guard close",
    "advert vrid 1 priority 0 to 192.0.2.2",
  ]);
  assert.deepEqual(bench.engine.instances[0]?.state.raised, [
    { kind: "lease-refused", error: "nf_tables: ENOMEM" },
  ]);
  bench.world.guardRefuses.clear();
  bench.until(20);
  assert.equal(bench.phase(), "master");
  assert.equal(guarantee(bench), "nftables");
});

test("a rule that is tried again and can neither be opened nor taken away: no advertisement as the owner", () => {
  const bench = guarded();
  bench.world.guardRefuses.set("prolong", "ENOBUFS");
  bench.until(5);
  assert.equal(guarantee(bench), "address-lifetime");
  bench.world.guardRefuses.set("open", "ENOBUFS").set("close", "ENOMEM");
  bench.until(64);
  assert.equal(bench.phase(), "master");
  bench.world.take();
  bench.until(65);
  assert.equal(bench.phase(), "fault");
  const adverts = bench.world.take().filter((call) => call.startsWith("advert"));
  assert.deepEqual(adverts, ["advert vrid 1 priority 0 to 192.0.2.2"]);
});

test("a refused open: the address works without the rule", () => {
  const bench = guarded(["open"]);
  assert.equal(bench.phase(), "master");
  assert.equal(guarantee(bench), "address-lifetime");
});

test("a refused close at the end of ownership is reported, and the next ownership begins with the rule", () => {
  const bench = guarded(["close"]);
  bench.hear({ priority: 200 });
  assert.equal(bench.phase(), "backup");
  assert.match(bench.logs().join("\n"), /rule of the sub-second lease stays/);
  bench.world.take();
  bench.until(9);
  assert.equal(bench.phase(), "master");
  assert.deepEqual(guardCalls(bench).slice(0, 2), ["guard open", "guard prolong 2977"]);
});

test("a reload that needs no rule any more and cannot take it away is FAULT", () => {
  const bench = guarded(["close"]);
  // One interval is all that is left of the detection time, and no rule outlasts it.
  bench.configure([instance({ router: { downTimerAdverts: 1 } })]);
  assert.equal(bench.phase(), "fault");
});

test("the same during a planned move, which may be taken back: nobody would prolong the rule", () => {
  const bench = guarded([]);
  bench.supervisor({ type: "switch", id: 1, instances: ["VI_1"] });
  bench.world.take();
  bench.configure([instance({ router: { downTimerAdverts: 1 } })]);
  assert.deepEqual(guardCalls(bench), ["guard close"]);
  bench.until(9);
  assert.equal(bench.phase(), "master");
});
