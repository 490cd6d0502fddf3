/** `metrics`, for the control socket and for HTTP. What makes it is loaded when it is asked for. */
import { toSeconds } from "#units/time";
import type { CheckFeed } from "./check-feed.ts";
import type { Status } from "./control-protocol.ts";
import type { EngineProcess } from "./engine-process.ts";
import type { GateFeed } from "./gate-feed.ts";
import type { HavipLoop } from "./havip-loop.ts";
import type { InstanceMemories } from "./instance-memory.ts";
import type { Log } from "./log.ts";
import type { DaemonReading, MetricsParts, MetricsSource } from "./metrics-source.ts";
import type { Notifier } from "./notifier.ts";
import type { ReloadCount } from "./reload-count.ts";
import { SharedWork } from "./shared-work.ts";
import { VERSION } from "./status.ts";
import type { Supervision } from "./supervision.ts";

type Shown = Pick<Status, "maintenance" | "alerts">;

export interface MetricsOptions {
  readonly startedAt: Date;
  readonly log: Log;
  readonly engine: Pick<EngineProcess, "pid" | "snapshot">;
  /** How long to wait for the engine, milliseconds. */
  readonly engineMs: number;
  readonly supervision: Pick<Supervision, "restarts">;
  readonly scripts: Pick<CheckFeed, "readings">;
  readonly notifier: Pick<Notifier, "readings">;
  readonly memories: Pick<InstanceMemories, "get">;
  readonly havips: Pick<HavipLoop, "status">;
  readonly reloads: ReloadCount;
  readonly gates: Pick<GateFeed, "readings">;
  readonly events: () => Status["events"];
  /** As `status` shows them. */
  readonly shown: () => Shown;
  /** Of the running configuration. */
  readonly groups: MetricsParts["groups"];
}

/** Between two parts of the engine's snapshot: nobody is in a hurry for metrics. */
const PAUSE_MS = 5;

export class MetricsAnswer {
  readonly #options: () => MetricsOptions;
  #source: Promise<MetricsSource> | undefined;
  readonly #text: SharedWork<readonly string[]> = new SharedWork(
    async () => await (await this.#load()).text(),
  );

  /** @param options asked for with the first question */
  constructor(options: () => MetricsOptions) {
    this.#options = options;
  }

  /** Prometheus' text format, unless JSON is asked for. */
  async get(format?: "json"): Promise<string> {
    return format === "json" ? await (await this.#load()).json() : (await this.parts()).join("");
  }

  /** Prometheus' text format in parts. Many who ask at once get the same ones. */
  async parts(): Promise<readonly string[]> {
    return await this.#text.get();
  }

  async #load(): Promise<MetricsSource> {
    this.#source ??= import("./metrics-source.ts").then(
      ({ MetricsSource: Source }) => new Source(this.#parts()),
    );
    return await this.#source;
  }

  #parts(): MetricsParts {
    const { startedAt, log, engine, engineMs, ...parts } = this.#options();
    const { supervision, scripts, notifier, memories, havips, reloads, groups, events, shown } =
      parts;
    const { gates } = parts;
    return {
      daemon: () => ({
        version: VERSION,
        nodeVersion: process.version,
        startedMs: startedAt.getTime(),
        engineRestarts: supervision.restarts,
        logLinesLost: log.dropped(),
        reloads: reloads.reading(startedAt),
        checks: scripts.readings(),
        notify: notifier.readings(),
        gates: gates.readings(),
        events: events(),
        ...shownReading(shown()),
      }),
      engine: async () => {
        const { pid } = engine;
        const snapshot = await engine.snapshot(engineMs, PAUSE_MS);
        // Another one was started meanwhile, and it is not known which of them has answered.
        return { pid, snapshot: pid === engine.pid ? snapshot : undefined };
      },
      transitions: (name) => [...(memories.get(name)?.transitions.values() ?? [])],
      havips: (name) => havips.status(name),
      announceDelaySeconds: (name) => {
        const delay = memories.get(name)?.config.router.announce.delay;
        return delay === undefined ? undefined : toSeconds(delay);
      },
      groups,
    };
  }
}

function shownReading({
  maintenance,
  alerts,
}: Shown): Pick<DaemonReading, "maintenance" | "alerts"> {
  const ms = (at: string | undefined): number | undefined =>
    at === undefined ? undefined : Date.parse(at);
  const { since, until } = maintenance ?? {};
  return {
    maintenance: { isOn: maintenance !== undefined, sinceMs: ms(since), untilMs: ms(until) },
    alerts,
  };
}
