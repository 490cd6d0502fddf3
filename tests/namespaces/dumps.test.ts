/**
 * The dump files of keepalived 2.2.7 and of Baton, of one configuration in the same network: what
 * exporters read of them is the same, and so is every key that scripts could look for. Each
 * difference that is meant is listed here with its reason, and must be there.
 *
 * Needs: keepalived
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { findKeepalived } from "#lab/measure/daemon";
import { until } from "../support/daemon-bench.ts";
import {
  readAddressLikeMehdy,
  readDataLikeGen2brain,
  readDataLikeMehdy,
  readEveryKey,
  readScriptsLikeMehdy,
  readStats,
} from "../support/keepalived-exporters.ts";
import { type Cable, layCable } from "../support/linux-net.ts";
import { endProgram, spawnLogged } from "../support/logged-program.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
/**
 * Where the nodes, which have a /tmp of their own, see this checkout: it may lie in /tmp. Nothing
 * else is needed of this folder.
 */
const INSIDE = "/boot";
const inside = (path: string): string =>
  path.startsWith(`${ROOT}/`) ? `${INSIDE}${path.slice(ROOT.length)}` : path;
const BATON = `${INSIDE}/bin/baton`;
const SENDER = `${INSIDE}/tests/support/advert-sender.ts`;
const skip = findKeepalived() === undefined ? "needs keepalived" : false;

/** signal(7); `keepalived --signum` names them. */
const DATA = "SIGUSR1";
const STATS = "SIGUSR2";
const JSON_DUMP = 36;
const STATS_CLEAR = 63;

const CONFIG = `
global_defs {
    router_id node
    script_user root
    enable_script_security
    vrrp_garp_master_refresh 60
}
vrrp_script good {
    script "/usr/bin/true"
    interval 1
    timeout 1
    weight 2
    rise 2
    fall 3
}
vrrp_script bad {
    script "/usr/bin/false some arguments"
    interval 1
    timeout 1
    weight -3
}
vrrp_script fatal {
    script "/usr/bin/false"
    interval 1
    timeout 1
}
vrrp_sync_group PAIR {
    group {
        HEALTHY
        BROKEN
    }
    notify "/usr/bin/true group"
}
vrrp_instance OWNER {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 150
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass s3cret
    }
    virtual_ipaddress {
        192.0.2.100/24 dev eth0 label eth0:1
        192.0.2.101
    }
    virtual_ipaddress_excluded {
        192.0.2.102/32
    }
    track_script {
        good
        bad
    }
    notify_master "/usr/bin/true m x"
    notify_backup "/usr/bin/true b"
    notify "/usr/bin/true n"
    notify_deleted "/usr/bin/true d"
    preempt_delay 3
    garp_master_delay 1
}
vrrp_instance LISTENER {
    state BACKUP
    interface eth0
    version 3
    virtual_router_id 52
    priority 100
    advert_int 0.2
    nopreempt
    notify_priority_changes true
    virtual_ipaddress {
        192.0.2.110/24
    }
}
vrrp_instance UNICAST {
    state BACKUP
    interface eth0
    version 3
    virtual_router_id 53
    priority 90
    advert_int 0.5
    unicast_src_ip 192.0.2.1
    check_unicast_src
    unicast_peer {
        192.0.2.2 min_ttl 1 max_ttl 255
    }
    dont_track_primary
    higher_prio_send_advert true
    lower_prio_no_advert true
    virtual_ipaddress {
        192.0.2.120/32
    }
}
vrrp_instance HEALTHY {
    interface eth0
    virtual_router_id 54
    virtual_ipaddress {
        192.0.2.130/24
    }
}
vrrp_instance BROKEN {
    interface eth0
    virtual_router_id 55
    virtual_ipaddress {
        192.0.2.140/24
    }
    track_script {
        fatal
    }
}
`;

type Kind = "keepalived" | "baton";

/** One daemon with a folder that is its /tmp, and a router that speaks for LISTENER's VRID. */
class Node {
  readonly kind: Kind;
  readonly folder: string;
  readonly #cable: Cable = layCable();
  readonly #programs: ChildProcess[] = [];

