/**
 * Dump files: bounded however many signals come, never in place of something else, none while the
 * engine does not answer; what exporters read of keepalived's own files is what they read of ours.
 */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DumpFeed } from "#daemon/dump-feed";
import type { DumpParts } from "#daemon/dump-files";
import { printTime } from "#daemon/dumps/data-text";
import type { Snapshot } from "#daemon/engine-process";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { readConfiguration } from "#keepalived/read";
import { Bench } from "../support/bench.ts";
import { type KeptLog, keepLog, makeFolder, until } from "../support/daemon-bench.ts";
import { ETH0, own } from "../support/fake-world.ts";
import {
  readAddressLikeMehdy,
  readDataLikeGen2brain,
  readDataLikeMehdy,
  readEveryKey,
  readScriptsLikeMehdy,
  readStats,
} from "../support/keepalived-exporters.ts";

const CAPTURES = join(import.meta.dirname, "..", "captures", "dumps");
const captured = (name: string): string => readFileSync(join(CAPTURES, name), "utf8");

const planOf = (globals: string, lines: string): RunPlan =>
  readConfiguration([
    {
      name: "a",
      text: `instance one
global_defs {
${globals}
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 100
  ${lines}
  virtual_ipaddress {
    192.0.2.100/24
  }
}
vrrp_instance VI_2 {
  interface eth0
  virtual_router_id 52
  priority 255
  authentication {
    auth_type PASS
    auth_pass s3cret
  }
  virtual_ipaddress {
    192.0.2.101/32
  }
}`,
    },
  ]).plan;

interface Life {
  readonly folder: string;
  readonly feed: DumpFeed;
  readonly kept: KeptLog;
  readonly bench: Bench;
  /** How often the engine was asked. */
  asked: number;
  answers: boolean;
  pid: number;
  readonly file: (name: string) => string;
}

/** @param lines of the first instance */
function begin(context: TestContext, more = "", lines = ""): Life {
  const folder = makeFolder(context).path;
  const files = ["state", "stats", "json"].map((one) => `  ${one}_dump_file ${folder}/${one}`);
  const plan = planOf([...files, more].join("\n"), lines);
  const bench = new Bench([ETH0], [own(2, "192.0.2.1")]);
  bench.world.addVirtualMacs();
  bench.configure(plan.instances.map(({ config }) => config));
  const kept = keepLog();
  const snapshot = async (): Promise<Snapshot | undefined> => {
    life.asked += 1;
    await Promise.resolve();
    const at = bench.world.now;
    return life.answers ? { at, instances: bench.engine.snapshot(at) } : undefined;
  };
  const parts = (): DumpParts => ({
    plan,
    engine: { pid: life.pid, snapshot },
    engineMs: 100,
    scripts: { status: () => [], readings: () => [] },
    log: kept.log,
    language: "en",
  });
  const file = (name: string): string => join(folder, name);
  const feed = new DumpFeed(parts);
  const life: Life = { folder, feed, kept, bench, asked: 0, answers: true, pid: 7, file };
  return life;
}

const logged = ({ kept }: Life, what: RegExp): number =>
  kept.lines.filter((line) => what.test(line)).length;

test("one snapshot for all that was asked for meanwhile, and any number of signals is one more", async (context) => {
  const life = begin(context);
  for (let times = 0; times < 10_000; times++)
    for (const kind of ["data", "stats", "json"] as const) life.feed.ask(kind);
  await until("all are written", () => logged(life, /^info: dump written/) === 3);
  assert.ok(life.asked <= 2, `${life.asked} snapshots`);
  assert.deepEqual(readdirSync(life.folder).sort(), ["json", "state", "stats"]);
  for (const name of ["json", "state", "stats"])
    assert.equal(statSync(life.file(name)).mode & 0o7777, 0o600);
  assert.doesNotMatch(readFileSync(life.file("json"), "utf8"), /s3cret/);
  assert.doesNotMatch(readFileSync(life.file("state"), "utf8"), /s3cret/);
  const seen = readDataLikeMehdy(readFileSync(life.file("state"), "utf8"));
  assert.deepEqual(
    [...seen.values()].map(({ name, state, vrid }) => [name, state, vrid]),
    [
      ["VI_1", "BACKUP", 51],
      ["VI_2", "MASTER", 52],
    ],
  );
  assert.equal(
    readStats(readFileSync(life.file("stats"), "utf8")).get("VI_2")?.["Became master"],
    1,
  );
});

test("cleared statistics begin at 0, and count from 0 again in another engine", async (context) => {
  const life = begin(context);
  const became = async (kind: "stats" | "clear"): Promise<number | undefined> => {
    const before = life.asked;
    life.feed.ask(kind);
    await until("it has asked", () => life.asked > before);
    await until("it is written", () => logged(life, /dump written/) === life.asked);
    return readStats(readFileSync(life.file("stats"), "utf8")).get("VI_2")?.["Became master"];
  };
  assert.equal(await became("clear"), 1);
  assert.equal(await became("stats"), 0);
  life.pid = 8;
  assert.equal(await became("stats"), 1);
});

test("no engine, no file: an old one would say what is no longer so", async (context) => {
  const life = begin(context);
  life.feed.ask("json");
  await until("it is written", () => existsSync(life.file("json")));
  life.answers = false;
  life.feed.ask("json");
  await until("it is logged", () => logged(life, /^warning: .*the engine does not answer/) === 1);
  assert.ok(!existsSync(life.file("json")));
  life.answers = true;
  life.feed.ask("json");
  await until("it is back", () => existsSync(life.file("json")));
});

