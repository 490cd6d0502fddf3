import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { RunningGroups, startTimeOf } from "#daemon/running-groups";
import { removePid, takeRuntimeDir, takeStateDir, writePid } from "#daemon/runtime-dir";
import { folderSentence } from "#daemon/start-problem";
import * as libc from "#linux/ffi";
import { isAlive, makeFolder, until } from "../support/daemon-bench.ts";

test("a state directory has one daemon, and one that cannot be locked any", async (context) => {
  const { path } = makeFolder(context);
  const state = join(path, "state");
  const first = takeStateDir(state);
  assert.equal(first.kind, "ours");
  assert.equal(takeStateDir(state).kind, "taken");
  if (first.kind === "ours") first.release();
  const next = takeStateDir(state);
  assert.equal(next.kind, "ours");
  if (next.kind === "ours") next.release();
  chmodSync(state, 0o777);
  assert.equal(takeStateDir(state).kind, "ours", "what is kept there is refused elsewhere");
  await Promise.resolve();
});

test("a second daemon learns who has the directory, and gets it when that one is killed", async (context) => {
  const { path } = makeFolder(context);
  const folder = join(path, "run", "baton");
  const ready = join(path, "ready");
  const module = fileURLToPath(new URL("../../src/daemon/runtime-dir.ts", import.meta.url));
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
  assert.deepEqual(takeRuntimeDir(join(file, "run")), {
    kind: "unsafe",
    problem: { kind: "not-a-folder", path: file },
  });
});

test("a directory that others could change is refused, whatever is wrong with it", (context) => {
  const { path } = makeFolder(context);
  const refusals: string[] = [];
  const look = (name: string): void => {
    const folder = join(path, name);
    const taken = takeRuntimeDir(folder);
    if (taken.kind === "ours") taken.dir.release();
    const sentence =
      taken.kind === "unsafe" ? folderSentence(folder, taken.problem, "en") : taken.kind;
    refusals.push(sentence.replaceAll(path, "").split(": ")[1]?.split(",")[0] ?? sentence);
    if (taken.kind === "unsafe")
      assert.match(folderSentence(folder, taken.problem, "zh-CN"), /不使用 .* 作为运行目录/);
  };
  mkdirSync(join(path, "open"));
  chmodSync(join(path, "open"), 0o1777);
  look("open");
  chmodSync(join(path, "open"), 0o775);
  look("open");
  look("open/below");
  chmodSync(join(path, "open"), 0o1777);
  look("open/below");
  symlinkSync(join(path, "open"), join(path, "link"));
  look("link");
  look("link/below");
  writeFileSync(join(path, "file"), "");
  look("file");
  mkdirSync(join(path, "fine", "scripts"), { recursive: true });
  chmodSync(join(path, "fine", "scripts"), 0o777);
  look("fine");
  chmodSync(join(path, "fine", "scripts"), 0o700);
  look("fine");
  assert.deepEqual(refusals, [
    "/open can be written by others (mode 1777)",
    "/open can be written by others (mode 0775)",
    "/open can be written by others (mode 0775)",
    "ours",
    "/link is a symbolic link",
    "ours",
    "/file is no directory",
    "/fine/scripts can be written by others (mode 0777)",
    "ours",
  ]);
});

test("a directory of another user's is refused", { skip: process.getuid?.() !== 0 }, (context) => {
  const { path } = makeFolder(context);
  const folder = join(path, "theirs");
  mkdirSync(folder);
  chownSync(folder, 65_534, 65_534);
  const taken = takeRuntimeDir(folder);
  assert.equal(taken.kind === "unsafe" && taken.problem.kind, "owned-by-another");
  // Of a folder on the way too: its owner could exchange what is below.
  const below = takeRuntimeDir(join(folder, "below"));
  assert.equal(below.kind === "unsafe" && below.problem.kind, "owned-by-another");
});

test("nothing is written through a link, into a pipe or over a device", (context) => {
  const { path } = makeFolder(context);
  const target = join(path, "precious");
  writeFileSync(target, "precious");
  const link = join(path, "link");
  symlinkSync(target, link);
  assert.equal(writePid(link, 1), "ELOOP");
  const pipe = join(path, "pipe");
  assert.equal(libc.mkfifo(pipe, 0o600), 0);
  assert.equal(writePid(pipe, 1), "EEXIST");
  assert.equal(writePid("/dev/null", 1), "EEXIST");
  // Neither does reading wait for a writer.
  removePid(pipe, 1);
  assert.equal(readFileSync(target, "utf8"), "precious");
  // A hard link is replaced, not written through.
  const hard = join(path, "hard");
  linkSync(target, hard);
  assert.equal(writePid(hard, 7), undefined);
  assert.deepEqual([readFileSync(target, "utf8"), readFileSync(hard, "utf8")], ["precious", "7\n"]);
  assert.deepEqual(readdirSync(path).toSorted(), ["hard", "link", "pipe", "precious"]);
});

test("only records of our own, of this boot, have a process group ended", async (context) => {
  const { path } = makeFolder(context);
  const victim = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
  context.after(() => victim.kill("SIGKILL"));
  const pid = victim.pid ?? 0;
  const record = join(path, String(pid));
  await until("it runs", () => startTimeOf(pid) !== undefined);
  for (const text of [`${startTimeOf(pid)} x\n`, `another-boot ${startTimeOf(pid)} x\n`]) {
    writeFileSync(record, text);
    assert.deepEqual(new RunningGroups(path).endLeftovers("SIGKILL"), [], text);
  }
  new RunningGroups(path).add(pid, ["sleep"]);
  const elsewhere = join(path, "elsewhere");
  renameSync(record, elsewhere);
  symlinkSync(elsewhere, record);
  assert.deepEqual(new RunningGroups(path).endLeftovers("SIGKILL"), [], "through a link");
  new RunningGroups(path).add(pid, ["sleep"]);
  chmodSync(path, 0o777);
  assert.deepEqual(
    new RunningGroups(path).endLeftovers("SIGKILL"),
    [],
    "in a folder of everybody's",
  );
  chmodSync(path, 0o755);
  assert.ok(isAlive(pid));
  renameSync(elsewhere, record);
  assert.deepEqual(new RunningGroups(path).endLeftovers("SIGKILL"), ["sleep"]);
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
