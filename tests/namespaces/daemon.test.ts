/**
 * One daemon, real kernel: what an operator does to it (reload, status, a second start,
 * release) and what goes wrong around it (a full disk for the log, a log nobody reads, both
 * processes killed, an engine that dies while stopping).
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { ControlAnswer, Status } from "#daemon/control-protocol";
import { CONFIG_FILE, RUNTIME_DIR } from "#lab/measure/daemon";
import type { Lab } from "#lab/measure/lab";
import { VIRTUAL_ADDRESS } from "#lab/measure/lab";
import type { LabNode } from "#lab/measure/node";
import { FAST, printConfig } from "#lab/measure/profile";
import { signal } from "#lab/sandbox/proc";
import { openNftFence } from "#linux/nft-fence";
import { must, mustDo } from "#linux/result";
import { readIpv4 } from "#units/address";
import type { FenceEntry } from "#vrrp/engine/world";
import { isAlive, until } from "../support/daemon-bench.ts";
import { withLab } from "../support/lab.ts";

const BATON = fileURLToPath(new URL("../../bin/baton", import.meta.url));
/** Long enough for a busy machine: nothing here is about time. */
const PROFILE = { ...FAST, advertSeconds: 0.5, preempt: true };

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

async function ended(child: ChildProcess): Promise<Ran> {
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, output };
}

const baton = async (node: LabNode, ...args: readonly string[]): Promise<Ran> =>
  await ended(node.spawn([BATON, ...args], "pipe"));

async function status(node: LabNode): Promise<Status> {
  const { code, output } = await baton(node, "status", "--json");
  assert.equal(code, 0, output);
  return JSON.parse(output) as Status;
}

function config(node: LabNode, ...virtualAddresses: readonly string[]): string {
  const text = printConfig(PROFILE, {
    address: node.address,
    peers: ["172.16.0.250"],
    virtualAddress: VIRTUAL_ADDRESS,
    priority: 50,
  });
  assert.ok(text.includes(VIRTUAL_ADDRESS));
  const more = "global_defs {\n  state_dump_file /run/keepalived.data\n}\n";
  return more + text.replace(VIRTUAL_ADDRESS, virtualAddresses.join("\n        "));
}

async function withNode(
  context: TestContext,
  use: (node: LabNode, lab: Lab) => Promise<void>,
): Promise<void> {
  await withLab(context, { profile: PROFILE, kinds: ["baton"] }, async (lab) => {
    const [node] = lab.nodes;
    assert.ok(node);
    node.configure(config(node, VIRTUAL_ADDRESS));
    await use(node, lab);
  });
}

const owns = (lab: Lab, node: LabNode, address: string): boolean =>
  lab.network.addressesOf(node.name).includes(address);

test("reload: a file with errors changes nothing, a new address comes, an old one goes", async (context) => {
  await withNode(context, async (node, lab) => {
    await lab.startDaemons();
    const before = await status(node);
    node.configure(
      `${config(node, VIRTUAL_ADDRESS)}\nvrrp_instance VI_2 {\n  no_such_keyword\n}\n`,
    );
    const refused = await baton(node, "reload");
    assert.equal(refused.code, 1);
    assert.match(refused.output, /nothing changed/);
    assert.match(node.logTail(50), /no_such_keyword/);
    assert.deepEqual((await status(node)).reloadedAt, undefined);

    node.configure(config(node, VIRTUAL_ADDRESS, "172.16.0.136"));
    assert.equal((await baton(node, "reload")).code, 0);
    await until("the new address is here", () => owns(lab, node, "172.16.0.136"));
    const after = await status(node);
    assert.deepEqual(after.instances[0]?.history, before.instances[0]?.history);
    assert.equal(after.enginePid, before.enginePid);

    node.configure(config(node, "172.16.0.136"));
    await node.signalSupervisor("SIGHUP");
    await until("the old address is gone", () => !owns(lab, node, VIRTUAL_ADDRESS));
    assert.ok(owns(lab, node, "172.16.0.136"));
    assert.equal(node.notifiedState(), "MASTER");
  });
});

