/**
 * A reload has the effect of a restart, without the move: for every keyword, an engine that goes
 * from one value to the other ends where one ends that began with it (what it owns, listens to,
 * says, waits for and shows), and an owner stays one.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TABLES } from "#keepalived/keywords/tables";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { readConfiguration } from "#keepalived/read";
import { type Ipv6, isIpv6, printIp, readIpv6 } from "#units/address";
import { Secret } from "#units/secret";
import { priority } from "#units/vrrp";
import type { FromEngine, ToEngine, TrackerResult } from "#vrrp/engine/engine-link";
import { unitOf } from "#vrrp/engine/fences";
import { identity } from "#vrrp/engine/instance";
import { ANY_DEVICE } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { Bench, PEER } from "../../support/bench.ts";
import { ETH0, FakeWorld, ip, own } from "../../support/fake-world.ts";
import { PAIRS, type Pair, textOf, WITHOUT_DIFFERENCE } from "../../support/reload-pairs.ts";
import { bytesOf, signed } from "../../support/signed.ts";

const ETH1 = { ...ETH0, index: 3, name: "eth1" };
const LO = { ...ETH0, index: 1, name: "lo", arp: false };
const PLACES = {
  number: 7,
  folder: "/tmp",
  own: ["192.0.2.1", "192.0.2.11"],
  peers: [PEER, "192.0.2.3"],
} as const;

function planOf(pair: Pair, which: "before" | "after"): RunPlan {
  const text = textOf(pair, which, PLACES);
  const reading = readConfiguration([{ name: "a", text }], { cloud: "none" });
  const errors = reading.diagnostics.filter(({ severity }) => severity === "error");
  assert.deepEqual(errors, [], text);
  return reading.plan;
}

/** Passwords too, which JSON hides. */
const printWhole = (plan: RunPlan): string =>
  JSON.stringify(plan, function reveal(this: Record<string, unknown>, key, value: unknown) {
    const raw = this[key];
    return raw instanceof Secret ? raw.reveal() : value;
  });

test("every keyword that is acted on has a pair, and every pair makes a difference", () => {
  const known = new Set(PAIRS.map(({ block, word }) => `${block} ${word}`));
  const missing = Object.entries(TABLES).flatMap(([block, table]) =>
    [...table.values()]
      .filter(({ word, acts }) => acts.kind === "yes" && !known.has(`${block} ${word}`))
      .map(({ word }) => `${block} ${word}`),
  );
  assert.deepEqual(missing, []);
  const same = PAIRS.filter(
    (pair) => printWhole(planOf(pair, "before")) === printWhole(planOf(pair, "after")),
  );
  assert.deepEqual(
    same.map(({ block, word }) => `${block} ${word}`),
    WITHOUT_DIFFERENCE,
  );
});

/** Of a gate where everything is well. */
function answerOf(message: FromEngine): ToEngine | undefined {
  if (message.type !== "gate") return undefined;
  const { unit, instance, request } = message;
  switch (request.kind) {
    case "promote":
    case "demote":
      return { type: "gateAnswer", unit, run: request.run, outcome: "done" };
    case "probe":
      return { type: "probeAnswer", instance, run: request.run, by: "nobody" };
    case "compare":
      return { type: "dataCompared", unit, run: request.run, result: "equal" };
    case "drain":
      return { type: "drained", unit, run: request.run };
    case "cancel":
    case "reset":
      return undefined;
  }
}

const OURS = readIpv6("fe80::1") as Ipv6;
const PEER_OF_THE_LINK = readIpv6("fe80::2") as Ipv6;

/** An engine of its own with everything a router needs, and results for whatever it tracks. */
class Life {
  readonly bench: Bench;

  constructor() {
    const addresses = [own(1, "127.0.0.1", 8), own(2, "192.0.2.1"), own(2, "192.0.2.11")];
    const ofTheLink = { ...own(2, "192.0.2.1", 64), address: OURS };
    this.bench = new Bench([LO, ETH0, ETH1], [...addresses, own(3, "198.51.100.1"), ofTheLink]);
    this.bench.world.addFence();
    this.bench.world.addVirtualMacs();
    this.bench.answer = answerOf;
  }

  configure(plan: RunPlan): void {
    const trackers: TrackerResult[] = [
      ...plan.scripts.map(({ name }) => ({ kind: "script", name, result: "up" }) as const),
      ...(plan.checks ?? []).map(({ name }) => ({ kind: "script", name, result: "up" }) as const),
      ...plan.files.map(({ name }) => ({ kind: "file", name, result: 1 }) as const),
      ...plan.processes.map(({ name }) => ({ kind: "process", name, result: "up" }) as const),
    ];
    const groups = plan.groups.map(({ name, members }) => ({ name, members }));
    this.bench.configure(
      plan.instances.map(({ config }) => config),
      {
        groups,
        trackers,
        linkDelays: plan.linkDelays ?? [],
        logUnknownVrids: plan.globals.logUnknownVrids === true,
      },
    );
    for (const { config } of plan.instances) {
      if (config.router.gate === undefined) continue;
      this.bench.supervisor({ type: "eligible", unit: unitOf(config), eligible: true });
    }
  }

