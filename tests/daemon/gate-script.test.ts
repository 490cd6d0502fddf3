/** Real scripts of a gate: their end, their deadline, and what is left of them. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { runGateScript, type ScriptRun } from "#daemon/gate-script";
import { isAlive, keepLog, makeFolder, makeLauncher, until } from "../support/daemon-bench.ts";

function run(
  context: TestContext,
  body: string,
  timeoutMs = 30_000,
): { run: ScriptRun; path: string } {
  const folder = makeFolder(context);
  const script = folder.script("gate.sh", `cd ${folder.path}\n${body}`);
  return {
    path: folder.path,
    run: runGateScript({
      launcher: makeLauncher(keepLog().log),
      command: { argv: [script, "INSTANCE", "VI_1"], user: undefined },
      environment: { BATON_EPOCH: "7" },
      timeoutMs,
    }),
  };
}

const pidIn = (path: string, name: string): number =>
  Number(readFileSync(join(path, name), "utf8"));

test("what it exits with is its answer, and it has its arguments and its environment", async (context) => {
  const { run: good, path } = run(context, 'echo "$1 $2 $BATON_EPOCH" >said');
  assert.deepEqual(await good.ended, { kind: "done" });
  assert.equal(readFileSync(join(path, "said"), "utf8"), "INSTANCE VI_1 7\n");
  const { run: bad } = run(context, "echo relay log is not applied; sleep 0.05; exit 3");
  const end = await bad.ended;
  assert.deepEqual(end, { kind: "failed", exit: 3, lastLine: "relay log is not applied" });
  const { run: killed } = run(context, "kill -9 $$");
  assert.deepEqual(await killed.ended, { kind: "failed", exit: "SIGKILL", lastLine: "" });
});

test("at its deadline it is ended with everything that it has started", async (context) => {
  const body =
    "sleep 1000 & echo $! >child; echo $$ >self; trap '' TERM; echo stuck; wait; wait; sleep 1000";
  const { run: late, path } = run(context, body, 200);
  assert.deepEqual(await late.ended, { kind: "late", lastLine: "stuck" });
  for (const name of ["child", "self"]) {
    const pid = pidIn(path, name);
    await until(`${name} is gone`, () => !isAlive(pid));
  }
});

test("one that is not wanted any more is gone when `end` resolves, and it may clean up before", async (context) => {
  const { run: ended, path } = run(
    context,
    "(trap '' TERM; exec sleep 1000) & echo $! >child; trap 'echo x >cleaned; exit 0' TERM; echo $$ >self; wait",
  );
  await until("it runs", () => existsSync(join(path, "self")) && pidIn(path, "self") > 0);
  await ended.end();
  assert.deepEqual(await ended.ended, { kind: "ended" });
  assert.ok(existsSync(join(path, "cleaned")));
  const child = pidIn(path, "child");
  await until("its child is gone", () => !isAlive(child));
});

test("what a good run has left in the background lives on, also when it is ended later", async (context) => {
  const { run: good, path } = run(context, "sleep 1000 >/dev/null 2>&1 & echo $! >child");
  assert.deepEqual(await good.ended, { kind: "done" });
  await good.end();
  const child = pidIn(path, "child");
  context.after(() => process.kill(child, "SIGKILL"));
  assert.ok(isAlive(child));
});

test("one that cannot be started says why", async () => {
  const missing = runGateScript({
    launcher: makeLauncher(keepLog().log),
    command: { argv: ["/no/such/promote"], user: undefined },
    environment: {},
    timeoutMs: 1_000,
  });
  const problem = { kind: "missing", path: "/no/such/promote" };
  assert.deepEqual(await missing.ended, { kind: "notStarted", problem });
});