test("a second daemon is refused, and so is `release` while the first lives", async (context) => {
  await withNode(context, async (node, lab) => {
    await lab.startDaemons();
    const second = await baton(node, "run", "-f", CONFIG_FILE, "--runtime-dir", RUNTIME_DIR);
    assert.equal(second.code, 1);
    assert.match(second.output, new RegExp(`another daemon .*PID ${node.pids()?.supervisor}`));
    const release = await baton(node, "release");
    assert.equal(release.code, 1);
    const weak = ["setpriv", "--bounding-set=-net_admin", BATON, "release", "--force"];
    const powerless = await ended(node.spawn(weak, "pipe"));
    assert.equal(powerless.code, 1, powerless.output);
    assert.match(powerless.output, /only root may do this/);
    const name = readFileSync(`/proc/${node.pids()?.supervisor}/comm`, "utf8");
    assert.equal(name, "baton\n", "what pgrep and pidof find");
    assert.ok(owns(lab, node, VIRTUAL_ADDRESS));
    assert.equal((await baton(node, "status")).code, 0, "the first one still answers");
  });
});

test("`release` removes what a killed daemon left", async (context) => {
  await withNode(context, async (node, lab) => {
    await lab.startDaemons();
    await node.signalAll("SIGKILL");
    const { code, output } = await baton(node, "release");
    assert.equal(code, 0);
    // The lease may have been quicker: then there is nothing to remove, which is as good.
    assert.match(output, /^(removed 172\.16\.0\.135\/\d+ from eth0|nothing to remove)\n$/);
    assert.ok(!owns(lab, node, VIRTUAL_ADDRESS));
    const dead = await baton(node, "status", "--json");
    assert.equal(dead.code, 1);
    assert.match(dead.output, /"unknown"/);
  });
});

test("`release --after-lease` leaves a killed daemon's address to its lease", async (context) => {
  await withNode(context, async (node, lab) => {
    await lab.startDaemons();
    await node.signalAll("SIGKILL");
    const { code, output } = await baton(node, "release", "--after-lease");
    assert.deepEqual([code, output], [0, "nothing to remove\n"]);
    assert.ok(!owns(lab, node, VIRTUAL_ADDRESS), "the kernel has removed it");
  });
});

test("`release` opens fences that no running daemon may own, and none after a stop", async (context) => {
  await withNode(context, async (node, lab) => {
    await lab.startDaemons();
    using fence = node.namespace.within(() => must(openNftFence()));
    const entry = (address: string): FenceEntry => ({
      address: readIpv4(address) ?? assert.fail(),
      protocol: "tcp",
      port: 3_306,
    });
    const [ours, foreign] = [entry(VIRTUAL_ADDRESS), entry("198.51.100.1")];
    mustDo(fence.close([ours, foreign], "held"));
    const forced = await baton(node, "release", "--force", "--json");
    const fences = [{ ...foreign, address: "198.51.100.1" }];
    assert.deepEqual(JSON.parse(forced.output), { removed: [], devices: [], fences, routing: [] });
    assert.deepEqual(must(fence.closed()), [ours]);
    await node.stopDaemon();
    await baton(node, "release", "--after-lease");
    assert.deepEqual(must(fence.closed()), [ours]);
    const { code, output } = await baton(node, "release");
    assert.deepEqual([code, output], [0, `opened the fence of tcp ${VIRTUAL_ADDRESS}:3306\n`]);
    assert.deepEqual(must(fence.closed()), []);
  });
});

test("`release` waits for an engine that still hands over", async (context) => {
  await withNode(context, async (node, lab) => {
    await lab.startDaemons();
    const pids = node.pids();
    assert.ok(pids?.engine);
    signal(pids.supervisor, "SIGKILL");
    const { code, output } = await baton(node, "release");
    assert.equal(code, 0);
    assert.equal(output, "nothing to remove\n", "the engine has done it, in its own time");
    assert.ok(!isAlive(pids.engine));
    assert.ok(!owns(lab, node, VIRTUAL_ADDRESS));
    await node.untilDaemonEnded();
  });
});

test("an engine that dies while stopping leaves no address", async (context) => {
  await withNode(context, async (node, lab) => {
    await lab.startDaemons();
    const pids = node.pids();
    assert.ok(pids?.engine);
    // Both are stopped, so that the engine dies before it can hand over.
    signal(pids.engine, "SIGSTOP");
    signal(pids.supervisor, "SIGTERM");
    await until("the supervisor stops", () => /Stopping/.test(node.logTail(20)));
    signal(pids.engine, "SIGKILL");
    await node.untilDaemonEnded();
    assert.ok(!owns(lab, node, VIRTUAL_ADDRESS));
    assert.match(node.logTail(5), /ended: exit code 0/);
    assert.equal(node.notifiedState(), "STOP");
  });
});

