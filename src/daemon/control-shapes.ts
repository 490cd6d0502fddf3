/** What is taken on the control socket: requests by the daemon, answers by the commands. */
import * as v from "valibot";
import { printJsonProblem } from "#json/problem";
import { parseJson, readShape, type Shape } from "#json/shape";
import type { ControlAnswer, ControlRequest, Status } from "./control-protocol.ts";

const lang = v.exactOptional(v.picklist(["en", "zh-CN"], '"en" or "zh-CN"'));
const COMMANDS = '"status", "watch", "explain", "reload" or "ping"';

/** Members that it does not know are left out. */
const REQUEST: Shape<ControlRequest> = v.variant(
  "command",
  [
    v.object({ command: v.picklist(["status", "watch", "ping"]) }),
    v.object({ command: v.literal("reload"), lang }),
    v.object({
      command: v.literal("explain"),
      instance: v.exactOptional(v.string("the name of an instance or a group")),
      lang,
    }),
  ],
  COMMANDS,
);

/** A text says why a line is no request. */
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
const named = v.looseObject({ name: v.string(), state: v.string() });
const STATUS_HEAD = v.looseObject({
  version: v.string(),
  engineAnswers: v.boolean(),
  instances: v.array(
    v.looseObject({
      ...named.entries,
      why: v.looseObject({ en: v.string(), "zh-CN": v.string() }),
      peers: v.array(v.looseObject({})),
      addresses: v.array(v.looseObject({})),
      havips: v.array(v.looseObject({})),
      history: v.array(v.looseObject({})),
    }),
  ),
  groups: v.array(v.looseObject({ ...named.entries, members: v.array(named) })),
  scripts: v.array(v.looseObject({ name: v.string() })),
});

const ANSWER: Shape<ControlAnswer> = v.union([
  v.looseObject({
    ok: v.literal(true),
    status: v.custom<Status>((value) => v.is(STATUS_HEAD, value)),
  }),
  v.looseObject({ ok: v.literal(true), text: v.string() }),
  v.looseObject({ ok: v.literal(true), pong: v.number() }),
  v.looseObject({
    ok: v.literal(false),
    error: v.string(),
    help: v.exactOptional(v.string()),
    findings: v.exactOptional(v.array(v.string())),
    more: v.exactOptional(v.number()),
  }),
]);

/** Undefined: what answers is no daemon, or one of another version. */
export function readAnswer(line: string): ControlAnswer | undefined {
  const read = readShape(ANSWER, parseJson(line));
  return read.kind === "value" ? read.value : undefined;
}
