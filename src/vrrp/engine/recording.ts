/**
 * Recordings: what happened to the routers of one engine, so that the same events can be given to
 * the same core again.
 *
 * Lines of JSON. The first is `{"baton":"recording","version":2}`, and again wherever another
 * engine began; `wall` and `at` are its start by the calendar and by the clock of the events. A
 * line with `instances` is the configuration from there on (at start and after each reload;
 * passwords are hidden). Every other line is one event for one router:
 *
 *   {"at":MICROS,"instance":NAME,"event":EVENT,"before":{…},"after":{…}}
 *
 * `before` has what differs from the state after the router's last recorded event (wake-ups in
 * which nothing happens are not recorded), `after` what the event changed. Both replace whole
 * fields of the state; null is "undefined". Where lines had to be left out there is
 * `{"lost":COUNT}`, the configuration again, and complete states.
 */

import type { Instant } from "#units/time";
import type { InstanceConfig, RouterConfig } from "../router/config.ts";
import type { RouterEffect, RouterEvent } from "../router/event.ts";
import { step } from "../router/router.ts";
import type { RouterState } from "../router/state.ts";

/** What happened to which router: enough, with the configuration, to run it again. */
export interface EngineRecord {
  readonly at: Instant;
  readonly instance: string;
  readonly event: RouterEvent;
  readonly before: RouterState;
  readonly after: RouterState;
}

/** Counts up when fields of the state are renamed: an older recording would replay wrongly. */
const VERSION = 2;
const HEADER = { baton: "recording", version: VERSION };

export interface Recorder {
  configured(instances: readonly InstanceConfig[]): void;
  record(record: EngineRecord): void;
  /** Written lines got lost: the configuration and complete states are written next. */
  afresh(): void;
}

/** When an engine began: by the calendar (ISO 8601), and by the clock of its events. */
export interface Beginning {
  readonly wall: string;
  readonly at: Instant;
}

/** @param write gets one line at a time, without its end; false when it could not take it */
export function createRecorder(write: (line: string) => boolean, beginning?: Beginning): Recorder {
  const last = new Map<string, RouterState>();
  let configuration: string | undefined;
  let lost = 0;
  let mustRepeat = false;
  const put = (line: string): boolean => {
    if (lost > 0 && write(JSON.stringify({ lost }))) lost = 0;
    if (lost > 0 || !write(line)) {
      lost += 1;
      mustRepeat = true;
      return false;
    }
    return true;
  };
  const repeat = (): boolean => {
    last.clear();
    mustRepeat = false;
    return configuration === undefined || put(configuration);
  };
  put(JSON.stringify({ ...HEADER, ...beginning }));
  return {
    configured: (instances) => {
      configuration = JSON.stringify({ instances });
      repeat();
    },
    record: ({ at, instance, event, before, after }) => {
      if (mustRepeat && !repeat()) {
        lost += 1;
        return;
      }
      const moved = differences(last.get(instance), before);
      last.set(instance, after);
      const line = { at, instance, event, ...(moved === undefined ? {} : { before: moved }) };
      put(JSON.stringify({ ...line, after: differences(before, after) ?? {} }));
    },
    afresh: () => void repeat(),
  };
}

type StateFields = Readonly<Record<string, unknown>>;

/** The fields of `after` that differ from `before`; undefined if none does. */
function differences(before: RouterState | undefined, after: RouterState): StateFields | undefined {
  if (before === after) return undefined;
  const changed: Record<string, unknown> = {};
  const old = (before ?? {}) as unknown as StateFields;
  for (const [name, value] of Object.entries(after)) {
    if (!isSame(old[name], value)) changed[name] = value ?? null;
  }
  return Object.keys(changed).length === 0 ? undefined : changed;
}

/** Plain data is the same if it is written the same. */
const isSame = (a: unknown, b: unknown): boolean =>
  a === b || canonical(a ?? null) === canonical(b ?? null);

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    one !== null && typeof one === "object" && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );

