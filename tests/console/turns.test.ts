/** Streams of many nodes share a browser's few connections. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "#console/base/turns";

const settled = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

test("as many as there are connections go at once, the others in their order", async () => {
  const turns = new Turns(2);
  const began: number[] = [];
  const begin = (one: number): void => void turns.begin().then(() => began.push(one));
  for (const one of [1, 2, 3, 4]) begin(one);
  await settled();
  assert.deepEqual(began, [1, 2]);
  assert.ok(turns.isWanted);
  turns.end();
  await settled();
  assert.deepEqual(began, [1, 2, 3]);
  turns.end();
  await settled();
  assert.deepEqual(began, [1, 2, 3, 4]);
  assert.ok(!turns.isWanted);
  turns.end();
  turns.end();
  begin(5);
  begin(6);
  begin(7);
  await settled();
  assert.deepEqual(began, [1, 2, 3, 4, 5, 6]);
});
