/** What `tccli` prints in a page's console, given to the cloud's client as if it had asked. Fields that a page leaves out are empty. */
import assert from "node:assert/strict";
import type { CheckCloudOptions } from "#cli/check-cloud";
import { ACTIONS } from "#cloud/api/actions";
import { ANSWER_STRUCTURES, type AnswerFields } from "#cloud/api/schema";
import type { Transport } from "#cloud/client/transport";
import type { Shown } from "./console.ts";

type Json = Readonly<Record<string, unknown>>;

/** This machine, unless a page shows another. */
const INTERFACES = {
  NetworkInterfaceSet: [{ NetworkInterfaceId: "eni-1", SubnetId: "subnet-1", VpcId: "vpc-1" }],
};

/** Undefined: the page shows nothing of the cloud. */
export function cloudIn(shown: readonly Shown[]): CheckCloudOptions | undefined {
  if (!shown.some(({ command }) => command.startsWith("tccli "))) return undefined;
  const answers = new Map<string, string>([
    ["DescribeNetworkInterfaces", JSON.stringify(INTERFACES)],
  ]);
  for (const { command, output } of shown) {
    const action = /^tccli vpc (\w+)$/.exec(command)?.[1];
    if (action !== undefined) answers.set(action, output);
  }
  const here = shown.find(({ command }) => command.startsWith("date "))?.output;
  const there = shown.find(({ command }) => command.startsWith("curl "))?.output;
  const date = /^date: (.*)$/im.exec(there ?? "")?.[1];
  const transport: Transport = (post) => {
    const action = post.headers["X-TC-Action"] ?? "";
    const body = JSON.stringify({ Response: answerOf(action, answers.get(action)) });
    return Promise.resolve({ kind: "response", status: 200, body, date });
  };
  return {
    env: {
      TENCENTCLOUD_SECRET_ID: "AKIDPAGE",
      TENCENTCLOUD_SECRET_KEY: "SECRETPAGE",
      TENCENTCLOUD_REGION: "ap-guangzhou",
      HOME: "/nonexistent",
    },
    language: "en",
    tell: () => undefined,
    transport,
    ...(here === undefined ? {} : { now: () => Date.parse(here) }),
  };
}

function answerOf(action: string, shown = "{}"): Json {
  const refused = /code:(\S+) message:(.*)$/m.exec(shown);
  if (refused !== null) return { Error: { Code: refused[1], Message: refused[2] }, RequestId: "r" };
  const known: Readonly<Record<string, { readonly answer: AnswerFields }>> = ACTIONS;
  const fields = known[action]?.answer ?? assert.fail(`${action} is not asked by Baton`);
  return { ...complete(fields, record(JSON.parse(shown))), RequestId: "r" };
}

const complete = (fields: AnswerFields, given: Json): Json => {
  for (const name of Object.keys(given)) assert.ok(name in fields, `the API has no field ${name}`);
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, valueOf(field, given[name])]),
  );
};

function valueOf(field: string, given: unknown): unknown {
  if (field.endsWith("?")) return given === undefined ? null : valueOf(field.slice(0, -1), given);
  if (field.endsWith("[]")) {
    const list: readonly unknown[] = Array.isArray(given) ? given : [];
    return list.map((one) => valueOf(field.slice(0, -2), one));
  }
  const structures: Readonly<Record<string, AnswerFields>> = ANSWER_STRUCTURES;
  const fields = structures[field];
  if (fields !== undefined) return complete(fields, record(given));
  return given ?? { text: "", whole: 0, flag: false }[field];
}

function record(value: unknown): Json {
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {};
}
