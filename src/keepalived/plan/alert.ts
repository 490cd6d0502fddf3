/** The `alert` blocks. What is unusable is left out, and a rule reports it (rules/alert.ts). */
import { fromSeconds, type Micros } from "#units/time";
import {
  type Block,
  blocksOf,
  booleanOf,
  lastSetting,
  numberOf,
  secretsOf,
  textOf,
} from "../blocks/block.ts";
import {
  ALERT_DEFAULTS,
  ALERT_KINDS,
  ALERT_SEVERITIES,
  type AlertKind,
  DESTINATIONS,
} from "../keywords/alert.ts";
import type { Model } from "../model/model.ts";
import type { AlertPlan, DestinationPlan } from "./run-plan.ts";

/** Undefined: none is written. */
export function alertsOf({ root }: Model): readonly AlertPlan[] | undefined {
  const alerts = blocksOf(root, "alert").flatMap((block) => {
    const to = destinationsOf(block);
    return to.length === 0 ? [] : [planAlert(block, to)];
  });
  return alerts.length === 0 ? undefined : alerts;
}

function planAlert(block: Block, to: readonly DestinationPlan[]): AlertPlan {
  const time = (word: keyof typeof ALERT_DEFAULTS): Micros =>
    fromSeconds(numberOf(block, word) ?? ALERT_DEFAULTS[word]);
  const severity = textOf(block, "min_severity");
  const language = textOf(block, "language");
  return {
    to,
    on: kindsOf(block),
    minSeverity: ALERT_SEVERITIES.find((one) => one === severity) ?? "warning",
    repeat: time("repeat"),
    resolved: booleanOf(block, "resolved") ?? true,
    settle: time("settle"),
    timeout: time("timeout"),
    deadline: time("deadline"),
    language: language === "en" || language === "zh-CN" ? language : undefined,
  };
}

function destinationsOf(block: Block): readonly DestinationPlan[] {
  const addressed = DESTINATIONS.flatMap((kind) =>
    secretsOf(block, kind).flatMap(([url, secret]): DestinationPlan[] =>
      url === undefined ? [] : [{ kind, url, secret }],
    ),
  );
  return booleanOf(block, "email") === true ? [...addressed, { kind: "email" }] : addressed;
}

/** Undefined: every kind. */
function kindsOf(block: Block): readonly AlertKind[] | undefined {
  const value = lastSetting(block, "on")?.value;
  if (value?.kind !== "texts") return undefined;
  const known = ALERT_KINDS.filter((kind) => value.values.includes(kind));
  return known.length === 0 ? undefined : known;
}
