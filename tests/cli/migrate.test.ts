/** `baton migrate` without a machine to migrate: its line, its journal, and what is not root's. */
import assert from "node:assert/strict";
import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { command } from "#cli/migrate";
import { readJournal, takeStateDir, writeJournal } from "#cli/migrate-journal";
import { marked } from "#migrate/journal";
import { BEFORE, journalOf } from "../migrate/machine.ts";
import { makeFolder } from "../support/daemon-bench.ts";

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly error: string;
}

async function run(...args: readonly string[]): Promise<Ran> {
  let [out, error] = ["", ""];
  const exit = await command(args, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (error += text),
    env: {},
    isTty: false,
  });
  return { exit, out, error };
}

const skip = process.geteuid?.() === 0 ? false : "needs root";

/** A folder that was used before: its lock is free. */
function stateDir(context: TestContext): string {
  const folder = join(makeFolder(context).path, "state");
  const taken = takeStateDir(folder, "en");
  assert.equal(taken.kind, "locked");
  if (taken.kind === "locked") taken.release();
  return folder;
}

test("--apply and --undo together are a mistake, and so is an unknown thing to accept", async () => {
  const both = await run("--apply", "--undo");
  assert.equal(both.exit, 2);
  assert.match(both.error, /opposites/);
  const unknown = await run("--accept", "everything");
  assert.equal(unknown.exit, 2);
  assert.match(unknown.error, /owner, unheard, stopped-along/);
});

test("without a journal there is nothing to undo", { skip }, async (context) => {
  const folder = stateDir(context);
  const undone = await run("--undo", "--state-dir", folder);
  assert.equal(undone.exit, 0);
  assert.match(undone.out, /nothing to undo/);
  const json = await run("--undo", "--json", "--state-dir", folder);
  assert.deepEqual(JSON.parse(json.out), { phase: "none" });
  assert.match((await run("--undo", "--lang", "zh", "--state-dir", folder)).out, /没有迁移记录/);
});

test("a journal is read as it was written, and is root's alone", (context) => {
  const folder = stateDir(context);
  for (const dropIn of [undefined, "[Unit]\nAfter=中文.service\n"]) {
    const journal = marked(journalOf({ ...BEFORE, dropIn }), "carry-over", "begun");
    assert.equal(writeJournal(folder, journal), undefined);
    const read = readJournal(folder, "en");
    assert.equal(read.kind, "journal");
    if (read.kind !== "journal") continue;
    assert.equal(JSON.stringify(read.journal), JSON.stringify(journal));
    assert.equal(read.journal.before.dropIn, dropIn);
  }
  assert.equal(statSync(join(folder, "journal.json")).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

test("a journal that is applied is said to be, without looking at the machine", async (context) => {
  const folder = stateDir(context);
  let journal = journalOf(BEFORE);
  for (const step of ["carry-over", "enable-baton", "disable-keepalived"] as const)
    journal = marked(journal, step, "done");
  writeJournal(folder, marked(journal, "stop-keepalived", "begun"));
  const half = await run("--state-dir", folder);
  assert.equal(half.exit, 0);
  assert.match(half.out, /was not finished/);
  assert.match(half.out, /4\. \[begun\] stop keepalived/);
  const json = JSON.parse((await run("--json", "--state-dir", folder)).out) as {
    phase: string;
    steps: { progress: string }[];
  };
  assert.equal(json.phase, "applying");
  assert.deepEqual(
    json.steps.map(({ progress }) => progress),
    ["done", "done", "done", "begun", "open"],
  );
});

test("what is no journal is said with its place, and nothing is touched", {
  skip,
}, async (context) => {
  const folder = stateDir(context);
  const path = join(folder, "journal.json");
  const whole = JSON.stringify(journalOf(BEFORE));
  const broken = [
    "",
    "{",
    "[]",
    whole.slice(0, -20),
    whole.replace('"apply"', '"sideways"'),
    whole.replace('"version":1', '"version":2'),
    "x".repeat(2_000_000),
  ];
  for (const text of broken) {
    writeFileSync(path, text);
    for (const asked of ["--apply", "--undo"]) {
      const { exit, error } = await run(asked, "--state-dir", folder);
      assert.equal(exit, 1);
      assert.ok(error.includes(path), error);
    }
    assert.equal(readFileSync(path, "utf8"), text);
  }
});

test("one at a time, in a folder that nobody else can change", { skip }, async (context) => {
  const folder = stateDir(context);
  const first = takeStateDir(folder, "en");
  assert.equal(first.kind, "locked");
  const second = await run("--undo", "--state-dir", folder);
  assert.equal(second.exit, 1);
  assert.match(second.error, /another `baton migrate` is at work/);
  if (first.kind === "locked") first.release();
  assert.equal((await run("--undo", "--state-dir", folder)).exit, 0);
  chmodSync(folder, 0o777);
  assert.match((await run("--undo", "--state-dir", folder)).error, /can be written by others/);
  chmodSync(folder, 0o700);
  const link = `${folder}-link`;
  symlinkSync(folder, link);
  assert.match((await run("--undo", "--state-dir", link)).error, /symbolic link/);
});
