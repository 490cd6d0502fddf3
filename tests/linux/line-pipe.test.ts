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
import { O_NONBLOCK } from "#linux/abi";
import { openPipe } from "#linux/descriptors";
import * as libc from "#linux/ffi";
import { LinePipe } from "#linux/line-pipe";
import { must } from "#linux/result";

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

test("lines that wait, again and again, take room once, and its pages are given back", () => {
  const pipe = must(openPipe(O_NONBLOCK));
  const lines = new LinePipe(pipe.write);
  const part = Buffer.alloc(65_536);
  const taken: string[] = [];
  const take = (): void => {
    for (let length = 1; length > 0; lines.flush()) {
      length = Number(libc.read(pipe.read, part, part.length));
      if (length > 0) taken.push(part.toString("utf8", 0, length));
    }
  };
  const burst = (from: number): void => {
    for (let line = from; line < from + 2_000; line++)
      lines.write({ line, text: `é${"x".repeat(300)}` }, false);
    assert.ok(lines.waiting, "more than a pipe holds");
    take();
    assert.ok(!lines.waiting);
  };
  burst(0);
  const { arrayBuffers } = process.memoryUsage();
  for (let count = 1; count <= 20; count++) {
    if (count % 5 === 0) lines.release();
    burst(count * 2_000);
  }
  const grown = process.memoryUsage().arrayBuffers - arrayBuffers;
  assert.ok(grown < 1_048_576, `${grown} bytes more outside of the heap`);
  const found = taken.join("").trimEnd().split("\n");
  assert.deepEqual(
    found.map((line) => (JSON.parse(line) as { line: number }).line),
    Array.from({ length: 21 * 2_000 }, (_, line) => line),
  );
  libc.close(pipe.read);
  libc.close(pipe.write);
});

test("nobody is waited for who is gone", async () => {
  const { child, ended, pipe } = start(5_000);
  assert.ok(child.stdout);
  await once(child.stdout, "data");
  pipe.destroy();
  assert.equal(await ended, 0);
});
