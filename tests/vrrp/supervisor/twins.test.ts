/**
 * Whatever happens in whatever order, with two instances of one VRID on an interface, and with
 * reloads that take routers away and give their names to others: each address of an engine that
 * died is released once and then removed, or owned again; each socket is closed.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { printIp } from "#units/address";
import { micros } from "#units/time";
import { pairUp } from "#vrrp/engine/pairing";
import { BATON_PROTO } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { instance } from "../../support/bench.ts";
import { ip } from "../../support/fake-world.ts";
import { SupervisorBench } from "../../support/supervisor-bench.ts";

/** The longest hand-over there is here, and some more. */
const HAND_OVER = 2.1;

const group = (last: number): InstanceConfig["transport"] => ({
  kind: "multicast",
  group: ip(`224.0.0.${last}`),
});
const peer = (last: number): InstanceConfig["transport"] => ({
  kind: "unicast",
  peers: [{ address: ip(`192.0.2.${last}`) }],
  ttl: 255,
  checkSource: true,
});

/** What a file may have; the address says which router it is, whatever its name. */
const ROUTERS: readonly Parameters<typeof instance>[0][] = [
  { vrid: 51, addresses: ["192.0.2.101"], transport: group(18) },
  { vrid: 51, addresses: ["192.0.2.102"], transport: group(19) },
  { vrid: 51, addresses: ["192.0.2.103"], transport: peer(2) },
  { vrid: 51, addresses: ["192.0.2.104"], transport: peer(3) },
  { vrid: 52, addresses: ["192.0.2.105"], transport: peer(2) },
  { vrid: 53, addresses: ["192.0.2.106"], transport: group(18) },
];
const NAMES = ["A", "B", "C", "D"] as const;

/** A configuration, anew each time: which routers there are, and with which names. */
function configsOf(routers: readonly number[], first: number): readonly InstanceConfig[] {
  return routers.map((router, i) => {
    const name = NAMES[(first + i) % NAMES.length] ?? "";
    return instance({ ...ROUTERS[router], router: { name } });
  });
}

interface Alive {
  config: InstanceConfig;
  state: "BACKUP" | "MASTER" | "STOP";
  readonly leaving: number | undefined;
}

const owns = ({ state }: Alive): boolean => state !== "BACKUP";

/** An engine as far as its supervisor knows it: it owns addresses, and says what it does. */
class Engine {
  readonly #bench: SupervisorBench;
  routers: Alive[] = [];
  #configurations = 0;

  constructor(bench: SupervisorBench) {
    this.#bench = bench;
  }

  take(configs: readonly InstanceConfig[]): void {
    this.#configurations += 1;
    this.#bench.take();
    const staying = this.routers.filter(({ leaving }) => leaving === undefined);
    const leaving = this.routers.filter((one) => !staying.includes(one));
    const pairs = pairUp(
      staying.map(({ config }) => config),
      configs,
    );
    const next = configs.map((config): Alive => {
      const old = staying.find((one) => one.config === pairs.get(config));
      if (old === undefined) return { config, state: "BACKUP", leaving: undefined };
      // An address that it does not have any more is removed; the new one is added.
      if (old.state !== "BACKUP") {
        this.#removes(old, this.routers);
        this.#bench.put(config);
      }
      return { ...old, config };
    });
    const kept = new Set(pairs.values());
    const gone = staying
      .filter(({ config }) => !kept.has(config))
      .map((one) => ({ ...one, leaving: this.#configurations }));
    this.routers = [...next, ...leaving, ...gone];
    for (const one of gone) this.#stops(one);
  }

  becomesMaster(one: Alive): void {
    one.state = "MASTER";
    this.#bench.becomes(one.config, "MASTER");
  }

  /** Its addresses are gone when it says so. */
  gives(one: Alive): void {
    this.#removes(one, this.routers);
    one.state = "BACKUP";
    this.#bench.becomes(one.config, "BACKUP");
  }

  /** What a reload has removed ends its hand-over. */
  ends(one: Alive): void {
    const { config, leaving = 0 } = one;
    const { name } = config.router;
    if (one.state === "STOP") {
      this.#removes(one, this.routers);
      const report = { kind: "handed-over", reason: { kind: "no-successor", waited: micros(1) } };
      const message = { type: "report", instance: name, leaving, report } as const;
      this.#bench.happen({ kind: "engineSaid", message } as never);
    }
    this.routers = this.routers.filter((other) => other !== one);
    const message = { type: "removed", instance: name, leaving } as const;
    this.#bench.happen({ kind: "engineSaid", message });
  }

  #stops(one: Alive): void {
    if (one.state !== "MASTER") return this.ends(one);
    one.state = "STOP";
    this.#bench.becomes(one.config, "STOP", { leaving: one.leaving ?? 0 });
  }

  /** A router that came back while it was leaving may have the same ones. */
  #removes({ config }: Alive, others: readonly Alive[]): void {
    const own = new Set(addressesOf([config]));
    const kept = addressesOf(
      others.filter((one) => one.config !== config && owns(one)).map((one) => one.config),
    );
    for (const address of kept) own.delete(address);
    this.#bench.addresses = this.#bench.addresses.filter(
      ({ address }) => !own.has(printIp(address)),
    );
  }
}

