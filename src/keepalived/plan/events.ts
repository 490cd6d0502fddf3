/** `events`: bounds of the file of what happened. */
import { type Block, blocksOf, hasSetting, textOf } from "../blocks/block.ts";
import type { Model } from "../model/model.ts";
import type { EventsPlan } from "./run-plan.ts";

/** Keywords with a value, and what it may be in their unit: hours, bytes, events. */
const LIMITS = {
  keep: { form: /^([0-9]{1,6})([hdw])$/, min: 1, max: 876_000 },
  max_size: { form: /^([0-9]{1,6})([MG])$/, min: 1_048_576, max: 17_179_869_184 },
  max_entries: { form: /^([0-9]{1,9})()$/, min: 1_000, max: 10_000_000 },
} as const;
export type EventsLimit = keyof typeof LIMITS;
export const EVENTS_LIMITS: readonly EventsLimit[] = ["keep", "max_size", "max_entries"];

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  h: 1,
  d: 24,
  w: 168,
  M: 1_048_576,
  G: 1_073_741_824,
};

export type ReadLimit =
  | { readonly kind: "value"; readonly value: number }
  | { readonly kind: "problem"; readonly why: "form" | "range" };

/** In hours, bytes or events. */
export function readEventsLimit(keyword: EventsLimit, written: string): ReadLimit {
  const { form, min, max } = LIMITS[keyword];
  const match = form.exec(written);
  if (match === null) return { kind: "problem", why: "form" };
  const value = Number(match[1]) * (UNITS[match[2] ?? ""] ?? 1);
  return value < min || value > max ? { kind: "problem", why: "range" } : { kind: "value", value };
}

/** The last one counts, as for every keyword. */
export const eventsBlock = (model: Model): Block | undefined =>
  blocksOf(model.root, "events").at(-1);

/** Undefined: the file says nothing about it. */
export function eventsOf(model: Model): EventsPlan | undefined {
  const block = eventsBlock(model);
  if (block === undefined) return undefined;
  const limit = (keyword: EventsLimit): number | undefined => {
    const read = readEventsLimit(keyword, textOf(block, keyword) ?? "");
    return read.kind === "value" ? read.value : undefined;
  };
  return {
    isOff: hasSetting(block, "off"),
    hours: limit("keep"),
    bytes: limit("max_size"),
    entries: limit("max_entries"),
  };
}