export type ReplayStep =
  /** Another engine begins: the routers start anew. */
  | { readonly kind: "began"; readonly beginning: Beginning | undefined }
  | { readonly kind: "configured"; readonly instances: readonly string[] }
  | { readonly kind: "lost"; readonly count: number }
  | {
      readonly kind: "event";
      readonly at: Instant;
      readonly instance: string;
      readonly event: RouterEvent;
      readonly effects: readonly RouterEffect[];
      /** StateFields of the state in which this core differs from the recorded one. */
      readonly differs: readonly Difference[];
    };

export interface Difference {
  readonly field: string;
  readonly recorded: unknown;
  readonly replayed: unknown;
}

export interface Replay {
  readonly steps: readonly ReplayStep[];
  /** Lines that could not be used, counted from 1. The last line of a recording is often cut. */
  readonly problems: readonly { readonly line: number; readonly text: string }[];
}

/** Gives every recorded event to this core, each from its recorded state. */
export function replayRecording(text: string): Replay {
  const steps: ReplayStep[] = [];
  const problems: { line: number; text: string }[] = [];
  const routers = new Map<string, RouterConfig>();
  const states = new Map<string, RouterState>();
  for (const [index, raw] of text.split("\n").entries()) {
    if (raw.trim() === "") continue;
    const line = readLine(raw);
    const complain = (what: string): void => void problems.push({ line: index + 1, text: what });
    const isHeader = line?.["baton"] === HEADER.baton;
    if (index === 0 && !isHeader) {
      complain("this is no recording of baton");
      return { steps, problems };
    }
    if (isHeader && line["version"] !== VERSION) {
      const theirs = String(line["version"]);
      complain(
        `a recording of version ${theirs}, and this baton reads version ${VERSION}: replay it with the baton that wrote it`,
      );
      return { steps, problems };
    }
    if (line === undefined) {
      complain("not a line of JSON");
    } else if (isHeader) {
      routers.clear();
      states.clear();
      steps.push({ kind: "began", beginning: beginningOf(line) });
    } else if (typeof line["lost"] === "number") {
      states.clear();
      steps.push({ kind: "lost", count: line["lost"] });
    } else if (Array.isArray(line["instances"])) {
      const instances = line["instances"] as readonly InstanceConfig[];
      routers.clear();
      for (const { router } of instances) routers.set(router.name, router);
      steps.push({ kind: "configured", instances: [...routers.keys()] });
    } else {
      const replayed = replayEvent(line, routers, states);
      if (typeof replayed === "string") complain(replayed);
      else steps.push(replayed);
    }
  }
  return { steps, problems };
}

function beginningOf({ wall, at }: StateFields): Beginning | undefined {
  return typeof wall === "string" && typeof at === "number"
    ? { wall, at: at as Instant }
    : undefined;
}

function readLine(raw: string): StateFields | undefined {
  try {
    const value: unknown = JSON.parse(raw);
    return value !== null && typeof value === "object" ? (value as StateFields) : undefined;
  } catch {
    return undefined;
  }
}

function replayEvent(
  line: StateFields,
  routers: ReadonlyMap<string, RouterConfig>,
  states: Map<string, RouterState>,
): ReplayStep | string {
  const { at, instance, event, before, after } = line;
  if (typeof at !== "number" || typeof instance !== "string")
    return "an event without time or instance";
  const config = routers.get(instance);
  if (config === undefined) return `an event for ${instance}, which is not configured`;
  const state = merge(states.get(instance), before as StateFields | undefined);
  const recorded = merge(state, after as StateFields | undefined);
  states.set(instance, recorded);
  if (typeof event !== "object" || event === null || recorded.phase === undefined)
    return "an event without its state";
  const now = at as Instant;
  const result = step(config, state, event as RouterEvent, now);
  return {
    kind: "event",
    at: now,
    instance,
    event: event as RouterEvent,
    effects: result.effects,
    differs: compare(recorded, result.state),
  };
}

function merge(state: RouterState | undefined, change: StateFields | undefined): RouterState {
  const known = (state ?? {}) as unknown as StateFields;
  return { ...known, ...change } as unknown as RouterState;
}

function compare(recorded: RouterState, replayed: RouterState): readonly Difference[] {
  const a = recorded as unknown as StateFields;
  const b = replayed as unknown as StateFields;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names]
    .filter((name) => !isSame(a[name], b[name]))
    .map((field) => ({ field, recorded: a[field], replayed: b[field] }));
}
