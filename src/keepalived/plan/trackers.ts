/**
 * Trackers of an instance: its own, its group's, and the interfaces that its addresses are on.
 */
import type { TrackerConfig, TrackerKind } from "#vrrp/router/config";
import { type Block, booleanOf, hasSetting, itemsOf, lastSetting } from "../blocks/block.ts";
import {
  addressesOf,
  excludedOf,
  groupOf,
  holderOf,
  interfaceOf,
  isOwner,
} from "../model/effective.ts";
import { find, type Model } from "../model/model.ts";
import type { TrackedItem } from "../values/value.ts";
import { sessionsOf } from "./bfd.ts";
import { planCheck } from "./checks.ts";

interface TrackerList {
  readonly word: "track_interface" | "track_script" | "track_file" | "track_process" | "track_bfd";
  readonly kind: TrackerKind;
}

export const TRACKER_LISTS: readonly TrackerList[] = [
  { word: "track_interface", kind: "interface" },
  { word: "track_script", kind: "script" },
  { word: "track_file", kind: "file" },
  { word: "track_process", kind: "process" },
  { word: "track_bfd", kind: "bfd" },
];

/** The block a tracked name stands for; interfaces need none. */
export function trackedBlock(model: Model, kind: TrackerKind, name: string): Block | undefined {
  switch (kind) {
    case "script":
      return find(model.scripts, name) ?? find(model.checks, name);
    case "process":
      return find(model.processes, name);
    case "file":
      return find(model.files, name);
    case "bfd":
      return find(model.sessions, name);
    case "interface":
      return undefined;
  }
}

const NEEDED = {
  script: "script",
  file: "file",
  process: "process",
  bfd: "neighbor_ip",
} as const;

/** A check without its command is dropped by keepalived, and with it every use. */
export function isUsable(kind: TrackerKind, block: Block | undefined): boolean {
  if (kind === "interface") return true;
  if (block?.word === "check") return planCheck(block) !== undefined;
  return block !== undefined && hasSetting(block, NEEDED[kind]);
}

function trackerOf(model: Model, kind: TrackerKind, item: TrackedItem): TrackerConfig | undefined {
  const name = item.token.text;
  if (kind === "bfd" && !sessionsOf(model).has(name)) return undefined;
  const block = trackedBlock(model, kind, name);
  if (!isUsable(kind, block)) return undefined;
  const own = block && lastSetting(block, "weight")?.value;
  const fallback = own?.kind === "weight" ? own : undefined;
  return {
    kind,
    name,
    weight: item.weight ?? fallback?.weight ?? (kind === "file" ? 1 : 0),
    reverse: item.reverse ?? (item.weight === undefined ? (fallback?.reverse ?? false) : false),
  };
}

function listed(block: Block, model: Model): TrackerConfig[] {
  return TRACKER_LISTS.flatMap(({ word, kind }) =>
    itemsOf(block, word, "tracked").flatMap((item) => trackerOf(model, kind, item) ?? []),
  );
}

/**
 * In a sync group without `sync_group_tracking_weight` the members must agree, so keepalived takes
 * weights away: interfaces and files of weight 1 count as faults, other weighted checks are
 * removed.
 */
export function withoutWeight(tracker: TrackerConfig): TrackerConfig | undefined {
  if (tracker.weight === 0) return tracker;
  if (tracker.kind === "interface") return { ...tracker, weight: 0, reverse: false };
  if (tracker.kind === "file" && Math.abs(tracker.weight) === 1) return { ...tracker, weight: 0 };
  return undefined;
}

/** What the instance's own lists say, before group and owner corrections. */
export const ownTrackers = (instance: Block, model: Model): readonly TrackerConfig[] =>
  listed(instance, model);

export function keepsWeights(group: Block | undefined): boolean {
  return group === undefined || booleanOf(group, "sync_group_tracking_weight") === true;
}

const NONE: readonly TrackerConfig[] = [];

export function trackersOf(instance: Block, model: Model): readonly TrackerConfig[] {
  const group = groupOf(instance, model);
  const own = interfaceOf(instance);
  const devices = new Set<string>();
  for (const items of [addressesOf(instance), excludedOf(instance)]) {
    for (const item of items) {
      const device = holderOf(item, instance, model);
      if (device !== undefined && device !== own && !item.noTrack) devices.add(device);
    }
  }
  const all = [...listed(instance, model), ...(group === undefined ? [] : listed(group, model))];
  if (all.length === 0 && devices.size === 0) return NONE;
  const weighed = keepsWeights(group) ? all : all.flatMap((one) => withoutWeight(one) ?? []);
  // An address owner's priority never changes.
  const usable = isOwner(instance) ? weighed.filter(({ weight }) => weight === 0) : weighed;
  const implied = [...devices].map(
    (name): TrackerConfig => ({ kind: "interface", name, weight: 0, reverse: false }),
  );
  const seen = new Set<string>();
  return [...usable, ...implied].filter(({ kind, name }) => {
    // keepalived ignores the instance's own interface here, with or without a weight, even with
    // `dont_track_primary`.
    if (kind === "interface" && name === own) return false;
    const key = `${kind} ${name}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

export const tracksPrimary = (instance: Block): boolean =>
  !hasSetting(instance, "dont_track_primary");
