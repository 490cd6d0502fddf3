/**
 * Whatever happens in whatever order: one engine at most, none after a stop, and everything that a
 * dead engine may have owned is removed or owned again, with its rule, within the time there is.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type IpAddress, printIp } from "#units/address";
import { instant } from "#units/time";
import { BATON_PROTO } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { deadline } from "#vrrp/supervisor/supervisor";
import { instance } from "../../support/bench.ts";
import { ip } from "../../support/fake-world.ts";
import { REFUSED, SupervisorBench } from "../../support/supervisor-bench.ts";

const HOLD_MAX = 2.1;

const routers: readonly InstanceConfig[] = [
  instance({ router: { name: "A" } }),
  instance({ vrid: 2, router: { name: "B" }, addresses: ["192.0.2.101", "192.0.2.102"] }),
  instance({
    vrid: 3,
    router: { name: "C", handover: "break-before-make" },
    addresses: ["192.0.2.103"],
  }),
];
const addresses: readonly IpAddress[] = [100, 101, 102, 103].map((last) => ip(`192.0.2.${last}`));

type Act =
  | { readonly kind: "becomes"; readonly router: number; readonly to: "MASTER" | "BACKUP" | "STOP" }
  | { readonly kind: "exit" | "take" | "stop" | "leaseEnds" | "answers" | "answersNot" }
  | { readonly kind: "reload"; readonly routers: number }
  | { readonly kind: "hears"; readonly hold: number }
  | { readonly kind: "fails"; readonly what: "kernel" | "listen" | "start" | "nothing" }
  | { readonly kind: "time"; readonly micros: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    kind: fc.constant("becomes" as const),
    router: fc.nat(2),
    to: fc.constantFrom("MASTER" as const, "MASTER" as const, "BACKUP" as const, "STOP" as const),
  }),
  fc.record({ kind: fc.constantFrom("exit" as const, "take" as const) }),
  fc.record({
    kind: fc.constantFrom("leaseEnds" as const, "answers" as const, "answersNot" as const),
  }),
  fc.record({ kind: fc.constant("reload" as const), routers: fc.nat(3) }),
  fc.record({ kind: fc.constant("hears" as const), hold: fc.integer({ min: 1, max: 8 }) }),
  fc.record({
    kind: fc.constant("fails" as const),
    what: fc.constantFrom(
      "kernel" as const,
      "listen" as const,
      "start" as const,
      "nothing" as const,
    ),
  }),
  fc.record({
    kind: fc.constant("time" as const),
    micros: fc.constantFrom(1, 5_000, 40_000, 300_000, 2_500_000),
  }),
);

const isOurs = (bench: SupervisorBench, address: IpAddress): boolean =>
  bench.addresses.some((one) => one.address === address && one.proto === BATON_PROTO);

/** What the engine that runs owns, by what it said. */
const owned = (bench: SupervisorBench): ReadonlySet<IpAddress> =>
  new Set(
    bench.state.routers
      .filter(({ mayOwn }) => mayOwn)
      .flatMap(({ config }) => config.addresses.map(({ address }) => address)),
  );

const held = (bench: SupervisorBench): ReadonlySet<IpAddress> =>
  new Set(bench.state.holds.flatMap(({ places }) => places.map((one) => one.address.address)));

function perform(bench: SupervisorBench, one: Act): void {
  const running = bench.state.engine.kind === "running";
  switch (one.kind) {
    case "becomes": {
      const router = bench.state.routers[one.router];
      if (!running || router === undefined || router.leaving !== undefined) return;
      // An engine that gives up takes its addresses away before it says so.
      if (one.to === "BACKUP") {
        const given = new Set(router.config.addresses.map(({ address }) => address));
        bench.addresses = bench.addresses.filter(({ address }) => !given.has(address));
      }
      return bench.becomes(router.config, one.to);
    }
    case "exit":
      return void bench.exit();
    case "take":
      return void bench.take();
    case "stop":
      return void bench.happen({ kind: "stopAsked" });
    case "leaseEnds":
      bench.addresses = bench.addresses.filter(({ proto }) => proto !== BATON_PROTO);
      return;
    case "answers":
      return void bench.happen({ kind: "engineAnswered" });
    case "answersNot":
      return void bench.happen({ kind: "engineDidNotAnswer" });
    case "reload":
      return void bench.read(...routers.slice(0, one.routers));
    case "hears":
      return void bench.happen({ kind: "peerHeard", hold: one.hold });
    case "fails":
      bench.kernelFails = one.what === "kernel" ? REFUSED : undefined;
      bench.listenFails = one.what === "listen" ? REFUSED : undefined;
      bench.startable = one.what !== "start";
      return;
    case "time":
      return void bench.until((bench.now + one.micros) / 1_000_000);
  }
}

