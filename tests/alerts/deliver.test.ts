/** Messages to one destination on a virtual clock: together, bounded, again, and not too late. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type DeliverEffect,
  type DeliverEvent,
  type DeliverPolicy,
  type Delivery,
  deliveryDeadline,
  emptyDelivery,
  stepDelivery,
} from "#alerts/deliver";
import { after, fromMillis, fromSeconds, type Instant, instant } from "#units/time";

interface Note {
  readonly cause: string;
  readonly text: string;
}

const POLICY: DeliverPolicy = {
  gather: fromMillis(200),
  gap: fromSeconds(3),
  deadline: fromSeconds(600),
  batchMax: 100,
  waitingMax: 200,
};

class Line {
  state: Delivery<Note> = emptyDelivery(instant(0));
  now: Instant = instant(0);
  readonly #policy: DeliverPolicy;

  constructor(policy: Partial<DeliverPolicy> = {}) {
    this.#policy = { ...POLICY, ...policy };
  }

  offer(...notes: readonly string[]): readonly string[] {
    const messages = notes.map((note): Note => {
      const [cause = "", text = ""] = note.split("=");
      return { cause, text };
    });
    return this.step({ kind: "offered", messages });
  }

  step(event: DeliverEvent<Note>): readonly string[] {
    const { state, effects } = stepDelivery(this.state, this.#policy, event, this.now);
    this.state = state;
    return effects.map(shown);
  }

  /** Until the next thing is due, which is done. */
  next(): readonly string[] {
    const due = deliveryDeadline(this.state, this.#policy);
    assert.ok(due !== undefined, "nothing is due");
    if (due > this.now) this.now = due;
    return this.step({ kind: "timeReached" });
  }

  wait(seconds: number): void {
    this.now = after(this.now, fromSeconds(seconds));
  }
}

function shown(effect: DeliverEffect<Note>): string {
  const notes = effect.messages.map(({ cause, text }) => `${cause}=${text}`).join(" ");
  if (effect.kind === "gaveUp") return `gave up (${effect.why}) ${notes}`;
  return `call ${notes}${effect.leftOut > 0 ? ` +${effect.leftOut}` : ""}`;
}

test("what comes together goes together, after a moment", () => {
  const line = new Line();
  assert.deepEqual(line.offer("a=1"), []);
  assert.deepEqual(line.offer("b=1", "c=1"), []);
  assert.deepEqual(line.next(), ["call a=1 b=1 c=1"]);
  assert.equal(line.now, fromMillis(200));
});

test("during a call the others wait, and go in the next one, not before the gap", () => {
  const line = new Line();
  line.offer("a=1");
  line.next();
  assert.deepEqual(line.offer("b=1"), []);
  assert.deepEqual(line.step({ kind: "arrived" }), []);
  const before = line.now;
  assert.deepEqual(line.next(), ["call b=1"]);
  assert.equal(line.now - before, fromSeconds(3));
  line.step({ kind: "arrived" });
  assert.deepEqual(line.state.counts, { sent: 2, failed: 0 });
});

test("of one cause only the newest message waits", () => {
  const line = new Line();
  line.offer("a=firing", "b=firing");
  line.offer("a=resolved");
  assert.deepEqual(line.next(), ["call a=resolved b=firing"]);
  line.offer("a=firing-again");
  // What was called about is older than what waits now.
  line.step({ kind: "failed", isForGood: false });
  assert.deepEqual(line.next(), ["call b=firing a=firing-again"]);
});

test("a failed call is made again after a doubled wait, and not for ever", () => {
  const line = new Line({ gap: fromSeconds(0) });
  line.offer("a=1");
  const called: number[] = [];
  let found: readonly string[] = [];
  for (;;) {
    found = line.next();
    if (!found.includes("call a=1")) break;
    called.push(Math.round(line.now / 1_000_000));
    line.step({ kind: "failed", isForGood: false });
  }
  assert.deepEqual(found, ["gave up (late) a=1"]);
  assert.deepEqual(called.slice(0, 8), [0, 1, 3, 7, 15, 31, 61, 91]);
  assert.ok(line.now >= fromSeconds(600) && line.now < fromSeconds(601));
  assert.deepEqual(line.state.counts, { sent: 0, failed: 1 });
  assert.equal(deliveryDeadline(line.state, POLICY), undefined);
});

test("a new alert is tried when the destination may be called again", () => {
  const line = new Line({ gap: fromSeconds(0) });
  line.offer("a=1");
  line.next();
  line.step({ kind: "failed", isForGood: false });
  line.offer("b=1");
  assert.deepEqual(line.next(), ["call a=1 b=1"]);
  line.step({ kind: "arrived" });
  assert.deepEqual(line.state.counts, { sent: 2, failed: 0 });
  assert.equal(line.state.failures, 0);
});

test("what is refused for good is given up at once; the next one is tried", () => {
  const line = new Line();
  line.offer("a=1");
  line.next();
  assert.deepEqual(line.step({ kind: "failed", isForGood: true }), ["gave up (refused) a=1"]);
  line.offer("b=1");
  assert.deepEqual(line.next(), ["call b=1"]);
});

test("a destination that asks for a pause gets it", () => {
  const line = new Line();
  line.offer("a=1");
  line.next();
  const failedAt = line.now;
  line.step({ kind: "failed", isForGood: false, retryAfter: fromSeconds(60) });
  line.next();
  assert.equal(line.now - failedAt, fromSeconds(60));
});

test("after a long time without a network the newest of each cause arrives, and how many were left out", () => {
  const line = new Line({ waitingMax: 3, deadline: fromSeconds(10_000) });
  line.offer("a=1");
  line.next();
  line.step({ kind: "failed", isForGood: false });
  for (let nth = 0; nth < 100; nth++) line.offer(`a=${nth}`, "b=1");
  line.offer("c=1", "d=1", "e=1");
  assert.equal(line.state.waiting.length, 3);
  assert.deepEqual(line.next(), ["call c=1 d=1 e=1 +2"]);
  line.step({ kind: "arrived" });
  assert.equal(line.state.leftOut, 0);
});

test("a thousand alerts at once are few calls", () => {
  const line = new Line({ waitingMax: 1_000 });
  line.offer(...Array.from({ length: 1_000 }, (_, nth) => `VI_${nth}=fault`));
  let calls = 0;
  while (deliveryDeadline(line.state, POLICY) !== undefined) {
    calls += line.next().length;
    line.step({ kind: "arrived" });
  }
  assert.equal(calls, 10);
  assert.equal(line.state.counts.sent, 1_000);
});

test("what waits behind a call that hangs is given up when it is too old", () => {
  const line = new Line();
  line.offer("a=1");
  line.next();
  line.offer("b=1");
  assert.deepEqual(line.next(), ["gave up (late) b=1"]);
  line.step({ kind: "arrived" });
  assert.deepEqual(line.state.counts, { sent: 1, failed: 1 });
});
