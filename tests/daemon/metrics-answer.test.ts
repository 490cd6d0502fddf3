/** What the parts of the supervisor give to `metrics`, also while an engine is replaced. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Snapshot } from "#daemon/engine-process";
import { MetricsAnswer, type MetricsOptions } from "#daemon/metrics-answer";
import { ReloadCount } from "#daemon/reload-count";
import { after, fromSeconds } from "#units/time";
import { keepLog } from "../support/daemon-bench.ts";
import { snapshots } from "../support/metrics-reading.ts";

interface FakeEngine {
  pid: number | undefined;
  answer: () => Snapshot | undefined;
}

function answerWith(
  engine: FakeEngine,
  shown: ReturnType<MetricsOptions["shown"]> = {},
): MetricsAnswer {
  const { bench, all } = snapshots();
  const configs = bench.engine.instances.map(({ config }) => config);
  const reloads = new ReloadCount();
  reloads.taken(new Date(1_000_000));
  reloads.refused();
  const options = {
    startedAt: new Date(500_000),
    log: keepLog().log,
    engine: {
      get pid() {
        return engine.pid;
      },
      snapshot: async () => await Promise.resolve(engine.answer()),
    },
    engineMs: 1,
    supervision: { restarts: 4 },
    scripts: { readings: () => [] },
    notifier: { readings: () => [] },
    memories: {
      get: (name) => {
        const config = configs.find(({ router }) => router.name === name);
        if (config === undefined) return undefined;
        const transitions = new Map([
          ["x", { from: "INIT", to: "BACKUP", reason: "started", count: 3 } as const],
        ]);
        return { config, transitions, state: "BACKUP", priority: 1, history: [], last: undefined };
      },
    },
    havips: { status: () => [] },
    gates: { readings: () => [] },
    reloads,
    events: () => ({ file: "events.db", oldest: undefined, count: 12, lost: 1 }),
    shown: () => shown,
    groups: () => [
      { name: "both", members: ["VI_1", "VI_2"] },
      { name: "one", members: ["VI_2"] },
      { name: "none", members: ["VI_9"] },
    ],
  } satisfies MetricsOptions;
  engine.answer = () => ({ at: bench.now, instances: all });
  return new MetricsAnswer(() => options);
}

const lines = (text: string, name: string): readonly string[] =>
  text.split("\n").filter((line) => line.startsWith(name));

test("every part says what it knows", async () => {
  const engine: FakeEngine = { pid: 7, answer: () => undefined };
  const shown = {
    alerts: { sent: 2, failed: 0, waiting: 1 },
    maintenance: { since: "2026-11-30T00:00:00Z", lastResort: false, by: "root (socket)" },
  };
  const text = await answerWith(engine, shown).get();
  for (const line of [
    "baton_up 1",
    "baton_engine_up 1",
    "baton_start_time_seconds 500",
    "baton_engine_restarts_total 4",
    'baton_reloads_total{result="refused"} 1',
    "baton_config_last_reload_successful 0",
    "baton_config_last_reload_success_timestamp_seconds 1000",
    "baton_events_stored 12",
    'baton_alerts_total{result="sent"} 2',
    "baton_maintenance 1",
    `baton_maintenance_start_time_seconds ${Date.parse("2026-11-30") / 1_000}`,
    'baton_group_state{vrrp_group="both",state="MIXED"} 1',
    'baton_group_state{vrrp_group="one",state="BACKUP"} 1',
    'baton_instance_transitions_total{vrrp_instance="VI_1",interface="eth0",vrid="51",from="INIT",to="BACKUP",reason="started"} 3',
    'keepalived_vrrp_state{iname="VI_1",intf="eth0",vrid="51",ip_address="192.0.2.100/24"} 2',
  ])
    assert.ok(text.split("\n").includes(line), line);
  assert.deepEqual(lines(text, 'baton_group_state{vrrp_group="none"'), []);
  assert.deepEqual(lines(text, "baton_maintenance_end"), []);
});

test("JSON when it is asked for", async () => {
  const engine: FakeEngine = { pid: 7, answer: () => undefined };
  const [first] = JSON.parse(await answerWith(engine).get("json")) as { name: string }[];
  assert.equal(first?.name, "baton_up");
});

test("another engine goes on counting; one that was replaced while it was asked says nothing", async () => {
  const engine: FakeEngine = { pid: 7, answer: () => undefined };
  const answer = answerWith(engine);
  const sent = 'baton_advertisements_sent_total{vrrp_instance="VI_1"';
  const [before = ""] = lines(await answer.get("json").then(() => answer.get()), sent);
  const count = Number(before.split(" ").at(-1));
  assert.ok(count > 0);

  const { answer: alive } = engine;
  engine.answer = () => {
    engine.pid = 8;
    return alive();
  };
  const during = await answer.get();
  assert.deepEqual(lines(during, "baton_engine_up"), ["baton_engine_up 0"]);
  assert.deepEqual(lines(during, sent), []);

  engine.answer = alive;
  const [after = ""] = lines(await answer.get(), sent);
  assert.equal(Number(after.split(" ").at(-1)), 2 * count);
});

test("instants do not move with what the question took, and follow a clock that was set", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
  const engine: FakeEngine = { pid: 7, answer: () => undefined };
  const answer = answerWith(engine);
  const { answer: first } = engine;
  const since = async (): Promise<number> => {
    const [line = ""] = lines(await answer.get(), "baton_instance_state_start_time_seconds");
    return Number(line.split(" ").at(-1));
  };
  const later = (seconds: number): Snapshot | undefined => {
    const one = first();
    return one && { ...one, at: after(one.at, fromSeconds(seconds)) };
  };
  const before = await since();
  for (const [seconds, ms] of [
    [1, 1_030],
    [2, 970],
    [3, 1_000],
  ] as const) {
    engine.answer = () => later(seconds);
    context.mock.timers.tick(ms);
    assert.equal(await since(), before);
  }
  engine.answer = () => later(4);
  context.mock.timers.tick(11_000);
  assert.equal(await since(), before + 10);
});
