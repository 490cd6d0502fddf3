/** The pacing of announcements: round-robin, round gap, token bucket, smallest gap. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Instant, instant, micros } from "#units/time";
import {
  type AnnouncerState,
  announcerDeadline,
  cancel,
  emptyAnnouncer,
  request,
  take,
} from "#vrrp/router/announcer";
import type { PacingConfig } from "#vrrp/router/config";

const UNLIMITED: PacingConfig = { burst: 0, perSecond: 0, gap: micros(0) };
const pacing = (burst: number, perSecond: number, gap = 0): PacingConfig => ({
  burst,
  perSecond,
  gap: micros(gap),
});
const T0 = instant(1_000_000);

type State = AnnouncerState<string>;
const ask = (state: State, names: string, repeat: number, now: Instant): State =>
  request(
    state,
    names.split("").map((name) => ({ key: name, target: name })),
    repeat,
    now,
  );

/** Runs the announcer at its own deadlines; "at:names" in milliseconds after T0. */
function run(
  limits: PacingConfig,
  start: State,
  untilMillis: number,
): { state: State; sent: string[] } {
  const sent: string[] = [];
  let state = start;
  let at: Instant | undefined = announcerDeadline(limits, state);
  while (at !== undefined && at <= T0 + untilMillis * 1000) {
    const taken = take(limits, state, at);
    if (taken.send.length > 0) sent.push(`${Math.round((at - T0) / 1000)}:${taken.send.join("")}`);
    state = taken.state;
    const next = announcerDeadline(limits, state);
    assert.ok(next === undefined || next > at, "what is taken is taken, or it would spin");
    at = next;
  }
  return { state, sent };
}

const fresh = (limits: PacingConfig): State => emptyAnnouncer(limits, T0);

test("every address gets its first frame before any gets its second; rounds are 50 ms apart and begin elsewhere", () => {
  const { state, sent } = run(UNLIMITED, ask(fresh(UNLIMITED), "abc", 3, T0), 1000);
  assert.deepEqual(sent, ["0:abc", "50:bca", "100:abc"]);
  assert.equal(announcerDeadline(UNLIMITED, state), undefined);
});

test("a switch that lets half of every burst through has let everybody through after five rounds", () => {
  const { sent } = run(UNLIMITED, ask(fresh(UNLIMITED), "abcdefghijklmnopqrst", 5, T0), 1000);
  const passed = new Set(sent.flatMap((one) => one.replace(/^.*:/, "").slice(0, 10).split("")));
  assert.equal(sent.length, 5);
  assert.equal(passed.size, 20);
});

test("a token bucket of 2 and 10 a second: in rotation, nobody starves", () => {
  const limits = pacing(2, 10);
  const { sent } = run(limits, ask(fresh(limits), "abcd", 2, T0), 2000);
  assert.deepEqual(sent, ["0:ab", "100:c", "200:d", "300:a", "400:b", "500:c", "600:d"]);
});

test("twenty addresses and two frames a second: each was announced once after ten seconds", () => {
  const limits = pacing(1, 2);
  const { sent } = run(limits, ask(fresh(limits), "abcdefghijklmnopqrst", 5, T0), 9_500);
  const names = sent.map((one) => one.split(":")[1]).join("");
  assert.equal(names, "abcdefghijklmnopqrst");
});

test("tokens are saved up to the burst, not further", () => {
  const limits = pacing(3, 1);
  const idle = take(limits, fresh(limits), instant(T0 + 60_000_000)).state;
  const state = ask(idle, "abcdef", 1, instant(T0 + 60_000_000));
  assert.deepEqual(take(limits, state, instant(T0 + 60_000_000)).send, ["a", "b", "c"]);
});

test("half a token is waited for half as long", () => {
  const limits = pacing(1, 2);
  const first = take(limits, ask(fresh(limits), "a", 1, T0), T0);
  assert.deepEqual(first.send, ["a"]);
  const later = instant(T0 + 250_000);
  const second = take(limits, ask(first.state, "b", 1, later), later);
  assert.deepEqual(second.send, []);
  assert.equal(announcerDeadline(limits, second.state), T0 + 500_000);
});

