/** The whole `Status`, from everything in the supervisor that knows a part of it. */
import type { Language } from "#diagnostics/diagnostic";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { instant } from "#units/time";
import type { BriefSnapshot } from "#vrrp/engine/engine-link";
import type { CheckFeed } from "./check-feed.ts";
import type { BriefStatus, Status } from "./control-protocol.ts";
import type { EngineProcess, Snapshot } from "./engine-process.ts";
import type { GateFeed } from "./gate-feed.ts";
import type { HavipLoop } from "./havip-loop.ts";
import type { InstanceMemories } from "./instance-memory.ts";
import type { Notifier } from "./notifier.ts";
import type { Operator } from "./operator.ts";
import type { ReloadCount } from "./reload-count.ts";
import { sessionStatus } from "./session-messages.ts";
import { briefInstance, groupStatuses, historyStatus, identity, instanceStatus } from "./status.ts";
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
  const { notifier, memories, havips, operator, gates } = parts;
  const wall = Date.now();
  const at = snapshot?.at ?? instant(0);
  const instances = (snapshot?.instances ?? []).map((one) =>
    instanceStatus(one, at, wall, {
      havips: havips.status(one.name),
      history: historyStatus(memories.get(one.name)?.history ?? []),
      notify: notifier.resultsOf("INSTANCE", one.name),
      ...operator.statusOf(one),
      ...gates.statusOf(one, at),
    }),
  );
  return { ...commonStatus(parts, snapshot, wall), instances };
}

/** The same for a table, with the sentences about instances in this language alone. */
export function briefStatus(
  parts: StatusParts,
  snapshot: Snapshot<BriefSnapshot> | undefined,
  language: Language,
): BriefStatus {
  const { notifier, havips, operator, gates } = parts;
  const at = snapshot?.at ?? instant(0);
  const instances = (snapshot?.instances ?? []).map((one) =>
    briefInstance(one, at, language, {
      havips: havips.status(one.name),
      notify: notifier.resultsOf("INSTANCE", one.name),
      ...operator.statusOf(one),
      ...gates.statusOf(one, at),
    }),
  );
  return { ...commonStatus(parts, snapshot, Date.now()), instances };
}

/** @param wall milliseconds since 1970 */
function commonStatus(
  parts: StatusParts,
  snapshot: Snapshot<BriefSnapshot> | undefined,
  wall: number,
): Omit<Status, "instances"> {
  const { options, engine, plan, scripts, notifier, operator } = parts;
  const at = snapshot?.at ?? instant(0);
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
    groups: groupStatuses(plan.groups, snapshot?.instances ?? [], at, wall, (name) =>
      notifier.resultsOf("GROUP", name),
    ),
    scripts: scripts.status(),
    ...(snapshot?.sessions !== undefined && {
      sessions: snapshot.sessions.map((one) => sessionStatus(one, at)),
    }),
    engineRestarts: parts.supervision.restarts,
    logLinesLost: options.log.dropped(),
    ...(events !== undefined && { events }),
    ...operator.status,
    ...(listen !== undefined && { api: { listen } }),
    ...snapshot?.pauses,
    ...notifier.alertsStatus(),
  };
}
