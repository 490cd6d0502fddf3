/**
 * Answers `metrics`: what the parts of the supervisor count, and the engine's snapshot with the
 * counters of the engines before it. Loaded when it is asked for the first time.
 */
import { EngineTotals } from "#metrics/engine-totals";
import { printMetricsJson } from "#metrics/metrics-json";
import { printMetrics } from "#metrics/print-metrics";
import type { CloudReading, GroupReading, MetricsReading, TransitionCount } from "#metrics/reading";
import { instant } from "#units/time";
import type { InstanceSnapshot } from "#vrrp/engine/engine-link";
import type { HavipStatus } from "./control-protocol.ts";
import type { Snapshot } from "./engine-process.ts";

/** What is not of one instance. */
export type DaemonReading = Omit<
  MetricsReading,
  "at" | "wallMs" | "engineAnswers" | "durations" | "instances" | "groups"
>;

export interface MetricsParts {
  readonly daemon: () => DaemonReading;
  /** The snapshot, and the process it is of. */
  readonly engine: () => Promise<EngineReading>;
  readonly transitions: (instance: string) => readonly TransitionCount[];
  readonly havips: (instance: string) => readonly HavipStatus[];
  /** `garp_master_delay` of the running configuration; undefined: it has no such instance. */
  readonly announceDelaySeconds: (instance: string) => number | undefined;
  readonly groups: () => readonly { readonly name: string; readonly members: readonly string[] }[];
}

export interface EngineReading {
  readonly pid: number | undefined;
  /** Undefined: no answer. */
  readonly snapshot: Snapshot | undefined;
}

export class MetricsSource {
  readonly #parts: MetricsParts;
  readonly #totals = new EngineTotals();

  constructor(parts: MetricsParts) {
    this.#parts = parts;
  }

  async text(): Promise<string> {
    return printMetrics(await this.#read());
  }

  async json(): Promise<string> {
    return printMetricsJson(await this.#read());
  }

  async #read(): Promise<MetricsReading> {
    const { daemon, engine, transitions, havips, announceDelaySeconds } = this.#parts;
    const { pid, snapshot } = await engine();
    const instances = this.#totals.instances(pid, snapshot?.instances ?? []);
    const known = new Set(instances.map(({ name }) => name));
    this.#totals.forget((name) => known.has(name) || announceDelaySeconds(name) !== undefined);
    return {
      ...daemon(),
      at: snapshot?.at ?? instant(0),
      wallMs: Date.now(),
      engineAnswers: snapshot !== undefined,
      durations: this.#totals.durations(pid, snapshot?.durations),
      instances: instances.map((one) => ({
        snapshot: one,
        announceDelaySeconds: announceDelaySeconds(one.name) ?? 0,
        transitions: transitions(one.name),
        cloud: havips(one.name).map(cloudReading),
      })),
      groups: this.#groups(instances),
    };
  }

  #groups(instances: readonly InstanceSnapshot[]): readonly GroupReading[] {
    const states = new Map(instances.map(({ name, state }) => [name, state]));
    return this.#parts.groups().flatMap(({ name, members }) => {
      const [first, ...others] = new Set(members.flatMap((member) => states.get(member) ?? []));
      if (first === undefined) return [];
      return [{ name, state: others.length === 0 ? first : ("MIXED" as const) }];
    });
  }
}

const cloudReading = ({ address, platform, counters }: HavipStatus): CloudReading => ({
  address,
  platform,
  counters,
});
