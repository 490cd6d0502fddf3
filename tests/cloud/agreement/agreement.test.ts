import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { agreementDeadline, stepAgreement } from "#cloud/agreement/agreement";
import {
  type AgreementEffect,
  type AgreementEvent,
  type AgreementState,
  IDLE,
  type View,
  verdictOf,
} from "#cloud/agreement/agreement-state";
import { viewOf } from "#cloud/agreement/ownership-lookup";
import { instant } from "#units/time";

const OURS: View = { kind: "ours", movedAt: "2026-01-01 00:00:00" };
const THEIRS: View = { kind: "theirs", instanceId: "ins-other" };
const AWAY: View = { kind: "unknown", why: "ECONNREFUSED" };

/**
 * A daemon and a cloud that answers as a function of the time; every question is answered at once.
 */
class Run {
  state: AgreementState = IDLE;
  seconds = 0;
  readonly lines: string[] = [];
  readonly cloud: (seconds: number) => View | undefined;

  constructor(cloud: (seconds: number) => View | undefined) {
    this.cloud = cloud;
  }

  do(event: AgreementEvent): void {
    const { state, effects } = stepAgreement(this.state, event, instant(this.seconds * 1e6));
    this.state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: AgreementEffect): void {
    const at = this.seconds.toFixed(1);
    if (effect.kind === "ask") {
      this.lines.push(`${at} ask`);
      const view = this.cloud(this.seconds);
      if (view !== undefined) this.do({ kind: "answered", turn: effect.turn, view });
    } else if (effect.kind === "announce") this.lines.push(`${at} announce`);
    else if (effect.kind === "moved")
      this.lines.push(`${at} ${effect.moved ? "moved" : "not waited for"}`);
    else this.lines.push(`${at} ${effect.news.kind}`);
  }

  until(seconds: number): this {
    for (;;) {
      const due = agreementDeadline(this.state);
      if (due === undefined || due > seconds * 1e6) break;
      this.seconds = due / 1e6;
      this.do({ kind: "timeReached" });
    }
    this.seconds = seconds;
    return this;
  }

  master(): this {
    this.do({ kind: "role", role: "master" });
    return this;
  }
  only(...endings: readonly string[]): readonly string[] {
    return this.lines.filter((line) => endings.some((ending) => line.endsWith(ending)));
  }
}

describe("agreement of the platform", () => {
  it("asked once when it follows at once, again soon, and then every six seconds", () => {
    const run = new Run(() => OURS).master().until(21);
    const asks = ["0.3", "1.3", "3.3", "7.3", "13.3", "19.3"].map((at) => `${at} ask`);
    assert.deepEqual(run.lines, asks.toSpliced(1, 0, "0.3 agrees"));
  });

  it("announces again, later and later, and asks once a second, until it agrees", () => {
    const run = new Run((seconds) => (seconds < 9.9 ? THEIRS : OURS)).master().until(12);
    assert.deepEqual(run.only("announce", "grees"), [
      "1.3 announce",
      "2.3 announce",
      "4.3 announce",
      "5.0 disagrees",
      "8.3 announce",
      "10.3 agrees",
    ]);
    assert.equal(run.only("ask").length, 12, "and once more, soon after the yes");
  });

  it("stays far below the platform's limit of announcements for ever", () => {
    const run = new Run(() => THEIRS).master().until(600);
    const count = run.only("announce").length;
    assert.ok(count > 50 && count < 65, `${count}`);
    assert.equal(run.only("disagrees").length, 1, "an alarm is reported once");
  });

  it("reports within five seconds also when the control plane never answers, and announces nothing for it", () => {
    const run = new Run(() => undefined).master().until(60);
    assert.deepEqual(run.lines, ["0.3 ask", "5.0 disagrees"]);
    const away = new Run(() => AWAY).master().until(60);
    assert.deepEqual(away.only("announce", "disagrees"), ["5.0 disagrees"]);
    assert.deepEqual(away.only("ask").slice(0, 5), [
      "0.3 ask",
      "1.3 ask",
      "3.3 ask",
      "7.3 ask",
      "15.3 ask",
    ]);
  });

  it("a control plane that goes away after it agreed is no alarm", () => {
    const run = new Run((seconds) => (seconds < 10 ? OURS : AWAY)).master().until(300);
    assert.deepEqual(run.only("grees", "lost", "announce"), ["0.3 agrees"]);
  });
});

