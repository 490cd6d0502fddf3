import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { doLocked } from "#linux/lock-file";

test("work under a lock waits for the other process that has it", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "baton-lock-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const [file, mark] = [join(folder, "file"), join(folder, "mark")];
  writeFileSync(file, "");
  // It goes on as soon as its first line is read, and the mark is its last act under the lock.
  const line = `echo locked; read go; sleep 0.1; touch ${mark}`;
  const other = spawn("flock", [file, "sh", "-c", line], { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise((resolve) => other.stdout.once("data", resolve));
  await new Promise((resolve) => other.stdin.write("go\n", resolve));
  let isLast = false;
  doLocked(file, () => {
    isLast = existsSync(mark);
  });
  assert.ok(isLast);
  await new Promise((resolve) => other.once("close", resolve));
  // And it is free again, also after work that failed.
  assert.throws(() => {
    doLocked("/proc/self/ns/mnt", () => {
      throw new Error("it failed");
    });
  }, /it failed/);
  doLocked("/proc/self/ns/mnt", () => undefined);
});
