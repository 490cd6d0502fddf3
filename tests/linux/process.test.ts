import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { test } from "node:test";
import {
  fileMappings,
  missingCapabilities,
  setPriority,
  setRealtime,
  setThreadName,
  setTimerSlack,
} from "#linux/process";
import type { Outcome } from "#vrrp/engine/world";

/**
 * Containers may refuse what root may elsewhere; then the refusal must be one of these, by name.
 */
function isGranted(outcome: Outcome, refusals: readonly string[]): boolean {
  if (outcome.ok) return true;
  assert.ok(refusals.includes(outcome.errno), `${outcome.call}: ${outcome.errno}`);
  return false;
}

test("timer slack is what was set", () => {
  assert.deepEqual(setTimerSlack(1_000), { ok: true });
  assert.equal(readFileSync("/proc/self/timerslack_ns", "utf8").trim(), "1000");
  assert.throws(() => setTimerSlack(0), /timer slack/);
});

test("the thread's name is what was set, cut to 15 bytes", () => {
  assert.deepEqual(setThreadName("baton-engine-with-more"), { ok: true });
  assert.equal(readFileSync("/proc/thread-self/comm", "utf8").trim(), "baton-engine-wi");
});

test("what a daemon needs and has not is named", () => {
  assert.deepEqual(missingCapabilities("CapEff:\t0000000000003000\n"), []);
  assert.deepEqual(missingCapabilities("CapEff:\t0000000000001000\n"), ["CAP_NET_RAW"]);
  const none = missingCapabilities("CapEff:\t0000000000000000\n");
  assert.deepEqual(none, ["CAP_NET_ADMIN", "CAP_NET_RAW"]);
  assert.deepEqual(missingCapabilities(""), [], "nothing is known");
});

test("signals that would end it are ignored, real-time ones too", () => {
  // In a process of its own: scripts that later tests start would ignore them too.
  const program = `
    import { readFileSync } from "node:fs";
    import { ignoreSignals } from "#linux/process";
    const outcome = ignoreSignals();
    process.stdout.write(JSON.stringify({ outcome, status: readFileSync("/proc/self/status", "utf8") }));
  `;
  const child = spawnSync(process.execPath, ["--input-type=module-typescript", "--eval", program], {
    encoding: "utf8",
  });
  const { outcome, status } = JSON.parse(child.stdout) as { outcome: Outcome; status: string };
  assert.deepEqual(outcome, { ok: true });
  const mask = BigInt(`0x${/^SigIgn:\s+(\w+)/m.exec(status)?.[1]}`);
  for (const number of [1, 2, 3, 10, 12, 14, 15, 29, 34, 36, 63, 64])
    assert.notEqual(mask & (1n << BigInt(number - 1)), 0n, `${number}`);
});

test("priority: worse is always allowed, better needs the right to", () => {
  const before = getPriority();
  assert.deepEqual(setPriority(before + 1), { ok: true });
  assert.equal(getPriority(), before + 1);
  if (isGranted(setPriority(before), ["EACCES", "EPERM"])) assert.equal(getPriority(), before);
});

test("code and libraries are locked as far as they are touched, and V8 can still give memory back", () => {
  // In a process of its own: what a mistake here does is end it (V8 aborts when madvise fails on a
  // locked page).
  const program = `
    import { readFileSync } from "node:fs";
    import { lockMemory } from "#linux/process";
    const outcome = lockMemory();
    let kept: unknown[] = [];
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 20_000; i++) kept.push({ round, i, text: "x" + i });
      if (round % 10 === 9) kept = [];
    }
    const locked = /^VmLck:\\s+(\\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    process.stdout.write(JSON.stringify({ outcome, locked: Number(locked) }));
  `;
  const child = spawnSync(process.execPath, ["--input-type=module-typescript", "--eval", program], {
    encoding: "utf8",
  });
  assert.equal(child.status, 0, `${child.signal}: ${child.stderr}`);
  const { outcome, locked } = JSON.parse(child.stdout) as { outcome: Outcome; locked: number };
  if (!isGranted(outcome, ["EPERM", "ENOMEM", "ENOSYS"])) return;
  assert.ok(locked > 0, "something is locked");
});

test("only mappings of files are locked", () => {
  const maps = `
00400000-007ef000 r--p 00000000 fd:00 1234  /usr/bin/node
007ef000-02800000 r-xp 003ef000 fd:00 1234  /usr/bin/node
02800000-02900000 rw-p 00000000 fd:00 1234  /usr/bin/node
02900000-02a00000 rw-p 00000000 00:00 0     [heap]
7f0000000000-7f0000100000 r-xp 00000000 00:00 0
7f0000200000-7f0000300000 r--s 00000000 00:05 77  /dev/shm/other
7f0000400000-7f0000500000 r-xp 00000000 00:01 78  /memfd:jit (deleted)
7f0000600000-7f0000700000 r-xp 00000000 fd:00 99  /lib/x86_64-linux-gnu/libc.so.6
7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0   [vdso]
`;
  assert.deepEqual(fileMappings(maps), [
    { start: 0x400000, end: 0x7ef000 },
    { start: 0x7ef000, end: 0x2800000 },
    { start: 0x7f0000600000, end: 0x7f0000700000 },
  ]);
});

test("real-time: the thread is round-robin, or the system says why not", () => {
  if (!isGranted(setRealtime(1), ["EPERM"])) return;
  // proc_pid_stat(5): field 41 is the policy, field 40 the priority; the name in field 2 may
  // contain blanks.
  const stat = readFileSync("/proc/thread-self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  assert.equal(fields[40 - 3], "1");
  assert.equal(fields[41 - 3], "2");
  assert.throws(() => setRealtime(100), /not 1 to 99/);
});
