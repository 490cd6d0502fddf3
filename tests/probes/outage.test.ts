import assert from "node:assert/strict";
import { test } from "node:test";
import { analyseOutage, type Probe } from "#probes/outage";
import { fromMillis, type Instant, instant, micros } from "#units/time";

const PERIOD = fromMillis(1);
const RTT = 10;

/**
 * One probe a millisecond; `answer` says when the n-th is answered, in microseconds, or
 * undefined for never.
 */
function series(
  count: number,
  answer: (n: number, sentAt: Instant) => number | undefined,
): Probe[] {
  return Array.from({ length: count }, (_, n) => {
    const sentAt = instant(n * 1_000);
    const at = answer(n, sentAt);
    return { sentAt, answeredAt: at === undefined ? undefined : instant(at) };
  });
}
/** Answered at once, except those numbers. */
const without = (count: number, isLost: (n: number) => boolean): Probe[] =>
  series(count, (n, sentAt) => (isLost(n) ? undefined : sentAt + RTT));

test("no fault, no outage", () => {
  assert.deepEqual(
    analyseOutage(
      without(1_000, () => false),
      PERIOD,
    ),
    {
      sent: 1_000,
      lost: 0,
      longest: micros(0),
      atLeast: micros(0),
      total: micros(0),
      runs: 0,
      open: false,
    },
  );
});

test("an empty window says nothing", () => {
  const { sent, longest, open } = analyseOutage([], PERIOD);
  assert.deepEqual([sent, longest, open], [0, 0, false]);
});

test("an outage is the time between the answers around it, less one period", () => {
  const outage = analyseOutage(
    without(1_000, (n) => n >= 300 && n < 500),
    PERIOD,
  );
  assert.deepEqual(outage, {
    sent: 1_000,
    lost: 200,
    longest: fromMillis(200),
    atLeast: fromMillis(199),
    total: fromMillis(200),
    runs: 1,
    open: false,
  });
});

test("one lost probe is an outage of one period", () => {
  const outage = analyseOutage(
    without(100, (n) => n === 50),
    PERIOD,
  );
  assert.deepEqual([outage.longest, outage.atLeast, outage.runs], [fromMillis(1), 0, 1]);
});

test("several outages: the longest, and the sum", () => {
  const isLost = (n: number): boolean => (n >= 100 && n < 120) || (n >= 500 && n < 550);
  const outage = analyseOutage(without(1_000, isLost), PERIOD);
  assert.deepEqual(
    [outage.longest, outage.total, outage.runs],
    [fromMillis(50), fromMillis(70), 2],
  );
});

test("an outage that has not ended reaches to the next probe, and says that it is open", () => {
  const outage = analyseOutage(
    without(1_000, (n) => n >= 900),
    PERIOD,
  );
  assert.equal(outage.open, true);
  assert.equal(outage.longest, 999_000 + 1_000 - (899_000 + RTT) - 1_000);
});

test("an outage that was there before the window begins with its first probe", () => {
  const outage = analyseOutage(
    without(1_000, (n) => n < 100),
    PERIOD,
  );
  assert.deepEqual([outage.longest, outage.open], [100_000 + RTT, false]);
});

test("all lost is an outage of the whole window", () => {
  const outage = analyseOutage(
    without(100, () => true),
    PERIOD,
  );
  assert.deepEqual([outage.longest, outage.lost, outage.open], [fromMillis(100), 100, true]);
});

test("answers that waited in the kernel's queue do not shorten the outage", () => {
  // No answer from 300 on; at 700.5 the address is found, and what was queued since 500 is
  // answered in a burst.
  const found = 700_500;
  const probes = series(1_000, (n, sentAt) => {
    if (n < 300 || sentAt > found) return sentAt + RTT;
    return n < 500 ? undefined : found + n - 500;
  });
  const outage = analyseOutage(probes, PERIOD);
  assert.equal(outage.lost, 200);
  assert.equal(outage.longest, found - (299_000 + RTT) - 1_000);
  assert.equal(outage.runs, 1);
  // Queued probes of the last 20 ms were answered in time and count as such.
  assert.ok(outage.atLeast <= outage.longest && outage.atLeast >= 379_000, `${outage.atLeast}`);
});

test("a pause of the prober is no outage", () => {
  const probes = [...without(100, () => false)];
  for (let n = 0; n < 100; n++) {
    const sentAt = instant(600_000 + n * 1_000);
    probes.push({ sentAt, answeredAt: instant(sentAt + RTT) });
  }
  assert.equal(analyseOutage(probes, PERIOD).longest, 0);
});

test("a pause of the prober at the edge of an outage shows in the lower bound", () => {
  // Lost from 100 to 110, then the prober sleeps until 200, when everything is well again.
  const before = without(110, (n) => n >= 100);
  const probes = [...before, { sentAt: instant(200_000), answeredAt: instant(200_000 + RTT) }];
  const outage = analyseOutage(probes, PERIOD);
  assert.equal(outage.atLeast, fromMillis(9));
  assert.equal(outage.longest, 200_000 - 99_000 - 1_000);
});

test("constant delay is no outage, the moment it began is", () => {
  // From 500 on every answer takes 50 ms.
  const probes = series(1_000, (n, sentAt) => sentAt + (n < 500 ? RTT : 50_000));
  const outage = analyseOutage(probes, PERIOD);
  assert.equal(outage.lost, 0);
  assert.equal(outage.runs, 1);
  assert.equal(outage.longest, 50_000 - RTT);
});

test("a small delay, as of a busy machine, is no outage", () => {
  const delayed = (n: number): number => (n % 100 < 5 ? 6_000 - (n % 100) * 1_000 : RTT);
  const outage = analyseOutage(
    series(1_000, (n, sentAt) => sentAt + delayed(n)),
    PERIOD,
  );
  assert.equal(outage.longest, 0);
});

test("no answer after a late one is an outage of its own", () => {
  // Found at 350 by a queued probe, gone again at once, back at 600.
  const probes = series(1_000, (n, sentAt) => {
    if (n < 300 || n >= 600) return sentAt + RTT;
    return n === 310 ? 350_000 : undefined;
  });
  const outage = analyseOutage(probes, PERIOD);
  assert.equal(outage.runs, 2);
  assert.equal(outage.longest, 600_000 + RTT - 350_000 - 1_000);
  assert.equal(outage.total, outage.longest + 350_000 - 299_000 - RTT - 1_000);
});
