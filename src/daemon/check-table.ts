/**
 * The checks of a configuration by name, whether they are programs (check-scripts.ts) or not
 * (service-checks.ts): which of them go on at a reload, and what is reported of each.
 */
import type { EventLog } from "#events/event-log";
import { CHECK_BOUNDS } from "#metrics/bounds";
import type { CheckReading } from "#metrics/reading";
import type { Instant } from "#units/time";
import type { TrackerResult } from "#vrrp/engine/engine-link";
import {
  type CheckConfig,
  type CheckResult,
  type CheckState,
  rescheduleCheck,
} from "./check-schedule.ts";
import { checkEvent } from "./event-texts.ts";
import type { Log } from "./log.ts";
import { RunTally } from "./run-tally.ts";

interface Plan extends CheckConfig {
  readonly name: string;
}

interface Check<P extends Plan> {
  plan: P;
  state: CheckState;
  readonly tally: RunTally;
  readonly last: { readonly at: Date } | undefined;
}

/** What the two kinds do in their own ways. */
export interface CheckKind<P extends Plan, C extends Check<P>> {
  readonly now: () => Instant;
  /** One with another target is another check. */
  readonly targetOf: (plan: P) => unknown;
  /** @param tally goes on counting when the target of a check is another one */
  readonly begin: (plan: P, tally: RunTally) => C;
  /** Its plan or state has changed. */
  readonly schedule: (check: C) => void;
  readonly end: (check: C) => void;
  readonly runOf: (check: C) => CheckReading["run"];
}

export class CheckTable<P extends Plan, C extends Check<P>> {
  readonly #kind: CheckKind<P, C>;
  #checks = new Map<string, C>();

  constructor(kind: CheckKind<P, C>) {
    this.#kind = kind;
  }

  /**
   * One with an unchanged target keeps its result, as in keepalived, and here also the run that is
   * under way.
   */
  configure(plans: readonly P[]): void {
    const { begin, end, targetOf } = this.#kind;
    const old = this.#checks;
    this.#checks = new Map();
    for (const plan of plans) {
      const known = old.get(plan.name);
      const isSame =
        known !== undefined &&
        JSON.stringify(targetOf(known.plan)) === JSON.stringify(targetOf(plan));
      if (isSame) old.delete(plan.name);
      const tally = known?.tally ?? new RunTally();
      this.#checks.set(plan.name, isSame ? this.#continue(known, plan) : begin(plan, tally));
    }
    for (const gone of old.values()) end(gone);
  }

  #continue(check: C, plan: P): C {
    const { now, schedule } = this.#kind;
    check.plan = plan;
    check.state = rescheduleCheck(plan, check.state, now());
    schedule(check);
    return check;
  }

  get all(): readonly C[] {
    return [...this.#checks.values()];
  }

  results(): readonly TrackerResult[] {
    return this.all.map(({ plan, state }) => ({
      kind: "script",
      name: plan.name,
      result: state.result,
    }));
  }

  readings(): readonly CheckReading[] {
    return this.all.map((check) => ({
      name: check.plan.name,
      result: check.state.result,
      run: this.#kind.runOf(check),
      runs: check.tally.counts,
      durations: check.tally.durations.counts(CHECK_BOUNDS),
      lastRunMs: check.last?.at.getTime(),
    }));
  }

  stop(): void {
    for (const check of this.all) this.#kind.end(check);
  }
}

export interface ResultTakers {
  readonly log: Log;
  readonly events: EventLog;
  readonly report: (name: string, result: "up" | "down") => void;
}

/**
 * A check's result is another than before: to the log in keepalived's sentence, which tools look
 * for, to the events, and to who asked.
 */
export function reportResult(
  { log, events, report }: ResultTakers,
  name: string,
  result: CheckResult,
  ...why: readonly [exit: number | string | undefined, Parameters<typeof checkEvent>[3]?]
): void {
  if (result === "unknown") return;
  const how = result === "up" ? "succeeded" : "failed";
  const level = result === "up" ? "info" : "warning";
  log(level, `VRRP_Script(${name}) ${how}`, { script: name, result });
  events.record(checkEvent(name, result, ...why));
  report(name, result);
}
