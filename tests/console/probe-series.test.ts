/** The probes behind the laboratory's plots. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProbeSeries } from "#console/pages/lab/probe-series";

const part = (at: number, by: string | undefined, lost = 0) => ({
  at,
  sent: 10,
  lost,
  by,
  ...(lost < 10 && { fastest: 40, slowest: 900 }),
});

test("columns are of the time that is shown; what was lost leaves a gap and a bar", () => {
  const series = new ProbeSeries();
  series.add([part(1_000, "a"), part(1_010, undefined, 10), part(1_020, "b", 5)]);
  assert.deepEqual(series.columns(1_000), {
    at: [1, 1.01, 1.02],
    slowest: [0.9, null, 0.9],
    fastest: [0.04, null, 0.04],
    lost: [null, 1, 0.5],
  });
  assert.deepEqual(series.columns(1_015).at, [1.02]);
  assert.deepEqual(series.latest(), { lost: 15, sent: 30, slowest: 0.9 });
});

test("turns are who answered one after the other", () => {
  const series = new ProbeSeries();
  const parts = [
    part(0, "a"),
    part(10, "a"),
    part(20, undefined, 10),
    part(30, "b"),
    part(40, "a"),
  ];
  series.add(parts);
  assert.deepEqual(
    series.turns(0).map(({ by, from, to }) => [by, from, to]),
    [
      ["a", 0, 0.01],
      ["b", 0.03, 0.03],
      ["a", 0.04, 0.04],
    ],
  );
});

test("parts that come again after a new connection are taken once, and old ones are forgotten", () => {
  const series = new ProbeSeries();
  for (let index = 0; index < 20_000; index += 1) series.add([part(index * 10, "a")]);
  series.add([part(199_980, "a"), part(199_990, "a")]);
  const { at } = series.columns(0);
  assert.ok(at.length >= 3_000 && at.length <= 4_600, `${at.length}`);
  assert.equal(at.at(-1), 199.99);
});
