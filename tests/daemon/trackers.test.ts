import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { daemonMessages } from "#daemon/messages";
import { readTracked, TrackFiles } from "#daemon/track-files";
import { TrackProcesses } from "#daemon/track-processes";
import type { FileTrackerPlan, ProcessTrackerPlan } from "#keepalived/plan/run-plan";
import * as libc from "#linux/ffi";
import { micros } from "#units/time";
import { keepLog, makeFolder, until } from "../support/daemon-bench.ts";

const filePlan = (file: string, changes: Partial<FileTrackerPlan> = {}): FileTrackerPlan => ({
  name: "f",
  file,
  initValue: undefined,
  initOverwrite: false,
  ...changes,
});

test("what is not a number is 0, whatever it is", (context) => {
  const { path } = makeFolder(context);
  const file = join(path, "value");
  const read = (text: string): unknown => {
    writeFileSync(file, text);
    return readTracked(file);
  };
  assert.deepEqual(
    ["12\n", "-7", " +3 \n", "", "x", "1x", "0x10", "1.5"].map(read),
    [12, -7, 3, 0, 0, 0, 0, 0],
  );
  assert.equal(read("9".repeat(1_000_000)), 0);
  assert.equal(readTracked(join(path, "missing")), 0);
  assert.equal(readTracked(path), 0);
  const pipe = join(path, "pipe");
  assert.equal(libc.mkfifo(pipe, 0o600), 0);
  assert.equal(readTracked(pipe), 0, "and does not wait for a writer");
});

test("a file is reported when it changes, is replaced, goes and comes back", async (context) => {
  const { path } = makeFolder(context);
  const reported: number[] = [];
  const files = new TrackFiles(keepLog().log, daemonMessages("en"), ({ result }) =>
    reported.push(Number(result)),
  );
  context.after(() => files.stop());
  const folder = join(path, "later");
  const file = join(folder, "value");
  files.configure([filePlan(file)]);
  assert.deepEqual(files.results(), [{ kind: "file", name: "f", result: 0 }]);
  mkdirSync(folder);
  writeFileSync(file, "5\n");
  await until("5", () => reported.at(-1) === 5);
  writeFileSync(`${file}.new`, "-20");
  renameSync(`${file}.new`, file);
  await until("-20", () => reported.at(-1) === -20);
  rmSync(file);
  await until("gone", () => reported.at(-1) === 0);
});

test("init_file makes the file at the start, and only overwrites when asked to", (context) => {
  const { path } = makeFolder(context);
  const file = join(path, "value");
  const { log } = keepLog();
  const start = (changes: Partial<FileTrackerPlan>): unknown => {
    const files = new TrackFiles(log, daemonMessages("en"), () => undefined);
    files.configure([filePlan(file, changes)]);
    files.stop();
    return files.results()[0]?.result;
  };
  assert.equal(start({ initValue: 3 }), 3);
  assert.equal(start({ initValue: 4 }), 3);
  assert.equal(start({ initValue: 4, initOverwrite: true }), 4);
  assert.equal(readFileSync(file, "utf8"), "4\n");
});

test("processes are counted as they come and go, zombies not", async (context) => {
  const reported: string[] = [];
  const processes = new TrackProcesses(keepLog().log, daemonMessages("en"), ({ result }) =>
    reported.push(String(result)),
  );
  context.after(() => processes.stop());
  const marker = String(100_000 + (process.pid % 100_000));
  const plan: ProcessTrackerPlan = {
    name: "p",
    argv: ["sleep", marker],
    paramMatch: "exact",
    fullCommand: true,
    quorum: 1,
    quorumMax: undefined,
    forkDelay: micros(0),
    terminateDelay: micros(0),
  };
  processes.configure([plan]);
  assert.deepEqual(reported, ["down"]);
  // Its parent never reaps it: dead, it stays in /proc as a zombie.
  const parent = spawn("sh", ["-c", `sleep ${marker} & echo $!; exec sleep 1000`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  context.after(() => parent.kill("SIGKILL"));
  let pid = 0;
  parent.stdout.on("data", (chunk: Buffer) => {
    pid = Number(chunk.toString());
  });
  await until("up", () => reported.at(-1) === "up");
  process.kill(pid, "SIGKILL");
  await until("down", () => reported.at(-1) === "down");
  assert.deepEqual(reported, ["down", "up", "down"]);
});
