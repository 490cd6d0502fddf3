/**
 * What `tccli` prints in a page's console, given to the cloud's client as if it had asked. Fields
 * that a page leaves out are empty.
 */
import assert from "node:assert/strict";
import * as v from "valibot";
import type { CheckCloudOptions } from "#cli/check-cloud";
import { ACTIONS, type ActionName } from "#cloud/api/actions";
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
    report: () => undefined,
    transport,
    ...(here === undefined ? {} : { now: () => Date.parse(here) }),
  };
}

function answerOf(action: string, shown = "{}"): Json {
  const refused = /code:(\S+) message:(.*)$/m.exec(shown);
  if (refused !== null) return { Error: { Code: refused[1], Message: refused[2] }, RequestId: "r" };
  assert.ok(action in ACTIONS, `${action} is not asked by Baton`);
  const given = record(JSON.parse(shown));
  refuseUnknown(given, v.parse(ACTIONS[action as ActionName].answer, given), action);
  return { ...given, RequestId: "r" };
}

/** What the schema has dropped, the API does not have. What is left out, the client fills in. */
function refuseUnknown(given: unknown, known: unknown, path: string): void {
  if (typeof given !== "object" || given === null) return;
  for (const [name, value] of Object.entries(given)) {
    assert.ok(name in record(known), `the API has no field ${path}.${name}`);
    refuseUnknown(value, record(known)[name], `${path}.${name}`);
  }
}

function record(value: unknown): Json {
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {};
}
