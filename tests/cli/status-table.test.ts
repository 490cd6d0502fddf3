import assert from "node:assert/strict";
import { test } from "node:test";
import { statusMessages } from "#cli/status-messages";
import { renderStatus } from "#cli/status-table";
import type { InstanceStatus, ScriptStatus, Status } from "#daemon/control-protocol";
import { micros } from "#units/time";

const INSTANCE: InstanceStatus = {
  name: "VI_1",
  state: "MASTER",
  phase: "master",
  since: "2026-01-01T00:00:00.000Z",
  forSeconds: 90,
  why: {
    en: "no master was heard",
    "zh-CN": "未收到主节点的通告",
    reason: { kind: "started", masterDown: micros(1) },
  },
  interface: "eth0",
  vrid: 51,
  version: 2,
  source: "172.16.0.16",
  linkUp: true,
  basePriority: 50,
  effectivePriority: 30,
  advertIntervalSeconds: 1,
  trackers: [],
  peers: [
    {
      address: "172.16.0.14",
      configured: true,
      heardSecondsAgo: 3.25,
      priority: 50,
      checksum: "v2",
    },
    {
      address: "172.16.0.15",
      configured: false,
      heardSecondsAgo: undefined,
      priority: undefined,
      checksum: undefined,
      unresolvedSeconds: 12,
    },
  ],
  addresses: [
    {
      address: "172.16.0.135/32",
      interface: "eth0",
      owned: true,
      announcedSecondsAgo: 1,
      announcements: 5,
      error: undefined,
      foreign: [],
    },
  ],
  lease: { guarantee: "address-lifetime", seconds: 3, takeOverSeconds: 3.8 },
  counters: {},
  havips: [],
  history: [],
  notify: { last: undefined, queued: 0 },
};

const SCRIPT: ScriptStatus = {
  name: "chk",
  command: ["/etc/keepalived/do_sth.sh"],
  user: "root",
  intervalSeconds: 5,
  result: "down",
  lastRunAt: "2026-01-01T00:01:28.000Z",
  lastExit: 7,
  lastMilliseconds: 12,
  lastOutput: "connecting\nconnection refused",
  consecutive: 2,
};

const STATUS: Status = {
  version: "0.1.0",
  node: "v24",
  at: "2026-01-01T00:01:30.000Z",
  pid: 1,
  enginePid: 2,
  configFile: "keepalived.conf",
  configId: undefined,
  startedAt: "2026-01-01T00:00:00.000Z",
  reloadedAt: undefined,
  engineAnswers: true,
  instances: [INSTANCE],
  groups: [],
  scripts: [SCRIPT],
  engineRestarts: 0,
  logLinesLost: 0,
};

test("what a person sees", () => {
  assert.equal(
    renderStatus(STATUS, "en", false),
    `INSTANCE  STATE   FOR   PRIO     INTERFACE  ADDRESSES
VI_1      MASTER  90 s  30 (50)  eth0       172.16.0.135/32 here
  no master was heard
  peer 172.16.0.14: 3.3 s ago, priority 50
  peer 172.16.0.15: never heard, not configured here, no answer to ARP for 12 s, so nothing reaches it
script chk: down, ran 2.0 s ago, exit 7, 12 ms: connection refused`,
  );
});

test("Chinese columns stay in line: a character takes two places", () => {
  const [head = "", row = ""] = renderStatus(STATUS, "zh-CN", false).split("\n");
  assert.equal(head, "实例  状态    持续   优先级   网卡  地址");
  assert.equal(row, "VI_1  MASTER  90 秒  30 (50)  eth0  172.16.0.135/32 在本机");
});

test("colour is for the state only", () => {
  const [, row = ""] = renderStatus(STATUS, "en", true).split("\n");
  assert.ok(row.includes("\u001b[1;32mMASTER\u001b[0m"));
});

