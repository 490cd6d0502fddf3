import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { discardPages, isNeededWithoutNotice, neverWritten, QuietTrim } from "#linux/memory";
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

test("of bytes that are given back, those on other pages stay", () => {
  const all = new Uint8Array(1_048_576).fill(7);
  const bytes = all.subarray(100_000, 900_000);
  discardPages(bytes);
  assert.ok(all.subarray(0, 100_000).every((one) => one === 7));
  assert.ok(all.subarray(900_000).every((one) => one === 7));
  const zeros = bytes.reduce((sum, one) => sum + (one === 0 ? 1 : 0), 0);
  assert.ok(zeros >= 600_000, `${zeros} bytes were given back`);
  discardPages(all.subarray(5, 6));
  assert.equal(all[5], 7);
});

const MB = 1_048_576;

function bench(): {
  readonly state: { size: number; traffic: number; looks: number; readonly trims: number[] };
  readonly trim: QuietTrim;
  readonly run: (from: number, to: number, idle?: number) => void;
  readonly at: (seconds: number) => ReturnType<typeof instant>;
} {
  const at = (seconds: number): ReturnType<typeof instant> =>
    instant(Math.round(seconds * 1_000_000));
  const state = { size: 20 * MB, traffic: 0, looks: 0, trims: [] as number[] };
  let second = 0;
  const trim = new QuietTrim(at(0), {
    read: () => {
      state.looks += 1;
      return state.size;
    },
    traffic: () => state.traffic,
    trim: () => state.trims.push(second),
  });
  /** Ten turns a second; before each wait there are `idle` seconds left. */
  const run = (from: number, to: number, idle = 0.1): void => {
    for (let tenth = from * 10; tenth < to * 10; tenth++) {
      second = tenth / 10;
      trim.rest(at(second), at(second + idle));
    }
  };
  return { state, trim, run, at };
}

test("the engine trims after its start, and then ever less often", () => {
  const { state, run } = bench();
  run(0, 500);
  assert.deepEqual(state.trims, [5, 10, 20, 40, 80, 160, 240, 320, 400, 480]);
  assert.ok(state.looks <= 100, `${state.looks} looks`);
});

test("growth of whatever cause, and a reload, begin anew", () => {
  const { state, trim, run, at } = bench();
  run(0, 300);
  state.trims.length = 0;
  state.size += 1.9 * MB;
  run(300, 310);
  assert.deepEqual(state.trims, []);
  state.size += 0.1 * MB;
  run(310, 400);
  const [first = 0, ...later] = state.trims;
  assert.ok(first >= 310 && first <= 320, `the first at ${first}`);
  assert.deepEqual(
    later.map((one) => Math.round(one - first)),
    [5, 10, 20, 40, 80].filter((one) => first + one < 400),
    "once more than after a reload, until what stays is taken for what is in use",
  );
  state.trims.length = 0;
  run(400, 401);
  trim.restart(at(401));
  run(401, 404);
  trim.restart(at(404));
  run(404, 412);
  assert.deepEqual(state.trims, [409], "not while reload follows reload");
});

test("growth or work that goes on does not put the trim off", () => {
  for (const [grows, exchanges] of [
    [MB, 0],
    [0, 20_000],
  ] as const) {
    const { state, run } = bench();
    run(0, 200);
    state.trims.length = 0;
    for (let from = 200; from < 300; from += 1) {
      state.size += grows;
      state.traffic += exchanges;
      run(from, from + 1);
    }
    assert.ok(state.trims.length >= 8 && state.trims.length <= 21, String(state.trims));
  }
});

test("when much work is over, it trims soon, however long that was, and once for all of it", () => {
  const { state, run } = bench();
  const work = (from: number, to: number, bytes: number): void => {
    for (let second = from; second < to; second += 1) {
      run(second, second + 1);
      state.traffic += bytes;
    }
  };
  work(0, 200, 100);
  state.trims.length = 0;
  work(200, 217, 3_000);
  assert.deepEqual(state.trims, []);
  work(217, 270, 100);
  const [first = 0, ...later] = state.trims;
  assert.ok(first > 217 && first <= 226, `the first at ${first}`);
  assert.deepEqual(
    later.map((one) => Math.round(one - first)),
    [5, 15, 35],
  );
});

test("a trim waits for a quiet moment, but not for ever", () => {
  const { state, run } = bench();
  run(0, 5.5, 0.0005);
  assert.deepEqual(state.trims, []);
  run(5.5, 8, 0.0005);
  assert.deepEqual(state.trims, [6]);
});