  constructor(kind: Kind, folder: string, config: string) {
    this.kind = kind;
    this.folder = join(folder, kind);
    mkdirSync(this.folder, { recursive: true });
    chmodSync(this.folder, 0o1777);
    writeFileSync(this.file("conf"), config);
    const speaker = ["eth0", "192.0.2.2", "52", "3", "200", "20", "192.0.2.110"];
    this.#spawn("right", [inside(process.execPath), SENDER, ...speaker]);
    this.#spawn("left", this.#argv());
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  get log(): string {
    return readFileSync(this.file("log"), "utf8");
  }

  #argv(): readonly string[] {
    const paths = ["-f", "/tmp/conf", "-p", "/tmp/pid"];
    if (this.kind === "baton")
      return [BATON, "run", ...paths, "--runtime-dir", "/tmp/run", "--state-dir", "/tmp/state"];
    const keepalived = findKeepalived() ?? "keepalived";
    return [keepalived, "-n", "-l", "-D", "-P", ...paths, "-r", "/tmp/vrrp-pid"];
  }

  #spawn(side: "left" | "right", argv: readonly string[]): void {
    const log = this.file(side === "left" ? "log" : "speaker-log");
    const bind = [
      [ROOT, INSIDE],
      [this.folder, "/tmp"],
    ] as const;
    const { namespace } = this.#cable[side];
    const child = spawnLogged(namespace, argv, log, { mounts: { tmpfs: [], bind } });
    this.#programs.push(child);
  }

  signal(which: NodeJS.Signals | number): void {
    process.kill(Number(readFileSync(this.file("pid"), "utf8")), which);
  }

  /** The text that a signal has the daemon write, when it is whole. */
  async dump(which: NodeJS.Signals | number, name: string, end: RegExp): Promise<string> {
    const path = this.file(name);
    rmSync(path, { force: true });
    this.signal(which);
    const text = (): string => (existsSync(path) ? readFileSync(path, "utf8") : "");
    await until(`${this.kind} writes ${name}`, () => end.test(text()));
    return text();
  }

  readonly data = async (): Promise<string> =>
    await this.dump(DATA, "keepalived.data", /VRRP Scripts >[^]*State = \w+\n(?:------[^]*)?$/);
  readonly stats = async (): Promise<string> =>
    await this.dump(STATS, "keepalived.stats", /BROKEN[^]*Priority Zero:\n.*\n {4}Sent: \d+\n$/);
  readonly json = async (): Promise<string> =>
    await this.dump(JSON_DUMP, "keepalived.json", /[\]}]\n$/);

  async untilSettled(): Promise<void> {
    await until(`${this.kind} runs`, () => existsSync(this.file("pid")), 60);
    await until(
      `${this.kind}: as every state has come about`,
      () =>
        /\(OWNER\) Entering MASTER/.test(this.log) &&
        /\(UNICAST\) Entering MASTER/.test(this.log) &&
        /\(LISTENER\) Entering BACKUP/.test(this.log) &&
        /\(HEALTHY\)[: ]+Entering FAULT|Syncing instances to FAULT/i.test(this.log),
      60,
    );
  }

  async close(): Promise<void> {
    for (const child of this.#programs) await endProgram(child);
    this.#cable[Symbol.dispose]();
  }
}

