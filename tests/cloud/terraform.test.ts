/**
 * The calls of the Terraform provider, in its order and with its parameters: apply, read back,
 * rename, destroy. One call a line in terraform.jsonl: `send` (`{name}` is what an earlier line
 * kept; `number` sends it as a number), `expect` by path, `until` is polled as the provider polls,
 * `error` is the code it must get.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { asJson, codeOf, openTestCloud, text } from "./harness.ts";

const lines = readFileSync(new URL("terraform.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n");

function at(value: unknown, path: string): unknown {
  let found = value;
  for (const step of path.split(".")) {
    found = typeof found === "object" && found !== null ? Reflect.get(found, step) : undefined;
  }
  return found;
}

const POLLS_MAX = 30;

test("apply, plan without drift, rename, destroy", async () => {
  const cloud = openTestCloud();
  const kept = new Map<string, string>();
  const fill = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value).replace(/\{(\w+)\}/g, (_, name: string) => kept.get(name) ?? name),
    );
  for (const [index, line] of lines.entries()) {
    const step = asJson(JSON.parse(line));
    const where = `line ${index + 1}, ${text(step["action"])}`;
    const numbers = Object.entries(asJson(fill(step["number"] ?? {})));
    const send = {
      ...asJson(fill(step["send"] ?? {})),
      ...Object.fromEntries(numbers.map(([name, value]) => [name, Number(value)])),
    };
    const isTag = step["service"] === "tag";
    const options = {
      version: isTag ? "2018-08-13" : "2017-03-12",
      headers: { "x-tc-requestclient": "SDK_GO_1.1.35, Terraform-latest,id=test" },
    };
    const until = Object.entries(asJson(fill(step["until"] ?? {})));
    let response = await cloud.call(text(step["action"]), send, options);
    for (let polls = 0; until.some(([path, value]) => at(response, path) !== value); polls++) {
      assert.ok(polls < POLLS_MAX, `${where} never showed ${JSON.stringify(until)}`);
      cloud.tick(100);
      response = await cloud.call(text(step["action"]), send, options);
    }
    assert.equal(codeOf(response), step["error"] ?? "OK", where);
    for (const [path, value] of Object.entries(asJson(fill(step["expect"] ?? {})))) {
      assert.deepEqual(at(response, path), value, `${where}, ${path}`);
    }
    for (const [name, path] of Object.entries(asJson(step["keep"] ?? {}))) {
      kept.set(name, text(at(response, text(path))));
    }
  }
  assert.equal(lines.length > 40, true);
});
