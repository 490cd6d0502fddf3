import assert from "node:assert/strict";
import { test } from "node:test";
import { Adverts } from "#lab/measure/adverts";
import { instant } from "#units/time";

function advertsOf(...seen: readonly (readonly [string, string, number, number])[]): Adverts {
  const adverts = new Adverts();
  for (const [host, from, priority, at] of seen) {
    adverts.record({ host, from, priority, at: instant(at) });
  }
  return adverts;
}

test("the last claim a host received before an instant; priority 0 claims nothing", () => {
  const adverts = advertsOf(
    ["b", "a", 50, 100],
    ["c", "a", 50, 150],
    ["b", "a", 50, 200],
    ["b", "a", 0, 250],
    ["b", "a", 50, 400],
  );
  assert.equal(adverts.lastClaim("b", "a", instant(300)), 200);
  assert.equal(adverts.lastClaim("b", "a", instant(200)), 100);
  assert.equal(adverts.lastClaim("b", "x", instant(300)), undefined);
});

test("gaps lie between claims of one sender, at one host, within the window", () => {
  const adverts = advertsOf(
    ["b", "a", 50, 100],
    ["b", "c", 50, 120],
    ["b", "a", 50, 200],
    ["b", "a", 50, 310],
    ["b", "a", 50, 900],
  );
  assert.deepEqual(adverts.gaps("b", "a", instant(0), instant(500)), [100, 110]);
});