  /** A stronger master, with the same configuration, speaks. */
  hear({ instances }: RunPlan): void {
    for (const { config } of instances) {
      const { router, transport, addresses } = config;
      const to =
        transport.kind === "multicast" ? transport.group : (transport.source ?? ip("192.0.2.1"));
      const found = this.bench.engine.instances.find(
        (one) => identity(one.config) === identity(config),
      );
      const isHeard = config.interface === undefined || config.interface === "eth0";
      if (!isHeard || found === undefined) continue;
      const bytes = this.bench.advert({
        ...(isIpv6(to) ? { source: PEER_OF_THE_LINK } : {}),
        destination: to,
        vrid: router.vrid,
        priority: priority(200),
        version: router.version,
        interval: router.advertInterval,
        addresses: addresses.map(({ address }) => address),
        password: found.password,
        checksum: config.checksum,
        isSigned: found.signing?.signs === true,
      });
      const { signing } = config;
      const key = signing?.keys.find(({ id }) => id === signing.active);
      const signature = key && {
        keyId: key.id,
        key: bytesOf(key.secret.reveal()),
        unixTime: this.bench.world.unixTime(),
      };
      const sent =
        found.signing?.signs === true && signature !== undefined ? signed(bytes, signature) : bytes;
      const interfaceIndex = config.interface === undefined ? ANY_DEVICE : ETH0.index;
      this.bench.event({ kind: "packet", interfaceIndex, bytes: sent });
    }
  }

  /** What it is, in itself and for others. */
  view(): unknown {
    const { engine, world } = this.bench;
    const now = this.bench.now;
    const snapshots = engine.snapshot(now);
    return {
      instances: engine.instances.map((one, index) => {
        const snapshot = snapshots[index];
        assert.ok(snapshot !== undefined);
        const { since: _1, reason: _2, counters: _3, deadline: _4, refused: _7, ...all } = snapshot;
        const { leftMicros: _8, ...lease } = all.lease;
        // How often a gate was asked is history, as is what it was asked.
        const { run: _9, ...gate } = all.gate ?? { run: 0 };
        const shown = { ...all, lease, gate };
        const { phase } = one.state;
        return {
          ...shown,
          peers: shown.peers
            .filter(({ configured }) => configured)
            .map(({ address }) => printIp(address)),
          addresses: shown.addresses.map(({ announcedAt: _5, announcements: _6, ...rest }) => rest),
          config: one.config,
          expectation: one.expectation,
          // A backup works it out when it becomes master.
          lease: phase.kind === "master" ? shown.lease : undefined,
          masterDownIn: phase.kind === "backup" ? phase.masterDownAt - now : undefined,
          refreshes: phase.kind === "master" && phase.refreshAt !== undefined,
        };
      }),
      groups: world.joined(),
      fence: [...world.closed].toSorted(),
      devices: [...world.devices.keys()].toSorted(),
      kernel: [...world.kernel].map(([key, { info }]) => `${key} ${info.label}`).toSorted(),
    };
  }

  /** Its advertisements of the next four seconds, as bytes. */
  said(seconds: number): readonly string[] {
    const said: string[] = [];
    const { world } = this.bench;
    world.carry = (kind, index, bytes, to) => {
      if (kind !== "packet" || to === undefined) return;
      // Identification and header checksum count packets.
      const same = Buffer.from(bytes);
      same.fill(0, 4, 6).fill(0, 10, 12);
      const parsed = parseAdvert(bytes);
      // When it was signed, and the signature, which differs for that reason alone.
      if (parsed.kind === "advert" && parsed.advert.signed !== undefined)
        same.fill(0, parsed.advert.signed.trailer + 4);
      said.push(`${index} ${printIp(to)} ${same.toString("hex")}`);
    };
    this.bench.until(seconds);
    world.carry = undefined;
    return [...new Set(said)].toSorted();
  }
}

const sameRouters = (a: RunPlan, b: RunPlan): boolean => {
  const ids = (plan: RunPlan): string =>
    plan.instances
      .map(({ config }) => identity(config))
      .toSorted()
      .join();
  return ids(a) === ids(b);
};
const addressesOf = (config: InstanceConfig | undefined): readonly string[] =>
  [...(config?.addresses ?? []), ...(config?.excludedAddresses ?? [])].map(
    ({ address, prefix }) => `${printIp(address)}/${prefix}`,
  );

