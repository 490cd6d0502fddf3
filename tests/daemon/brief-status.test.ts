/** A brief status prints the same table as a whole one, and is what the command line accepts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderStatus } from "#cli/status-table";
import type { BriefStatus, NotifyResult, NotifyStatus, Status } from "#daemon/control-protocol";
import { readAnswer } from "#daemon/control-shapes";
import { briefInstance, instanceStatus } from "#daemon/status";
import { instant, micros } from "#units/time";
import type { InstanceSnapshot } from "#vrrp/engine/engine-link";
import { Bench, instance } from "../support/bench.ts";
import { ip } from "../support/fake-world.ts";

const LANGUAGES = ["en", "zh-CN"] as const;
const NO_NOTIFY: NotifyStatus = { last: undefined, queued: 0 };
const NOTIFIED: NotifyResult = {
  command: ["/etc/notify.sh"],
  state: "MASTER",
  at: "2026-01-01T00:00:00.000Z",
  exit: 0,
  milliseconds: 3,
  output: "done",
};

function snapshotOf(bench: Bench): InstanceSnapshot {
  bench.supervisor({ type: "snapshot", id: 1 });
  const snapshot = bench.emitted("snapshot").at(-1)?.instances[0];
  assert.ok(snapshot !== undefined);
  return snapshot;
}

function masterAt(second: number): InstanceSnapshot {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.until(second);
  return snapshotOf(bench);
}

function backupThatHears(): InstanceSnapshot {
  const bench = new Bench();
  bench.configure([instance()]);
  for (let at = 1; at <= 5; at++) {
    bench.hear({ priority: 150 });
    bench.until(at);
  }
  return snapshotOf(bench);
}

/** Everything that a table may have to say of one. */
function troubled(): InstanceSnapshot {
  const one = masterAt(6);
  return {
    ...one,
    interface: undefined,
    effectivePriority: 30 as typeof one.effectivePriority,
    holdDown: { losses: 3, micros: micros(8_000_000), until: instant(9_000_000) },
    peers: [
      {
        address: ip("192.0.2.9"),
        configured: false,
        heardAt: instant(2_500_000),
        priority: 50,
        checksum: "v2",
        unresolvedSince: instant(1_000_000),
      },
    ],
    addresses: one.addresses.map((own) => ({ ...own, error: "EPERM", foreign: ["eth7"] })),
    claim: {
      address: ip("192.0.2.100"),
      mac: undefined,
      since: instant(1_000_000),
      lastAt: instant(2_000_000),
      count: 22,
    },
    lease: { ...one.lease, guarantee: "backstop" },
  };
}

interface Both {
  readonly whole: Status;
  readonly brief: BriefStatus;
}

/** As it comes through the pipe from the engine, and through the socket from the daemon. */
function through(snapshot: InstanceSnapshot, language: "en" | "zh-CN", notify = NO_NOTIFY): Both {
  const one = JSON.parse(JSON.stringify(snapshot)) as InstanceSnapshot;
  const at = instant(6_500_000);
  const common = {
    version: "0",
    node: "v24",
    at: "2026-01-01T00:01:30.000Z",
    pid: 1,
    enginePid: 2,
    configFile: "f",
    configId: undefined,
    startedAt: "",
    reloadedAt: undefined,
    engineAnswers: true,
    groups: [],
    scripts: [],
    engineRestarts: 1,
    logLinesLost: 0,
  };
  const extra = { havips: [], notify };
  const status = {
    ...common,
    instances: [instanceStatus(one, at, 1_000, { ...extra, history: [] })],
  };
  const { trackers: _, counters: __, refused: ___, ...short } = one;
  const brief = { ...common, instances: [briefInstance(short, at, language, extra)] };
  const read = readAnswer(JSON.stringify({ ok: true, brief }));
  assert.ok(read?.ok === true && "brief" in read);
  const whole = readAnswer(JSON.stringify({ ok: true, status }));
  assert.ok(whole?.ok === true && "status" in whole);
  return { whole: whole.status, brief: read.brief };
}

test("the table of a brief one is that of the whole, in both languages", () => {
  const failed: NotifyStatus = { last: { ...NOTIFIED, exit: 3, output: "no" }, queued: 2 };
  const worked: NotifyStatus = { last: NOTIFIED, queued: 0 };
  for (const snapshot of [masterAt(1), masterAt(6), backupThatHears(), troubled()]) {
    for (const language of LANGUAGES) {
      for (const notify of [NO_NOTIFY, failed, worked]) {
        const { whole, brief } = through(snapshot, language, notify);
        assert.equal(renderStatus(brief, language, true), renderStatus(whole, language, true));
      }
    }
  }
});

test("the table has something of everything that is in the troubled one", () => {
  const { brief } = through(troubled(), "en");
  const table = renderStatus(brief, "en", false);
  for (const part of ["30 (100)", "any", "192.0.2.9", "eth7", "EPERM", "22 times", "longer than"])
    assert.ok(table.includes(part), `${part}\n${table}`);
});

test("it has less than half of the whole, and the sentences of one language", () => {
  const { whole, brief } = through(backupThatHears(), "zh-CN", { last: NOTIFIED, queued: 0 });
  const [short, long] = [brief, whole].map((one) => JSON.stringify(one.instances).length);
  assert.ok((short ?? 0) < (long ?? 0) / 2, `${short} of ${long}`);
  assert.deepEqual(Object.keys(brief.instances[0]?.why ?? {}), ["zh-CN"]);
  assert.equal(brief.instances[0]?.notify.last, undefined);
});

test("what is no brief status of this version is not shown", () => {
  const { brief } = through(masterAt(6), "en");
  const [one] = brief.instances;
  for (const bad of [
    {},
    { ...brief, instances: undefined },
    { ...brief, instances: [{ ...one, addresses: undefined }] },
    { ...brief, instances: [{ ...one, why: "because" }] },
    { ...brief, groups: [{ name: "G" }] },
    { ...brief, scripts: [7] },
  ])
    assert.equal(readAnswer(JSON.stringify({ ok: true, brief: bad })), undefined);
});