for (const count of [1, 250]) {
  test(`a clean stop of ${count} instances, read late: each is handed over, none has "died"`, async (context) => {
    await withNode(context, async (node, lab) => {
      const numbers = Array.from({ length: count }, (_, i) => i + 1);
      const instances = numbers.map(
        (n) =>
          `vrrp_instance VI_${n} {\n  interface eth0\n  virtual_router_id ${n}\n` +
          `  virtual_ipaddress {\n    198.51.100.${n}/32\n  }\n}\n`,
      );
      node.configure(instances.join(""));
      await lab.instruments.ready();
      await node.startDaemon();
      const owned = (): number =>
        lab.network.addressesOf(node.name).filter((one) => one.startsWith("198.51.100.")).length;
      await until("it owns all", () => owned() === count);
      const pids = node.pids();
      assert.ok(pids?.engine);
      signal(pids.supervisor, "SIGTERM");
      await until("the supervisor stops", () => /Stopping/.test(node.logTail(2 * count)));
      // It reads nothing while the engine does its work.
      signal(pids.supervisor, "SIGSTOP");
      await until("all are given up", () => owned() === 0);
      signal(pids.supervisor, "SIGCONT");
      await node.untilDaemonEnded();
      const log = node.logTail(4 * count + 50);
      assert.equal(log.match(/the hand-over is complete/g)?.length, count);
      assert.doesNotMatch(log, /died/);
    });
  });
}

test("SIGUSR1 writes the status; explain gives the timeline in both languages", async (context) => {
  await withNode(context, async (node, lab) => {
    await lab.startDaemons();
    await node.signalSupervisor("SIGUSR1");
    await until(
      "it is written",
      () => node.readFile("run/baton", "status.json")?.endsWith("}\n") === true,
    );
    const dumped = JSON.parse(node.readFile("run/baton", "status.json") ?? "") as Status;
    assert.equal(dumped.instances[0]?.state, "MASTER");
    assert.match((await baton(node, "explain", "VI_1")).output, /VI_1 is MASTER on eth0/);
    assert.match(
      (await baton(node, "explain", "VI_1", "--lang", "zh-CN")).output,
      /VI_1 在 eth0 上处于 MASTER/,
    );
    const unknown = await baton(node, "explain", "VI_9");
    assert.equal(unknown.code, 1);
    assert.match(unknown.output, /VI_1/);
  });
});

test("`status --watch` hears of a change", async (context) => {
  await withNode(context, async (node, lab) => {
    await lab.startDaemons();
    const watching = node.spawn([BATON, "status", "--watch", "--json"], "pipe");
    const states: string[] = [];
    let buffered = "";
    watching.stdout?.on("data", (chunk: Buffer) => {
      const lines = (buffered + chunk.toString()).split("\n");
      buffered = lines.pop() ?? "";
      for (const line of lines)
        states.push((JSON.parse(line) as Status).instances[0]?.state ?? "?");
    });
    await until("the first answer", () => states.length > 0);
    lab.node("a").setCable("unplugged");
    await until("FAULT", () => states.at(-1) === "FAULT");
    assert.equal(states[0], "MASTER");
    const closed = ended(watching);
    await node.stopDaemon();
    assert.equal((await closed).code, 0);
  });
});

test("sync group, FIFO and break-before-make: reported as keepalived does, gone before priority 0", async (context) => {
  await withNode(context, async (node, lab) => {
    const text = config(node, VIRTUAL_ADDRESS);
    node.configure(
      text
        // A supervisor that is late by a second, on a busy machine, still finds the address of
        // the engine that was killed.
        .replace(/advert_int .*/, "advert_int 1")
        .replace("global_defs {", "global_defs {\n   notify_fifo /run/fifo")
        .replace("vrrp_instance VI_1 {", "vrrp_instance VI_1 {\n    handover break_before_make") +
        'vrrp_sync_group G1 {\n  group {\n    VI_1\n  }\n  notify "/etc/keepalived/group.sh"\n}\n',
    );
    const script = '#!/bin/sh\necho "$*" >>/var/log/group\n';
    writeFileSync(`${node.folder}/etc/group.sh`, script, { mode: 0o755 });
    await lab.startDaemons();
    const reader = node.spawn(["/bin/cat", "/run/fifo"], "pipe");
    let lines = "";
    reader.stdout?.on("data", (chunk: Buffer) => {
      lines += chunk.toString();
    });
    await until("the past states are read", () => lines.includes('GROUP "G1" MASTER 0'));
    const shownGroup = async () => (await status(node)).groups[0];
    let shown = await shownGroup();
    // The script may still run; each question takes a while.
    for (let i = 0; i < 100 && shown?.notify.last?.state !== "MASTER"; i++)
      shown = await shownGroup();
    assert.deepEqual([shown?.state, shown?.why.member], ["MASTER", "VI_1"]);
    assert.deepEqual([shown?.notify.last?.state, shown?.notify.last?.exit], ["MASTER", 0]);
    assert.match((await baton(node, "explain", "G1")).output, /^Sync group G1 is MASTER/);
    const pids = node.pids();
    assert.ok(pids?.engine);
    signal(pids.engine, "SIGKILL");
    await until("handed over", () => /removed VIPs, sent 0 priority/.test(node.logTail(40)));
    await until("MASTER again", () => lines.split('GROUP "G1" MASTER 0').length === 3);
    await node.stopDaemon();
    await until("the end is read", () => lines.includes('INSTANCE "VI_1" STOP 50'));
    reader.kill();
    assert.equal(lines.split("\n")[0], 'INSTANCE "VI_1" BACKUP 50');
    const group = node.readFile("log", "group")?.trim().split("\n") ?? [];
    assert.equal(group.at(-1), "GROUP G1 STOP 0");
    assert.ok(group.includes("GROUP G1 MASTER 0"));
  });
});

