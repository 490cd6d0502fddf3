/** What is accepted on a lab's control socket: requests by the lab, answers by the commands. */
import * as v from "valibot";
import { printJsonProblem } from "#json/problem";
import { closedObject, parseJson, readShape, recordOf, type Shape } from "#json/shape";
import type { PortFault } from "../network/impair.ts";
import { DAEMON_ORDER_NAMES } from "./daemon-orders.ts";
import type { ExecTarget, LabAnswer, LabRequest, LabStatus } from "./lab-protocol.ts";

const INSTANCE = v.string("the name of an instance");
const MICROS = atLeastZero("microseconds, 0 or more");
const COUNT = atLeastZero("a number of frames, 0 or more");
const PART = v.pipe(atLeastZero("a part from 0 to 1"), v.maxValue(1, "a part from 0 to 1"));
const PROTOCOL = v.pipe(
  atLeastZero("an IP protocol, 0 to 255"),
  v.integer("an IP protocol, 0 to 255"),
  v.maxValue(255, "an IP protocol, 0 to 255"),
);
const FLAG = v.boolean("true or false");

function atLeastZero(wanted: string): Shape<number> {
  return v.pipe(v.number(wanted), v.minValue(0, wanted));
}

/**
 * Without `notHearing`, because ports are internal to the lab and a request names instances.
 */
const FAULT: Shape<PortFault> = closedObject(
  {
    cut: v.exactOptional(FLAG),
    cutFrom: v.exactOptional(FLAG),
    cutTo: v.exactOptional(FLAG),
    lateMicros: v.exactOptional(MICROS),
    delayMicros: v.exactOptional(MICROS),
    jitterMicros: v.exactOptional(MICROS),
    loss: v.exactOptional(PART),
    duplicate: v.exactOptional(PART),
    reorder: v.exactOptional(PART),
    onlyProtocol: v.exactOptional(PROTOCOL),
    arpPerSecond: v.exactOptional(COUNT),
    arpBurst: v.exactOptional(COUNT),
    swallowClaims: v.exactOptional(FLAG),
  },
  "an object with faults of a port",
);

const ORDER = v.variant(
  "kind",
  [
    v.strictObject({ kind: v.literal("merge"), fault: FAULT }, "an object with kind and fault"),
    v.strictObject(
      { kind: v.literal("apart"), others: v.array(INSTANCE, "a list of names of instances") },
      "an object with kind and others",
    ),
    v.strictObject({ kind: v.literal("cable"), plugged: FLAG }, "an object with kind and plugged"),
    v.strictObject({ kind: v.literal("heal") }, "an object with kind alone"),
  ],
  'an object with the kind "merge", "apart", "cable" or "heal"',
);

const REQUEST: Shape<LabRequest> = v.variant(
  "command",
  [
    v.strictObject(
      { command: v.picklist(["status", "watch", "down"]) },
      "an object with command alone",
    ),
    v.strictObject(
      {
        command: v.literal("daemon"),
        instance: INSTANCE,
        order: v.picklist(DAEMON_ORDER_NAMES, `one of ${DAEMON_ORDER_NAMES.join(", ")}`),
        address: v.exactOptional(v.pipe(v.string("an IPv4 address"), v.ipv4("an IPv4 address"))),
      },
      "an object with command, instance and order",
    ),
    v.strictObject(
      { command: v.literal("exec"), instance: INSTANCE },
      "an object with command and instance",
    ),
    v.strictObject(
      { command: v.literal("fault"), instance: INSTANCE, order: ORDER },
      "an object with command, instance and order",
    ),
    v.strictObject(
      {
        command: v.literal("capture"),
        instance: INSTANCE,
        file: v.exactOptional(
          v.pipe(v.string("an absolute path"), v.startsWith("/", "an absolute path")),
        ),
      },
      "an object with command, instance and file",
    ),
  ],
  'an object with the command "status", "exec", "fault", "daemon", "capture", "watch" or "down"',
);

/** A text is the reason why a line is not a request. */
export function readLabRequest(line: string): LabRequest | string {
  const value = parseJson(line);
  if (value === undefined) return "the line is not JSON";
  const read = readShape(REQUEST, value);
  return read.kind === "value" ? read.value : printJsonProblem(read.problem, "the line");
}

const PID = v.pipe(v.number(), v.safeInteger(), v.minValue(2));

/**
 * Root enters that process with this region in its environment, so no other form is accepted.
 */
const EXEC: Shape<ExecTarget> = v.object({
  pid: PID,
  startTime: v.number(),
  rootless: v.boolean(),
  region: v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,64}$/)),
});

const STATUS: Shape<LabStatus> = v.object({
  pid: v.number(),
  switchPid: v.exactOptional(v.number()),
  region: v.string(),
  rootless: v.boolean(),
  internet: v.exactOptional(v.boolean()),
  subnets: v.exactOptional(
    v.array(v.object({ id: v.string(), name: v.string(), cidr: v.string(), vpc: v.string() })),
  ),
  instances: v.array(
    v.object({
      name: v.string(),
      instanceId: v.string(),
      interfaceId: v.string(),
      address: v.string(),
      subnetId: v.string(),
      folder: v.string(),
      faults: recordOf(v.unknown(), "an object with faults"),
      faultOrders: v.array(v.string()),
      commands: v.array(v.object({ command: v.string(), state: v.string() })),
      received: v.number(),
      sent: v.number(),
      dropped: recordOf(v.number(), "an object with numbers of frames"),
    }),
  ),
  havips: v.array(
    v.object({
      id: v.string(),
      name: v.string(),
      address: v.string(),
      state: v.picklist(["AVAILABLE", "UNBIND"]),
      instance: v.exactOptional(v.string()),
      publicAddress: v.exactOptional(v.string()),
      subnetId: v.string(),
    }),
  ),
});

const ANSWER: Shape<LabAnswer> = v.union([
  v.object({ ok: v.literal(true), status: STATUS }),
  v.object({ ok: v.literal(true), exec: EXEC }),
  v.strictObject({ ok: v.literal(true) }),
  v.object({
    ok: v.literal(false),
    error: v.string(),
    text: v.exactOptional(v.object({ en: v.string(), "zh-CN": v.string() })),
  }),
]);

/** Undefined if whatever answers is not a lab, or is one of another version. */
export function readLabAnswer(line: string): LabAnswer | undefined {
  const read = readShape(ANSWER, parseJson(line));
  return read.kind === "value" ? read.value : undefined;
}
