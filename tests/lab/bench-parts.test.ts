/** What the benchmarks compute and read: percentiles, /proc, perf, strace, options. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { processorsIn } from "#lab/measure/busy-loops";
import {
  commandVerdict,
  memoryVerdict,
  printVerdicts,
  readyVerdict,
} from "#lab/measure/footprint-goals";
import { AdvertGaps } from "../../src/lab/measure/advert-gaps.ts";
import { faultsOf, floodColumns, floodRow } from "../../src/lab/measure/bench-flood.ts";
import { parseOptions } from "../../src/lab/measure/bench-options.ts";
import { scaleColumns, scaleRow } from "../../src/lab/measure/bench-scale.ts";
import {
  parseMachineTimes,
  parseRollup,
  parseSchedstat,
  parseSwitches,
  TreeUse,
} from "../../src/lab/measure/process-usage.ts";
import {
  printScaleConfig,
  type ScaleShape,
  scaleInterfaces,
} from "../../src/lab/measure/scale-config.ts";
import {
  parseNetlinkInodes,
  parsePerfStat,
  parseTrace,
} from "../../src/lab/measure/system-calls.ts";

test("gaps are those of each router, and a percentile is one of them", () => {
  const gaps = new AdvertGaps(2);
  for (let turn = 0; turn < 101; turn++) {
    gaps.record(0, 1_000 + turn * 100_000);
    gaps.record(1, 51_000 + turn * 100_000);
  }
  gaps.record(1, 51_000 + 100 * 100_000 + 250_000);
  const { p50, p99, p999, longest, count, routers, adverts } = gaps.read();
  assert.deepEqual(
    [p50, p99, p999, longest, count, routers, adverts],
    [100_000, 100_000, 250_000, 250_000, 201, 2, 203],
  );
  gaps.clear();
  gaps.record(0, 5);
  assert.equal(gaps.read().count, 0);
});

test("more gaps than fit at first are all kept", () => {
  const gaps = new AdvertGaps(1);
  for (let at = 1; at <= 200_001; at++) gaps.record(0, at * 10);
  assert.equal(gaps.read().count, 200_000);
  assert.equal(gaps.read().longest, 10);
});

test("/proc is read, and what is not there is not taken for nought", () => {
  assert.deepEqual(parseSchedstat("123456789 42 7\n"), { run: 123_456_789, wait: 42 });
  assert.equal(parseSchedstat(""), undefined);
  assert.equal(parseSchedstat("1 2\n"), undefined);
  const status = "Name:\tx\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t545\n";
  assert.equal(parseSwitches(status), 695);
  assert.equal(parseSwitches("Name:\tx\n"), undefined);
  const rollup =
    "Rss:  900 kB\nPss:  500 kB\nPss_Dirty: 9 kB\nPrivate_Clean: 100 kB\nPrivate_Dirty: 40 kB\n";
  assert.deepEqual(parseRollup(rollup), { rss: 900, pss: 500, own: 140 });
  assert.equal(parseRollup("Rss: 1 kB\n"), undefined);
  const stat = "cpu  100 5 50 1000 20 3 7 11 90 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
  assert.deepEqual(parseMachineTimes(stat), { busy: 165, steal: 11, total: 1_196 });
  assert.equal(parseMachineTimes("intr 1\n"), undefined);
});

test("the use of this very process grows with its work", () => {
  const use = new TreeUse(process.pid);
  const until = performance.now() + 30;
  while (performance.now() < until);
  use.sample();
  assert.ok(use.read().run > 1_000, `${use.read().run} µs`);
});

test("perf's counts: a process that slept has made no call, an unknown event is left out", () => {
  const text = [
    "1500,,raw_syscalls:sys_enter,2000,100.00,,",
    "<not counted>,,syscalls:sys_enter_read,0,100.00,,",
    "<not supported>,,cycles,0,100.00,,",
    "Error: something",
  ].join("\n");
  assert.deepEqual(
    [...parsePerfStat(text)],
    [
      ["raw_syscalls:sys_enter", 1_500],
      ["syscalls:sys_enter_read", 0],
    ],
  );
});

test("sockets of netlink are known by their inode", () => {
  const text = [
    "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode",
    "ffff9d9d04f3c000 0   0          00000000 0        0        0     2        0        5",
    "ffff9d9d04f3c800 12  1180       00000011 0        0        0     2        0        19034",
  ].join("\n");
  assert.deepEqual([...parseNetlinkInodes(text)].slice(0, 2), ["5", "19034"]);
});

test("a trace is counted by call, and what goes to netlink apart", () => {
  const text = [
    '12 sendto(5<NETLINK:[ROUTE:123]>, [{nlmsg_len=64}, ""], 64, 0, NULL, 0) = 64',
    '12 sendto(7<RAW:[9]>, ""..., 32, MSG_DONTWAIT, {sa_family=AF_INET}, 16) = 32',
    "13 futex(0x7f, FUTEX_WAIT_PRIVATE, 0, NULL <unfinished ...>",
    "12 ppoll([{fd=3}], 1, NULL, NULL, 8) = 1",
    "13 <... futex resumed>) = 0",
    "--- SIGCHLD {si_signo=SIGCHLD} ---",
  ].join("\n");
  const { all, calls, netlink } = parseTrace(text);
  assert.equal(all, 4);
  assert.equal(netlink, 1);
  assert.deepEqual(
    [...calls],
    [
      ["sendto", 2],
      ["futex", 1],
      ["ppoll", 1],
    ],
  );
});

test("instances fill interfaces of 250, each with its own network", () => {
  const plans = scaleInterfaces(1_000);
  assert.deepEqual(
    plans.map(({ routers }) => routers.length),
    [250, 250, 250, 250],
  );
  assert.deepEqual(
    scaleInterfaces(251).map(({ routers }) => routers.length),
    [250, 1],
  );
  const addresses = plans.flatMap(({ routers }) => routers.map(({ address }) => address));
  assert.equal(new Set(addresses).size, 1_000);
  const text = printScaleConfig({ instances: 251, advertSeconds: 0.01, role: "backup" });
  assert.equal(text.match(/vrrp_instance /g)?.length, 251);
  assert.match(text, /advert_int 0\.01\n/);
  assert.match(text, /state BACKUP\n/);
  const old = printScaleConfig({
    instances: 1,
    advertSeconds: 1,
    role: "master",
    password: "secret",
    script: "true",
  });
  assert.match(old, /vrrp_version 2\n[^]*auth_pass secret\n[^]*track_script \{\n +CHECK\n/);
  assert.throws(() => scaleInterfaces(0));
});

test("options: lists and numbers, and a message for what is wrong", () => {
  const good = parseOptions(["scale", "--n", "1,1000", "--advert", "0.1", "--role", "backup"]);
  assert.ok(typeof good !== "string");
  assert.deepEqual(
    [good.mode, good.instances, good.adverts, good.roles, good.runs, good.seconds],
    ["scale", [1, 1_000], [0.1], ["backup"], 1, 20],
  );
  for (const [argv, message] of [
    [["scale", "--n", "0"], /--n wants whole numbers from 1 to/],
    [["scale", "--n", "1,"], /--n wants/],
    [["scale", "--advert", "0.001"], /--advert wants seconds from 0\.01/],
    [["scale", "--advert", "0.015"], /--advert wants/],
    [["scale", "--role", "owner"], /--role wants master, backup/],
    [["scale", "--seconds", "1"], /2 at least/],
    [["scale", "loss"], /one benchmark at a time/],
    [["footprint", "--hours", "soon"], /--hours wants a number/],
    [["footprint", "--reloads", "-1"], /reloads/],
    [["flood", "--floods", "none,rain"], /there is no flood rain/],
    [["flood", "--seconds", "0"], /1 at least/],
    [["flood", "--rate", "9000000"], /--rate: 1000000 at most/],
    [["cheese"], /there is no benchmark cheese/],
  ] as const) {
    const parsed = parseOptions(argv);
    assert.ok(typeof parsed === "string", argv.join(" "));
    assert.match(parsed, message);
  }
});

test("a flood's row says what went wrong, and nothing else", () => {
  const gap = (longest: number, adverts: number) => ({
    kind: "reading" as const,
    heard: { count: 9, p50: 100_000, p99: 100_500, p999: longest, longest, routers: 1, adverts },
    drops: 0,
    sent: 0,
    latest: 0,
  });
  const figures = {
    flood: "refused" as const,
    answer: { sent: 50_000, seconds: 5 },
    seconds: 5,
    reading: gap(104_900, 50),
    changes: 0,
    log: { lines: 3, bytes: 300 },
    memoryMb: 1,
    statusMs: 4,
    cpuPercent: 5,
  };
  const master = { instances: 1, advertSeconds: 0.1, role: "master" } as const;
  const row = floodRow("baton", master, figures);
  assert.equal(row.length, floodColumns().length);
  assert.deepEqual(row.slice(4, 8), ["refused", "10000", "0.50", "4.90"]);
  assert.equal(row.at(-1), "pass");
  const faults = (changes: Partial<typeof figures>, shape: ScaleShape = master): string[] =>
    faultsOf("baton", shape, { ...figures, ...changes });
  assert.deepEqual(faults({ reading: gap(105_100, 50) }), ["late"]);
  const worst = { at: "now", micros: 5_500, cause: "collection" } as const;
  assert.deepEqual(faultsOf("baton", master, { ...figures, reading: gap(105_100, 50), worst }), [
    "late (collection, 5.5 ms)",
  ]);
  assert.deepEqual(faults({ reading: gap(100_000, 9) }), ["missing"]);
  assert.deepEqual(faults({ changes: 2 }), ["moved"]);
  assert.deepEqual(faults({ log: { lines: 900, bytes: 90_000 } }), ["log"]);
  assert.deepEqual(faults({ memoryMb: 33 }), ["memory"]);
  assert.deepEqual(faults({ statusMs: 1_001 }), ["status"]);
  const backup = { ...master, role: "backup" } as const;
  assert.deepEqual(faults({ reading: gap(500_000, 1) }, backup), ["moved"]);
  assert.deepEqual(faults({ reading: gap(0, 0) }, backup), []);
});

test("a row has a cell for each column, and medians of the windows", () => {
  const window = (cpu: number) => ({
    seconds: 10,
    cpu,
    switches: 500,
    reading: {
      kind: "reading" as const,
      heard: {
        count: 900,
        p50: 100_000,
        p99: 101_000,
        p999: 102_000,
        longest: 103_000,
        routers: 10,
        adverts: 1_000,
      },
      drops: 0,
      sent: 0,
      latest: 0,
    },
    others: 0.5,
    steal: 0,
    memory: { rss: 2_048, pss: 1_024, own: 512 },
    start: { ready: 300, first: undefined, last: 500 },
    present: 10,
    counts: { reason: "neither perf nor strace is installed" },
  });
  const shape = { instances: 10, advertSeconds: 0.1, role: "master" } as const;
  const row = scaleRow("baton", shape, [window(20_000), window(30_000), window(100_000)]);
  const cells = new Map(scaleColumns().map(({ title }, place) => [title, row[place]]));
  assert.equal(row.length, scaleColumns().length);
  assert.equal(cells.get("CPU %"), "0.30 (0.20..1.00)");
  assert.equal(cells.get("µs per advert"), "30.0");
  assert.equal(cells.get("adverts/s (wanted)"), "100 (100)");
  assert.equal(cells.get("p99 ms"), "101.00");
  assert.equal(cells.get("first address ms"), "n/a");
  assert.match(cells.get("system calls per advert") ?? "", /neither perf nor strace/);
});

test("the footprint's goals: by the number of instances, and flat after the start", () => {
  assert.equal(readyVerdict(1, 350), "pass: at most 350 ms");
  assert.equal(readyVerdict(1, 351), "FAIL: at most 350 ms");
  assert.equal(readyVerdict(1_000, undefined), "FAIL: at most 1000 ms");
  assert.equal(readyVerdict(1_001, 1), "");
  assert.equal(memoryVerdict(1_000, 99, undefined), "pass: at most 100 MB");
  assert.equal(memoryVerdict(50, 99, 96), "pass: at most 100 MB, ± 3 of the start");
  for (const [now, before] of [
    [99, 95],
    [95, 99],
    [101, 100],
  ] as const)
    assert.match(memoryVerdict(50, now, before), /^FAIL/, `${now}`);
  assert.equal(commandVerdict("baton status", 91), "FAIL: at most 90 ms");
  assert.equal(commandVerdict("keepalived --version", 91), "");
  assert.equal(printVerdicts(["pass: x", "", "FAIL: y"]), "goals: 1 of 2 passed");
});

test("a busy loop for each processor that the benchmark may use", () => {
  const status = (list: string): string => `Name:\tnode\nCpus_allowed_list:\t${list}\nx:\t1\n`;
  assert.deepEqual(processorsIn(status("0-1")), [0, 1]);
  assert.deepEqual(processorsIn(status("0,2-4,7")), [0, 2, 3, 4, 7]);
  assert.deepEqual(processorsIn("Name:\tnode\n"), [0]);
});
