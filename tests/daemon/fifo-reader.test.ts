/** `notify_fifo_script`: started with the pipe, again after a crash, and gone with the daemon. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { NotifyFifo } from "#daemon/fifo";
import { FifoReader, type ReaderTimes } from "#daemon/fifo-reader";
import { daemonMessages } from "#daemon/messages";
import { OutputLines } from "#daemon/output-lines";
import { type Folder, keepLog, makeFolder, makeLauncher, until } from "../support/daemon-bench.ts";

const QUICK: ReaderTimes = { again: 20, againMax: 80, steady: 60_000, endWithin: 300 };
const messages = daemonMessages("en");

interface Bench {
  readonly folder: Folder;
  readonly lines: readonly string[];
  readonly fifo: NotifyFifo;
  readonly reader: FifoReader;
  /** Whole lines: the file is there before its first line is. */
  noted(): readonly string[];
}

function bench(context: TestContext, body: string, times: ReaderTimes = QUICK): Bench {
  const folder = makeFolder(context);
  const { log, lines } = keepLog();
  const notes = join(folder.path, "notes");
  const script = folder.script("reader.sh", body.replaceAll("NOTES", notes));
  const path = join(folder.path, "fifo");
  const fifo = new NotifyFifo({ path, owner: undefined }, log, messages);
  const command = { argv: [script, "--first"], user: undefined, timeout: undefined };
  const reader = new FifoReader({
    word: "notify_fifo_script",
    command,
    path,
    launcher: makeLauncher(log),
    log,
    messages,
    times,
  });
  return {
    folder,
    lines,
    fifo,
    reader,
    noted: () => (existsSync(notes) ? readFileSync(notes, "utf8").split("\n").slice(0, -1) : []),
  };
}

test("it gets the pipe's name as its last argument, reads the lines, and goes when the pipe does", async (context) => {
  const made = bench(
    context,
    'echo "$@" >>NOTES\nwhile read -r line; do echo "$line" >>NOTES; done <"$2"',
  );
  made.fifo.write('INSTANCE "VI_1" BACKUP 100\n');
  await until("the line is read", () => made.noted().length === 2);
  made.fifo.write('INSTANCE "VI_1" STOP 100\n');
  made.fifo.close();
  await made.reader.stop(true);
  assert.deepEqual(made.noted(), [
    `--first ${made.folder.path}/fifo`,
    'INSTANCE "VI_1" BACKUP 100',
    'INSTANCE "VI_1" STOP 100',
  ]);
  assert.deepEqual(made.lines, []);
});

test("after a crash it is started again, each time after a longer wait, and what it forked is gone", async (context) => {
  const made = bench(context, "echo $$ >>NOTES\nsleep 100 &\necho $! >>NOTES\nexit 3");
  await until("four starts", () => made.noted().length >= 8);
  await made.reader.stop(false);
  const waits = made.lines
    .filter((line) => line.includes("notify_fifo_script: ended (exit 3)"))
    .map((line) => /started again in (\S+) s/.exec(line)?.[1]);
  assert.deepEqual(waits.slice(0, 4), ["0.02", "0.04", "0.08", "0.08"].slice(0, waits.length));
  assert.ok(waits.length >= 3);
  const pids = made.noted();
  await until("nothing of it is left", () => pids.every((pid) => !existsSync(`/proc/${pid}`)));
});

test("it has a process group of its own, and a reader that ignores SIGTERM is killed", async (context) => {
  const made = bench(context, "trap '' TERM\necho $$ >>NOTES\nwhile :; do sleep 0.1; done");
  await until("it runs", () => made.noted().length === 1);
  const pid = made.noted()[0] ?? "";
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const group = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2];
  assert.notEqual(group, String(process.pid));
  await made.reader.stop(false);
  await until("it is gone", () => !existsSync(`/proc/${pid}`));
});

test("who ends by himself is not started again", async (context) => {
  const made = bench(context, "echo once >>NOTES");
  await until("it has ended", () => made.lines.some((line) => line.includes("ended by itself")));
  await made.reader.stop(false);
  assert.deepEqual(made.noted(), ["once"]);
});

test("its output is in the log, line by line", async (context) => {
  const made = bench(context, "echo one\necho two >&2\nprintf three");
  await until("three lines", () => made.lines.some((line) => line.endsWith("three")));
  const emitted = made.lines.filter((line) => /: (one|two|three)$/.test(line));
  assert.equal(emitted.length, 3);
  await made.reader.stop(false);
});

test("a program that is not there is said to be so, and tried again", async (context) => {
  const folder = makeFolder(context);
  const { log, lines } = keepLog();
  const command = { argv: [join(folder.path, "nothing")], user: undefined, timeout: undefined };
  const path = join(folder.path, "fifo");
  const launcher = makeLauncher(log);
  const reader = new FifoReader({
    word: "w",
    command,
    path,
    launcher,
    log,
    messages,
    times: QUICK,
  });
  await until(
    "two tries",
    () => lines.filter((line) => line.includes("started again")).length >= 2,
  );
  assert.match(lines[0] ?? "", /nothing/);
  await reader.stop(false);
});

test("a reload with the same pipe and command goes on, with another it does not", async (context) => {
  const made = bench(context, "sleep 100");
  const path = join(made.folder.path, "fifo");
  const command = {
    argv: [join(made.folder.path, "reader.sh"), "--first"],
    user: undefined,
    timeout: undefined,
  };
  assert.ok(made.reader.isFor(path, command));
  assert.ok(!made.reader.isFor(`${path}2`, command));
  assert.ok(!made.reader.isFor(path, { ...command, argv: ["/other"] }));
  await made.reader.stop(false);
});

test("lines of output: cut when long, counted when many, whole over chunks", () => {
  const emitted: string[] = [];
  const lost: number[] = [];
  const lines = new OutputLines(
    (line) => emitted.push(line),
    (count) => lost.push(count),
  );
  const bytes = new TextEncoder().encode("高可用\n");
  lines.add(bytes.subarray(0, 4));
  lines.add(bytes.subarray(4));
  lines.add(new TextEncoder().encode(`${"x".repeat(5_000)}\n\n\u001b[2Jred\n`));
  assert.deepEqual(
    emitted.map((line) => line.slice(0, 5)),
    ["高可用", "xxxxx", "[2Jre"],
  );
  assert.equal(emitted[1]?.length, 1_000);
  for (let index = 0; index < 1_000; index++) lines.add(new TextEncoder().encode("again\n"));
  lines.end();
  assert.equal(emitted.length, 100);
  assert.deepEqual(lost, [903]);
});
