/** Where what a daemon kept is looked for. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stateDirToRead } from "#cli/state-dir";
import { makeFolder } from "../support/daemon-bench.ts";

test("without options the usual folder, or that of a daemon with the usual --runtime-dir", (context) => {
  const folder = makeFolder(context).path;
  const usual = { state: join(folder, "lib"), runtime: join(folder, "run") };
  const read = (given: { stateDir?: string; runtimeDir?: string } = {}): string =>
    stateDirToRead(given, "file", usual);
  assert.equal(read(), usual.state, "neither has one: the usual one is named");
  const inRuntime = join(usual.runtime, "state");
  mkdirSync(inRuntime, { recursive: true });
  writeFileSync(join(inRuntime, "file"), "");
  assert.equal(read(), inRuntime);
  assert.equal(read({ stateDir: "/a" }), "/a", "what is given counts");
  assert.equal(read({ runtimeDir: "/b" }), "/b/state");
  mkdirSync(usual.state);
  writeFileSync(join(usual.state, "file"), "");
  assert.equal(read(), usual.state, "the machine's own daemon first");
});
