/** A reading with something in every family: two instances of a real engine in a fake world. */
import { CHECK_BOUNDS } from "#metrics/bounds";
import { instanceSeries } from "#metrics/instance-labels";
import type { InstanceReading, MetricsReading, RunCounts } from "#metrics/reading";
import { daemonSeries } from "#metrics/series";
import { centis } from "#units/time";
import { ENGINE_BOUNDS } from "#vrrp/engine/engine-durations";
import type { InstanceSnapshot } from "#vrrp/engine/engine-link";
import { DurationHistogram } from "#vrrp/engine/histogram";
import type { TrackerConfig } from "#vrrp/router/config";
import { Bench, instance } from "./bench.ts";
import { ip, mac } from "./fake-world.ts";

const RUNS: RunCounts = { succeeded: 7, failed: 2, timeout: 1, "not-started": 0 };
const COUNTERS = {
  asked: 9,
  agreed: 6,
  refused: 2,
  unanswered: 1,
  announced: 3,
  disagreementSeconds: 4.5,
};

/** VI_1 is MASTER with a peer, VI_2 hears a master. */
export function snapshots(): { readonly bench: Bench; readonly all: readonly InstanceSnapshot[] } {
  const bench = new Bench();
  const tracker: TrackerConfig = {
    kind: "script",
    name: "check nginx",
    weight: -20,
    reverse: false,
  };
  bench.configure([
    instance({ vrid: 51, router: { name: "VI_1" } }),
    instance({
      vrid: 52,
      priority: 90,
      addresses: ["192.0.2.101"],
      router: { name: "VI_2", trackers: [tracker] },
    }),
  ]);
  bench.supervisor({ type: "tracker", kind: "script", name: "check nginx", result: "up" });
  for (let second = 1; second <= 8; second++) {
    bench.until(second);
    const fields = { vrid: 52, priority: 200, addresses: [ip("192.0.2.101")] };
    bench.hear({ ...fields, interval: centis(100) });
    bench.hear({ ...fields, version: 2 });
  }
  return { bench, all: bench.engine.snapshot(bench.now) };
}

export function reading(more: Partial<MetricsReading> = {}): MetricsReading {
  const { bench, all } = snapshots();
  const durations = new DurationHistogram();
  for (const value of [40, 90, 2_000]) durations.record(value);
  const counts = durations.counts(ENGINE_BOUNDS);
  return {
    series: daemonSeries(),
    version: "1.2.3",
    nodeVersion: "v24.0.0",
    at: bench.now,
    wallMs: 1_800_000_000_000,
    startedMs: 1_799_999_990_500,
    engineAnswers: true,
    engineRestarts: 2,
    logLinesLost: 1,
    reloads: { taken: 3, refused: 1, lastTakenMs: 1_799_999_995_000, wasLastTaken: false },
    durations: { lateness: counts, collections: counts, jitter: counts },
    instances: all.map(instanceReading),
    groups: [{ name: "G", state: "MIXED" }],
    sessions: [{ name: "gw", neighbor: "192.0.2.9", isUp: true, sent: 7, received: 6, refused: 1 }],
    checks: [
      {
        name: "check nginx",
        result: "up",
        run: "running",
        runs: RUNS,
        durations: durations.counts(CHECK_BOUNDS),
        lastRunMs: 1_799_999_999_250,
      },
    ],
    notify: [{ kind: "instance", name: "VI_1", runs: RUNS, queued: 1 }],
    maintenance: { isOn: true, sinceMs: 1_799_999_000_000, untilMs: 1_800_003_600_000 },
    events: { count: 1_000, lost: 2 },
    gates: [
      {
        unit: "VI_1",
        kind: "instance",
        isPromoted: true,
        isEligible: true,
        isMarked: false,
        epoch: 1_796_000_000_000,
        lagSeconds: 0.25,
        runs: { promote: RUNS, demote: RUNS, rejoin: RUNS },
      },
    ],
    alerts: { sent: 5, failed: 1, waiting: 0 },
    ...more,
  };
}

function instanceReading(snapshot: InstanceSnapshot): InstanceReading {
  const isMaster = snapshot.state === "MASTER";
  const claim = {
    address: ip("192.0.2.100"),
    mac: mac("02:00:00:00:00:99"),
    since: snapshot.since,
    lastAt: snapshot.since,
    count: 1,
  };
  return {
    series: instanceSeries(snapshot),
    snapshot: {
      ...snapshot,
      ...(isMaster && { claim }),
      refused: { ...snapshot.refused, "interval-differs": 4 },
    },
    announceDelaySeconds: 5,
    transitions: [
      { from: "INIT", to: "BACKUP", reason: "started", count: 1 },
      { from: "BACKUP", to: "MASTER", reason: "master-down", count: isMaster ? 1 : 0 },
    ],
    cloud: isMaster
      ? [{ address: "192.0.2.100", platform: "disagrees", counters: COUNTERS }]
      : [{ address: "192.0.2.101", platform: "not-asked", counters: COUNTERS }],
  };
}
