import assert from "node:assert/strict";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { LogFile } from "#daemon/log-file";
import { openLog } from "#daemon/open-log";
import { makeFolder } from "../support/daemon-bench.ts";

function openAppend(context: TestContext, path: string): number {
  const fd = openSync(path, "a");
  context.after(() => closeSync(fd));
  return fd;
}

const line = (text: string): Uint8Array => Buffer.from(`${text}\n`);

function openFile(context: TestContext): {
  path: string;
  file: LogFile;
  wait: (milliseconds: number) => void;
} {
  const path = join(makeFolder(context).path, "baton.log");
  let now = 0;
  const file = new LogFile(path, () => now);
  context.after(() => file.close());
  return { path, file, wait: (milliseconds) => (now += milliseconds) };
}

test("a file is made for root and its group, and one that is there is appended to", (context) => {
  const { path, file } = openFile(context);
  assert.equal(statSync(path).mode & 0o777 & ~0o640, 0);
  assert.ok(file.write(line("one")));
  const again = new LogFile(path);
  assert.ok(again.write(line("two")));
  again.close();
  assert.equal(readFileSync(path, "utf8"), "one\ntwo\n");
});

test("a file that was moved away is left: at once when asked, else within a second", (context) => {
  const { path, file, wait } = openFile(context);
  file.write(line("one"));
  renameSync(path, `${path}.1`);
  file.reopen();
  file.write(line("two"));
  renameSync(path, `${path}.2`);
  file.write(line("still there"));
  wait(1_000);
  file.write(line("three"));
  assert.deepEqual(
    [`${path}.1`, `${path}.2`, path].map((name) => readFileSync(name, "utf8")),
    ["one\n", "two\nstill there\n", "three\n"],
  );
  rmSync(path);
  wait(1_000);
  file.write(line("four"));
  assert.equal(readFileSync(path, "utf8"), "four\n");
});

test("a file that is cut (copytruncate) is written from its new end", (context) => {
  const { path, file } = openFile(context);
  file.write(line("a long first line"));
  truncateSync(path);
  file.write(line("two"));
  assert.equal(readFileSync(path, "utf8"), "two\n");
});

test("a folder that comes later, a link and a pipe", (context) => {
  const folder = makeFolder(context).path;
  const path = join(folder, "later/baton.log");
  let now = 0;
  const file = new LogFile(path, () => now);
  assert.equal(file.errno, "ENOENT");
  assert.ok(!file.write(line("lost")));
  mkdirSync(join(folder, "later"));
  now += 1_000;
  assert.ok(file.write(line("kept")));
  assert.equal(file.errno, undefined);
  file.close();
  symlinkSync("/etc/passwd", join(folder, "link"));
  assert.equal(new LogFile(join(folder, "link")).errno, "ELOOP");
  assert.equal(new LogFile("/dev/null").errno, "EINVAL");
});

test("lines that could not be written are counted, and the number is in the file afterwards", (context) => {
  const folder = makeFolder(context).path;
  const path = join(folder, "baton.log");
  const log = openLog({
    format: "text",
    most: "info",
    file: path,
    fd: openAppend(context, "/dev/null"),
  });
  context.after(() => log.close());
  log("info", "before");
  rmSync(path);
  mkdirSync(path);
  log.reopen();
  for (let i = 0; i < 3; i++) log("info", "lost");
  assert.equal(log.dropped(), 3);
  rmSync(path, { recursive: true });
  log.reopen();
  log("info", "after");
  assert.match(readFileSync(path, "utf8"), /warning: 3 log lines were lost\n.* after\n$/);
});

test("a file that cannot be opened is said where somebody reads", (context) => {
  const folder = makeFolder(context).path;
  const err = join(folder, "stderr");
  const options = { format: "text", most: "info", file: `${folder}/no/such` } as const;
  openLog({ ...options, fd: openAppend(context, err) });
  openLog({ ...options, fd: openAppend(context, err), language: "zh-CN" });
  const [en, zh] = readFileSync(err, "utf8").split("\n");
  assert.match(en ?? "", /warning: .*no\/such: ENOENT; the log is not written there until/);
  assert.match(zh ?? "", /ENOENT；在能够打开之前/);
});