const devicesOf = (config: InstanceConfig | undefined): ReadonlyMap<string, string | undefined> =>
  new Map(
    [...(config?.addresses ?? []), ...(config?.excludedAddresses ?? [])].map((one) => [
      `${printIp(one.address)}/${one.prefix}`,
      one.interface,
    ]),
  );
/** The keywords that move addresses between devices. */
const MOVES: readonly string[] = [
  "default_interface",
  "use_vmac",
  "use_vmac_addr",
  "vmac_prefix",
  "vmac_addr_prefix",
];
/** An address owner, or one that lacks a peer, never is what the name of the test says. */
const canBeBackup = (...plans: readonly RunPlan[]): boolean =>
  plans.every(({ instances }) =>
    instances.every(
      ({ config: { router } }) => router.priority !== 255 && router.lacksPeer === undefined,
    ),
  );
const canBeOwner = (...plans: readonly RunPlan[]): boolean =>
  plans.every(({ instances }) =>
    instances.every(({ config }) => config.router.lacksPeer === undefined),
  );

for (const pair of PAIRS) {
  const [before, after] = [planOf(pair, "before"), planOf(pair, "after")];
  for (const [from, to, way] of [
    [before, after, "there"],
    [after, before, "and back"],
  ] as const) {
    const name = `${pair.block} ${pair.word}, ${way}`;

    test(`${name}: an owner stays owner, and is what it would be after a start`, () => {
      const [reloaded, started] = [new Life(), new Life()];
      reloaded.configure(from);
      reloaded.bench.until(30);
      reloaded.bench.world.take();
      reloaded.bench.world.takeEmitted();
      reloaded.configure(to);
      const transitions = reloaded.bench.transitions();
      const removed = reloaded.bench.world.take().filter((one) => one.startsWith("remove "));
      if (pair.isOther === undefined && canBeOwner(from, to)) {
        const names = new Set(from.instances.map(({ config }) => config.router.name));
        const moved = transitions.filter((one) => names.has(one.split(" ")[0] ?? ""));
        if (sameRouters(from, to)) assert.deepEqual(transitions, []);
        else
          assert.ok(
            moved.every((one) => one.startsWith("MORE_")),
            moved.join("\n"),
          );
        // One that goes to another device has to leave the first.
        const [old, wantedHere] = [from, to].map(({ instances }) => instances[0]?.config);
        const isMoved = (address: string): boolean =>
          devicesOf(old).get(address) !== devicesOf(wantedHere).get(address);
        const wanted = addressesOf(wantedHere).filter(
          (one) => !MOVES.includes(pair.word) || !isMoved(one),
        );
        const lost = wanted.filter((one) => removed.includes(`remove ${one}`));
        assert.deepEqual(lost, []);
      }
      started.configure(to);
      // Refreshes and hand-overs are over, second blocks of announcements too.
      for (const life of [reloaded, started]) life.bench.until(60);
      assert.deepEqual(reloaded.view(), started.view());
      assert.deepEqual(reloaded.said(65), started.said(65));
    });

    test(`${name}: a backup stays backup, and waits as it would after a start`, () => {
      const [reloaded, started] = [new Life(), new Life()];
      const listen = (life: Life, plan: RunPlan, seconds: number): void => {
        for (let at = life.bench.now / 1_000_000; at <= seconds; at += 0.5) {
          life.bench.until(at);
          life.hear(plan);
        }
      };
      reloaded.configure(from);
      listen(reloaded, from, 10);
      reloaded.bench.world.takeEmitted();
      reloaded.configure(to);
      const isBackup = reloaded.bench.engine.instances.every(
        ({ state, leaving }) => leaving !== undefined || state.phase.kind === "backup",
      );
      started.configure(to);
      for (const life of [reloaded, started]) listen(life, to, 20);
      if (pair.word !== "interface" && canBeBackup(from, to)) {
        assert.ok(isBackup);
        assert.deepEqual(
          reloaded.bench.transitions().filter((one) => / -> MASTER/.test(one)),
          [],
        );
      }
      assert.deepEqual(reloaded.view(), started.view());
    });
  }
}

test("the world of these tests knows which groups are listened to", () => {
  const world = new FakeWorld();
  const router = { vrrp: [4], neighbours: [4] } as const;
  world.listen(2, "eth0", { ...router, groups: [ip("224.0.0.18"), ip("224.0.0.19")] });
  world.listen(2, "eth0", { vrrp: [], neighbours: [4], groups: [] });
  world.listen(3, "eth1", { ...router, groups: [ip("224.0.0.18")] });
  world.listen(2, "eth0", { ...router, groups: [ip("224.0.0.19")] });
  world.unlisten(3);
  assert.deepEqual(world.joined(), ["2 224.0.0.19"]);
});
