import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CheckScripts } from "#daemon/check-scripts";
import { startTimeOf } from "#daemon/running-groups";
import type { ScriptPlan } from "#keepalived/plan/run-plan";
import { fromMillis, fromSeconds } from "#units/time";
import { type Folder, keepLog, makeFolder, makeLauncher, until } from "../support/daemon-bench.ts";

interface Bench {
  readonly folder: Folder;
  readonly checks: CheckScripts;
  readonly reported: string[];
  readonly lines: string[];
}

function bench(context: TestContext): Bench {
  const folder = makeFolder(context);
  const { log, lines } = keepLog();
  const reported: string[] = [];
  const checks = new CheckScripts(makeLauncher(log), log, "en", (name, result) =>
    reported.push(`${name} ${result}`),
  );
  context.after(() => {
    checks.stop();
    checks.kill();
  });
  return { folder, checks, reported, lines };
}

const plan = (argv: readonly string[], changes: Partial<ScriptPlan> = {}): ScriptPlan => ({
  name: "chk",
  command: { argv, user: undefined, timeout: undefined },
  interval: fromMillis(20),
  timeout: fromSeconds(20),
  rise: 1,
  fall: 1,
  initFail: false,
  ...changes,
});

test("results are reported when they change, and only then", async (context) => {
  const { folder, checks, reported, lines } = bench(context);
  const flag = join(folder.path, "flag");
  const runs = join(folder.path, "runs");
  const script = folder.script(
    "s.sh",
    `echo x >>${runs}\n[ -e ${flag} ] || { echo no flag; exit 7; }`,
  );
  const count = (): number => (existsSync(runs) ? readFileSync(runs, "utf8").length / 2 : 0);
  writeFileSync(flag, "");
  checks.configure([plan([script])]);
  await until("three runs", () => count() >= 3);
  assert.deepEqual(reported, ["chk up"]);
  writeFileSync(script, `#!/bin/sh\necho out of order; exit 7\n`);
  await until("it failed", () => reported.length === 2);
  assert.deepEqual(reported, ["chk up", "chk down"]);
  assert.deepEqual(checks.results(), [{ kind: "script", name: "chk", result: "down" }]);
  const [status] = checks.status();
  assert.equal(status?.lastExit, 7);
  await until("its output is kept", () => checks.status()[0]?.lastOutput === "out of order");
  assert.ok(lines.some((line) => line.startsWith("warning: Script chk now returning 7 (")));
  assert.ok(lines.includes("warning: VRRP_Script(chk) failed"));
});

test("a missing script is said loudly and counts as failed; when it appears, it is run", async (context) => {
  const { folder, checks, reported, lines } = bench(context);
  const path = join(folder.path, "later.sh");
  checks.configure([plan([path])]);
  await until("it failed", () => reported.length === 1);
  assert.deepEqual(reported, ["chk down"]);
  assert.deepEqual(
    lines.filter((line) => line.startsWith("error")),
    [`error: Script chk cannot be run: ${path} does not exist; it counts as failed`],
  );
  assert.equal(checks.status()[0]?.lastExit, "not started");
  folder.script("later.sh", "exit 0");
  await until("it succeeded", () => reported.length === 2);
  assert.deepEqual(reported, ["chk down", "chk up"]);
});

test("one that hangs and ignores SIGTERM fails at its timeout and is killed with all its children", async (context) => {
  const { folder, checks, reported } = bench(context);
  const pids = join(folder.path, "pids");
  const script = folder.script(
    "s.sh",
    `trap '' TERM\nsleep 1000 &\necho $$ $! >>${pids}\nwhile :; do wait; done`,
  );
  checks.configure([plan([script], { timeout: fromMillis(1_500), interval: fromMillis(300) })]);
  await until("it runs", () => existsSync(pids) && readFileSync(pids, "utf8").endsWith("\n"));
  const [leader = 0, child = 0] = readFileSync(pids, "utf8").trim().split(/\s/).map(Number);
  await until("it failed", () => reported.length === 1);
  assert.deepEqual(reported, ["chk down"]);
  assert.notEqual(startTimeOf(leader), undefined, "the result does not wait for its end");
  assert.equal(checks.status()[0]?.lastExit, "timeout");
  await until("all of it is gone", () =>
    [leader, child].every((pid) => startTimeOf(pid) === undefined),
  );
});

