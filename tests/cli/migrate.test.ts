/** `baton migrate` without a machine to migrate: its line, its journal, and what is not root's. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { command } from "#cli/migrate";
import { readJournal, takeStateDir, writeJournal } from "#cli/migrate-journal";
import { keepalivedProcesses, openProgram } from "#cli/migrate-system";
import { marked } from "#migrate/journal";
import { BEFORE, journalOf } from "../migrate/machine.ts";
import { makeFolder, until } from "../support/daemon-bench.ts";

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

test("the journal of a great many addresses is read again", (context) => {
  const folder = stateDir(context);
  const addresses = Array.from(
    { length: 200_000 },
    (_, index) => `10.1.${index >> 8}.${index & 255}`,
  );
  const journal = { ...journalOf(BEFORE), addresses };
  assert.equal(writeJournal(folder, journal), undefined);
  const read = readJournal(folder, "en");
  assert.equal(read.kind === "journal" && read.journal.addresses.length, addresses.length);
  const tooMany = { ...journal, startedAt: "x".repeat(64 * 1_048_576) };
  assert.match(writeJournal(folder, tooMany) ?? "", /journal\.json: EFBIG$/);
  assert.equal(readJournal(folder, "en").kind, "journal", "the earlier one is still there");
});

test("something else in the journal's place is not the same as none", { skip }, async (context) => {
  const folder = stateDir(context);
  symlinkSync("/dev/null", join(folder, "journal.json"));
  const { exit, error } = await run("--undo", "--state-dir", folder);
  assert.equal(exit, 1);
  assert.match(error, /journal\.json .*not an ordinary file/);
});

test("nobody but root is taken for keepalived, and no program of others is run", {
  skip,
}, async (context) => {
  const folder = makeFolder(context);
  const program = join(folder.path, "keepalived");
  // A copy: the kernel names the process after it.
  copyFileSync("/bin/sleep", program);
  const start = async (uid: number): Promise<number> => {
    const child = spawn(program, ["60"], { uid, stdio: "ignore" });
    context.after(() => child.kill("SIGKILL"));
    const { pid } = child;
    assert.ok(pid !== undefined);
    await until("it runs", () => readFileSync(`/proc/${pid}/comm`, "utf8") === "keepalived\n");
    return pid;
  };
  const others = await start(65_534);
  const roots = await start(0);
  assert.ok(keepalivedProcesses().includes(roots));
  assert.ok(!keepalivedProcesses().includes(others));
  for (const [uid, mode, isFine] of [
    [0, 0o755, true],
    [65_534, 0o755, false],
    [0, 0o775, false],
    [0, 0o757, false],
  ] as const) {
    chownSync(program, uid, 0);
    chmodSync(program, mode);
    const fd = openProgram(roots);
    assert.equal(fd !== undefined, isFine, `${uid} ${mode.toString(8)}`);
    if (fd !== undefined) closeSync(fd);
  }
  assert.equal(openProgram(2 ** 30), undefined);
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
