/**
 * `--live`: each `check` once, as the daemon would ask. All at the same time, so this takes as long
 * as the longest time-out.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type AskDatabase, loadProbe } from "#daemon/checks/load-probe";
import { type Found, isDatabase } from "#daemon/checks/probe";
import { timedOut } from "#daemon/checks/texts";
import { DatabaseProcess } from "#daemon/database-process";
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Span } from "#diagnostics/source";
import { nameOf, placeOf } from "#keepalived/blocks/block";
import type { Model } from "#keepalived/model/model";
import { planCheck, targetSettings } from "#keepalived/plan/checks";
import type { CheckPlan } from "#keepalived/plan/run-plan";
import { toMillis, toSeconds } from "#units/time";

/** The process that asks databases has to be started first. */
const START_MS = 2_000;

export type RunCheck = (plan: CheckPlan) => Promise<Found>;

export async function runChecks(model: Model): Promise<readonly AnyFinding[]> {
  const targets = plannedIn(model).flatMap(({ plan: { target } }) =>
    isDatabase(target) ? [target] : [],
  );
  const databases = new DatabaseProcess({
    log: Object.assign(() => undefined, { dropped: () => 0 }),
  });
  databases.setChecks(targets);
  // What is set together is one configuration, a turn later.
  await Promise.resolve();
  const ask: AskDatabase = async (target, ms) => await databases.check(target, ms);
  try {
    return await assessChecks(model, async (plan) => await runOnce(plan, ask));
  } finally {
    databases.close();
  }
}

export async function assessChecks(model: Model, run: RunCheck): Promise<readonly AnyFinding[]> {
  const found = await Promise.all(
    plannedIn(model).map(async ({ plan, place, name }) => {
      const { kind, text } = await run(plan);
      const { kind: asks } = plan.target;
      return kind === "good" ? [] : [finding("VR5123", place, { name, kind: asks, why: text })];
    }),
  );
  return found.flat();
}

interface Planned {
  readonly plan: CheckPlan;
  readonly place: Span;
  readonly name: string;
}

const plannedIn = (model: Model): readonly Planned[] =>
  model.checks.flatMap((block) => {
    const plan = planCheck(block);
    const place = targetSettings(block).at(-1)?.token.span ?? placeOf(block);
    return plan === undefined ? [] : [{ plan, place, name: nameOf(block) }];
  });

async function runOnce({ target, timeout }: CheckPlan, ask: AskDatabase): Promise<Found> {
  const probe = await loadProbe(target, ask);
  const timeoutMs = toMillis(timeout) + (isDatabase(target) ? START_MS : 0);
  const abort = new AbortController();
  const over = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: over.signal }).then(
    (): Found => ({ kind: "bad", text: timedOut(toSeconds(timeout)) }),
  );
  late.catch(() => undefined);
  try {
    return await Promise.race([probe({ timeoutMs, signal: abort.signal }), late]);
  } finally {
    over.abort();
    abort.abort();
  }
}