test("vrrp_garp_interval: one frame at a time, the gap apart (keepalived before 2.3.2 lost most of them)", () => {
  const limits = pacing(0, 0, 200_000);
  const { sent } = run(limits, ask(fresh(limits), "ab", 3, T0), 5000);
  assert.deepEqual(sent, ["0:a", "200:b", "400:a", "600:b", "800:a", "1000:b"]);
});

test("asked again: the larger number of frames, the place in the queue stays, due now", () => {
  const first = take(UNLIMITED, ask(fresh(UNLIMITED), "ab", 5, T0), T0).state;
  const again = ask(first, "b", 2, instant(T0 + 10_000));
  const { sent } = run(UNLIMITED, again, 1000);
  assert.deepEqual(sent, ["10:b", "50:a", "60:b", "100:a", "110:b", "150:a", "160:b", "200:a"]);
});

test("three requests that wait for the budget are three frames, not one that may be lost", () => {
  const slow = pacing(1, 2);
  const at = (millis: number): Instant => instant(T0 + millis * 1000);
  const counts = (sent: readonly string[]): string =>
    "abcd"
      .split("")
      .map((name) => sent.filter((one) => one.endsWith(name)).length)
      .join(" ");
  // After a rival's last advertisement, with four addresses and two frames a second.
  let state: State = emptyAnnouncer(slow, T0);
  const sent: string[] = [];
  for (const millis of [15, 150, 1000]) {
    state = ask(state, "abcd", 1, at(millis));
    const ran = run(slow, state, millis === 15 ? 149 : millis === 150 ? 999 : 20_000);
    sent.push(...ran.sent);
    state = ran.state;
  }
  assert.equal(counts(sent), "3 3 3 3");
  assert.deepEqual(
    sent.slice(0, 4).map((one) => one.split(":")[1]),
    ["a", "b", "c", "d"],
    "every address first has one",
  );
});

test("a flood of requests that wait is three frames of each", () => {
  const slow = pacing(1, 1);
  let state: State = take(slow, ask(emptyAnnouncer(slow, T0), "ab", 1, T0), T0).state;
  for (let i = 1; i < 100; i++) state = ask(state, "ab", 1, instant(T0 + i * 1000));
  assert.deepEqual(
    state.queue.map(({ remaining }) => remaining),
    [3, 3],
  );
});

test("cancelled is forgotten, the others stay", () => {
  const state = cancel(ask(fresh(UNLIMITED), "abc", 1, T0), new Set(["b"]));
  assert.deepEqual(take(UNLIMITED, state, T0).send, ["a", "c"]);
});

test("nothing waiting: no deadline", () => {
  assert.equal(announcerDeadline(pacing(1, 1, 5), fresh(pacing(1, 1, 5))), undefined);
});

test("any limits, any requests: never over the limit, never lost, never stuck", () => {
  const limits = fc.record({
    burst: fc.integer({ min: 0, max: 5 }),
    perSecond: fc.integer({ min: 0, max: 30 }),
    gap: fc.constantFrom(0, 1_000, 33_333).map(micros),
  });
  const names = fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f", "g"), {
    minLength: 1,
    maxLength: 7,
  });
  const property = fc.property(
    limits,
    names,
    fc.integer({ min: 1, max: 4 }),
    (limit, who, repeat) => {
      const wanted = [...new Set(who)].join("");
      const limited = limit.burst > 0 && limit.perSecond > 0;
      const { state, sent } = run(limit, ask(fresh(limit), wanted, repeat, T0), 600_000);
      assert.equal(state.queue.length, 0);
      const all = sent.flatMap((one) => {
        const [at = "", list = ""] = one.split(":");
        return list.split("").map((name) => ({ at: Number(at), name }));
      });
      for (const name of wanted) {
        assert.equal(all.filter((one) => one.name === name).length, repeat);
      }
      if (!limited) return;
      for (const [index, { at }] of all.entries()) {
        // A millisecond of rounding.
        const allowed = limit.burst + ((at + 1) * limit.perSecond) / 1000;
        assert.ok(index + 1 <= allowed + 1e-6, `${index + 1} frames after ${at} ms`);
      }
    },
  );
  fc.assert(property, { numRuns: 300 });
});
