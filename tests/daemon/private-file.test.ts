/** Files that decide who may do what: whoever could replace or read them is found. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { privateFileSentence, readPrivateFile } from "#daemon/private-file";
import { makeFolder } from "../support/daemon-bench.ts";

const kindOf = (path: string, mode: "secret" | "public" = "secret"): string => {
  const read = readPrivateFile(path, mode);
  return read.kind === "text" ? `text: ${read.text}` : read.problem.kind;
};

test("a file of ours that nobody else can read or change", (context) => {
  const { path } = makeFolder(context);
  const file = join(path, "file");
  assert.equal(kindOf(file), "failed");
  writeFileSync(file, "text");
  for (const [mode, secret, open] of [
    [0o600, "text: text", "text: text"],
    [0o400, "text: text", "text: text"],
    [0o640, "readable-by-others", "text: text"],
    [0o604, "readable-by-others", "text: text"],
    [0o620, "writable-by-others", "writable-by-others"],
    [0o602, "writable-by-others", "writable-by-others"],
  ] as const) {
    chmodSync(file, mode);
    assert.equal(kindOf(file, "secret"), secret, mode.toString(8));
    assert.equal(kindOf(file, "public"), open, mode.toString(8));
  }
});

test("everything on the way: folders, links, and what they lead to", (context) => {
  const { path } = makeFolder(context);
  const open = join(path, "open");
  mkdirSync(open);
  writeFileSync(join(open, "file"), "text", { mode: 0o600 });
  assert.equal(kindOf(join(open, "file")), "text: text");
  symlinkSync(join(open, "file"), join(path, "link"));
  assert.equal(kindOf(join(path, "link")), "text: text");
  chmodSync(open, 0o777);
  assert.equal(kindOf(join(open, "file")), "writable-by-others");
  assert.equal(kindOf(join(path, "link")), "writable-by-others");
  symlinkSync("loop", join(path, "loop"));
  assert.equal(kindOf(join(path, "loop")), "failed");
  symlinkSync("nothing", join(path, "nowhere"));
  assert.equal(kindOf(join(path, "nowhere")), "failed");
});

const isRoot = process.getuid?.() === 0;
test("a file of another user", { skip: !isRoot && "only root can give one away" }, (context) => {
  const { path } = makeFolder(context);
  const file = join(path, "file");
  writeFileSync(file, "text", { mode: 0o600 });
  chownSync(file, 12_345, 0);
  assert.equal(kindOf(file), "owned-by-another");
});

test("what is no file, and what is too long", (context) => {
  const { path } = makeFolder(context);
  assert.equal(kindOf(path), "not-a-file");
  const file = join(path, "long");
  writeFileSync(file, "", { mode: 0o600 });
  truncateSync(file, 2_000_000);
  assert.equal(kindOf(file), "too-large");
});

test("each problem is a sentence in both languages that names the file", (context) => {
  const { path } = makeFolder(context);
  const file = join(path, "file");
  writeFileSync(file, "", { mode: 0o644 });
  chmodSync(file, 0o644);
  for (const one of [path, file, join(path, "none")]) {
    const read = readPrivateFile(one, "secret");
    assert.ok(read.kind === "refused");
    for (const language of ["en", "zh-CN"] as const)
      assert.ok(privateFileSentence(read.problem, language).includes(one));
  }
});
