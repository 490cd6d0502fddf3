/**
 * Answers `metrics`: what the parts of the supervisor count, and the engine's snapshot with the
 * counters of the engines before it. Loaded when it is asked for the first time.
 */
import { EngineTotals } from "#metrics/engine-totals";
import { InstanceSeries, instanceSeries } from "#metrics/instance-labels";
import { printMetricsJson } from "#metrics/metrics-json";
import { MetricsPrinter } from "#metrics/print-metrics";
import type {
  CloudReading,
  GroupReading,
  MetricsReading,
  SessionReading,
  TransitionCount,
} from "#metrics/reading";
import { daemonSeries } from "#metrics/series";
import { printIpv4 } from "#units/address";
import { type Instant, instant } from "#units/time";
import type { InstanceSnapshot, SessionSnapshot } from "#vrrp/engine/engine-link";
import type { HavipStatus } from "./control-protocol.ts";
import type { Snapshot } from "./engine-process.ts";

/** What is not of one instance. */
export type DaemonReading = Omit<
  MetricsReading,
  "series" | "at" | "wallMs" | "engineAnswers" | "durations" | "sessions" | "instances" | "groups"
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

/** What a scrape waits for on its way is less: the two clocks are as far apart as before. */
const CLOCKS_MS = 50;

export class MetricsSource {
  readonly #parts: MetricsParts;
  readonly #totals = new EngineTotals();
  readonly #printer = new MetricsPrinter();
  readonly #series = daemonSeries();
  readonly #instanceSeries = new InstanceSeries();
  /** Of the wall clock after the engine's, milliseconds. */
  #ahead: number | undefined;

  constructor(parts: MetricsParts) {
    this.#parts = parts;
  }

  /** Prometheus' text, in parts of whole lines. */
  async text(): Promise<readonly string[]> {
    return this.#printer.parts(await this.#read());
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
    const series = this.#instanceSeries.of(instances);
    const at = snapshot?.at ?? instant(0);
    return {
      ...daemon(),
      series: this.#series,
      at,
      wallMs: snapshot === undefined ? Date.now() : this.#wallMs(at),
      engineAnswers: snapshot !== undefined,
      sessions: snapshot?.sessions?.map(sessionReading),
      durations: this.#totals.durations(pid, snapshot?.durations),
      instances: instances.map((one, place) => ({
        series: series[place] ?? instanceSeries(one),
        snapshot: one,
        announceDelaySeconds: announceDelaySeconds(one.name) ?? 0,
        transitions: transitions(one.name),
        cloud: havips(one.name).map(cloudReading),
      })),
      groups: this.#groups(instances),
    };
  }

  /**
   * The wall clock at an instant of the engine's. What the question took would move every instant
   * that is printed a little each time, and nothing has moved.
   */
  #wallMs(at: Instant): number {
    const ahead = Date.now() - at / 1_000;
    const known = this.#ahead;
    if (known === undefined || Math.abs(ahead - known) > CLOCKS_MS) this.#ahead = ahead;
    return at / 1_000 + (this.#ahead ?? ahead);
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

const sessionReading = ({ neighbor, state, ...one }: SessionSnapshot): SessionReading => ({
  name: one.name,
  neighbor: printIpv4(neighbor),
  isUp: state === "up",
  sent: one.sent,
  received: one.received,
  refused: one.refused,
});

const cloudReading = ({ address, platform, counters }: HavipStatus): CloudReading => ({
  address,
  platform,
  counters,
});
