/** The action tables against the official SDK's own models: names, required marks and types. Skipped without the SDK. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { ACTIONS } from "#cloud/api/actions";
import { TAG_ACTIONS } from "#cloud/api/actions-tag";
import { CLOUD_TAG_ACTIONS, CLOUD_VPC_ACTIONS } from "#cloud/api/known-actions";
import { ANSWER_STRUCTURES, REQUEST_STRUCTURES } from "#cloud/api/schema";

interface Field {
  readonly isOptional: boolean;
  readonly type: string;
}
type Model = ReadonlyMap<string, Field>;

interface Service {
  readonly models: ReadonlyMap<string, Model>;
  readonly actions: ReadonlySet<string>;
}

function readService(folder: string): Service | undefined {
  const require = createRequire(process.env["BATON_TEST_SDK"] ?? import.meta.url);
  const read = (end: string): string => {
    const path = require.resolve(
      `tencentcloud-sdk-nodejs/tencentcloud/services/${folder}_${end}.js`,
    );
    return readFileSync(path.replace(/\.js$/, ".d.ts"), "utf8");
  };
  try {
    const text = read("models").replace(/\/\*[\s\S]*?\*\//g, "");
    const models = new Map<string, Model>();
    for (const [, name = "", body = ""] of text.matchAll(
      /export interface (\w+) \{([\s\S]*?)\n\}/g,
    )) {
      const fields = new Map<string, Field>();
      for (const [, field = "", mark, type = ""] of body.matchAll(/^\s*(\w+)(\??): ([^;\n]+);/gm)) {
        fields.set(field, { isOptional: mark === "?", type });
      }
      models.set(name, fields);
    }
    const actions = new Set(
      [...read("client").matchAll(/^ {4}(\w+)\(req\??: \w+/gm)].map((match) => match[1] ?? ""),
    );
    return { models, actions };
  } catch {
    return undefined;
  }
}

const vpc = readService("vpc/v20170312/vpc");
const tag = readService("tag/v20180813/tag");
const options = vpc === undefined ? { skip: "tencentcloud-sdk-nodejs is not installed" } : {};

const requests: Readonly<Record<string, Readonly<Record<string, string>>>> = REQUEST_STRUCTURES;
const answers: Readonly<Record<string, Readonly<Record<string, string>>>> = ANSWER_STRUCTURES;

const SCALARS: Readonly<Record<string, string>> = {
  text: "string",
  whole: "number",
  flag: "boolean",
};

/** Our word for a kind as the SDK writes it; undefined: a structure, whose name may differ. */
function sdkType(kind: string): string | undefined {
  if (!kind.endsWith("[]")) return SCALARS[kind];
  const element = SCALARS[kind.slice(0, -2)];
  return element === undefined ? undefined : `Array<${element}>`;
}

const bare = (kind: string): string => kind.replace(/[!?]$/, "");
const structureOf = (type: string): string => type.replace(/^Array<(.*)>$/, "$1");

function compareRequest(
  service: Service,
  fields: Readonly<Record<string, string>>,
  model: Model,
  path: string,
): void {
  assert.deepEqual(Object.keys(fields).toSorted(), [...model.keys()].toSorted(), path);
  for (const [name, kind] of Object.entries(fields)) {
    const field = model.get(name);
    assert.equal(kind.endsWith("!"), field?.isOptional === false, `${path}.${name} is required`);
    compareType(service, requests, bare(kind), field?.type ?? "", `${path}.${name}`);
  }
}

function compareType(
  service: Service,
  structures: typeof requests,
  kind: string,
  type: string,
  path: string,
): void {
  const expected = sdkType(kind);
  if (expected !== undefined) {
    assert.equal(type, expected, path);
    return;
  }
  assert.equal(type.startsWith("Array<"), kind.endsWith("[]"), `${path} is a list`);
  const model = service.models.get(structureOf(type));
  const fields = structures[kind.replace("[]", "")];
  assert.ok(model !== undefined && fields !== undefined, `${path}: ${kind}, ${type}`);
  if (structures === requests) compareRequest(service, fields, model, path);
  else compareAnswer(service, fields, model, path);
}

/** Structures of lists that are always empty are not spelled out. */
const ALWAYS_EMPTY = new Set(["BandwidthPackage", "Ipv6Address", "AssistantCidr"]);

function compareAnswer(
  service: Service,
  fields: Readonly<Record<string, string>>,
  model: Model,
  path: string,
): void {
  assert.deepEqual(Object.keys(fields).toSorted(), [...model.keys()].toSorted(), path);
  for (const [name, kind] of Object.entries(fields)) {
    if (ALWAYS_EMPTY.has(bare(kind).replace("[]", ""))) continue;
    compareType(service, answers, bare(kind), model.get(name)?.type ?? "", `${path}.${name}`);
  }
}

test("every action has the parameters and the answer of the SDK's model", options, () => {
  for (const [name, { parameters, answer }] of Object.entries(ACTIONS)) {
    const service = Object.hasOwn(TAG_ACTIONS, name) ? tag : vpc;
    const request = service?.models.get(`${name}Request`);
    const response = service?.models.get(`${name}Response`);
    assert.ok(service !== undefined && request !== undefined && response !== undefined, name);
    compareRequest(service, parameters, request, name);
    compareAnswer(service, { ...answer, RequestId: "text" }, response, name);
  }
});

test("the lists of the cloud's actions are those of the SDK's clients", options, () => {
  assert.deepEqual([...CLOUD_VPC_ACTIONS].toSorted(), [...(vpc?.actions ?? [])].toSorted());
  assert.deepEqual([...CLOUD_TAG_ACTIONS].toSorted(), [...(tag?.actions ?? [])].toSorted());
});
