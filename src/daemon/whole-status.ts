/** The whole `Status`, from everything in the supervisor that knows a part of it. */
import type { RunPlan } from "#keepalived/plan/run-plan";
import { instant } from "#units/time";
import type { CheckFeed } from "./check-feed.ts";
import type { Status } from "./control-protocol.ts";
import type { EngineProcess, Snapshot } from "./engine-process.ts";
import type { GateFeed } from "./gate-feed.ts";
import type { HavipLoop } from "./havip-loop.ts";
import type { InstanceMemories } from "./instance-memory.ts";
import type { Notifier } from "./notifier.ts";
import type { Operator } from "./operator.ts";
import type { ReloadCount } from "./reload-count.ts";
import { groupStatuses, historyStatus, identity, instanceStatus } from "./status.ts";
import type { Supervision } from "./supervision.ts";
import type { SupervisorOptions } from "./supervisor-options.ts";

export interface StatusParts {
  readonly options: SupervisorOptions;
  readonly startedAt: Date;
  readonly plan: RunPlan;
  readonly engine: Pick<EngineProcess, "pid">;
  readonly supervision: Pick<Supervision, "restarts">;
  readonly scripts: Pick<CheckFeed, "status">;
  readonly notifier: Pick<Notifier, "resultsOf" | "alertsStatus">;
  readonly memories: Pick<InstanceMemories, "get">;
  readonly havips: Pick<HavipLoop, "status">;
  readonly reloads: Pick<ReloadCount, "takenAt">;
  readonly operator: Pick<Operator, "status" | "statusOf">;
  readonly gates: Pick<GateFeed, "statusOf">;
}

/** @param snapshot undefined: the engine did not answer */
export function wholeStatus(parts: StatusParts, snapshot: Snapshot | undefined): Status {
  const { options, engine, plan, scripts, notifier, memories, havips, operator, gates } = parts;
  const wall = Date.now();
  const at = snapshot?.at ?? instant(0);
  const instances = snapshot?.instances ?? [];
  const listen = options.apiListens?.();
  const events = options.eventsStatus?.();
  return {
    ...identity(),
    at: new Date(wall).toISOString(),
    enginePid: engine.pid,
    configFile: options.configFile,
    configId: options.configId,
    startedAt: parts.startedAt.toISOString(),
    reloadedAt: parts.reloads.takenAt?.toISOString(),
    engineAnswers: snapshot !== undefined,
    instances: instances.map((one) =>
      instanceStatus(one, at, wall, {
        havips: havips.status(one.name),
        history: historyStatus(memories.get(one.name)?.history ?? []),
        notify: notifier.resultsOf("INSTANCE", one.name),
        ...operator.statusOf(one),
        ...gates.statusOf(one, at),
      }),
    ),
    groups: groupStatuses(plan.groups, instances, at, wall, (name) =>
      notifier.resultsOf("GROUP", name),
    ),
    scripts: scripts.status(),
    engineRestarts: parts.supervision.restarts,
    logLinesLost: options.log.dropped(),
    ...(events !== undefined && { events }),
    ...operator.status,
    ...(listen !== undefined && { api: { listen } }),
    ...snapshot?.pauses,
    ...notifier.alertsStatus(),
  };
}
