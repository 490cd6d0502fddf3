import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { Secret } from "#units/secret";

const TEXT = "s3cret-of-the-pair";

test("no way of printing shows a secret", () => {
  const secret = new Secret(TEXT);
  const shown = [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }, { depth: 9, showHidden: true }),
    JSON.stringify(Object.assign({}, secret)),
    Object.entries(secret).join(","),
    new Error("refused", { cause: secret }).message + inspect(new Error("x", { cause: secret })),
    JSON.stringify(structuredClone(secret)),
  ];
  for (const text of shown) assert.ok(!text.includes(TEXT), text);
});

test("who asks for it gets it, and two are compared by their text", () => {
  assert.equal(new Secret(TEXT).reveal(), TEXT);
  assert.ok(new Secret(TEXT).equals(new Secret(TEXT)));
  assert.ok(!new Secret(TEXT).equals(new Secret("other")));
});
