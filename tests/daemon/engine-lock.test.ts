/** Who cleans up behind a daemon waits for an engine that is alive, and not for ever. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { killEngine, lockHolder, untilEngineGone, withLockFile } from "#daemon/engine-lock";
import { lockFile } from "#linux/lock-file";
import { makeFolder } from "../support/daemon-bench.ts";

test("no engine, no folder: nobody to wait for", async (context) => {
  const { path } = makeFolder(context);
  assert.equal(await untilEngineGone(path, 0), true);
  assert.equal(await untilEngineGone(join(path, "missing"), 0), true);
  assert.equal(
    withLockFile(join(path, "missing"), (fd) => fd),
    undefined,
  );
  assert.equal(
    withLockFile(undefined, (fd) => fd),
    undefined,
  );
  assert.equal(typeof withLockFile(path, (fd) => fd), "number");
});

test("an engine that is there is waited for; one that hangs is given up", async (context) => {
  const { path } = makeFolder(context);
  const engine = lockFile(join(path, "engine.lock"));
  assert.ok(engine.kind === "locked");
  assert.equal(await untilEngineGone(path, 0), false);
  const gone = untilEngineGone(path, 60_000);
  engine.release();
  assert.equal(await gone, true);
});

const LOCKS = `1: POSIX  ADVISORY  WRITE 300 00:19:77 0 EOF
2: FLOCK  ADVISORY  WRITE 0 00:19:78 0 EOF
3: FLOCK  ADVISORY  WRITE 301 00:19:77 0 EOF
3: -> FLOCK  ADVISORY  WRITE 302 00:19:79 0 EOF
`;

test("the holder of a lock is read from /proc/locks", () => {
  assert.equal(lockHolder(LOCKS, "00:19", 77), 301);
  // Of another process namespace; waits only; nobody.
  for (const inode of [78, 79, 7]) assert.equal(lockHolder(LOCKS, "00:19", inode), undefined);
  // Another file system with the same inode number: the device decides, and without it nothing
  // does.
  const more = `${LOCKS}4: FLOCK  ADVISORY  WRITE 303 00:2a:77 0 EOF\n`;
  assert.equal(lockHolder(more, "00:19", 77), 301);
  assert.equal(lockHolder(more, "00:2a", 77), 303);
  assert.equal(lockHolder(more, "00:77", 77), undefined);
  assert.equal(lockHolder(LOCKS, "00:77", 77), 301);
});

/** Holds the lock under a name of its own until its standard input ends. */
async function hold(context: TestContext, file: string, comm: string): Promise<ChildProcess> {
  const body = `printf ${comm} >/proc/$$/comm; echo ready; read line`;
  const child = spawn("flock", ["--no-fork", file, "sh", "-c", body], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  context.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

test("an engine that hangs is killed, and nobody else who has the lock", async (context) => {
  const { path } = makeFolder(context);
  assert.equal(killEngine(path), undefined);
  const file = join(path, "engine.lock");
  const other = await hold(context, file, "release");
  assert.equal(killEngine(path), undefined);
  other.stdin?.end();
  assert.equal(await untilEngineGone(path, 60_000), true);

  const engine = await hold(context, file, "baton-engine");
  const ended = once(engine, "exit");
  assert.equal(killEngine(path), engine.pid);
  assert.deepEqual(await ended, [null, "SIGKILL"]);
  assert.equal(await untilEngineGone(path, 60_000), true);
});
