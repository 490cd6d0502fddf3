/**
 * No input reaches an assertion: whatever a configuration says, however wrong, and whatever
 * arrives, the engine goes on. An assertion is for our own mistakes, and one that a file can reach
 * ends the engine at every take-over.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readConfiguration } from "#keepalived/read";
import { reviveSecret } from "#sim/scenario";
import { type Ipv4, type Mac, printIpv4 } from "#units/address";
import { createRng, type Rng } from "#units/rng";
import { instant } from "#units/time";
import type { FromEngine } from "#vrrp/engine/engine-link";
import type { LinkInfo } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { Bench, instance, PEER } from "../../support/bench.ts";
import { ETH0, FakeWorld, ip, own } from "../../support/fake-world.ts";
import { mutateConfig } from "../../support/mutate-config.ts";

/** Take-overs of an instance with so many addresses, and what its advertisements say. */
function live(count: number, version: 2 | 3): number[] {
  const addresses = Array.from({ length: count }, (_, at) =>
    printIpv4((ip("10.0.0.1") + at) as Ipv4),
  );
  const config = instance({ addresses, router: { version } });
  const world = new FakeWorld();
  const counted: number[] = [];
  world.carry = (kind, _, bytes) => {
    const parsed = parseAdvert(bytes);
    if (kind === "packet" && parsed.kind === "advert") counted.push(parsed.advert.addresses.length);
  };
  const bench = new Bench(undefined, undefined, world);
  bench.configure([config]);
  bench.until(5);
  assert.equal(bench.phase(), "master", `${count} addresses`);
  const all = addresses.map(ip);
  bench.hear({ version, priority: 50, addresses: all.slice(0, 255) });
  assert.equal(bench.counters()["addr_list_err"], 0, "a peer with the same file has the same list");
  bench.hear({ version, priority: 200, addresses: [] });
  bench.hear({ version, priority: 0, addresses: all.slice(0, 255) });
  bench.until(10);
  bench.configure([instance({ addresses: addresses.slice(0, count / 2), router: { version } })]);
  bench.until(12);
  bench.supervisor({ type: "snapshot", id: 1 });
  bench.supervisor({ type: "stop" });
  bench.until(20);
  assert.equal(bench.engine.finished, true);
  return counted;
}

test("any number of addresses: the first 255 are advertised, all are owned", () => {
  for (const count of [0, 1, 20, 254, 255, 256, 300, 1_000]) {
    for (const version of [2, 3] as const) {
      const counted = live(count, version);
      assert.equal(counted[0], Math.min(255, count));
      assert.ok(counted.every((one) => one <= 255));
    }
  }
});

/**
 * Values at which a number of the file is more than a byte, a word, a packet's field or a timer
 * holds.
 */
const NUMBERS = [
  "0",
  "0.001",
  "0.01",
  "0.5",
  "1",
  "1.5",
  "40.95",
  "41",
  "254",
  "255",
  "256",
].concat([
  "-1",
  "-255",
  "65536",
  "99999",
  "4294967295",
  "4294967296",
  "1e9",
  "99999999999999999999",
  "x",
]);
const INSTANCE_KEYWORDS = [
  "advert_int",
  "priority",
  "virtual_router_id",
  "preempt_delay",
  "garp_master_delay",
  "garp_master_repeat",
  "garp_master_refresh",
  "garp_master_refresh_repeat",
  "garp_lower_prio_delay",
  "garp_lower_prio_repeat",
  "down_timer_adverts",
  "unicast_ttl",
  "version",
  "hold_down",
];
const GLOBAL_KEYWORDS = [
  "vrrp_version",
  "vrrp_startup_delay",
  "vrrp_garp_master_delay",
  "vrrp_garp_master_repeat",
  "vrrp_garp_master_refresh",
  "vrrp_garp_interval",
  "vrrp_garp_lower_prio_repeat",
  "vrrp_down_timer_adverts",
  "garp_rate",
];

function drawConfig(random: Rng): string {
  const lines = (keywords: readonly string[], most: number): string =>
    Array.from(
      { length: random.between(0, most) },
      () => `  ${random.pick(keywords)} ${random.pick(NUMBERS)}\n`,
    ).join("");
  const peers = random.chance(0.5)
    ? `  unicast_src_ip 192.0.2.1\n  unicast_peer {\n    ${PEER} min_ttl ${random.pick(NUMBERS)}\n  }\n`
    : "";
  const weight = random.pick(NUMBERS);
  return `global_defs {\n${lines(GLOBAL_KEYWORDS, 3)}}
vrrp_script check {\n  script "/bin/true"\n  weight ${weight}\n}
vrrp_instance A {\n  interface eth0\n  virtual_router_id 1\n  priority 100\n  version ${random.pick(["2", "3"])}
${lines(INSTANCE_KEYWORDS, 4)}${peers}  track_script {\n    check\n  }
  track_interface {\n    eth0 weight ${random.pick(NUMBERS)}\n  }
  virtual_ipaddress {\n    192.0.2.100/${random.pick(NUMBERS)}\n  }\n}\n`;
}

