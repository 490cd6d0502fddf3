/**
 * Whatever the world and the supervisor do to an engine, in whatever order: it never throws, what
 * the kernel has agrees with what the routers think, deadlines lie ahead, and a stop ends it with
 * nothing left behind.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instant, micros } from "#units/time";
import { BATON_PROTO, type LinkInfo } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { deadline } from "#vrrp/router/router";
import { faultCauses } from "#vrrp/router/tracking";
import { Bench, instance } from "../../support/bench.ts";
import { ETH0, FakeWorld, ip, own } from "../../support/fake-world.ts";

const ETH1: LinkInfo = { ...ETH0, index: 3, name: "eth1" };
const VIPS = ["192.0.2.100", "192.0.2.101", "192.0.2.102"];

const config: fc.Arbitrary<InstanceConfig> = fc
  .record({
    vrid: fc.constantFrom(1, 2),
    addresses: fc.uniqueArray(fc.constantFrom(...VIPS), { minLength: 1, maxLength: 3 }),
    interface: fc.constantFrom("eth0", "eth0", "eth0", "eth1"),
    priority: fc.constantFrom(50, 100, 254, 255),
    preempt: fc.boolean(),
    interval: fc.constantFrom(10, 100, 300),
    tracked: fc.boolean(),
    breaks: fc.boolean(),
    refresh: fc.constantFrom(0, 500_000),
    burst: fc.constantFrom(0, 1, 3),
  })
  .map(({ interval, tracked, breaks, preempt, refresh, burst, ...rest }) =>
    instance({
      ...rest,
      pacing: { burst, perSecond: burst * 2, gap: micros(0) },
      router: {
        name: `VI_${rest.vrid}`,
        preempt,
        advertInterval: interval as never,
        handover: breaks ? "break-before-make" : "make-before-break",
        announce: {
          ...instance().router.announce,
          delay: micros(700_000),
          refresh: micros(refresh),
        },
        trackers: tracked ? [{ kind: "script", name: "app", weight: 0, reverse: false }] : [],
      },
    }),
  );

/** Instances are the same one by interface and VRID, and keepalived refuses two of those. */
const configs = fc
  .uniqueArray(config, { maxLength: 3, selector: ({ router }) => router.vrid })
  .map((list) => ({
    list,
    groups:
      list.length > 1 && list[0]?.router.preempt === true
        ? [{ name: "G", members: list.map(({ router }) => router.name) }]
        : [],
  }));

type Happening = (bench: Bench) => void;
const link = (info: LinkInfo, up: boolean): Happening => {
  return (bench) => bench.event({ kind: "link", link: { ...info, up } });
};

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(0.001, 0.2, 1, 4).map(
      (time): Happening =>
        (bench) => {
          bench.until(bench.now / 1_000_000 + time);
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(2, 6).map(
      (time): Happening =>
        (bench) => {
          bench.sleepUntil(bench.now / 1_000_000 + time);
          bench.wake();
        },
    ),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({
        vrid: fc.constantFrom(1, 2, 3),
        priority: fc.constantFrom(0, 50, 100, 150, 255),
        source: fc.constantFrom("192.0.2.2", "192.0.2.2", "192.0.2.66"),
      })
      .map(
        ({ source, ...rest }): Happening =>
          (bench) => {
            bench.hear({ ...rest, source: ip(source) });
          },
      ),
  },
  fc.uint8Array({ maxLength: 60 }).map(
    (bytes): Happening =>
      (bench) => {
        bench.event({ kind: "packet", interfaceIndex: 2, bytes });
        bench.event({ kind: "neighbour", interfaceIndex: 2, bytes });
      },
  ),
  fc.constantFrom(...VIPS).map(
    (vip): Happening =>
      (bench) =>
        bench.hearArp(vip),
  ),
  fc.constantFrom(...VIPS).map(
    (vip): Happening =>
      (bench) => {
        bench.world.deleteAddress(vip);
        bench.drain();
      },
  ),
  fc.constantFrom(link(ETH0, true), link(ETH0, false), link(ETH1, true), link(ETH1, false)),
  fc.constant<Happening>((bench) => {
    for (const [key, { info }] of bench.world.kernel)
      if (info.index === 2) bench.world.kernel.delete(key);
    bench.event({ kind: "linkGone", index: 2, name: "eth0" });
  }),
  fc.constantFrom(2, 3).map(
    (index): Happening =>
      (bench) => {
        bench.event({ kind: "address", address: own(index, "192.0.2.1") });
      },
  ),
  fc.constantFrom(2, 3).map(
    (index): Happening =>
      (bench) => {
        bench.event({ kind: "addressGone", address: own(index, "192.0.2.1") });
      },
  ),
  fc.constantFrom("up" as const, "down" as const).map(
    (result): Happening =>
      (bench) => {
        bench.supervisor({ type: "tracker", kind: "script", name: "app", result });
      },
  ),
  fc.constantFrom(...VIPS).map(
    (vip): Happening =>
      (bench) => {
        if (bench.world.refuses.has(vip)) bench.world.refuses.delete(vip);
        else bench.world.refuses.set(vip, "EPERM");
      },
  ),
  fc.constant<Happening>((bench) => {
    const addresses = [...bench.world.kernel.values()].map(({ info }) => info);
    bench.world.pending.length = 0;
    bench.event({
      kind: "resync",
      links: [ETH0, ETH1],
      addresses: [own(2, "192.0.2.1"), own(3, "192.0.2.1"), ...addresses],
    });
  }),
  {
    weight: 3,
    arbitrary: configs.map(
      ({ list, groups }): Happening =>
        (bench) => {
          bench.configure(list, { groups });
        },
    ),
  },
  fc.constant<Happening>((bench) => bench.supervisor({ type: "snapshot", id: 1 })),
);