describe("an address that a master loses in the cloud", () => {
  it("an address that is taken away under a master is reported, claimed back at once, and alarmed about in five seconds", () => {
    const nobody: View = { kind: "theirs", instanceId: "" };
    const cloud = (seconds: number): View => (seconds > 10 && seconds < 20 ? nobody : OURS);
    const run = new Run(cloud).master().until(50);
    assert.deepEqual(run.only("grees", "lost", "announce"), [
      "0.3 agrees",
      "13.3 lost",
      "13.3 announce",
      "14.3 announce",
      "16.3 announce",
      "18.3 disagrees",
      "20.3 agrees",
    ]);
  });

  it("another instance that takes it under a master is reported at once, and disputed until it is quiet", () => {
    const later: View = { kind: "ours", movedAt: "2026-01-01 00:01:00" };
    const cloud = (seconds: number): View =>
      seconds < 10 ? OURS : Math.floor(seconds / 5) % 2 === 0 && seconds < 40 ? THEIRS : later;
    const run = new Run(cloud).master().until(14);
    assert.deepEqual(run.only("grees", "disputed"), ["0.3 agrees", "13.3 disputed"]);
    for (const until of [16, 20, 24, 31, 50, 60]) {
      const verdict = verdictOf(run.until(until).state);
      assert.equal(verdict.kind, "disputed", `${until}`);
    }
    run.until(80);
    assert.equal(verdictOf(run.state).kind, "agrees");
    assert.equal(run.only("disputed").length, 1, "reported once");
    assert.equal(run.only("agrees").length, 2, "and its end");
    assert.equal(run.only("disagrees").length, 0);
  });

  it("an address that was away between two questions is disputed too: the date of its last move shows it", () => {
    const cloud = (seconds: number): View => (seconds < 20 ? OURS : { ...OURS, movedAt: "later" });
    const run = new Run(cloud).master().until(30);
    assert.deepEqual(run.only("grees", "disputed"), ["0.3 agrees", "25.3 disputed"]);
    assert.deepEqual(run.only("announce"), [], "nothing is claimed: it is ours");
  });

  it("a sign to the contrary puts earlier answers in doubt, also the one that is under way", () => {
    let answer: View | undefined = OURS;
    const run = new Run(() => answer).master().until(15);
    run.do({ kind: "sign", sign: "rival-master" });
    assert.equal(verdictOf(run.state).kind, "doubtful");
    run.until(15.1);
    assert.deepEqual(run.lines.slice(-2), ["15.0 doubted", "15.0 ask"], "asked at once");
    assert.equal(verdictOf(run.state).kind, "doubtful", "the question is of the same instant");
    answer = undefined;
    run.until(16.5);
    run.do({ kind: "sign", sign: "foreign-announcement" });
    const { turn } = run.state;
    run.do({ kind: "answered", turn, view: OURS });
    assert.equal(verdictOf(run.state).kind, "doubtful", "asked before the sign");
    answer = OURS;
    run.until(20);
    assert.equal(verdictOf(run.state).kind, "agrees");
    assert.equal(run.only("doubted").length, 1);
  });

  it("signs by the thousand cost a question a second and a line a minute", () => {
    const run = new Run(() => OURS).master().until(20);
    const before = run.lines.length;
    for (let millis = 20_000; millis < 80_000; millis += 5) {
      run.until(millis / 1000);
      run.do({ kind: "sign", sign: "foreign-announcement" });
    }
    const more = run.lines.slice(before);
    assert.ok(more.filter((line) => line.endsWith("ask")).length <= 61);
    assert.ok(more.filter((line) => line.endsWith("doubted")).length <= 2);
    assert.equal(run.only("disagrees").length, 0, "a yes in doubt is no alarm");
  });
});

describe("who does not own the address any more", () => {
  it("leaving: asked, more and more seldom, until the address is somebody else's", () => {
    const run = new Run((seconds) => (seconds < 4 ? OURS : THEIRS)).master().until(1);
    run.do({ kind: "role", role: "leaving" });
    run.until(10);
    assert.deepEqual(run.lines, [
      "0.3 ask",
      "0.3 agrees",
      "1.1 ask",
      "1.4 ask",
      "1.9 ask",
      "2.9 ask",
      "3.9 ask",
      "4.8 ask",
      "4.8 moved",
    ]);
    assert.equal(run.state.kind, "idle");
  });

  it("leaving: a cloud that is away, or knows no such address, is not waited for", () => {
    for (const view of [AWAY, { kind: "no-havip" }] as const) {
      const run = new Run((seconds): View => (seconds < 1 ? OURS : view)).master().until(1);
      run.do({ kind: "role", role: "leaving" });
      run.until(10);
      assert.deepEqual(run.lines.slice(2), ["1.1 ask", "1.1 not waited for"]);
    }
  });

  it("leaving: only a MASTER leaves, and one that is MASTER again has not left", () => {
    const run = new Run(() => OURS);
    run.do({ kind: "role", role: "leaving" });
    assert.equal(run.state.kind, "idle");
    run.master().until(1);
    run.do({ kind: "role", role: "leaving" });
    run.master().until(40);
    assert.deepEqual(run.lines.slice(0, 5), [
      "0.3 ask",
      "0.3 agrees",
      "1.3 ask",
      "1.3 agrees",
      "2.3 ask",
    ]);
  });

  it("a backup asks nothing, and answers of an earlier mastership are nobody's", () => {
    const run = new Run(() => undefined).master().until(1);
    const { turn } = run.state;
    run.do({ kind: "role", role: "other" });
    run.do({ kind: "answered", turn, view: THEIRS });
    assert.equal(agreementDeadline(run.state), undefined);
    run.do({ kind: "role", role: "master" });
    run.do({ kind: "answered", turn, view: OURS });
    assert.deepEqual(run.lines, ["0.3 ask"]);
  });
});

describe("ownership lookup", () => {
  const row = (SubnetId: string, InstanceId: string) =>
    ({ Vip: "10.0.0.9", SubnetId, InstanceId, FlushedTime: "then" }) as Parameters<
      typeof viewOf
    >[0][number];
  const own = { instanceId: "ins-a", subnetIds: ["subnet-1"] };

  it("is the one of our subnet, not of another VPC with the same address", () => {
    const rows = [row("subnet-2", "ins-a"), row("subnet-1", "ins-b")];
    assert.deepEqual(viewOf(rows, "10.0.0.9", own), { kind: "theirs", instanceId: "ins-b" });
    assert.deepEqual(viewOf([row("subnet-1", "ins-a")], "10.0.0.9", own), {
      kind: "ours",
      movedAt: "then",
    });
    assert.deepEqual(viewOf(rows, "10.0.0.8", own), { kind: "no-havip" });
    assert.deepEqual(viewOf([row("subnet-2", "ins-a")], "10.0.0.9", own), { kind: "no-havip" });
  });
});
