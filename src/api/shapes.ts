/**
 * What answers look like, for `/openapi.json`. Of what changes with each version (counters,
 * reasons, data of an event) only that it is an object: a program that reads it has to know the
 * version.
 */
import * as v from "valibot";
import { EVENT_KINDS, EVENT_SEVERITIES } from "#events/record";
import { keepingObject, recordOf } from "#json/shape";
import { CHECK_KINDS } from "#keepalived/keywords/checks";

const open = <Entries extends v.ObjectEntries>(
  entries: Entries,
): ReturnType<typeof keepingObject<Entries>> => keepingObject(entries, "an object");
const text = v.string();
const number = v.number();
const maybe = v.exactOptional;
const anything = recordOf(v.unknown(), "an object");
const both = open({ en: text, "zh-CN": text });
const time = v.pipe(text, v.description("ISO 8601, wall clock of the node"));

const STATE = v.pipe(
  v.picklist(["INIT", "BACKUP", "MASTER", "FAULT", "STOP"]),
  v.description("RFC 9568"),
);

const SAID = { en: text, "zh-CN": text, reason: anything };
const WHY = open(SAID);

const PEER = open({
  address: text,
  configured: v.boolean(),
  heardSecondsAgo: maybe(number),
  priority: maybe(number),
});

const ADDRESS = open({
  address: text,
  interface: text,
  owned: v.boolean(),
  announcements: number,
});

const INSTANCE = open({
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
  counters: v.pipe(
    recordOf(number, "an object of numbers"),
    v.description("since the engine was started"),
  ),
  havips: v.array(anything),
  history: v.array(open({ at: time, from: text, to: text, why: both })),
  notify: anything,
  gate: maybe(
    open({
      unit: text,
      phase: v.picklist(["closed", "probing", "promoting", "open", "demoting"]),
      fence: v.picklist(["open", "closed", "new-closed"]),
      eligible: v.picklist(["unknown", "yes", "no"]),
      why: v.array(both),
      epoch: number,
      marked: v.boolean(),
    }),
  ),
});

const GROUP = open({
  name: text,
  state: v.picklist(["INIT", "BACKUP", "MASTER", "FAULT", "STOP", "MIXED"]),
  since: time,
  forSeconds: number,
  why: open({ ...SAID, member: text }),
  members: v.array(open({ name: text, state: STATE, isReady: v.boolean() })),
});

const SCRIPT = open({
  name: text,
  check: maybe(
    v.pipe(v.picklist(CHECK_KINDS), v.description("of a check without a process: what it asks")),
  ),
  command: v.array(text),
  user: text,
  intervalSeconds: number,
  result: v.picklist(["unknown", "up", "down"]),
});

export const STATUS = open({
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
  api: maybe(open({ listen: v.array(text) })),
});

export const EVENT = open({
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

export const CHECK = open({
  ok: v.boolean(),
  counts: recordOf(number, "an object of numbers"),
  findings: v.array(open({ code: text, severity: text, message: text })),
  instances: v.array(open({ name: text, vrid: number })),
});

export const PROBLEM = open({
  type: v.pipe(text, v.description("urn:baton:problem:KIND")),
  title: text,
  status: number,
  detail: text,
  help: maybe(text),
});

/** What was done, or would be; a refusal is a problem with the same members. */
export const SWITCHED = open({ switch: open({ outcome: text }) });
export const PROMOTED = open({ promote: open({ name: text, outcome: text, reason: text }) });
export const MAINTENANCE = open({ maintenance: v.unknown() });
