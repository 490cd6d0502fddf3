import assert from "node:assert/strict";
import { test } from "node:test";
import { stepAgreement } from "#cloud/agreement/agreement";
import {
  type AgreementCounters,
  countAgreement,
  disagreedFor,
  NO_AGREEMENTS,
} from "#cloud/agreement/agreement-counters";
import {
  type AgreementEvent,
  type AgreementState,
  IDLE,
  type View,
} from "#cloud/agreement/agreement-state";
import { instant, toSeconds } from "#units/time";

const OURS: View = { kind: "ours", movedAt: "2026-01-01 00:00:00" };
const THEIRS: View = { kind: "theirs", instanceId: "ins-other" };
const NOBODY: View = { kind: "theirs", instanceId: "" };

class Run {
  state: AgreementState = IDLE;
  counters: AgreementCounters = NO_AGREEMENTS;

  at(seconds: number, event: AgreementEvent): this {
    const now = instant(seconds * 1e6);
    const step = stepAgreement(this.state, event, now);
    this.counters = countAgreement(this.counters, this.state, event, step, now);
    this.state = step.state;
    return this;
  }

  master(seconds: number): this {
    return this.at(seconds, { kind: "role", role: "master" });
  }

  backup(seconds: number): this {
    return this.at(seconds, { kind: "role", role: "other" });
  }

  /** Asked and answered. */
  view(seconds: number, view: View): this {
    this.at(seconds, { kind: "timeReached" });
    return this.at(seconds, { kind: "answered", turn: this.state.turn, view });
  }

  disagreed(seconds: number): number {
    return toSeconds(disagreedFor(this.counters, this.state, instant(seconds * 1e6)));
  }
}

test("the time without agreement ends with the first yes, and goes on with a loss", () => {
  const run = new Run().master(10).view(10.5, THEIRS).view(12, OURS);
  assert.equal(run.disagreed(100), 2);
  run.view(50, NOBODY);
  assert.equal(run.disagreed(51), 3, "one second of the second one so far");
  run.view(53, OURS);
  assert.equal(run.disagreed(100), 5);
  run.view(100, THEIRS).view(103, OURS);
  assert.equal(run.disagreed(110), 15, "disputed, also while it is ours");
  run.view(131, OURS);
  assert.equal(run.disagreed(200), 36);
});

test("a mastership that ends without agreement counts until its end, and a backup counts nothing", () => {
  const run = new Run().master(1).view(1.5, THEIRS).backup(4);
  assert.equal(run.disagreed(1000), 3);
  run.master(2000);
  assert.equal(run.disagreed(2001), 4);
});

test("questions and answers are counted by what they said", () => {
  const run = new Run()
    .master(0)
    .view(1, { kind: "unknown", why: "ECONNREFUSED" })
    .view(3, THEIRS)
    .view(5, { kind: "no-havip" })
    .view(7, OURS);
  const { asked, agreed, refused, unanswered, announced } = run.counters;
  assert.deepEqual(
    { asked, agreed, refused, unanswered, announced },
    { asked: 4, agreed: 1, refused: 2, unanswered: 1, announced: 2 },
  );
});

test("an answer of an earlier mastership counts for nothing", () => {
  const run = new Run().master(0).at(1, { kind: "timeReached" });
  const { turn } = run.state;
  run.backup(2).master(3).at(4, { kind: "answered", turn, view: OURS });
  assert.equal(run.counters.agreed, 0);
  assert.equal(run.disagreed(5), 4, "two seconds, and two more");
});