const ours = (bench: SupervisorBench): readonly string[] =>
  bench.addresses
    .filter(({ proto }) => proto === BATON_PROTO)
    .map(({ address }) => printIp(address))
    .toSorted();

const addressesOf = (configs: readonly InstanceConfig[]): readonly string[] =>
  configs.flatMap(({ addresses }) => addresses.map(({ address }) => printIp(address))).toSorted();

/** Sockets and engines, by what is said. */
class Ledger {
  readonly sockets = new Set<string>();
  readonly #opened = new Set<string>();
  #engines = 0;

  read(lines: readonly string[]): void {
    for (const line of lines) {
      const [what, first = ""] = line.split(" ");
      if (what === "listen") {
        assert.ok(!this.#opened.has(first), `${line}: a number of its own each`);
        this.#opened.add(first);
        this.sockets.add(first);
      }
      if (what === "unlisten") assert.ok(this.sockets.delete(first), `${line}: it is not open`);
      if (what === "startEngine") this.#engines += 1;
      if (line === "report engine-gone") this.#engines -= 1;
      assert.ok(this.#engines <= 1, "one engine at most");
    }
  }
}

class Life {
  readonly bench = new SupervisorBench();
  readonly ledger = new Ledger();
  engine: Engine | undefined;
  #wanted: readonly InstanceConfig[];
  /** What the engine that runs was sent and has not taken yet. */
  #sent: (readonly InstanceConfig[])[] = [];
  #read = 0;

  constructor(first: readonly InstanceConfig[]) {
    this.#wanted = first;
    this.bench.answersQuestions = false;
    this.bench.read(...first);
    this.bench.happen({ kind: "startAsked" });
    this.#started();
  }

  #started(): void {
    if (this.engine !== undefined || this.bench.state.engine.kind !== "running") return;
    this.engine = new Engine(this.bench);
    this.#sent = [this.#wanted];
  }

  reload(configs: readonly InstanceConfig[]): void {
    this.#wanted = configs;
    this.bench.read(...configs);
    if (this.engine !== undefined) this.#sent.push(configs);
  }

  take(): void {
    const [next, ...later] = this.#sent;
    if (next === undefined || this.engine === undefined) return;
    this.#sent = later;
    this.engine.take(next);
  }

  /** Each of its masters is released once, and none of the others. */
  dies(): void {
    const owners = this.engine?.routers.filter(owns) ?? [];
    if (this.engine === undefined) return;
    this.engine = undefined;
    const lines = this.bench.exit();
    const released = lines.filter((line) => line.startsWith("sendRelease")).toSorted();
    const expected = owners.map(({ config }) => `sendRelease ${config.router.name} from 192.0.2.1`);
    assert.deepEqual(released, expected.toSorted());
    const held = lines.filter((line) => line.startsWith("holdAddresses"));
    assert.deepEqual(
      held.map((line) => line.slice("holdAddresses ".length, line.indexOf("@"))).toSorted(),
      addressesOf(owners.map(({ config }) => config)),
    );
  }

  passes(seconds: number): void {
    this.bench.until(this.bench.now / 1_000_000 + seconds);
    this.#started();
  }

  check(): void {
    const { bench, ledger } = this;
    ledger.read(bench.lines.slice(this.#read));
    this.#read = bench.lines.length;
    const holds = bench.state.holds.map(({ id }) => `${id}`);
    assert.deepEqual([...ledger.sockets].toSorted(), holds.toSorted(), "a socket for each hold");
    const mine = this.engine?.routers.filter(owns) ?? [];
    const held = bench.state.holds.map(({ config }) => config);
    const owned = addressesOf(mine.map(({ config }) => config));
    const present = ours(bench);
    for (const one of owned) assert.ok(present.includes(one), `${one} is owned, and not here`);
    const known = new Set([...owned, ...addressesOf(held)]);
    for (const one of present) assert.ok(known.has(one), `${one} is neither owned nor held`);
  }
}

type Act =
  | { readonly kind: "master" | "gives" | "ends" | "hears"; readonly which: number }
  | { readonly kind: "take" | "dies" | "again" }
  | { readonly kind: "reload"; readonly routers: readonly number[]; readonly first: number }
  | { readonly kind: "time"; readonly seconds: number };

/** Each router at most once in a configuration. */
const routers = fc.subarray(
  ROUTERS.map((_, i) => i),
  { maxLength: 4 },
);
const first = fc.nat(NAMES.length - 1);
const only = <K extends string>(...kinds: readonly K[]): fc.Arbitrary<K> =>
  fc.constantFrom(...kinds);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: only("master"), which: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ kind: only("gives", "ends", "hears"), which: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.record({ kind: only("take", "dies", "again") }) },
  { weight: 2, arbitrary: fc.record({ kind: only("reload"), routers, first }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: only("time"),
      seconds: fc.constantFrom(0.000001, 0.005, 0.04, 0.3, 2.5),
    }),
  },
);