test("a link, a folder, another file and a folder that others may write to are left alone", async (context) => {
  const life = begin(context);
  writeFileSync(life.file("precious"), "root:x:0:0");
  symlinkSync(life.file("precious"), life.file("json"));
  mkdirSync(life.file("state"));
  writeFileSync(life.file("stats"), "root:x:0:0");
  for (const kind of ["json", "data", "stats"] as const) life.feed.ask(kind);
  await until("all are refused", () => logged(life, /^warning: no dump in/) === 3);
  assert.equal(logged(life, /json: it is a symbolic link/), 1);
  assert.equal(logged(life, /state: there is something that is no ordinary file/), 1);
  assert.equal(logged(life, /stats: there is a file that is no dump/), 1);
  assert.equal(readFileSync(life.file("precious"), "utf8"), "root:x:0:0");
  assert.equal(readFileSync(life.file("stats"), "utf8"), "root:x:0:0");
  chmodSync(life.folder, 0o777);
  life.feed.ask("stats");
  await until("it is refused", () => logged(life, /stats: .*0777/) === 1);
  // What has been said once is not said again at every scrape.
  life.feed.ask("stats");
  await until("it is refused again", () => logged(life, /^debug: no dump in/) === 1);
  chmodSync(life.folder, 0o755);
});

test("names of files, and the other shape of the JSON", async (context) => {
  const life = begin(context, "  data_use_instance\n  json_version 2");
  for (const kind of ["json", "data"] as const) life.feed.ask(kind);
  await until("both are written", () => logged(life, /^info: dump written/) === 2);
  assert.match(readFileSync(life.file("state.one"), "utf8"), /^ Instance name = one$/m);
  const json = JSON.parse(readFileSync(life.file("json"), "utf8")) as object;
  assert.deepEqual(Object.keys(json), ["vrrp", "track_process"]);
});

test("a virtual MAC address, as keepalived 2.2.7 writes it", async (context) => {
  for (const [lines, name, isBase] of [
    ["use_vmac", "vrrp.51", false],
    ["use_vmac vm0\nvmac_xmit_base", "vm0", true],
  ] as const) {
    const life = begin(context, "", lines);
    for (const kind of ["json", "data"] as const) life.feed.ask(kind);
    await until("both are written", () => logged(life, /^info: dump written/) === 2);
    const text = readFileSync(life.file("state"), "utf8");
    const end = isBase ? ", xmit base i/f" : "";
    assert.ok(text.includes(`Use VMAC, i/f name ${name}, is_up = true, xmit_base = ${isBase}\n`));
    assert.ok(text.includes(`Interface = ${name}, vmac on eth0${end}\n`));
    assert.ok(text.includes(`192.0.2.100/24 dev ${name}@eth0 scope global`));
    const json = readFileSync(life.file("json"), "utf8");
    assert.ok(json.includes(`"vmac_ifname":"${name}","ifp_ifname":"${name}"`));
  }
});

test("what exporters read of files of keepalived 2.2.7", () => {
  const data = captured("keepalived.data");
  const seen = readDataLikeMehdy(data);
  assert.deepEqual(
    [...seen.values()].map(({ name, state }) => [name, state]),
    [
      ["VI_1", "BACKUP"],
      ["VI_2", "BACKUP"],
      ["VI_3", "MASTER"],
      ["VI_4", "BACKUP"],
      ["VI_5", "FAULT"],
      ["VI_6", "FAULT"],
      ["VI_7", "BACKUP"],
    ],
  );
  for (const line of seen.get("VI_1")?.addresses ?? [])
    assert.equal(readAddressLikeMehdy(line)[1], "eth0");
  assert.equal(readDataLikeGen2brain(data).length, 7);
  assert.equal(readScriptsLikeMehdy(data).length, 4);
  const stats = readStats(captured("keepalived.stats"));
  assert.equal(stats.size, 7);
  assert.equal(stats.get("VI_3")?.["Became master"], 1);
});

test("every key of an instance and of the JSON is one of keepalived's, in its order", async (context) => {
  const life = begin(context);
  for (const kind of ["json", "data"] as const) life.feed.ask(kind);
  await until("both are written", () => logged(life, /^info: dump written/) === 2);
  const known = new Set(
    [...readEveryKey(captured("keepalived.data"))].flatMap(([, keys]) => [...keys.keys()]),
  );
  // The number of addresses is a part of the key.
  known.add("Virtual IP (1)");
  const ours = [...readEveryKey(readFileSync(life.file("state"), "utf8"))];
  const unknown = ours.flatMap(([, keys]) => [...keys.keys()].filter((key) => !known.has(key)));
  assert.deepEqual(unknown, []);
  type Dump = { readonly data: object; readonly stats: object }[];
  const theirs = (JSON.parse(captured("keepalived.json")) as Dump).map(({ data }) =>
    Object.keys(data),
  );
  const order = theirs.flat();
  for (const { data } of JSON.parse(readFileSync(life.file("json"), "utf8")) as Dump) {
    const places = Object.keys(data).map((key) => order.indexOf(key));
    assert.ok(
      places.every((place) => place >= 0),
      Object.keys(data).join(" "),
    );
  }
});

test("a time is ctime's, with microseconds", () => {
  const at = new Date(2026, 11, 1, 0, 46, 40).getTime() * 1_000 + 594_805;
  assert.equal(
    printTime(at),
    `${Math.floor(at / 1_000_000)}.594805 (Tue Dec  1 00:46:40.594805 2026)`,
  );
});
