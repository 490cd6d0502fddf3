/** What `baton explain` says of an instance, in both languages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceStatus, ScriptStatus, Status } from "#daemon/control-protocol";
import { explain } from "#daemon/explain";
import { micros } from "#units/time";

const INSTANCE: InstanceStatus = {
  name: "VI_1",
  state: "BACKUP",
  phase: "backup",
  since: "2026-01-01T00:00:00.000Z",
  forSeconds: 90,
  why: { en: "x", "zh-CN": "x", reason: { kind: "fault-cleared", masterDown: micros(3_600_000) } },
  interface: "eth0",
  vrid: 51,
  version: 2,
  source: "172.16.0.16",
  linkUp: true,
  basePriority: 100,
  effectivePriority: 100,
  advertIntervalSeconds: 1,
  trackers: [],
  peers: [],
  addresses: [],
  lease: { guarantee: "nftables", seconds: 3, takeOverSeconds: 3.6 },
  counters: {},
  havips: [],
  standby: {
    master: { address: "172.16.0.14", priority: 150, heardSecondsAgo: 0.4 },
    masterDownSeconds: 3.6,
    leftSeconds: 3.2,
    preempt: true,
  },
  history: [],
  notify: { last: undefined, queued: 0 },
};

const OWNED = {
  address: "10.0.0.100/24",
  interface: "eth0",
  owned: true,
  announcedSecondsAgo: 1,
  announcements: 5,
  error: undefined,
  foreign: [],
};

function text(holdDown: InstanceStatus["holdDown"], language: "en" | "zh-CN"): string {
  return textOf(holdDown === undefined ? {} : { holdDown }, language);
}

function textOf(
  change: Partial<InstanceStatus>,
  language: "en" | "zh-CN",
  scripts: readonly ScriptStatus[] = [],
): string {
  const one = { ...INSTANCE, ...change };
  const status = {
    engineAnswers: true,
    instances: [one],
    groups: [],
    scripts,
  } as unknown as Status;
  const answer = explain(status, undefined, language);
  assert.ok(answer.ok && "text" in answer);
  return answer.text;
}

test("hold_down is shown with its numbers while losses are remembered, and else not at all", () => {
  assert.doesNotMatch(text(undefined, "en"), /hold_down/);
  assert.match(text({ losses: 1, seconds: 0, leftSeconds: undefined }, "en"), /FAULT once;.*third/);
  const held = { losses: 4, seconds: 10, leftSeconds: 7.25 };
  assert.match(text(held, "en"), /4 times.*for 10 s, 7\.25 s more from now/);
  assert.match(text(held, "zh-CN"), /连续 4 次.*10 秒.*还剩 7\.25 秒/);
  assert.match(text({ losses: 3, seconds: 5, leftSeconds: undefined }, "zh-CN"), /5 秒内不抢占/);
});

test("another machine's claim of an address is shown, and then nothing is said of never having two owners", () => {
  const claim = {
    address: "10.0.0.100",
    mac: "02:00:00:00:00:77",
    forSeconds: 40,
    lastSecondsAgo: 4,
    count: 22,
  };
  const one = { state: "MASTER", phase: "master", addresses: [OWNED] } as const;
  assert.match(textOf(one, "en"), /never two owners/);
  assert.doesNotMatch(textOf({ state: "BACKUP" }, "en"), /never two owners|take the address away/);
  assert.doesNotMatch(textOf({ ...one, claim }, "en"), /never two owners/);
  assert.match(
    textOf({ ...one, claim }, "en"),
    /\(02:00:00:00:00:77\) claims 10\.0\.0\.100 by ARP: 22 times in 40 s, last 4 s ago/,
  );
  const chinese = textOf({ ...one, claim: { ...claim, mac: undefined } }, "zh-CN");
  assert.match(chinese, /MAC 地址未知.*10\.0\.0\.100/);
  assert.doesNotMatch(chinese, /不会出现双主/);
});

type Standby = NonNullable<InstanceStatus["standby"]>;

function backup(change: Partial<Standby>, language: "en" | "zh-CN" = "en"): string {
  assert.ok(INSTANCE.standby !== undefined);
  return textOf({ standby: { ...INSTANCE.standby, ...change } }, language);
}

test("a BACKUP names the master it hears now, and everything that would change that", () => {
  const weaker = backup({});
  assert.match(weaker, /The master is 172\.16\.0\.14 with priority 150, heard 0\.4 s ago\./);
  assert.match(
    weaker,
    /MASTER when 172\.16\.0\.14 is not heard for 3\.6 s, or at once when it gives up/,
  );
  assert.match(
    weaker,
    /its own priority, 100 now, rises above 150, or the master's falls below 100/,
  );
  assert.match(
    backup({ preempt: false }),
    /changes nothing while 172\.16\.0\.14 is heard: nopreempt/,
  );
  const strongerMaster = { address: "172.16.0.14", priority: 50, heardSecondsAgo: 0.4 };
  const waiting = backup({ master: strongerMaster, preemptInSeconds: 12 });
  assert.match(waiting, /Its own priority, 100, is higher: it preempts in 12 s/);
  assert.match(backup({ master: undefined }), /hears no master now[^]*becomes MASTER in 3\.2 s/);
});

test("the same in Chinese", () => {
  const weaker = backup({}, "zh-CN");
  assert.match(weaker, /当前主节点是 172\.16\.0\.14，优先级 150，0\.4 秒前收到其通告。/);
  assert.match(weaker, /若 3\.6 秒内收不到 172\.16\.0\.14 的通告/);
  assert.match(backup({ preempt: false }, "zh-CN"), /nopreempt/);
  assert.match(backup({ master: undefined }, "zh-CN"), /3\.2 秒后成为 MASTER/);
});

test("history and checks are in the reader's language, and history in local time", () => {
  const why = { en: "no master was heard", "zh-CN": "没有收到主节点的通告" };
  const change: Partial<InstanceStatus> = {
    history: [{ at: "2026-01-01T00:00:00.000Z", from: "BACKUP", to: "MASTER", why }],
    trackers: [{ kind: "script", name: "chk", weight: 0, result: "down", effect: "fault" }],
  };
  const chinese = textOf(change, "zh-CN");
  assert.match(chinese, /脚本 chk：失败（weight 0），使实例处于 FAULT/);
  assert.match(chinese, /[+-]\d\d:\d\d  BACKUP -> MASTER：没有收到主节点的通告/);
  assert.doesNotMatch(chinese, /no master|down|script/);
  assert.match(textOf(change, "en"), /[+-]\d\d:\d\d  BACKUP -> MASTER: no master was heard/);
});

test("a check without a process is called one, with what it found when it is down", () => {
  const web: ScriptStatus = {
    name: "web",
    check: "http",
    found: { en: "status 503", "zh-CN": "状态码 503" },
    command: ["http", "http://127.0.0.1/ status 200-299"],
    user: "",
    intervalSeconds: 1,
    result: "down",
    lastRunAt: "2026-01-01T00:00:00.000Z",
    lastExit: "failed",
    lastMilliseconds: 3,
    lastOutput: "status 503",
    consecutive: 1,
  };
  const trackers: InstanceStatus["trackers"] = [
    { kind: "script", name: "web", result: "down", weight: 0, effect: "fault" },
  ];
  const en = textOf({ trackers }, "en", [web]);
  assert.ok(en.includes("  check web is down (weight 0): keeps it in FAULT: status 503\n"), en);
  const zh = textOf({ trackers }, "zh-CN", [web]);
  assert.ok(zh.includes("  检查 web：失败（weight 0），使实例处于 FAULT：状态码 503\n"), zh);
  const fine = trackers.map((one) => ({ ...one, result: "up" as const, effect: 0 as const }));
  assert.ok(!textOf({ trackers: fine }, "en", [web]).includes("status 503"));
  const script = textOf({ trackers }, "en");
  assert.ok(script.includes("  script web is down (weight 0): keeps it in FAULT\n"));
});