function check(bench: Bench): void {
  const { engine, world } = bench;
  const { instances } = engine;
  const entitled = new Set<string>();
  for (const one of instances) {
    const { kind } = one.state.phase;
    const rules = kind === "master" || kind === "handover";
    for (const { virtual, owned } of one.addresses) {
      const key = `${one.interfaceIndex} ${virtual.address}/${virtual.prefix}`;
      if (rules) entitled.add(key);
      if (!rules) assert.equal(owned, false, `${kind} ${one.config.router.name} owns`);
      if (kind === "master") assert.ok(owned, "a master has every address, or is none");
    }
    assert.equal(one.due.at, earliestDue(one));
  }
  for (const { info } of world.kernel.values()) {
    const key = `${info.index} ${info.address}/${info.prefix}`;
    assert.ok(entitled.has(key), `nobody is entitled to ${key}`);
    assert.equal(info.proto, BATON_PROTO);
  }
  for (const one of instances) {
    if (one.state.phase.kind !== "master") continue;
    for (const { virtual } of one.addresses) {
      const there = [...world.kernel.values()].some(
        ({ info }) => info.index === one.interfaceIndex && info.address === virtual.address,
      );
      assert.ok(there, "a master's address is in the kernel");
    }
  }
}

/**
 * keepalived: a member in FAULT keeps all others there. One that only waits for a first result of a
 * check does not.
 */
function checkGroups({ engine, groups }: Bench): void {
  for (const { members } of groups) {
    const phases = engine.instances
      .filter(
        ({ config, leaving }) => leaving === undefined && members.includes(config.router.name),
      )
      .filter(
        ({ config, state }) =>
          state.phase.kind !== "fault" || faultCauses(config.router, state).length > 0,
      )
      .map(({ state }) => state.phase.kind);
    assert.ok(!phases.includes("fault") || !phases.includes("master"), phases.join(" "));
  }
}

const earliestDue = (one: Bench["engine"]["instances"][number]): number | undefined => {
  const all = [deadline(one.state), one.retryAt].filter((at) => at !== undefined);
  return all.length === 0 ? undefined : Math.min(...all);
};

test("any life of an engine: no throw, the kernel agrees, deadlines ahead, a clean end", () => {
  const property = fc.property(
    configs,
    fc.array(happening, { maxLength: 40 }),
    ({ list, groups }, happenings) => {
      const world = new FakeWorld();
      const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, "192.0.2.1")], world);
      bench.configure(list, { groups });
      const states = new Map<string, string>();
      for (const happen of happenings) {
        happen(bench);
        bench.wake();
        check(bench);
        checkGroups(bench);
        const due = bench.engine.deadline();
        assert.ok(due === undefined || due > bench.now, "woken, and still due");
        for (const message of world.takeEmitted()) {
          if (message.type === "removed") states.delete(message.instance);
          if (message.type !== "transition") continue;
          const { instance: name, from, to } = message;
          // Two of one name only while an old one hands over beside its successor.
          const before = states.get(name);
          if (before !== undefined && before !== "STOP" && from !== "INIT")
            assert.equal(from, before);
          states.set(name, to);
        }
      }
      world.refuses.clear();
      bench.supervisor({ type: "stop" });
      bench.until(bench.now / 1_000_000 + 20);
      assert.ok(bench.engine.finished);
      assert.equal(world.kernel.size, 0, "nothing is left behind");
      assert.equal(bench.engine.deadline(), undefined);
      world.now = instant(world.now + 60_000_000);
      bench.hear({ priority: 0 });
      world.take();
      bench.wake();
      assert.deepEqual(world.take(), [], "nothing after the end");
    },
  );
  fc.assert(property, { numRuns: 1500 });
});
