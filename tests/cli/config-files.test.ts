/** Whatever has the name of a configuration is read within bounds of time and memory. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { includeLoader, loadFile } from "#cli/config-files";
import * as libc from "#linux/ffi";
import { makeFolder } from "../support/daemon-bench.ts";

const said = (path: string): readonly unknown[] =>
  loadFile(path).findings.map(({ code, facts }) => [code, (facts as { error?: string }).error]);

test("a pipe that nobody writes, a device without end and a loop of links are findings", (context) => {
  const { path } = makeFolder(context);
  const pipe = join(path, "pipe");
  assert.equal(libc.mkfifo(pipe, 0o600), 0);
  assert.deepEqual(said(pipe), [["VR5004", "not-regular"]]);
  assert.deepEqual(said("/dev/null"), [["VR5004", "not-regular"]]);
  assert.deepEqual(said("/dev/zero"), [["VR5004", "not-regular"]]);
  const loop = join(path, "loop");
  symlinkSync(loop, loop);
  assert.deepEqual(said(loop), [["VR5004", "ELOOP"]]);
  writeFileSync(join(path, "empty"), "");
  assert.deepEqual(said(join(path, "empty")), [], "an empty file is a file");
});

test("an include opens files only", (context) => {
  const { path } = makeFolder(context);
  const pipe = join(path, "b.conf");
  assert.equal(libc.mkfifo(pipe, 0o600), 0);
  symlinkSync("/dev/zero", join(path, "c.conf"));
  writeFileSync(join(path, "a.conf"), "# fine\n");
  const { files, skipped } = includeLoader("*.conf", join(path, "main"));
  assert.deepEqual(
    [files.map(({ text }) => text), skipped.map(({ why }) => why)],
    [["# fine\n"], ["not-regular", "not-regular"]],
  );
});

test("what is piped in is read to its end, also from a slow writer", (context) => {
  const file = join(makeFolder(context).path, "a.conf");
  const baton = fileURLToPath(new URL("../../bin/baton", import.meta.url));
  writeFileSync(file, `# ${"x".repeat(300_000)}\nno_such_word\n`);
  const shell = `(sleep 0.1; cat "$0") | "$1" check /dev/stdin`;
  const ran = spawnSync("/bin/sh", ["-c", shell, file, baton], { encoding: "utf8" });
  assert.match(`${ran.stdout}${ran.stderr}`, /no_such_word/);
});