async function withNodes(
  context: TestContext,
  kinds: readonly Kind[],
  config: string,
  use: (...nodes: readonly Node[]) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "baton-dumps-"));
  const nodes: Node[] = [];
  try {
    for (const kind of kinds) nodes.push(new Node(kind, folder, config));
    await Promise.all(nodes.map(async (node) => await node.untilSettled()));
    await use(...nodes);
  } catch (error) {
    for (const node of nodes) context.diagnostic(`${node.kind}:\n${node.log.slice(-5_000)}`);
    throw error;
  } finally {
    for (const node of nodes) await node.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Times, and what differs from run to run. */
const VARYING = /^(?:Last transition|Read timeout|Result)$/;
/** Of a script that is run each second: it depends on the moment. */
const IDLE_OR_RUNNING = /^(?:idle|running)$/;

/** Of each key: why the two differ, or why one of them has it alone. */
const MEANT: Readonly<Record<string, string>> = {
  Password: "Baton hides it, as keepalived does from 2.4.0 on",
  "fd_in 1": "numbers of descriptors in keepalived's process",
  "Script uid": "an account of the system, which looking up takes time",
  script: "keepalived adds the account's numbers to notify scripts",
};

function reasonFor(key: string): string | undefined {
  if (key.startsWith("fd_in ")) return MEANT["fd_in 1"];
  if (key.endsWith("transition script")) return MEANT["script"];
  return MEANT[key];
}

test("one configuration, two daemons: exporters and scripts read the same", {
  skip,
}, async (context) => {
  await withNodes(context, ["keepalived", "baton"], CONFIG, async (theirs, ours) => {
    assert.ok(theirs !== undefined && ours !== undefined);
    const [a, b] = [await theirs.data(), await ours.data()];
    const [seenA, seenB] = [readDataLikeMehdy(a), readDataLikeMehdy(b)];
    assert.equal(seenA.size, 5);
    assert.deepEqual(seenB, seenA);
    assert.equal(seenB.get("OWNER")?.state, "MASTER");
    assert.equal(seenB.get("LISTENER")?.state, "BACKUP");
    assert.equal(seenB.get("BROKEN")?.state, "FAULT");
    assert.equal(seenB.get("HEALTHY")?.wanted, "BACKUP");
    assert.deepEqual(readAddressLikeMehdy(seenB.get("OWNER")?.addresses[1] ?? ""), [
      "192.0.2.101",
      "eth0",
    ]);
    const scripts = readScriptsLikeMehdy(b);
    assert.deepEqual(
      scripts.map(({ name, status }) => [name, status]),
      [
        ["good", "GOOD"],
        ["bad", "BAD"],
        ["fatal", "BAD"],
      ],
    );
    assert.deepEqual(
      scripts.map(({ name, status }) => [name, status]),
      readScriptsLikeMehdy(a).map(({ name, status }) => [name, status]),
    );
    for (const { state } of scripts) assert.match(state, IDLE_OR_RUNNING);
    const places = (text: string): unknown =>
      readDataLikeGen2brain(text).map(({ name, state, vrid }) => [name, state, vrid]);
    assert.deepEqual(places(b), places(a));

    assertSameKeys(a, b);
    assert.doesNotMatch(b, /s3cret/);
    assert.deepEqual(namesOf(await ours.stats()), namesOf(await theirs.stats()));
    assertSameJson(await theirs.json(), await ours.json());
    for (const end of ["data", "stats", "json"]) {
      const { mode, uid } = statSync(join(ours.folder, `keepalived.${end}`));
      assert.equal(mode & 0o7777, 0o600);
      assert.equal(uid, process.getuid?.());
    }
    assert.ok(existsSync(join(ours.file("run"), "status.json")));
  });
});

/** keepalived rounds microseconds down (src/vrrp/router/timing.ts). */
function isSame(key: string, theirs: string | undefined, ours: string | undefined): boolean {
  if (key === "Master down timer")
    return Math.abs(Number.parseInt(theirs ?? "", 10) - Number.parseInt(ours ?? "", 10)) <= 1;
  if (key === "State" && [theirs, ours].every((state) => IDLE_OR_RUNNING.test(state ?? "")))
    return true;
  return theirs === ours || VARYING.test(key);
}

function assertSameKeys(theirs: string, ours: string): void {
  const [a, b] = [readEveryKey(theirs), readEveryKey(ours)];
  assert.deepEqual([...b.keys()], [...a.keys()]);
  const unmeant: string[] = [];
  const meant = new Set<string>();
  for (const [block, keys] of a) {
    const own = b.get(block) ?? new Map<string, string>();
    for (const key of new Set([...keys.keys(), ...own.keys()])) {
      if (isSame(key, keys.get(key), own.get(key))) continue;
      const why = reasonFor(key);
      if (why === undefined) unmeant.push(`${block}: ${key}: ${keys.get(key)}, ${own.get(key)}`);
      else meant.add(why);
    }
  }
  assert.deepEqual(unmeant, []);
  assert.deepEqual(new Set(Object.values(MEANT)), meant, "a difference that is none any more");
}

/** Instances in their order, each with its sections and lines. */
const namesOf = (stats: string): unknown =>
  [...readStats(stats)].map(([name, seen]) => [name, Object.keys(seen)]);

interface Dumped {
  readonly data: Readonly<Record<string, unknown>>;
  readonly stats: Readonly<Record<string, number>>;
}

function assertSameJson(theirs: string, ours: string): void {
  const [a, b] = [JSON.parse(theirs) as Dumped[], JSON.parse(ours) as Dumped[]];
  for (const [place, { data, stats }] of a.entries()) {
    const own = b[place];
    assert.ok(own !== undefined);
    assert.deepEqual(Object.keys(own.data), Object.keys(data));
    assert.deepEqual(Object.keys(own.stats), Object.keys(stats));
    const { last_transition: at, auth_data: password, ...rest } = data;
    const { last_transition: ownAt, auth_data: masked, ...ownRest } = own.data;
    assert.deepEqual(ownRest, rest);
    assert.equal(typeof at, typeof ownAt);
    assert.ok(Math.abs(Number(at) - Number(ownAt)) < 300);
    if (password !== undefined) assert.deepEqual([password, masked], ["s3cret", "********"]);
  }
}

const NAMED = CONFIG.replace(
  "global_defs {",
  "instance main\nglobal_defs {\n    data_use_instance\n    json_version 2\n" +
    "    stats_dump_file /tmp/own.stats\n",
);

test("STATS_CLEAR counts from there on; names of files; nothing is written through a link", async (context) => {
  await withNodes(context, ["baton"], NAMED, async (node) => {
    assert.ok(node !== undefined);
    const sent = (text: string): number =>
      readStats(text).get("OWNER")?.["Advertisements/Sent"] ?? -1;
    const whole = /BROKEN[^]*Priority Zero:\n.*\n {4}Sent: \d+\n$/;
    const before = sent(await node.dump(STATS, "own.stats", whole));
    assert.ok(before > 0, "it advertises");
    const cleared = sent(await node.dump(STATS_CLEAR, "own.stats", whole));
    assert.ok(cleared >= before, "the file has what there was");
    const after = readStats(await node.dump(STATS, "own.stats", whole)).get("OWNER");
    assert.equal(after?.["Became master"], 0);

    assert.match(await node.dump(DATA, "keepalived.main.data", /Scripts/), /Instance name = main/);
    const json = JSON.parse(await node.json()) as { readonly vrrp: readonly Dumped[] };
    assert.deepEqual(Object.keys(json), ["vrrp", "track_process"]);
    assert.equal(json.vrrp.length, 5);

    const target = join(node.folder, "precious");
    writeFileSync(target, "of somebody");
    unlinkSync(join(node.folder, "keepalived.json"));
    symlinkSync("/tmp/precious", join(node.folder, "keepalived.json"));
    node.signal(JSON_DUMP);
    await until("it is refused", () => /keepalived\.json: it is a symbolic link/.test(node.log));
    assert.equal(readFileSync(target, "utf8"), "of somebody");
    // A folder in which others may replace files.
    chmodSync(node.folder, 0o777);
    node.signal(STATS);
    await until("it is refused", () => /own\.stats: .*(?:1777|0777)/.test(node.log));
    chmodSync(node.folder, 0o1777);
    for (let times = 0; times < 2_000; times++) node.signal(times % 2 === 0 ? DATA : STATS);
    assert.match(await node.dump(STATS, "own.stats", whole), /OWNER/);
    assert.doesNotMatch(node.log, /\(OWNER\) Entering (?:BACKUP STATE(?! \(init)|FAULT)/);
  });
});