test("a reload keeps the result and the running copy of an unchanged command", async (context) => {
  const { folder, checks, reported } = bench(context);
  const starts = join(folder.path, "starts");
  const go = join(folder.path, "go");
  const script = folder.script(
    "s.sh",
    `echo x >>${starts}\nwhile [ ! -e ${go} ]; do sleep 0.02; done`,
  );
  checks.configure([plan([script], { interval: fromSeconds(1_000), timeout: fromSeconds(1_000) })]);
  await until("it runs", () => existsSync(starts));
  checks.configure([plan([script], { interval: fromSeconds(2_000), timeout: fromSeconds(1_000) })]);
  appendFileSync(go, "");
  await until("the run that began before the reload counts", () => reported.length === 1);
  assert.deepEqual(reported, ["chk up"]);
  assert.equal(readFileSync(starts, "utf8"), "x\n");
  assert.equal(checks.status()[0]?.intervalSeconds, 2_000);
});

test("a reload with another command ends the old copy and starts anew", async (context) => {
  const { folder, checks, reported } = bench(context);
  const pid = join(folder.path, "pid");
  const old = folder.script("old.sh", `echo $$ >${pid}\nexec sleep 1000`);
  checks.configure([plan([old], { interval: fromSeconds(1_000), timeout: fromSeconds(1_000) })]);
  await until("it runs", () => existsSync(pid) && readFileSync(pid, "utf8") !== "");
  checks.configure([plan([folder.script("new.sh", "exit 0")])]);
  await until("the new one succeeded", () => reported.length === 1);
  assert.deepEqual(reported, ["chk up"]);
  const leader = Number(readFileSync(pid, "utf8"));
  await until("the old one is gone", () => startTimeOf(leader) === undefined);
});

test("the output of a script that writes very much goes to /dev/null from then on", async (context) => {
  const { folder, checks, reported, lines } = bench(context);
  const outputs = join(folder.path, "outputs");
  const script = folder.script(
    "s.sh",
    `exec 3>&1\nreadlink /proc/$$/fd/3 >>${outputs}\nyes | head -c 300000\necho end`,
  );
  const seen = (): string[] =>
    existsSync(outputs) ? readFileSync(outputs, "utf8").trim().split("\n") : [];
  checks.configure([plan([script])]);
  await until("it ran again", () => seen().length >= 3);
  const [first = "", ...later] = seen();
  assert.match(first, /^pipe:/);
  const isNull = (output: string): boolean => output === "/dev/null";
  assert.ok(isNull(later.at(-1) ?? ""), seen().join());
  assert.deepEqual(reported, ["chk up"]);
  const loud = lines.filter((line) => line.includes("wrote more than"));
  assert.deepEqual(loud, [
    "warning: Script chk wrote more than 256 kB in one run. From now on its output goes to /dev/null, until its command is changed or the daemon is started again",
  ]);
  await until("status says so", () => (checks.status()[0]?.lastOutput ?? "").startsWith("(not"));
  // Another command is read again.
  checks.configure([plan([script, "changed"])]);
  const before = seen().length;
  await until("it ran once more", () =>
    seen()
      .slice(before)
      .some((line) => !isNull(line)),
  );
});

test("a run that is not over in time because its output is read is no failure", async (context) => {
  const { folder, checks, reported, lines } = bench(context);
  const body = "[ -p /dev/stdout ] || exit 0\nyes | head -c 300000\nexec sleep 1000";
  const script = folder.script("s.sh", body);
  checks.configure([plan([script], { interval: fromMillis(800), timeout: fromSeconds(4) })]);
  await until("it has a result", () => reported.length > 0);
  assert.deepEqual(reported, ["chk up"]);
  assert.ok(lines.some((line) => line.includes("timed out while that was read")));
  assert.ok(!lines.some((line) => line.includes("failed")));
});
