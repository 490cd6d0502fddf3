/**
 * `garp_*` keywords: the instance's own counts first, then the global one, then a preset, then
 * keepalived's default.
 */

import { fromSeconds, micros } from "#units/time";
import type { AnnounceConfig, PacingConfig } from "#vrrp/router/config";
import { type Block, booleanOf, lastSetting, numberOf, textOf } from "../blocks/block.ts";
import {
  addressesOf,
  excludedOf,
  garpPresetOf,
  holderOf,
  inherited,
  interfaceOf,
  isStrict,
} from "../model/effective.ts";
import { type Model, pacingWith } from "../model/model.ts";

export function announceOf(instance: Block, model: Model): AnnounceConfig {
  // `vrrp_min_garp` changes the defaults; what is written still counts.
  const few = booleanOf(model.globals, "vrrp_min_garp") === true;
  const preset = garpPresetOf(instance, model);
  const usualDelay = few ? 0 : (preset?.garp_master_delay ?? 5);
  const usualRepeat = few ? 1 : (preset?.garp_master_repeat ?? 5);
  const delay = inherited(instance, model, "garp_master_delay") ?? usualDelay;
  const repeat = inherited(instance, model, "garp_master_repeat") ?? usualRepeat;
  // Their defaults are the global master values, not the instance's own (seen in 2.2.7's dump).
  const strict = isStrict(instance, model);
  const lowerDelay =
    inherited(instance, model, "garp_lower_prio_delay") ??
    numberOf(model.globals, "vrrp_garp_master_delay") ??
    usualDelay;
  const lowerRepeat =
    inherited(instance, model, "garp_lower_prio_repeat") ??
    numberOf(model.globals, "vrrp_garp_master_repeat") ??
    usualRepeat;
  return {
    delay: fromSeconds(delay),
    repeat,
    refresh: fromSeconds(
      inherited(instance, model, "garp_master_refresh") ?? preset?.garp_master_refresh ?? 0,
    ),
    refreshRepeat: inherited(instance, model, "garp_master_refresh_repeat") ?? 1,
    lowerPrioDelay: fromSeconds(strict ? 0 : lowerDelay),
    lowerPrioRepeat: strict ? 0 : lowerRepeat,
  };
}

/** `garp_rate BURST PER_SECOND`, of the instance or global. */
function rateOf(instance: Block, model: Model): readonly [number, number] {
  const setting = lastSetting(instance, "garp_rate") ?? lastSetting(model.globals, "garp_rate");
  if (setting === undefined) return garpPresetOf(instance, model)?.garp_rate ?? [0, 0];
  if (setting.value.kind !== "texts") return [0, 0];
  const [burst = 0, perSecond = 0] = setting.value.values.map(Number);
  return burst >= 1 && perSecond >= 1 ? [burst, perSecond] : [0, 0];
}

export function pacingOf(instance: Block, model: Model): PacingConfig {
  const [burst, perSecond] = rateOf(instance, model);
  const [first] = addressesOf(instance);
  const device =
    interfaceOf(instance) ?? (first === undefined ? undefined : holderOf(first, instance, model));
  const group = device === undefined ? undefined : pacingWith(model, device);
  const gapOf = (word: "garp_interval" | "gna_interval"): number =>
    (group && numberOf(group, word)) ?? numberOf(model.globals, `vrrp_${word}`) ?? 0;
  // All announcements of an interface stand in one line: with both families the longer gap counts.
  const families = new Set(
    [...addressesOf(instance), ...excludedOf(instance)].map(({ ip }) => ip.family),
  );
  const gap = Math.max(
    families.has(6) ? gapOf("gna_interval") : 0,
    families.has(4) || families.size === 0 ? gapOf("garp_interval") : 0,
  );
  return { burst, perSecond, gap: gap === 0 ? micros(0) : fromSeconds(gap) };
}

export function arpForm(instance: Block, model: Model): "request" | "reply" | "both" {
  const form = textOf(instance, "garp_form") ?? textOf(model.globals, "garp_form");
  return form === "reply" || form === "both" ? form : "request";
}
