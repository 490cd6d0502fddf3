/** A reload that brings a gate, or takes it away, in every phase (router/reconfigure.ts). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ipv4, readIpv4 } from "#units/address";
import { centis, type Instant, instant, micros } from "#units/time";
import { priority } from "#units/vrrp";
import type { GateConfig, RouterConfig } from "#vrrp/router/config";
import type { RouterEvent } from "#vrrp/router/event";
import { reconfigure } from "#vrrp/router/reconfigure";
import { deadline, initialState, step } from "#vrrp/router/router";
import type { RouterState } from "#vrrp/router/state";
import { publicState } from "#vrrp/router/step";
import { printEffect } from "../../support/print-core.ts";
import { CONFIG, SOURCE } from "../../support/vector.ts";

const GATE: GateConfig = {
  promoteTimeout: micros(2_000_000),
  demoteTimeout: micros(1_000_000),
  onRefusal: "backup",
  hold: micros(5_000_000),
  probe: "off",
  comparesData: false,
  needsEligible: false,
  drain: micros(0),
  resetConnections: false,
};
const PLAIN: RouterConfig = { ...CONFIG, peerCount: 1 };
const GATED: RouterConfig = { ...PLAIN, gate: GATE };

/** A router driven by hand. */
class Life {
  config: RouterConfig;
  state: RouterState;
  now: Instant = instant(1_000_000);

  constructor(config: RouterConfig) {
    this.config = config;
    this.state = initialState(config, true, readIpv4(SOURCE) as Ipv4);
    this.take({ kind: "startup" });
  }

  take(event: RouterEvent): readonly string[] {
    const { state, effects } = step(this.config, this.state, event, this.now);
    this.state = state;
    return effects.map(printEffect);
  }

  due(): readonly string[] {
    const at = deadline(this.state);
    assert.ok(at !== undefined);
    this.now = at > this.now ? at : this.now;
    return this.take({ kind: "timeReached" });
  }

  until(kind: RouterState["phase"]["kind"]): this {
    for (let i = 0; this.state.phase.kind !== kind; i++) {
      assert.ok(i < 100, `never ${kind}: ${this.state.phase.kind}`);
      this.due();
    }
    return this;
  }

  answer(outcome: "done" | "refused"): readonly string[] {
    const run = this.state.gate?.running?.run;
    assert.ok(run !== undefined);
    return this.take({ kind: "gateAnswered", run, outcome });
  }

  /** A promoted MASTER, if it has a gate. */
  master(): this {
    if (this.config.gate === undefined) return this.until("master");
    this.until("promoting").answer("done");
    return this.until("master");
  }

  reload(config: RouterConfig): this {
    const { state } = this;
    this.state = reconfigure(this.config, config, state, state.trackers, this.now);
    this.config = config;
    return this;
  }
}

const advert = (value: number): RouterEvent => ({
  kind: "advertReceived",
  priority: priority(value),
  interval: centis(100),
  from: readIpv4("192.0.2.2") as Ipv4,
});
const LINK_DOWN: RouterEvent = { kind: "linkChanged", up: false };

test("a gate that is new: an owner serves on as a promoted one, and is demoted when it leaves", () => {
  const life = new Life(PLAIN).master().reload(GATED);
  assert.deepEqual(
    [life.state.phase.kind, life.state.gate?.isPromoted, life.state.gate?.fence],
    ["master", true, "open"],
  );
  assert.deepEqual(life.due(), ["refresh addresses", "advert 100"]);
  const left = life.take({ kind: "switchAsked" });
  assert.deepEqual(left.slice(0, 2), ["close fence", "demote #1 switch planned within 1000000"]);
});

test("a backup waits for its promotion from then on", () => {
  const life = new Life(PLAIN).reload(GATED);
  assert.deepEqual([life.state.gate?.isPromoted, life.state.gate?.fence], [false, "closed"]);
  life.until("promoting");
});

test("an owner with a link that may be back in time is one still; later it is demoted", () => {
  const back = new Life(PLAIN).master();
  back.take(LINK_DOWN);
  back.reload(GATED);
  assert.deepEqual([back.state.gate?.isPromoted, back.state.gate?.fence], [true, "closed"]);
  back.now = instant(back.now + 100_000);
  assert.ok(back.take({ kind: "linkChanged", up: true }).includes("open fence"));
  assert.equal(back.state.phase.kind, "master");
  const late = new Life(PLAIN).master();
  late.take(LINK_DOWN);
  late.reload(GATED);
  assert.ok(late.due().includes("demote #1 fault within 1000000"));
});

test("a move or a stop that is under way is demoted at its end", () => {
  for (const event of [{ kind: "switchAsked" }, { kind: "stop" }] as const) {
    const life = new Life(PLAIN).master();
    life.take(event);
    life.reload(GATED);
    life.take(advert(90));
    const effects = life.due();
    assert.equal(effects[0], "close fence");
    assert.ok(
      effects.some((one) => one.startsWith("demote #1 ")),
      effects.join(),
    );
  }
});

test("a gate that goes: who was elected takes the address at once", () => {
  const life = new Life(GATED).until("promoting").reload(PLAIN);
  assert.deepEqual([life.state.phase.kind, life.state.gate], ["backup", undefined]);
  const effects = life.due();
  assert.ok(effects.includes("add addresses"), effects.join());
  assert.equal(life.state.phase.kind, "master");
});

test("who is demoted for a move is MASTER as before, and so is who is promoted again", () => {
  const demoting = new Life(GATED).master();
  demoting.take({ kind: "switchAsked" });
  const again = new Life(GATED).master();
  again.take({ kind: "switchAsked" });
  again.answer("refused");
  for (const life of [demoting, again]) {
    life.reload(PLAIN);
    assert.equal(publicState(life.state.phase), "MASTER");
    assert.deepEqual(life.due(), ["refresh addresses", "advert 100"]);
    assert.equal(life.state.phase.kind, "master");
  }
});

test("an address that was removed for a move is not owned without a step", () => {
  const config: RouterConfig = { ...GATED, handover: "break-before-make" };
  const life = new Life(config).master();
  life.take({ kind: "switchAsked" });
  life.answer("done");
  life.until("promoting");
  const { gate: _, ...plain } = config;
  life.reload(plain);
  life.due();
  assert.equal(life.state.phase.kind, "backup");
  life.until("master");
});

test("a question, and FAULT after a refusal, go with the gate", () => {
  const { gate: _, ...plain } = GATED;
  const asking = new Life({ ...GATED, gate: { ...GATE, probe: "arp" } });
  while (asking.state.gate?.run === 0) asking.due();
  asking.reload(plain).until("master");
  const faulty = new Life({ ...GATED, gate: { ...GATE, onRefusal: "fault" } }).until("promoting");
  faulty.answer("refused");
  assert.equal(faulty.state.phase.kind, "fault");
  faulty.reload(plain);
  // The engine gives the source anew after each reload.
  faulty.take({ kind: "sourceChanged", source: faulty.state.source });
  faulty.until("master");
});

test("other values of a gate: what runs goes on with its own times", () => {
  const life = new Life(GATED).until("promoting");
  const until = life.state.gate?.running?.until;
  life.reload({ ...GATED, gate: { ...GATE, promoteTimeout: micros(9_000_000) } });
  assert.equal(life.state.gate?.running?.until, until);
  life.answer("done");
  life.until("master");
});
