/**
 * The engine's end of the pipe to its supervisor: what was written before the end arrives, however
 * late it is read.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../support/last-lines.ts", import.meta.url));

function start(count: number) {
  const child = spawn(process.execPath, [PROGRAM, String(count)], {
    stdio: ["ignore", "pipe", "inherit", "pipe"],
  });
  const ended = once(child, "exit").then(([code]) => code as unknown);
  return { child, ended, pipe: child.stdio[3] as Duplex };
}

for (const count of [1, 250, 5_000]) {
  test(`${count} lines and the end: a reader that comes late gets every one`, async () => {
    const { child, ended, pipe } = start(count);
    assert.ok(child.stdout);
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    // 5,000 are a megabyte, more than any socket of ours holds.
    if (count === 5_000) assert.equal(String(said), "some wait");
    const lines = (await text(pipe)).trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { line: number }).line),
      Array.from({ length: count }, (_, line) => line),
    );
    assert.equal(await ended, 0);
  });
}

test("nobody is waited for who is gone", async () => {
  const { child, ended, pipe } = start(5_000);
  assert.ok(child.stdout);
  await once(child.stdout, "data");
  pipe.destroy();
  assert.equal(await ended, 0);
});
