/** What a window of probes says: gaps, who answered, and two answers to one question. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProbeMemory } from "#probes/probe-memory";
import { fromMillis, instant } from "#units/time";

const at = (ms: number): ReturnType<typeof instant> => instant(1_000_000 + ms * 1_000);
const A = 0x02_00_00_00_00_01;
const B = 0x02_00_00_00_00_02;

test("a move in which both answer, and one in which nobody does", () => {
  const memory = new ProbeMemory({ period: fromMillis(1), countsEach: true });
  for (let ms = 0; ms < 100; ms++) {
    const number = memory.sent(at(ms));
    if (ms < 40) memory.answered(number, at(ms), A);
    // 30 to 39: both.
    if (ms >= 30 && ms < 60) memory.answered(number, at(ms), B);
    if (ms >= 90) memory.answered(number, at(ms), B);
  }
  const whole = memory.answer({ id: 7, from: at(0), to: at(100), target: 0, step: fromMillis(10) });
  assert.equal(whole.id, 7);
  assert.equal(whole.twice, 10);
  assert.deepEqual([whole.outage.sent, whole.outage.lost], [100, 30]);
  assert.equal(whole.outage.longest, 30_000);
  assert.deepEqual(
    whole.turns.map(({ mac, answers }) => [mac, answers]),
    [
      ["02:00:00:00:00:01", 40],
      ["02:00:00:00:00:02", 30],
    ],
  );
  assert.equal(whole.parts?.length, 10);
  assert.equal(whole.parts?.[7]?.lost, 10);
  const quiet = memory.answer({ id: 8, from: at(0), to: at(30), target: 0 });
  assert.deepEqual([quiet.twice, quiet.outage.lost, quiet.covered], [0, 0, true]);
  const early = memory.answer({ id: 9, from: instant(0), to: at(30), target: 0 });
  assert.equal(early.covered, false, "probes began later");
});
