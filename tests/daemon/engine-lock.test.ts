/** Who cleans up behind a daemon waits for an engine that is alive, and not for ever. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { lockFile } from "#linux/lock-file";
import { untilEngineGone, withLockFile } from "../../apps/daemon/engine-lock.ts";
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
