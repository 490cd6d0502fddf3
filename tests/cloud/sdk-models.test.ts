/**
 * The action tables against the official SDK's own models: names, required marks and types. Skipped
 * without the SDK.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { ACTIONS } from "#cloud/api/actions";
import { TAG_ACTIONS } from "#cloud/api/actions-tag";
import * as answer from "#cloud/api/answer-shapes";
import { CLOUD_TAG_ACTIONS, CLOUD_VPC_ACTIONS } from "#cloud/api/known-actions";

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

/** What is looked at of a schema of ours. */
interface Kind {
  readonly type: string;
  readonly wrapped?: Kind;
  readonly item?: Kind;
  readonly entries?: Entries;
}
type Entries = Readonly<Record<string, Kind>>;
type Compare = (service: Service, entries: Entries, model: Model, path: string) => void;

function compareRequest(service: Service, entries: Entries, model: Model, path: string): void {
  assert.deepEqual(Object.keys(entries).toSorted(), [...model.keys()].toSorted(), path);
  for (const [name, kind] of Object.entries(entries)) {
    const field = model.get(name);
    const isOptional = kind.type === "nullish";
    assert.equal(isOptional, field?.isOptional, `${path}.${name} is optional`);
    compareType(service, compareRequest, kind, field?.type ?? "", `${path}.${name}`);
  }
}

/** `Array<string>` of the SDK: a list, of `string`. */
function compareType(
  service: Service,
  compare: Compare,
  { wrapped, ...kind }: Kind,
  type: string,
  path: string,
): void {
  if (wrapped !== undefined) return compareType(service, compare, wrapped, type, path);
  if (kind.item !== undefined) {
    const element = /^Array<(.*)>$/.exec(type)?.[1];
    assert.ok(element !== undefined, `${path} is a list`);
    return compareType(service, compare, kind.item, element, path);
  }
  if (kind.entries === undefined) return assert.equal(type, kind.type, path);
  const model = service.models.get(type);
  assert.ok(model !== undefined, `${path}: ${type}`);
  return compare(service, kind.entries, model, path);
}

/** Structures of lists that are always empty are not spelled out. */
const ALWAYS_EMPTY: readonly unknown[] = [
  answer.BandwidthPackage,
  answer.Ipv6Address,
  answer.AssistantCidr,
];

function compareAnswer(service: Service, entries: Entries, model: Model, path: string): void {
  assert.deepEqual(Object.keys(entries).toSorted(), [...model.keys()].toSorted(), path);
  for (const [name, kind] of Object.entries(entries)) {
    if (ALWAYS_EMPTY.includes(kind.wrapped?.item)) continue;
    compareType(service, compareAnswer, kind, model.get(name)?.type ?? "", `${path}.${name}`);
  }
}

test("every action has the parameters and the answer of the SDK's model", options, () => {
  for (const [name, action] of Object.entries(ACTIONS)) {
    const parameters: Entries = action.parameters.entries;
    const fields: Entries = action.answer.wrapped.entries;
    const service = Object.hasOwn(TAG_ACTIONS, name) ? tag : vpc;
    const request = service?.models.get(`${name}Request`);
    const response = service?.models.get(`${name}Response`);
    assert.ok(service !== undefined && request !== undefined && response !== undefined, name);
    compareRequest(service, parameters, request, name);
    compareAnswer(service, { ...fields, RequestId: answer.text }, response, name);
  }
});

test("the lists of the cloud's actions are those of the SDK's clients", options, () => {
  assert.deepEqual([...CLOUD_VPC_ACTIONS].toSorted(), [...(vpc?.actions ?? [])].toSorted());
  assert.deepEqual([...CLOUD_TAG_ACTIONS].toSorted(), [...(tag?.actions ?? [])].toSorted());
});
