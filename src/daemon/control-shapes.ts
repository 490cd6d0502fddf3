/** What is accepted on the control socket: requests by the daemon, answers by the commands. */
import * as v from "valibot";
import { printJsonProblem } from "#json/problem";
import { isObject, keepingObject, openObject, parseJson, readShape, type Shape } from "#json/shape";
import type { BriefStatus, ControlAnswer, ControlRequest, Status } from "./control-protocol.ts";
import { MAINTENANCE, type Maintenance } from "./maintenance-shape.ts";
import type { PromoteAnswer } from "./promote-protocol.ts";
import type { SwitchAnswer } from "./switch-protocol.ts";

const lang = v.exactOptional(v.picklist(["en", "zh-CN"], '"en" or "zh-CN"'));
const COMMANDS =
  '"status", "watch", "explain", "reload", "metrics", "switch", "maintenance", "promote" or "ping"';

const yes = v.exactOptional(v.literal(true, "true"));
const optionalText = v.exactOptional(v.pipe(v.string("a text"), v.maxLength(1_000)));
/** A year has fewer. */
const SECONDS_MAX = 366 * 24 * 3_600;
const seconds = v.exactOptional(
  v.pipe(v.number("a number of seconds"), v.minValue(0), v.maxValue(SECONDS_MAX)),
);

/** Unknown members are dropped. */
const REQUEST: Shape<ControlRequest> = v.variant(
  "command",
  [
    v.object({ command: v.literal("status"), brief: lang }),
    v.object({ command: v.picklist(["watch", "ping"]) }),
    v.object({ command: v.literal("reload"), lang }),
    v.object({
      command: v.literal("metrics"),
      format: v.exactOptional(v.literal("json", '"json"')),
    }),
    v.object({
      command: v.literal("switch"),
      names: v.exactOptional(v.array(v.string("the name of an instance or a group"))),
      all: yes,
      to: v.exactOptional(v.string("the address of a peer")),
      waitSeconds: seconds,
      dryRun: yes,
      back: yes,
      why: optionalText,
      lang,
    }),
    v.object({
      command: v.literal("maintenance"),
      on: v.exactOptional(
        openObject(
          {
            forSeconds: seconds,
            reason: optionalText,
            lastResort: yes,
            force: yes,
            waitSeconds: seconds,
          },
          "an object",
        ),
      ),
      off: yes,
      lang,
    }),
    v.object({
      command: v.literal("promote"),
      name: v.exactOptional(v.string("the name of an instance or a group")),
      acceptLoss: yes,
      dryRun: yes,
      why: optionalText,
      lang,
    }),
    v.object({
      command: v.literal("explain"),
      instance: v.exactOptional(v.string("the name of an instance or a group")),
      lang,
    }),
  ],
  COMMANDS,
);

/** A text is the reason why a line is not a request. */
export function readRequest(line: string): ControlRequest | string {
  const value = parseJson(line);
  if (value === undefined) return "the line is not JSON";
  const read = readShape(REQUEST, value);
  return read.kind === "value" ? read.value : printJsonProblem(read.problem, "the line");
}

/**
 * As much of a status as shows that a daemon of this version answers. Not every field: the
 * daemon is the same program, and its socket is open to root alone.
 */
const loose = <Entries extends v.ObjectEntries>(
  entries: Entries,
): ReturnType<typeof keepingObject<Entries>> => keepingObject(entries, "an object");
const NAMED = { name: v.string(), state: v.string() };
const GROUP = loose({ ...NAMED, members: v.array(loose(NAMED)) });
const STATUS_HEAD = loose({
  version: v.string(),
  engineAnswers: v.boolean(),
  instances: v.array(
    loose({
      ...NAMED,
      why: loose({ en: v.string(), "zh-CN": v.string() }),
      peers: v.array(loose({})),
      addresses: v.array(loose({})),
      havips: v.array(loose({})),
      history: v.array(loose({})),
    }),
  ),
  groups: v.array(GROUP),
  scripts: v.array(loose({ name: v.string() })),
});

/** Whether it is one of a daemon of this version. */
export const isStatus = (value: unknown): value is Status => v.is(STATUS_HEAD, value);

/**
 * Whether it is a brief one of a daemon of this version, without a schema: of a thousand instances
 * that alone would take 30 ms.
 */
const isBrief = (value: unknown): value is BriefStatus =>
  isObject(value) &&
  typeof value["version"] === "string" &&
  typeof value["at"] === "string" &&
  typeof value["engineAnswers"] === "boolean" &&
  isListOf(value["instances"], isBriefInstance) &&
  isListOf(value["groups"], (one) => v.is(GROUP, one)) &&
  isListOf(value["scripts"], isNamed);

const isListOf = (value: unknown, isOne: (one: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isOne);

const isNamed = (value: unknown): boolean => isObject(value) && typeof value["name"] === "string";

const isBriefInstance = (value: unknown): boolean =>
  isObject(value) &&
  typeof value["name"] === "string" &&
  typeof value["state"] === "string" &&
  typeof value["forSeconds"] === "number" &&
  isObject(value["why"]) &&
  isObject(value["lease"]) &&
  isObject(value["notify"]) &&
  isListOf(value["peers"], isObject) &&
  isListOf(value["addresses"], isObject) &&
  isListOf(value["havips"], isObject);

const SWITCH = loose({
  outcome: v.string(),
  units: v.array(loose({ name: v.string(), outcome: v.string(), text: loose({}) })),
});
const switchAnswer = v.custom<SwitchAnswer>((value) => v.is(SWITCH, value));

const PROMOTED = loose({
  name: v.string(),
  outcome: v.picklist(["promoted", "would-promote", "refused"]),
  text: loose({ en: v.string(), "zh-CN": v.string() }),
});

const ANSWER: Shape<ControlAnswer> = v.union([
  loose({ ok: v.literal(true), brief: v.custom<BriefStatus>(isBrief) }),
  loose({
    ok: v.literal(true),
    status: v.custom<Status>(isStatus),
  }),
  loose({ ok: v.literal(true), text: v.string() }),
  loose({ ok: v.literal(true), pong: v.number() }),
  loose({
    ok: v.literal(true),
    maintenance: v.nullable(v.custom<Maintenance>((value) => v.is(MAINTENANCE, value))),
    switch: v.exactOptional(switchAnswer),
  }),
  loose({ ok: v.literal(true), switch: switchAnswer }),
  loose({ ok: v.literal(true), promote: v.custom<PromoteAnswer>((one) => v.is(PROMOTED, one)) }),
  loose({
    ok: v.literal(false),
    error: v.string(),
    help: v.exactOptional(v.string()),
    findings: v.exactOptional(v.array(v.string())),
    more: v.exactOptional(v.number()),
    switch: v.exactOptional(switchAnswer),
  }),
]);

/** Undefined if whatever answers is not a daemon, or is one of another version. */
export function readAnswer(line: string): ControlAnswer | undefined {
  const read = readShape(ANSWER, parseJson(line));
  return read.kind === "value" ? read.value : undefined;
}