const OTHER: LinkInfo = { ...ETH0, index: 7, name: "eth1", mac: 0x02_00_00_00_00_77 as Mac };

/**
 * The engine runs the plan for some seconds, with packets for its routers, changes of everything
 * around, and a stop.
 */
function run(instances: readonly InstanceConfig[], random: Rng): void {
  const devices = [...new Set(instances.flatMap((one) => one.interface ?? []))];
  const links = devices.map((name, at): LinkInfo => ({ ...ETH0, name, index: 2 + at }));
  const bench = new Bench(links, [own(2, "192.0.2.1"), own(3, "192.0.2.9")]);
  bench.configure(instances);
  const packet = (): Uint8Array => {
    const { router, authentication: _ } = random.pick(instances);
    const priority = random.pick([0, 1, 100, 254, 255]);
    // Our own packets have to be what a packet can say; a peer's interval is one more thing to be
    // wrong.
    const advertInterval = random.pick([100, 200, 25_500, router.advertInterval]);
    const interval = (router.version === 3 ? Math.min(4_095, advertInterval) : 100) as never;
    const bytes = bench.advert({ vrid: router.vrid, version: router.version, priority, interval });
    if (random.chance(0.3)) bytes[random.between(0, bytes.length - 1)] = random.between(0, 255);
    return bytes.subarray(0, random.chance(0.1) ? random.between(0, bytes.length) : bytes.length);
  };
  for (let turn = 0; turn < 30; turn++) {
    step(bench, random.pick([0.01, 0.3, 1, 4]));
    for (let more = random.between(0, 3); more > 0; more--)
      bench.event({ kind: "packet", interfaceIndex: 2, bytes: packet() });
    const result = random.pick(["up", "down", 0, 255, -255, 1e9] as const);
    bench.supervisor({ type: "tracker", kind: "script", name: "check", result });
    if (random.chance(0.1))
      bench.event({ kind: "link", link: { ...ETH0, up: random.chance(0.5) } });
    if (random.chance(0.1)) bench.event({ kind: "link", link: OTHER });
    if (random.chance(0.1)) bench.hearArp("192.0.2.100");
    if (random.chance(0.1)) bench.configure(random.chance(0.5) ? instances : instances.slice(1));
    bench.supervisor({ type: "snapshot", id: turn });
  }
  bench.supervisor({ type: "stop" });
  step(bench, 5);
  const texts: FromEngine[] = bench.world.takeEmitted();
  for (const one of texts) JSON.stringify(one);
}

/** Time passes, at most so many wake-ups: a deadline in the past would be served for ever. */
function step(bench: Bench, seconds: number): void {
  const { engine, world } = bench;
  const end = instant(Math.round(world.now + seconds * 1_000_000));
  for (let turns = 0; turns < 20_000; turns++) {
    const due = engine.deadline();
    if (due === undefined || due > end) break;
    assert.ok(Number.isSafeInteger(due) || due > 0, `a deadline of ${due}`);
    world.now = instant(Math.max(due, world.now));
    bench.wake();
    assert.ok(turns < 19_999, "the engine has no rest");
  }
  world.now = end;
}

function tryText(text: string, random: Rng): number {
  const { plan } = readConfiguration([{ name: "a.conf", text }], { configId: "main" });
  const instances = plan.instances.map(({ config }) => config);
  if (instances.length === 0) return 0;
  try {
    run(JSON.parse(JSON.stringify(instances), reviveSecret) as InstanceConfig[], random);
  } catch (error) {
    assert.fail(`${error instanceof Error ? error.stack : String(error)}\n${text}`);
  }
  return 1;
}

test("numbers that fit into no packet and no timer: what the reader lets through, the engine runs", () => {
  let runs = 0;
  for (let seed = 0; seed < 300; seed++) {
    const random = createRng(seed);
    runs += tryText(drawConfig(random), random);
  }
  assert.ok(runs > 200, `${runs} runs`);
});

test("240 mutated configurations: what the reader lets through, the engine runs", () => {
  const corpus = join(import.meta.dirname, "../../corpus");
  const texts = ["broken", "valid"].flatMap((folder) =>
    readdirSync(join(corpus, folder))
      .filter((name) => name.endsWith(".conf"))
      .map((name) => readFileSync(join(corpus, folder, name), "utf8")),
  );
  let runs = 0;
  for (let seed = 0; seed < 240; seed++) {
    const random = createRng(seed);
    runs += tryText(mutateConfig(texts.toSorted(), random), random);
  }
  assert.ok(runs > 100, `${runs} runs`);
});
