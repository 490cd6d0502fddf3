import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { removePid, takeRuntimeDir, writePid } from "../../apps/daemon/runtime-dir.ts";
import { makeFolder, until } from "../support/daemon-bench.ts";

test("a second daemon is told who has the directory, and gets it when that one is killed", async (context) => {
  const { path } = makeFolder(context);
  const folder = join(path, "run", "baton");
  const ready = join(path, "ready");
  const module = fileURLToPath(new URL("../../apps/daemon/runtime-dir.ts", import.meta.url));
  const program = `
    import { takeRuntimeDir, writePid } from ${JSON.stringify(module)};
    import { writeFileSync } from "node:fs";
    const taken = takeRuntimeDir(${JSON.stringify(folder)});
    writePid(taken.dir.pidFile, process.pid);
    writeFileSync(${JSON.stringify(ready)}, taken.kind);
    setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: "inherit",
  });
  context.after(() => other.kill("SIGKILL"));
  await until("it runs", () => existsSync(ready) && readFileSync(ready, "utf8") === "ours");
  assert.deepEqual(takeRuntimeDir(folder), { kind: "taken", pid: other.pid });
  other.kill("SIGKILL");
  await once(other, "exit");
  const ours = takeRuntimeDir(folder);
  assert.equal(ours.kind, "ours");
  if (ours.kind === "ours") ours.dir.release();
});

test("a directory that cannot be made is a failure with its reason", (context) => {
  const { path } = makeFolder(context);
  const file = join(path, "file");
  writeFileSync(file, "");
  assert.deepEqual(takeRuntimeDir(join(file, "run")), { kind: "failed", why: "mkdir: ENOTDIR" });
});

test("a PID file that has become another daemon's is left alone", (context) => {
  const { path } = makeFolder(context);
  const file = join(path, "pid");
  assert.equal(writePid(file, 10), undefined);
  removePid(file, 11);
  assert.equal(readFileSync(file, "utf8"), "10\n");
  removePid(file, 10);
  assert.ok(!existsSync(file));
  assert.equal(writePid(join(path, "no", "pid"), 1), "ENOENT");
});
