import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import { errnoName, errnoNumber } from "#linux/errno";

/** Two names that share the number of another. */
const ALIASES: Readonly<Record<string, string>> = { EWOULDBLOCK: "EAGAIN", ENOTSUP: "EOPNOTSUPP" };

test("every error that Node.js knows has the same number here", () => {
  const known = Object.entries(constants.errno);
  assert.ok(known.length > 50);
  for (const [name, number] of known) {
    assert.equal(errnoName(number), ALIASES[name] ?? name);
    assert.equal(errnoNumber(ALIASES[name] ?? name), number);
  }
});

test("numbers and names that the kernel does not have", () => {
  assert.equal(errnoName(0), "E0");
  assert.equal(errnoName(41), "E41");
  assert.equal(errnoName(512), "E512");
  assert.equal(errnoNumber("-"), undefined);
  assert.equal(errnoNumber("ENONSENSE"), undefined);
});