for (const [what, open] of [
  ["a full disk for the log", () => openSync("/dev/full", "w")],
  ["a log that nobody reads", () => undefined],
] as const) {
  test(`${what} costs log lines, and nothing else`, async (context) => {
    await withNode(context, async (node, lab) => {
      await lab.instruments.ready();
      const fd = open();
      const argv = [BATON, "run", "-D", "-f", CONFIG_FILE, "--runtime-dir", RUNTIME_DIR];
      const daemon = node.spawn(argv, fd ?? "pipe");
      if (fd !== undefined) closeSync(fd);
      // The pipe is never read: what does not fit in it is lost.
      daemon.stderr?.pause();
      await until("it owns the address", () => owns(lab, node, VIRTUAL_ADDRESS));
      for (let i = 0; i < 3; i++) assert.equal((await baton(node, "reload")).code, 0);
      const seen = await status(node);
      assert.equal(seen.instances[0]?.state, "MASTER");
      if (fd !== undefined) assert.ok(seen.logLinesLost > 0);
      daemon.stderr?.destroy();
      daemon.stdout?.destroy();
      // Now it is a pipe without a reader (EPIPE).
      assert.equal((await baton(node, "reload")).code, 0);
      daemon.kill("SIGTERM");
      await new Promise((resolve) => daemon.once("exit", resolve));
      assert.equal(daemon.exitCode, 0);
      assert.ok(!owns(lab, node, VIRTUAL_ADDRESS));
    });
  });
}

test("the control socket speaks JSON with anybody who speaks it", async (context) => {
  await withNode(context, async (node, lab) => {
    await lab.startDaemons();
    const { askDaemon } = await import("#lab/measure/control");
    const answer = (await askDaemon(`${node.folder}/run/baton/control.sock`, {
      command: "ping",
    })) as ControlAnswer | undefined;
    assert.deepEqual(answer, { ok: true, pong: node.pids()?.supervisor });
  });
});

test("a storm of signals moves nothing, and a second SIGTERM waits for the same hand-over", async (context) => {
  await withNode(context, async (node, lab) => {
    await lab.startDaemons();
    const before = await status(node);
    const pids = node.pids();
    assert.ok(pids?.engine);
    for (const number of [1, 10, 12, 14, 29, 34, 36, 37, 63, 64])
      for (const pid of [pids.supervisor, pids.engine]) process.kill(pid, number);
    const after = await status(node);
    assert.equal(after.enginePid, before.enginePid);
    assert.deepEqual(after.instances[0]?.history, before.instances[0]?.history);
    const files = ["lock", "baton.pid", "control.sock"].map((name) =>
      join(node.folder, "run", "baton", name),
    );
    const owned = (): boolean => owns(lab, node, VIRTUAL_ADDRESS);
    for (let i = 0; i < 3; i++) process.kill(pids.supervisor, "SIGTERM");
    // Nobody takes over, so the hand-over lasts a skew time and an interval.
    await until("it hands over", () =>
      /sent 0 priority|priority 0 was sent/.test(node.logTail(20)),
    );
    process.kill(pids.supervisor, "SIGTERM");
    while (owned()) {
      assert.ok(
        files.every((file) => existsSync(file) || !owned()),
        "still there while it answers",
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await node.untilDaemonEnded();
    await until("they are gone", () => !existsSync(files[1] ?? "") && !existsSync(files[2] ?? ""));
    assert.equal(node.logTail(200).split("Stopped Baton").length, 2);
  });
});
