import assert from "node:assert/strict";
import { test } from "node:test";
import { Presence } from "#lab/measure/presence";
import { instant } from "#units/time";

/** `a+10` host a has the address from 10, `a-20` no longer from 20. */
function presenceOf(text: string): Presence {
  const presence = new Presence();
  for (const word of text.split(" ")) {
    const [, host = "", sign, at] = /^(\w+)([+-])(\d+)$/.exec(word) ?? [];
    presence.record({ host, present: sign === "+", at: instant(Number(at)) });
  }
  return presence;
}
const overlap = (text: string, from: number, to: number, hosts = ["a", "b"]) =>
  presenceOf(text).overlap(hosts, instant(from), instant(to));

test("two owners: the intersection of the intervals", () => {
  assert.deepEqual(overlap("a+10 b+30 a-50", 0, 100), { total: 20, open: false });
  assert.deepEqual(overlap("a+10 a-30 b+30", 0, 100), { total: 0, open: false });
});

test("the window cuts", () => {
  assert.deepEqual(overlap("a+10 b+30 a-50", 40, 100), { total: 10, open: false });
  assert.deepEqual(overlap("a+10 b+30 a-50", 0, 35), { total: 5, open: false });
  assert.deepEqual(overlap("a+10 b+30 a-50", 60, 100), { total: 0, open: false });
});

test("two owners now: open, and counted up to the end of the window", () => {
  assert.deepEqual(overlap("a+10 b+30", 0, 100), { total: 70, open: true });
});

test("three owners count once", () => {
  assert.deepEqual(overlap("a+10 b+20 c+30 a-40 b-50", 0, 100, ["a", "b", "c"]).total, 30);
});

test("hosts that were not asked for do not count", () => {
  assert.deepEqual(overlap("a+10 b+20", 0, 100, ["a", "c"]), { total: 0, open: false });
});

test("repeated news changes nothing", () => {
  const presence = presenceOf("a-5 a+10 a+20 a-30 a-40");
  assert.equal(presence.changesWithin("a", instant(0), instant(100)), 2);
  assert.deepEqual(presence.holders(), []);
});

test("who holds it, and since when", () => {
  const presence = presenceOf("a+10 b+20 a-30 a+40");
  assert.deepEqual(presence.holders(), ["a", "b"]);
  assert.equal(presence.holdsSince("a"), 40);
  assert.equal(presence.holdsSince("c"), undefined);
});

test("absence: the time in the window with no holder at all", () => {
  const absence = (hosts: readonly string[], from: number, to: number) =>
    presenceOf("a+0 a-30 b+45").absence(hosts, instant(from), instant(to));
  assert.equal(absence(["a", "b"], 10, 100), 15);
  assert.equal(absence(["a"], 10, 100), 70);
  assert.equal(absence(["b"], 50, 100), 0);
});
