/** BFD sessions: RFC 5880 6.2 to 6.8, two of them with a link in virtual time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { elapsed, fromMillis, fromSeconds, type Micros, micros } from "#units/time";
import { detectionTime, type SessionConfig, transmitInterval } from "#vrrp/bfd/session";
import { BfdPair, type Way } from "../../support/bfd-pair.ts";

const MILLI = fromMillis(1);
const config = (discriminator: number, changes: Partial<SessionConfig> = {}): SessionConfig => ({
  discriminator,
  desiredMinTx: fromMillis(50),
  requiredMinRx: fromMillis(50),
  detectMultiplier: 3,
  idleTx: fromSeconds(1),
  isPassive: false,
  ...changes,
});
const clear: Way = () => MILLI;
const half = (): number => 0.5;

function pair(
  a: Partial<SessionConfig> = {},
  b: Partial<SessionConfig> = {},
  way: Way = clear,
  jitter = half,
): BfdPair {
  return new BfdPair([config(1, a), config(2, b)], way, jitter);
}

const states = ({ ends }: BfdPair): readonly string[] => ends.map(({ session }) => session.state);

test("two that hear each other are up after the exchange of states, and agree on intervals", () => {
  const both = pair({}, { requiredMinRx: fromMillis(80), desiredMinTx: fromMillis(20) });
  both.run(fromMillis(10));
  assert.deepEqual(states(both), ["up", "up"]);
  both.run(fromSeconds(3));
  const [a, b] = both.ends;
  assert.equal(transmitInterval(a.session), fromMillis(80), "what the other one can receive");
  assert.equal(transmitInterval(b.session), fromMillis(50));
  assert.equal(detectionTime(a.session), fromMillis(150), "3 x the greater of 50 and 20");
  assert.equal(detectionTime(b.session), fromMillis(240));
  assert.equal(a.session.announced.before, undefined, "the poll was answered");
  assert.deepEqual(
    a.changes.map(({ to }) => to),
    ["init", "up"],
  );
});

test("a neighbour that stops sending is down after the detection time, and comes back", () => {
  const both = pair();
  both.run(fromSeconds(2));
  both.way = (from) => (from === 1 ? undefined : MILLI);
  const cutAt = both.now;
  both.run(fromSeconds(1));
  const [a, b] = both.ends;
  const down = a.changes.at(-1);
  assert.equal(down?.to, "down");
  assert.equal(down.diagnostic, 1);
  const took = elapsed(cutAt, down.at);
  assert.ok(took > fromMillis(100) && took <= fromMillis(151), `${took} µs`);
  assert.equal(a.session.remote.discriminator, 0, "it may come back with another");
  assert.equal(b.changes.at(-1)?.diagnostic, 3, "it was announced: neighbor signaled session down");
  const last = a.sent.filter(({ at }) => at > down.at);
  const gaps = last.slice(1).map(({ at }, index) => elapsed(last[index]?.at ?? at, at));
  assert.ok(
    gaps.every((gap) => gap >= fromMillis(750)),
    "a packet a second while it is down",
  );
  both.way = clear;
  both.run(fromSeconds(2));
  assert.deepEqual(states(both), ["up", "up"]);
});

test("taken down by an operator: the neighbour knows why, and nothing is up until it is enabled", () => {
  const both = pair();
  both.run(fromSeconds(2));
  both.give(0, { kind: "disabled" });
  both.run(fromSeconds(5));
  assert.deepEqual(states(both), ["admin-down", "down"]);
  assert.equal(both.ends[1].session.remote.state, "admin-down");
  both.give(0, { kind: "enabled" });
  both.run(fromSeconds(3));
  assert.deepEqual(states(both), ["up", "up"]);
});

test("a passive one waits to be spoken to; two of them never speak", () => {
  const one = pair({ isPassive: true });
  one.run(fromSeconds(2));
  assert.deepEqual(states(one), ["up", "up"]);
  assert.ok((one.ends[0].sent[0]?.at ?? 0) > (one.ends[1].sent[0]?.at ?? 0));
  const none = pair({ isPassive: true }, { isPassive: true });
  none.run(fromSeconds(10));
  assert.equal(none.ends[0].sent.length + none.ends[1].sent.length, 0);
});

test("slower: nothing is slower before the neighbour has answered, and nothing goes down", () => {
  const both = pair();
  both.run(fromSeconds(2));
  const [a] = both.ends;
  a.config = config(1, { desiredMinTx: fromMillis(400), requiredMinRx: fromMillis(20) });
  let lost = 2;
  both.way = (_from, _now, { isFinal }) => (isFinal && lost-- > 0 ? undefined : MILLI);
  both.give(0, { kind: "configChanged" });
  assert.equal(transmitInterval(a.session), fromMillis(50));
  assert.equal(detectionTime(a.session), fromMillis(150));
  both.run(fromSeconds(2));
  assert.equal(lost, -1, "asked until it was answered");
  assert.equal(transmitInterval(a.session), fromMillis(400));
  assert.equal(detectionTime(both.ends[1].session), fromMillis(1_200));
  assert.deepEqual(states(both), ["up", "up"]);
  assert.equal(a.changes.length, 2, "it went up once, and stayed");
});

test("a poll is answered at once by a packet that does not poll", () => {
  const both = pair();
  both.run(fromSeconds(2));
  for (const { sent } of both.ends) {
    for (const { packet } of sent) assert.ok(!(packet.isPoll && packet.isFinal));
    assert.ok(sent.some(({ packet }) => packet.isFinal));
  }
});

test("whoever asks for demand mode gets no periodic packets while both are up", () => {
  const both = pair();
  both.run(fromSeconds(2));
  const packet = both.ends[1].sent.at(-1)?.packet;
  assert.ok(packet !== undefined);
  both.ends[0].take({ kind: "packetReceived", packet: { ...packet, isDemand: true } }, both.now);
  assert.equal(both.ends[0].session.sendAt, undefined);
  const none = { ...packet, requiredMinRx: micros(0) };
  both.ends[0].take({ kind: "packetReceived", packet: none }, both.now);
  assert.equal(both.ends[0].session.sendAt, undefined, "nor does one that can receive nothing");
  both.ends[0].take({ kind: "packetReceived", packet }, both.now);
  assert.ok((both.ends[0].session.sendAt ?? 0) > both.now);
});

const settings = fc.record({
  desiredMinTx: fc.integer({ min: 10, max: 400 }).map(fromMillis),
  requiredMinRx: fc.integer({ min: 10, max: 400 }).map(fromMillis),
  detectMultiplier: fc.integer({ min: 1, max: 6 }),
  isPassive: fc.boolean(),
});

test("any two settings: up, jitter inside its bounds, and down only if enough packets were lost", () => {
  fc.assert(
    fc.property(
      settings,
      settings,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 64 }),
      (a, b, draws) => {
        let draw = 0;
        const next = (): number => draws[draw++ % draws.length] ?? 0;
        // One of them has to begin.
        const both = pair(a, { ...b, isPassive: false }, clear, next);
        both.run(fromSeconds(8));
        assert.deepEqual(states(both), ["up", "up"]);
        const before = both.ends.map(({ changes }) => changes.length);
        for (const [side, end] of both.ends.entries()) {
          const multiplier = end.config.detectMultiplier;
          // Of single packets: never two in a row, and none if one is enough to be missed.
          let skip = false;
          both.way = (from) => {
            if (from !== side || multiplier < 3) return MILLI;
            skip = !skip && next() > 0.5;
            return skip ? undefined : MILLI;
          };
          const sentBefore = end.sent.length;
          both.run(fromSeconds(5));
          const periodic = end.sent.slice(sentBefore).filter(({ packet }) => !packet.isFinal);
          const interval = transmitInterval(end.session);
          const [least, most]: readonly [number, Micros] = [0.75, interval];
          for (const [index, { at }] of periodic.entries()) {
            const gap = index === 0 ? interval : elapsed(periodic[index - 1]?.at ?? at, at);
            assert.ok(gap >= least * interval - 1 && gap <= most + 1, `${gap} of ${interval}`);
            if (multiplier === 1) assert.ok(gap <= 0.9 * interval + 1 || index === 0);
          }
        }
        both.run(fromSeconds(5));
        assert.deepEqual(
          both.ends.map(({ changes }) => changes.length),
          before,
        );
      },
    ),
    { numRuns: 60 },
  );
});
