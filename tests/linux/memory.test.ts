import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { isNeededWithoutNotice, neverWritten, QuietTrim } from "#linux/memory";
import { instant } from "#units/time";

const block = (head: string, anonymous: number, swap = 0): string =>
  `${head}\nSize: 4 kB\nRss: 4 kB\nAnonymous:      ${anonymous} kB\nSwap:      ${swap} kB\nVmFlags: rd ex mr mw me\n`;

const NODE = "/opt/node";
const SMAPS = [
  block(`00400000-00800000 r--p 00000000 fd:00 12   ${NODE}`, 0),
  block(`00800000-02800000 r-xp 00400000 fd:00 12   ${NODE}`, 0),
  block(`02800000-02804000 r--p 02400000 fd:00 12   ${NODE}`, 16),
  block(`02804000-02808000 r--p 02404000 fd:00 12   ${NODE}`, 0, 16),
  block(`02808000-02900000 rw-p 02408000 fd:00 12   ${NODE}`, 0),
  block("02900000-02a00000 rw-p 00000000 00:00 0    [heap]", 0),
  block(`7f0000000000-7f0000100000 r-xp 01000000 fd:00 12   ${NODE}`, 0),
  block("7f0000200000-7f0000300000 r--s 00000000 00:05 77   /dev/shm/other", 0),
  block("7f0000400000-7f0000500000 r-xp 00000000 00:01 78   /memfd:jit (deleted)", 0),
  block("7f0000600000-7f0000700000 r-xp 00028000 fd:00 99   /lib/libc.so.6", 0),
  block("7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0    [vdso]", 0),
].join("");

test("only read-only mappings of files without a page of their own are released", () => {
  const found = neverWritten(SMAPS).map(({ start, isCode, isSecond }) => [start, isCode, isSecond]);
  assert.deepEqual(found, [
    [0x400000, false, false],
    [0x800000, true, false],
    [0x7f0000000000, true, true],
    [0x7f0000600000, true, false],
  ]);
  assert.deepEqual(neverWritten(""), []);
  assert.deepEqual(neverWritten("an odd line\nAnonymous: 0 kB\nSwap: 0 kB\n"), []);
});

test("what is needed without notice: V8's own functions, which are mapped twice, and libraries", () => {
  const kept = neverWritten(SMAPS).filter((one) => isNeededWithoutNotice(one, NODE));
  assert.deepEqual(
    kept.map(({ start }) => start),
    [0x7f0000000000, 0x7f0000600000],
  );
});

test("a process that has given back its memory has less, and works", () => {
  const program = `
    import { readFileSync } from "node:fs";
    import { collectGarbage, isNeededWithoutNotice, populateCode, readCode, releaseCode, trimAllocator } from "#linux/memory";
    const read = () => Number(/^RssFile:\\s+(\\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
    read();
    const before = read();
    collectGarbage();
    trimAllocator();
    releaseCode(readCode());
    const after = read();
    const builtIn = (one) => isNeededWithoutNotice(one, process.execPath);
    populateCode(readCode().filter(builtIn));
    const populated = read();
    collectGarbage();
    process.stdout.write(JSON.stringify({ before, after, populated }));
  `;
  const args = ["--expose-gc", "--input-type=module-typescript", "--eval", program];
  const child = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(child.status, 0, `${child.signal}: ${child.stderr}`);
  const { before, after, populated } = JSON.parse(child.stdout) as Readonly<Record<string, number>>;
  assert.ok(Number(after) < Number(before) / 2, child.stdout);
  assert.ok(Number(populated) > Number(after), child.stdout);
});

test("the allocator is trimmed some time after the start, and after much traffic", () => {
  let traffic = 0;
  let trims = 0;
  const at = (seconds: number): ReturnType<typeof instant> => instant(seconds * 1_000_000);
  const trim = new QuietTrim(
    at(0),
    () => traffic,
    () => {
      trims += 1;
    },
  );
  trim.turn(at(4));
  assert.equal(trims, 0);
  trim.turn(at(5));
  assert.equal(trims, 1);
  traffic += 60_000;
  trim.turn(at(6));
  trim.turn(at(100));
  assert.equal(trims, 1, "a little traffic is no reason");
  traffic += 60_000;
  trim.turn(at(101));
  trim.turn(at(105));
  assert.equal(trims, 1, "it waits for the end of what is going on");
  trim.turn(at(106));
  trim.turn(at(200));
  assert.equal(trims, 2);
  trim.reloaded(at(201));
  trim.reloaded(at(204));
  trim.turn(at(208));
  assert.equal(trims, 2, "a reload is not over while others follow");
  trim.turn(at(209));
  assert.equal(trims, 3);
});
