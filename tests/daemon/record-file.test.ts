/** `--record`: a file of its owner alone, bounded memory, and one warning whatever goes wrong. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { daemonMessages } from "#daemon/messages";
import { RecordFile } from "#daemon/record-file";
import { keepLog, makeFolder } from "../support/daemon-bench.ts";

const HEADER = '{"baton":"recording","version":2}';
const CONFIGURED = '{"instances":[]}';

interface Bench {
  readonly path: string;
  readonly lines: string[];
  readonly asked: boolean[];
  readonly open: (path?: string) => RecordFile;
}

function bench(context: TestContext): Bench {
  const path = join(makeFolder(context).path, "recording");
  const { log, lines } = keepLog();
  const asked: boolean[] = [];
  const options = {
    log,
    messages: daemonMessages("en"),
    notifyEngine: (goOn: boolean) => asked.push(goOn),
  };
  return { path, lines, asked, open: (other = path) => new RecordFile(other, options) };
}

test("only its owner may read it; a later daemon appends, also behind half a line", async (context) => {
  const { path, lines, open } = bench(context);
  const first = open();
  first.write(HEADER);
  await first.close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  writeFileSync(path, `${HEADER}\n{"at":1,"inst`, { mode: 0o644 });
  const second = open();
  second.write(HEADER);
  second.write(CONFIGURED);
  await second.close();
  assert.equal(readFileSync(path, "utf8"), `${HEADER}\n{"at":1,"inst\n${HEADER}\n${CONFIGURED}\n`);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(lines, []);
});

test("what is no recording is left as it is, with one warning", (context) => {
  const { path, lines, open } = bench(context);
  writeFileSync(path, "root:x:0:0\n");
  const link = `${path}-link`;
  symlinkSync(`${path}-elsewhere`, link);
  const folder = `${path}-folder`;
  mkdirSync(folder);
  for (const wrong of [path, link, folder, "/dev/null", `${path}/below`]) {
    const file = open(wrong);
    assert.equal(file.isOpen, false, wrong);
    file.write(HEADER);
  }
  assert.equal(lines.length, 5);
  for (const line of lines) assert.match(line, /^warning: \/.*; nothing is recorded from here on$/);
  assert.equal(readFileSync(path, "utf8"), "root:x:0:0\n");
  assert.ok(!existsSync(`${path}-elsewhere`));
});

test("what the disk does not take in time is left out and counted, also at the end", async (context) => {
  const { path, lines, asked, open } = bench(context);
  const file = open();
  const long = `{"at":1,"fill":"${"x".repeat(1_000_000)}"}`;
  file.write(HEADER);
  // All in one turn of the event loop, in which nothing can have been written.
  for (let i = 0; i < 8; i++) file.write(long);
  file.write(CONFIGURED);
  await file.close();
  assert.deepEqual(asked, [], "there was no room to ask for more");
  const text = readFileSync(path, "utf8").trimEnd().split("\n");
  const kept = text.filter((line) => line === long).length;
  assert.ok(kept >= 4 && kept < 8, `${kept} long lines`);
  assert.equal(text.at(-1), `{"lost":${9 - kept}}`);
  assert.equal(lines.length, 1);
});

test("after lost lines comes their number, then a fresh start and nothing in between", async (context) => {
  const { path, lines, asked, open } = bench(context);
  const file = open();
  const long = `{"at":1,"fill":"${"x".repeat(1_000_000)}"}`;
  file.write(HEADER);
  for (let i = 0; i < 8; i++) file.write(long);
  while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
  file.write('{"at":2}');
  file.write(CONFIGURED);
  file.write('{"at":3}');
  await file.close();
  const text = readFileSync(path, "utf8").trimEnd().split("\n");
  const kept = text.filter((line) => line === long).length;
  assert.deepEqual(text.slice(-3), [`{"lost":${9 - kept}}`, CONFIGURED, '{"at":3}']);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", new RegExp(`too slowly; ${9 - kept} lines`));
});
