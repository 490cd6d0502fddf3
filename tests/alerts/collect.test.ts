/** One alert for one cause, on a virtual clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Collected,
  type CollectPolicy,
  collectDeadline,
  collectEvent,
  collectGone,
  collectTime,
  FLAPPING,
  NOTHING_COLLECTED,
} from "#alerts/collect";
import type { AlertMessage } from "#alerts/message";
import type { Unnumbered } from "#events/record";
import { after, fromSeconds, type Instant, instant } from "#units/time";
import { check, event, state } from "./events.ts";

const POLICY: CollectPolicy = {
  on: undefined,
  minSeverity: "warning",
  repeat: fromSeconds(3_600),
  resolved: true,
  settle: fromSeconds(30),
};

class Clock {
  #state: Collected = NOTHING_COLLECTED;
  #now: Instant = instant(0);
  readonly #policy: CollectPolicy;

  constructor(policy: Partial<CollectPolicy> = {}) {
    this.#policy = { ...POLICY, ...policy };
  }

  get state(): Collected {
    return this.#state;
  }

  happens(one: Unnumbered): readonly string[] {
    const step = collectEvent(this.#state, this.#policy, one, this.#now);
    this.#state = step.state;
    return step.messages.map(shown);
  }

  /** Everything that is due until then, at its time. */
  passes(seconds: number): readonly string[] {
    const end = after(this.#now, fromSeconds(seconds));
    const found: string[] = [];
    for (;;) {
      const due = collectDeadline(this.#state, this.#policy);
      if (due === undefined || due > end) break;
      assert.ok(due >= this.#now);
      this.#now = due;
      const step = collectTime(this.#state, this.#policy, due);
      assert.notEqual(step.state, this.#state, "a deadline that changes nothing is one for ever");
      this.#state = step.state;
      found.push(...step.messages.map(shown));
    }
    this.#now = end;
    return found;
  }

  forget(isThere: (one: Unnumbered) => boolean): void {
    this.#state = collectGone(this.#state, isThere);
  }
}

const shown = ({ cause, status, count, isRepeat, severity, seconds }: AlertMessage): string =>
  `${cause} ${status}${isRepeat ? " again" : ""} ${severity} ×${count} ${seconds}s`;

test("what begins is reported at once, and its end when it has settled", () => {
  const clock = new Clock();
  assert.deepEqual(clock.happens(check("down")), ["check/nginx firing warning ×1 0s"]);
  assert.deepEqual(clock.passes(100), []);
  assert.deepEqual(clock.happens(check("up")), []);
  assert.deepEqual(clock.passes(29), []);
  assert.deepEqual(clock.passes(1), ["check/nginx resolved again warning ×1 100s"]);
  assert.equal(clock.state.causes.size, 0);
  assert.deepEqual(clock.passes(10_000), []);
});

test("while it lasts it is reported again every `repeat`; with 0 never", () => {
  const clock = new Clock();
  clock.happens(check("down"));
  assert.deepEqual(clock.passes(7_200), [
    "check/nginx firing again warning ×1 3600s",
    "check/nginx firing again warning ×1 7200s",
  ]);
  const once = new Clock({ repeat: fromSeconds(0) });
  once.happens(check("down"));
  assert.deepEqual(once.passes(1_000_000), []);
});

test("the same report while it lasts is nothing new", () => {
  const clock = new Clock();
  clock.happens(check("down"));
  for (let nth = 0; nth < 100; nth++) assert.deepEqual(clock.happens(check("down")), []);
  clock.happens(check("up"));
  assert.deepEqual(clock.passes(30), ["check/nginx resolved again warning ×1 0s"]);
});

test("a check that flaps for a day is one alert, bounded repeats and one end with the count", () => {
  const clock = new Clock();
  const found: string[] = [];
  for (let nth = 0; nth < 5_760; nth++) {
    found.push(...clock.happens(check("down")), ...clock.passes(8));
    found.push(...clock.happens(check("up")), ...clock.passes(7));
  }
  found.push(...clock.passes(60));
  assert.equal(found[0], "check/nginx firing warning ×1 0s");
  assert.match(found[1] ?? "", new RegExp(`^check/nginx firing again warning ×${FLAPPING} `));
  assert.equal(found.at(-1), "check/nginx resolved again warning ×5760 86393s");
  // The first, the one that it flaps, one each hour, and the end.
  assert.ok(found.length <= 28 && found.length >= 25, String(found.length));
});

test("without `resolved` an end is not reported, and what comes later is a new alert", () => {
  const clock = new Clock({ resolved: false });
  clock.happens(check("down"));
  clock.happens(check("up"));
  assert.deepEqual(clock.passes(60), []);
  assert.deepEqual(clock.happens(check("down")), ["check/nginx firing warning ×1 0s"]);
});

test("an end without a beginning is nothing", () => {
  const clock = new Clock();
  assert.deepEqual(clock.happens(check("up")), []);
  assert.equal(clock.state.causes.size, 0);
});

test("only kinds that are asked for, and only what is important enough", () => {
  const clock = new Clock({ on: ["fault"] });
  assert.deepEqual(clock.happens(check("down")), []);
  assert.deepEqual(clock.happens(state("BACKUP", "MASTER", "down")), []);
  assert.deepEqual(clock.happens(state("MASTER", "FAULT", "fault")), [
    "fault/VI_1 firing error ×1 0s",
  ]);
  const errors = new Clock({ minSeverity: "error" });
  assert.deepEqual(errors.happens(check("down")), []);
  assert.equal(errors.happens(state("MASTER", "FAULT", "fault")).length, 1);
  const states = new Clock({ on: ["state"] });
  assert.equal(states.happens(state("MASTER", "FAULT", "fault")).length, 1, "a fault is a state");
});

test("FAULT ends with the state that follows, whatever its severity", () => {
  const clock = new Clock();
  clock.happens(state("BACKUP", "FAULT", "fault"));
  clock.passes(5);
  assert.deepEqual(clock.happens(state("FAULT", "BACKUP", "cleared", { severity: "info" })), []);
  assert.deepEqual(clock.passes(30), ["fault/VI_1 resolved again error ×1 5s"]);
});

test("members that follow their group have no alert of their own", () => {
  const clock = new Clock();
  assert.equal(clock.happens(state("MASTER", "FAULT", "fault", { instance: "VI_2" })).length, 1);
  for (const instance of ["VI_1", "VI_3", "VI_4"])
    assert.deepEqual(clock.happens(state("MASTER", "FAULT", "group", { instance })), []);
  const group = event({ kind: "group", group: "G", severity: "error", data: { to: "FAULT" } });
  assert.deepEqual(clock.happens(group), []);
});

test("a take-over is reported at once, a start is not; moves that follow are counted", () => {
  const clock = new Clock();
  assert.deepEqual(clock.happens(state("BACKUP", "MASTER", "alone")), []);
  assert.deepEqual(clock.happens(state("BACKUP", "MASTER", "down")), [
    "state/VI_1 event warning ×1 0s",
  ]);
  clock.passes(5);
  assert.deepEqual(clock.happens(state("BACKUP", "MASTER", "down")), []);
  clock.passes(5);
  assert.deepEqual(clock.happens(state("BACKUP", "MASTER", "down")), []);
  assert.deepEqual(clock.passes(29), []);
  assert.deepEqual(clock.passes(1), ["state/VI_1 event again warning ×3 10s"]);
  assert.equal(clock.happens(state("BACKUP", "MASTER", "down")).length, 1, "a new one at once");
});

test("two owners: reported while it lasts, worse is reported at once, over when it claims no more", () => {
  const clock = new Clock();
  const claim = (severity: "warning" | "error"): Unnumbered =>
    event({ kind: "conflict", severity, instance: "VI_1", data: { report: "address-claimed" } });
  assert.deepEqual(clock.happens(claim("warning")), [
    "conflict/VI_1/address-claimed firing warning ×1 0s",
  ]);
  assert.deepEqual(clock.happens(claim("error")), [
    "conflict/VI_1/address-claimed firing again error ×1 0s",
  ]);
  assert.deepEqual(clock.happens(claim("warning")), []);
  clock.passes(10);
  clock.happens(event({ kind: "conflict", instance: "VI_1", data: { report: "claims-ended" } }));
  assert.deepEqual(clock.passes(30), ["conflict/VI_1/address-claimed resolved again error ×1 10s"]);
});

test("what contradicts an owner is over when it is none any more", () => {
  const clock = new Clock();
  const data = { platform: "disagrees", address: "10.0.0.9" };
  clock.happens(event({ kind: "cloud", instance: "VI_1", data }));
  clock.happens(event({ kind: "cloud", instance: "VI_10", data }));
  clock.happens(state("MASTER", "BACKUP", "down", { severity: "info" }));
  assert.deepEqual(clock.passes(30), ["cloud/VI_1/10.0.0.9 resolved again warning ×1 0s"]);
  assert.deepEqual([...clock.state.causes.keys()], ["cloud/VI_10/10.0.0.9"]);
});

test("noise is reported once, and then every `repeat` how much there was", () => {
  const clock = new Clock();
  const found: string[] = [];
  const refused = event({ kind: "conflict", instance: "VI_1", data: { report: "refused-packet" } });
  for (let nth = 0; nth < 120; nth++) found.push(...clock.happens(refused), ...clock.passes(60));
  found.push(...clock.passes(20_000));
  assert.deepEqual(
    found.map((line) => line.replace(/ \d+s$/, "")),
    [
      "conflict/VI_1/refused-packet event warning ×1",
      "conflict/VI_1/refused-packet event again warning ×60",
      "conflict/VI_1/refused-packet event again warning ×120",
    ],
  );
  assert.equal(clock.state.causes.size, 0);
  const once = new Clock({ repeat: fromSeconds(0) });
  for (let nth = 0; nth < 100; nth++) {
    assert.equal(once.happens(refused).length, nth === 0 ? 1 : 0);
    assert.deepEqual(once.passes(60), []);
  }
});

test("a refused reload lasts until one is done; an engine until it answers again", () => {
  const clock = new Clock();
  clock.happens(event({ kind: "reload", data: { outcome: "refused" } }));
  clock.happens(event({ kind: "engine", severity: "error", data: { what: "ended" } }));
  clock.passes(1);
  clock.happens(event({ kind: "reload", severity: "info", data: { outcome: "done" } }));
  clock.happens(event({ kind: "engine", severity: "info", data: { what: "started" } }));
  assert.deepEqual(clock.passes(30), [
    "reload resolved again warning ×1 1s",
    "engine resolved again error ×1 1s",
  ]);
});

test("events about alerts are the cause of none", () => {
  const clock = new Clock({ minSeverity: "info" });
  const own = event({ kind: "alert", severity: "error", data: { outcome: "given-up" } });
  assert.deepEqual(clock.happens(own), []);
});

test("what a reload removes is forgotten", () => {
  const clock = new Clock();
  clock.happens(check("down", "gone"));
  clock.happens(check("down", "kept"));
  clock.forget((one) => one.kind !== "check" || one.data.script !== "gone");
  assert.deepEqual([...clock.state.causes.keys()], ["check/kept"]);
});

test("there is an end to the causes that are kept", () => {
  const clock = new Clock();
  for (let nth = 0; nth < 2_100; nth++) clock.happens(check("down", `script${nth}`));
  assert.equal(clock.state.causes.size, 2_000);
  assert.equal(clock.state.leftOut, 100);
});