test("what is not as it should be is there without being asked for", () => {
  const troubled: Status = {
    ...STATUS,
    engineRestarts: 2,
    logLinesLost: 5,
    instances: [
      {
        ...INSTANCE,
        addresses: INSTANCE.addresses.map((one) => ({ ...one, error: "RTM_NEWADDR: EPERM" })),
        claim: {
          address: "172.16.0.135",
          mac: "02:00:00:00:00:77",
          forSeconds: 40,
          lastSecondsAgo: 4,
          count: 22,
        },
        lease: { guarantee: "backstop", seconds: 2, takeOverSeconds: 0.3 },
        notify: {
          queued: 3,
          last: {
            command: [],
            state: "MASTER",
            at: "",
            exit: "timeout",
            milliseconds: 1,
            output: "stuck",
          },
        },
        havips: [
          {
            address: "172.16.0.135",
            platform: "disagrees",
            forSeconds: 3,
            holder: "",
            detail: undefined,
            announcements: 1,
            counters: {
              asked: 3,
              agreed: 0,
              refused: 2,
              unanswered: 1,
              announced: 1,
              disagreementSeconds: 3.25,
            },
          },
        ],
      },
    ],
  };
  const text = renderStatus(troubled, "en", false);
  for (const line of [
    "  172.16.0.135/32: RTM_NEWADDR: EPERM",
    "  another machine (02:00:00:00:00:77) claims 172.16.0.135 by ARP: 22 times in 40 s",
    "  172.16.0.135: the cloud says it is with nobody; asked 3: yes 0, no 2, no answer 1; announced again 1; 3.3 s without agreement",
    "  notify script for MASTER: exit timeout: stuck",
    "  notify scripts running or waiting: 3",
    "  lease: 2 s, longer than the peers wait",
    "engine restarts: 2",
    "5 log lines could not be written",
  ])
    assert.ok(text.split("\n").includes(line), `${line}\n\n${text}`);
});

test("no answer is no state", () => {
  const unanswered = { ...STATUS, engineAnswers: false, instances: [] };
  assert.equal(
    renderStatus(unanswered, "en", false),
    "the engine does not answer: every state is unknown",
  );
  assert.equal(renderStatus({ ...STATUS, instances: [] }, "zh-CN", false), "没有实例");
});

test("ages have two or three digits", () => {
  assert.deepEqual([0, 9.94, 10, 119, 120, 7_199, 7_200, 172_800].map(statusMessages("en").age), [
    "0.0 s",
    "9.9 s",
    "10 s",
    "119 s",
    "2 min",
    "120 min",
    "2 h",
    "2 d",
  ]);
});

test("what a script said does not steer the terminal of whoever looks", () => {
  const said = { ...SCRIPT, lastOutput: "\u001b[2K\rscript chk: up\u202e" };
  const line = renderStatus({ ...STATUS, scripts: [said] }, "en", false)
    .split("\n")
    .at(-1);
  assert.ok(line?.endsWith("exit 7, 12 ms: ·[2K·script chk: up·"), line);
});

test("Chinese lines have Chinese marks and units", () => {
  const text = renderStatus(STATUS, "zh-CN", false);
  assert.doesNotMatch(text, /[\u3400-\u9fff][,:;] |[,:;] [\u3400-\u9fff]|\d s\b/u);
  assert.match(text, /90 秒/);
});

test("one that is bound to no device has any interface", () => {
  const status = { ...STATUS, instances: [{ ...INSTANCE, interface: null }] };
  const rows = (["en", "zh-CN"] as const).map(
    (language) => renderStatus(status, language, false).split("\n")[1],
  );
  assert.deepEqual(rows, [
    "VI_1      MASTER  90 s  30 (50)  any        172.16.0.135/32 here",
    "VI_1  MASTER  90 秒  30 (50)  任意  172.16.0.135/32 在本机",
  ]);
});

test("an engine that woke late is reported with the cause of the worst, one in time is not", () => {
  const quick = { count: 9, p50: 60, p99: 300, p999: 900, max: 2_000, worst: undefined };
  assert.equal(
    renderStatus({ ...STATUS, lateness: quick }, "en", false),
    renderStatus(STATUS, "en", false),
  );
  const worst = { at: "2026-01-01T00:01:00.000Z", micros: 80_500, cause: "steal" } as const;
  const lateness = { ...quick, max: 80_500, worst };
  const kinds = { Scavenge: 12, MarkCompact: 1 };
  const collections = { count: 13, p50: 450, p99: 5_800, p999: 5_800, max: 5_800, total: 9_000 };
  const lines = renderStatus(
    { ...STATUS, lateness, collections: { ...collections, kinds } },
    "en",
    false,
  ).split("\n");
  assert.equal(
    lines.at(-1),
    "garbage collections of the engine: 13, half within 0.5 ms, 99 % 5.8 ms, at worst 5.8 ms",
  );
  assert.equal(
    lines.at(-2),
    "the engine woke late: half within 0.1 ms, 99 % 0.3 ms, 99.9 % 0.9 ms, at worst 80.5 ms at 2026-01-01T00:01:00.000Z: the hypervisor ran other machines",
  );
  assert.match(renderStatus({ ...STATUS, lateness }, "zh-CN", false), /引擎唤醒延迟.*其他虚拟机/);
});