function perform(life: Life, one: Act): void {
  const { engine, bench } = life;
  const configured = engine?.routers.filter(({ leaving }) => leaving === undefined) ?? [];
  switch (one.kind) {
    case "master": {
      const router = configured[one.which];
      if (router?.state === "BACKUP") engine?.becomesMaster(router);
      return;
    }
    case "gives": {
      const router = configured[one.which];
      if (router?.state === "MASTER") engine?.gives(router);
      return;
    }
    case "ends": {
      const leaving = engine?.routers.filter((router) => router.leaving !== undefined) ?? [];
      const router = leaving[one.which];
      if (router !== undefined) engine?.ends(router);
      return;
    }
    case "hears": {
      const hold = bench.state.holds[one.which];
      if (hold !== undefined) bench.happen({ kind: "peerHeard", hold: hold.id });
      return;
    }
    case "take":
      return life.take();
    case "dies":
      return life.dies();
    case "again":
      // The next engine runs while everything is held.
      life.dies();
      life.passes(0.05);
      return life.take();
    case "reload":
      return life.reload(configsOf(one.routers, one.first));
    case "time":
      return life.passes(one.seconds);
  }
}

test("twins of a VRID, names that move: released once, then removed or owned; no socket is left", () => {
  fc.assert(
    fc.property(
      fc.record({ routers, first }),
      fc.array(act, { maxLength: 60, size: "max" }),
      (beginning, acts) => {
        const life = new Life(configsOf(beginning.routers, beginning.first));
        life.take();
        life.check();
        for (const one of acts) {
          perform(life, one);
          life.check();
        }
        life.dies();
        life.check();
        life.bench.happen({ kind: "stopAsked" });
        life.passes(HAND_OVER);
        assert.deepEqual(ours(life.bench), []);
        assert.deepEqual(life.bench.state.holds, []);
      },
    ),
    { numRuns: 2_000 },
  );
});
