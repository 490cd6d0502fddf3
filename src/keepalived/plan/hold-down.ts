/** `hold_down FIRST MAX`, in whole seconds. */

import { fromSeconds } from "#units/time";
import type { RouterConfig } from "#vrrp/router/config";
import { type Block, lastSetting } from "../blocks/block.ts";
import { readInteger } from "../values/numbers.ts";

export const HOLD_DOWN_MAX = 86_400;

/** Undefined: not configured, or not usable, which a rule reports (rules/own-keywords.ts). */
export function holdDownOf(instance: Block): RouterConfig["holdDown"] {
  const value = lastSetting(instance, "hold_down")?.value;
  if (value?.kind !== "texts") return undefined;
  const [first, max] = value.values.map((text) => readInteger(text));
  if (first === undefined || max === undefined) return undefined;
  const isUsable = first >= 1 && max >= first && max <= HOLD_DOWN_MAX;
  return isUsable ? { first: fromSeconds(first), max: fromSeconds(max) } : undefined;
}
