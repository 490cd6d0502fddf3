/**
 * What answers look like, for `/openapi.json`. Of what changes with each version (counters,
 * reasons, data of an event) only that it is an object: a program that reads it has to know the
 * version.
 */
import * as v from "valibot";
import { EVENT_KINDS, EVENT_SEVERITIES } from "#events/record";

const text = v.string();
const number = v.number();
const maybe = v.exactOptional;
const anything = v.record(v.string(), v.unknown());
const both = v.looseObject({ en: text, "zh-CN": text });
const time = v.pipe(text, v.description("ISO 8601, wall clock of the node"));

const STATE = v.pipe(
  v.picklist(["INIT", "BACKUP", "MASTER", "FAULT", "STOP"]),
  v.description("RFC 9568"),
);

const WHY = v.looseObject({ en: text, "zh-CN": text, reason: anything });

const PEER = v.looseObject({
  address: text,
  configured: v.boolean(),
  heardSecondsAgo: maybe(number),
  priority: maybe(number),
});

const ADDRESS = v.looseObject({
  address: text,
  interface: text,
  owned: v.boolean(),
  announcements: number,
});

const INSTANCE = v.looseObject({
  name: text,
  state: STATE,
  phase: text,
  since: time,
  forSeconds: number,
  why: WHY,
  interface: v.pipe(
    v.nullable(text),
    v.description("null if it is bound to none: then the routing table leads to its unicast peers"),
  ),
  vrid: number,
  version: number,
  linkUp: v.boolean(),
  basePriority: number,
  effectivePriority: number,
  advertIntervalSeconds: number,
  trackers: v.array(anything),
  standby: maybe(anything),
  peers: v.array(PEER),
  addresses: v.array(ADDRESS),
  lease: anything,
  counters: v.pipe(v.record(text, number), v.description("since the engine was started")),
  havips: v.array(anything),
  history: v.array(v.looseObject({ at: time, from: text, to: text, why: both })),
  notify: anything,
});

const GROUP = v.looseObject({
  name: text,
  state: v.picklist(["INIT", "BACKUP", "MASTER", "FAULT", "STOP", "MIXED"]),
  since: time,
  forSeconds: number,
  why: v.looseObject({ ...WHY.entries, member: text }),
  members: v.array(v.looseObject({ name: text, state: STATE, isReady: v.boolean() })),
});

const SCRIPT = v.looseObject({
  name: text,
  command: v.array(text),
  user: text,
  intervalSeconds: number,
  result: v.picklist(["unknown", "up", "down"]),
});

export const STATUS = v.looseObject({
  version: v.pipe(text, v.description("of Baton")),
  node: v.pipe(text, v.description("version of Node.js")),
  host: maybe(v.pipe(text, v.description("host name, as events have it"))),
  at: time,
  pid: number,
  enginePid: maybe(number),
  configFile: text,
  configId: maybe(text),
  startedAt: time,
  reloadedAt: maybe(time),
  engineAnswers: v.pipe(
    v.boolean(),
    v.description(
      "false: the engine is being started, or hangs; then nothing is known of the instances",
    ),
  ),
  instances: v.array(INSTANCE),
  groups: v.array(GROUP),
  scripts: v.array(SCRIPT),
  engineRestarts: number,
  logLinesLost: number,
  api: maybe(v.looseObject({ listen: v.array(text) })),
});

export const EVENT = v.looseObject({
  id: v.pipe(number, v.description("grows within a node's file, and is never used again")),
  at: v.pipe(text, v.description("ISO 8601, wall clock of the node, microseconds")),
  node: v.pipe(text, v.description("host name")),
  kind: v.picklist(EVENT_KINDS),
  severity: v.picklist(EVENT_SEVERITIES),
  instance: maybe(text),
  group: maybe(text),
  text: both,
  data: anything,
});

export const EVENTS = v.object({
  node: v.pipe(text, v.description("host name")),
  now: v.pipe(time, v.description("the node's clock, to compare it with others")),
  events: v.array(EVENT),
  next: maybe(
    v.pipe(
      number,
      v.description("there are more: ask again with `after` of this, or with `newest` `before` it"),
    ),
  ),
});

export const HEALTH = v.object({ ok: v.literal(true) });

export const CHECK = v.looseObject({
  ok: v.boolean(),
  counts: v.record(text, number),
  findings: v.array(v.looseObject({ code: text, severity: text, message: text })),
  instances: v.array(v.looseObject({ name: text, vrid: number })),
});

export const PROBLEM = v.looseObject({
  type: v.pipe(text, v.description("urn:baton:problem:KIND")),
  title: text,
  status: number,
  detail: text,
  help: maybe(text),
});

/** What was done, or would be; a refusal is a problem with the same members. */
export const SWITCHED = v.looseObject({ switch: v.looseObject({ outcome: text }) });
export const MAINTENANCE = v.looseObject({ maintenance: v.unknown() });