/** What each line means for what is there, kept beside the machine. */
class Ledger {
  running = 0;
  readonly sockets = new Set<string>();
  stopped = false;

  read(lines: readonly string[]): void {
    for (const line of lines) {
      const [what = "", first = ""] = line.split(" ");
      assert.ok(!this.stopped || what === "engineIsAlive", `${line} after the end`);
      if (what === "configureEngine") this.running = 1;
      if (what === "startEngine") assert.equal(this.running, 0, "two engines");
      if (what === "report" && first === "engine-gone") this.running = 0;
      if (what === "listen") this.sockets.add(first);
      if (what === "report" && line.includes("cannot-hand-over")) this.sockets.clear();
      if (what === "unlisten") this.sockets.delete(first);
      if (what === "stopped") this.stopped = true;
    }
  }
}

test("any order of events: one engine, nothing due in the past, nothing left over", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), fc.boolean(), (acts, stops) => {
      const bench = new SupervisorBench();
      bench.answersQuestions = false;
      const ledger = new Ledger();
      bench.read(...routers);
      bench.happen({ kind: "startAsked" });
      bench.take();
      ledger.read(bench.lines);
      for (const one of acts) {
        const before = bench.lines.length;
        perform(bench, one);
        ledger.read(bench.lines.slice(before));
        const due = deadline(bench.state);
        if (one.kind === "time") assert.ok(due === undefined || due > bench.now, "due in the past");
        assert.deepEqual(bench.state.orphans, [], "the kernel has answered");
        assert.equal(bench.state.engine.kind === "running", ledger.running === 1);
        const names = bench.state.holds.map(({ config }) => config.router.name);
        assert.equal(new Set(names).size, names.length, "held once each");
        for (const { until } of bench.state.holds)
          assert.ok(until <= bench.now + HOLD_MAX * 1_000_000, "bounded");
      }
      if (stops) finish(bench, ledger);
    }),
    { numRuns: 1_000 },
  );
});

/** A stop, an engine that ends, and time: nothing may be left but what failed to be asked. */
function finish(bench: SupervisorBench, ledger: Ledger): void {
  bench.kernelFails = undefined;
  const before = bench.lines.length;
  bench.happen({ kind: "stopAsked" });
  bench.exit();
  bench.until(bench.now / 1_000_000 + 60);
  ledger.read(bench.lines.slice(before));
  assert.ok(ledger.stopped, "it ends");
  assert.deepEqual(bench.state.holds, []);
  assert.equal(deadline(bench.state), undefined, "and waits for nothing");
}

test("no address is left here, nor its rule, when its engine is dead and nobody took it", () => {
  fc.assert(
    fc.property(
      fc.subarray([0, 1, 2], { minLength: 1 }),
      fc.array(act, { maxLength: 20 }),
      // Their lifetimes have ended, or somebody has deleted them: any of an instance's.
      fc.subarray([...addresses]),
      (masters, acts, gone) => {
        const bench = new SupervisorBench();
        bench.answersQuestions = false;
        bench.start(...routers);
        const ruled = new Set<IpAddress>();
        for (const index of masters) {
          const config = routers[index] as InstanceConfig;
          bench.becomes(config, "MASTER");
          for (const { address } of config.addresses) ruled.add(address);
        }
        bench.addresses = bench.addresses.filter(({ address }) => !gone.includes(address));
        const quiet: readonly Act["kind"][] = ["becomes", "fails", "reload", "stop"];
        bench.exit();
        for (const one of acts.filter(({ kind }) => !quiet.includes(kind))) perform(bench, one);
        bench.now = instant(Math.max(bench.now, 0));
        bench.until(bench.now / 1_000_000 + 5);
        for (const line of bench.lines.filter((text) => text.startsWith("clearGuard")))
          for (const text of line.split(" ").slice(1)) ruled.delete(ip(text));
        for (const address of addresses) {
          assert.ok(!isOurs(bench, address), `${printIp(address)} is here`);
          assert.ok(!ruled.has(address), `the rule of ${printIp(address)} is here`);
        }
        assert.deepEqual([...owned(bench), ...held(bench)], []);
      },
    ),
    { numRuns: 500 },
  );
});
