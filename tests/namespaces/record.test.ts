/**
 * `baton run --record` on a pair: what happened replays to the same states for the same
 * reasons.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { command as runReplay } from "#cli/replay";
import { CONFIG_FILE, daemonPids, RUNTIME_DIR } from "#lab/measure/daemon";
import type { LabNode } from "#lab/measure/node";
import { FAST, MULTICAST } from "#lab/measure/profile";
import { signal } from "#lab/sandbox/proc";
import { until } from "../support/daemon-bench.ts";
import { holders, withLab } from "../support/lab.ts";

const BATON = fileURLToPath(new URL("../../bin/baton", import.meta.url));
const RECORDING = "/var/log/recording";

interface Running {
  readonly process: ChildProcess;
  log(): string;
  states(): readonly string[];
}

function run(node: LabNode, file = RECORDING, before = "true"): Running {
  const path = join(node.folder, "record.log");
  const fd = openSync(path, "a");
  const line = `${before}; exec ${BATON} run -f ${CONFIG_FILE} --runtime-dir ${RUNTIME_DIR} --record ${file}`;
  const process = node.spawn(["/bin/sh", "-c", line], fd);
  closeSync(fd);
  const log = (): string => readFileSync(path, "utf8");
  return {
    process,
    log,
    states: () => [...log().matchAll(/Entering (\w+) STATE/g)].map(([, state = ""]) => state),
  };
}

async function stop({ process }: Running): Promise<void> {
  const ended = new Promise((resolve) => process.once("exit", resolve));
  process.kill("SIGTERM");
  await ended;
  assert.equal(process.exitCode, 0);
}

async function replay(node: LabNode): Promise<string> {
  let out = "";
  const keep = (text: string): void => {
    out += text;
  };
  const file = join(node.folder, "log", "recording");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const code = await runReplay([file], { stdout: keep, stderr: keep, env: {}, isTty: false });
  assert.equal(code, 0, out);
  return out;
}

test("a pair's take-overs, an engine that dies, a stop: replayed to the same states and reasons", async (context) => {
  await withLab(context, { profile: FAST, kinds: ["baton", "baton"] }, async (lab) => {
    const [a, b] = lab.nodes;
    assert.ok(a && b);
    const one = run(a);
    await until("a owns the address", () => holders(lab) === "a");
    // Its supervisor, too, has to know by now what is to be handed over when the engine dies.
    await until("a is MASTER", () => one.states().at(-1) === "MASTER");
    const two = run(b);
    await until("b is BACKUP", () => two.states().at(-1) === "BACKUP");
    const { engine } = daemonPids("baton", one.process.pid ?? 0);
    assert.ok(engine);
    signal(engine, "SIGKILL");
    await until("b took over", () => two.states().at(-1) === "MASTER");
    await until("a is back", () => one.states().at(-1) === "BACKUP");
    await stop(two);
    await until("a owns it again", () => one.states().at(-1) === "MASTER");
    await stop(one);

    for (const [node, running] of [
      [a, one],
      [b, two],
    ] as const) {
      const replayed = await replay(node);
      // An engine that was killed could not say so: only its supervisor's log does.
      const moves = [...replayed.matchAll(/^ +\w+ -> (\w+): (.*)$/gm)];
      const logged = [
        ...running.log().matchAll(/\) (?:Entering (\w+) STATE[^:]*|Stopping): (.*)$/gm),
      ];
      assert.deepEqual(
        moves.map(([, to, why]) => [to, why]),
        logged.map(([, to = "STOP", why]) => [to, why]),
      );
      assert.match(replayed, /engine started 20\d\d-/);
    }
    assert.equal((await replay(a)).split("engine started").length, 3);
    assert.match(await replay(b), /BACKUP -> MASTER: .* gave up the address with priority 0/);
    assert.match(await replay(a), /BACKUP -> MASTER: .* gave up the address with priority 0/);
  });
});

async function ask(node: LabNode, args: readonly string[]): Promise<string> {
  const child = node.spawn([BATON, ...args, "--runtime-dir", RUNTIME_DIR], "pipe");
  assert.ok(child.stdout);
  const out = await text(child.stdout);
  assert.ok(out.includes("VI_1"), out);
  return out;
}

test("a running daemon writes its password nowhere", async (context) => {
  const [seen, cut] = ["Qx7ZkVw9", "JpLm"];
  await withLab(context, { profile: MULTICAST, kinds: ["baton"] }, async (lab) => {
    const [node] = lab.nodes;
    assert.ok(node);
    // Longer than eight bytes: the file has a finding at the password's own place.
    const before = node.readFile("etc", "keepalived.conf") ?? "";
    const planted = before.replace("auth_pass 1111", `auth_pass ${seen}${cut} x${cut}`);
    assert.notEqual(planted, before);
    node.configure(planted);
    const running = run(node);
    await until("it owns the address", () => holders(lab) === "a");
    // Read again, with another password: said in the log, and the routers get it.
    node.configure(planted.replaceAll(seen, "Hy5TgBn2"));
    running.process.kill("SIGHUP");
    await until("it has reloaded", () => /reload/i.test(running.log()));
    const outputs: string[] = [];
    for (const args of [["status"], ["status", "--json"], ["explain", "VI_1"]])
      outputs.push(await ask(node, args));
    await stop(running);
    outputs.push(running.log(), node.readFile("log", "recording") ?? "", await replay(node));
    assert.match(running.log(), /VR2030/);
    assert.match(outputs.join(""), /"secret":"\(hidden\)"/);
    for (const secret of [seen, cut, "Hy5TgBn2"])
      for (const out of outputs) assert.ok(!out.includes(secret), out);
  });
});

test("a full disk ends the recording with one warning, and nothing else", async (context) => {
  await withLab(context, { profile: FAST, kinds: ["baton"] }, async (lab) => {
    const [node] = lab.nodes;
    assert.ok(node);
    const full = "mkdir -p /run/small && mount -t tmpfs -o size=16k none /run/small";
    const running = run(node, "/run/small/recording", full);
    await until("it is full", () => running.log().includes("nothing is recorded"));
    await until("it owns the address", () => holders(lab) === "a");
    assert.match(running.log(), /recording: ENOSPC; nothing is recorded from here on/);
    await stop(running);
    assert.equal(running.log().split("nothing is recorded").length, 2);
    assert.deepEqual(running.states(), ["BACKUP", "MASTER"]);
  });
});
